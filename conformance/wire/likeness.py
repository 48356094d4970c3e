"""Decide whether a response equals that to a control request, except for what changes in every response.

Responses are compared by their parsed values, member by member. What differs between control requests changes by itself
(a time, a trace id, a counter, the repeated path), so it proves nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from conformance.core.entities import unescaped
from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import exact_leaves
from conformance.wire import pattern

MAX_CONTROLS: Final = 4  # control requests, until their common values count as what they always get
MAX_NEAR: Final = 2  # members that may differ from agreeing control requests before more requests are useless
LARGE_BODY: Final = 300_000  # bytes; a larger body is not parsed
ANY: Final = "*"
ECHO: Final = "\u2026"
EPOCH: Final = re.compile(r"[1-4]\d{9}(?:\d{3}){0,3}(?:\.\d+)?")
"""A time in seconds since 1970, or in milliseconds, microseconds or nanoseconds."""
DURATION_NAME: Final = re.compile(r"took|elapsed|duration|latency|time|millis|(?<![a-z])ms$", re.IGNORECASE)
"""Words in the name of a number that is a time or a duration."""
_DAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK: Final = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AP]M\b)?(?: ?(?:Z|GMT|UTC|[+-]\d\d:?\d\d)\b)?"
_DATE: Final = (
    r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[/.]\d\d?[/.]\d{4}"
    rf"|\d\d?[ /-]{_MONTH}[ /-]\d{{2,4}}|{_MONTH} +\d\d?,?(?: \d{{4}})?"
)
VOLATILE_TEXT: Final = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    rf"|(?:\b{_DAY} )?\b(?:{_DATE})[T :,]*(?:at )?(?<!\d){_CLOCK}(?: \d{{4}}\b)?"
    rf"|(?<![\w:.])(?:{_CLOCK}|{_DATE})(?![\w:])"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.])"
    r"|(?<![\w.])\d+(?:\.\d+)? ?(?:ns|us|\u00b5s|ms|msec|milliseconds?|s|secs?|seconds?)\b"
    rf"|(?<![\w.]){EPOCH.pattern}(?![\w.])"
    r"|\b(?=[a-z]*\d)(?=\d*[a-z])(?=[a-z]*\d[a-z]*\d)[0-9a-z]{12,}\b"
    r"|\b(?=[0-9a-z]*\d)[0-9a-z]{16,}\b",
    re.IGNORECASE,
)
"""Parts of a text that are specific to one response: identifiers, times, durations and addresses."""


class Likeness(Enum):
    """How a response compares with those to control requests."""

    SAME = "same"
    NEAR = "near"  # a few words or values differ in which the control requests agree so far
    OTHER = "other"


def responds_alike(exchange: Exchange, ask: Callable[[], Exchange | None]) -> bool | None:
    """Whether a response is the one that control requests get; `ask` sends one more of them.

    None if a control request got no response.
    """
    controls: list[Exchange] = []
    while (same := alike(exchange, controls)) is None:
        control = ask()
        if control is None:
            return None
        controls.append(control)
    return same


def alike(exchange: Exchange, controls: Sequence[Exchange]) -> bool | None:
    """Whether a response is the one that control requests get; None if one more of them has to be sent.

    Two are sent, to see what changes by itself. If a response differs slightly from both, more are sent: a duration or
    the name of a node may be the same twice.
    """
    if not controls:
        return None
    if len(controls) == 1:
        return None if _same_kind(exchange, controls) else False
    likeness = compare(exchange, controls)
    if likeness is Likeness.NEAR:
        return None if len(controls) < MAX_CONTROLS else False
    return likeness is Likeness.SAME


def compare(exchange: Exchange, controls: Sequence[Exchange]) -> Likeness:
    """Compare a response with those to two or more control requests: status, media type, and every member.

    What differs between the control requests may differ here as well.
    """
    if not _same_kind(exchange, controls):
        return Likeness.OTHER
    echoed = _echoes([exchange, *controls])
    asked, *others = (_members(control, echoed) for control in (exchange, *controls))
    always = set.intersection(*(set(other) for other in others))
    if not always <= set(asked) or not set(asked) <= set().union(*others):
        return Likeness.OTHER
    found = [_fits(asked[place], [other[place] for other in others]) for place in asked if place in always]
    if Likeness.OTHER in found or found.count(Likeness.NEAR) > MAX_NEAR:
        return Likeness.OTHER
    return Likeness.NEAR if Likeness.NEAR in found else Likeness.SAME


def _same_kind(exchange: Exchange, controls: Sequence[Exchange]) -> bool:
    """Whether status and media type are those of the control requests."""
    return len({(control.response.status, control.response.media_type) for control in (exchange, *controls)}) == 1


def _fits(value: Any, others: Sequence[Any]) -> Likeness:
    """Compare a value with those of the control requests."""
    if value in others and len({type(other) for other in others}) == 1:
        return Likeness.SAME
    if isinstance(value, str) and all(isinstance(other, str) for other in others):
        known = pattern.of(others)
        if known.fits(value):
            return Likeness.SAME
        return Likeness.NEAR if known.nearly_fits(value) else Likeness.OTHER
    if any(other != others[0] for other in others):
        return Likeness.SAME if type(value) in {type(other) for other in others} else Likeness.OTHER
    if value == others[0]:
        return Likeness.SAME
    return Likeness.NEAR if type(value) is type(others[0]) else Likeness.OTHER


def _echoes(exchanges: Sequence[Exchange]) -> re.Pattern[str] | None:
    """Match the path segments in which the requests differ, wherever a response repeats them; None if there are
    none.
    """
    paths = [urlsplit(exchange.request.url).path.split("/") for exchange in exchanges]
    differing = {
        segment for segments in zip_longest(*paths, fillvalue="") if len(set(segments)) > 1 for segment in segments
    }
    forms = {form for segment in differing for form in (segment, unquote(segment)) if form}
    if not forms:
        return None
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<![0-9A-Za-z])({'|'.join(map(re.escape, longest_first))})(?![0-9A-Za-z])", re.IGNORECASE)


def _members(exchange: Exchange, echoed: re.Pattern[str] | None) -> Mapping[str, Any]:
    """Each scalar of a body by its place, without what is specific to this request; the text if it is not JSON.

    A large body is only represented by its digest.
    """
    if len(exchange.response.body) > LARGE_BODY:
        return {hashlib.sha256(exchange.response.body).hexdigest(): ANY}
    try:
        body = exchange.response.json
    except NotJson:
        body = exchange.response.body.decode("utf-8", "replace")
    return {_text(place, echoed): _value(place, value, echoed) for place, value in exact_leaves(body)}


def _value(place: str, value: Any, echoed: re.Pattern[str] | None) -> Any:
    """A value without the path that it may repeat, and without identifiers and times."""
    if isinstance(value, str):
        return _text(value, echoed)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ANY if EPOCH.fullmatch(str(value)) or DURATION_NAME.search(place.rpartition("/")[2]) else value
    return value


def _text(text: str, echoed: re.Pattern[str] | None) -> str:
    """A text, unescaped, without the differing segments of the path, and without identifiers and times."""
    text = unescaped(unquote(text))
    return VOLATILE_TEXT.sub(ANY, echoed.sub(ECHO, text) if echoed else text)
