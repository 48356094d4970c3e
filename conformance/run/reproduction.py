"""Reproduce a deviation with a curl command, or with a script of several requests."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.core.exchange import NotJson, Request, parse_json
from conformance.core.json_walk import walk
from conformance.report import curl
from conformance.report.script import RUN, Step, Taken, script
from conformance.run.chain import is_identifier
from conformance.wire.guard import SAFE_METHODS
from conformance.wire.ledger import MARK, NAMES
from conformance.wire.redact import RUN_PASSWORD

_MARKS: Final = re.compile(rf"\b({MARK}(?: |\+|%20))[0-9a-f]{{8}}(?= |\+|%20)")
_WORDS: Final = re.compile(rf"\b({MARK})[0-9a-f]{{8}}(?=[0-9a-f]{{4}}\b)")
_HANDED_OUT: Final = re.compile(r"\$TOKEN_\d+")
_RESERVED: Final = (RUN, "response", "take")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored exchange: secrets are `$NAME`."""

    id: str
    operation: str
    request: Request
    status: int
    response: str

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Recorded:
        """The exchange of a line of the file of exchanges."""
        sent, received = line["request"], line.get("response") or {}
        headers = tuple((name, value) for name, value in sent["headers"])
        body = base64.b64decode(sent.get("body_base64", "")) or sent["body"].encode()
        request = Request(sent["method"], sent["url"], headers, body)
        return cls(line["id"], line.get("operation", ""), request, received.get("status", 0), received.get("body", ""))


def reproduction(
    exchanges: Sequence[Recorded],
    about: Sequence[str],
    placeholders: Collection[str],
    files: Mapping[str, str],
    *,
    shown: str = "",
    settle: float = 0,
) -> str:
    """A curl command that sends `exchanges` again, or a script, if there are several, that begins with the lines
    `about`.

    `shown` is the id of the exchange that shows the deviation. The script gives new names to what it creates, and
    extracts identifiers from responses for later requests.
    """
    known = frozenset(placeholders)
    passwords = frozenset(name for name in known if name.startswith(RUN_PASSWORD))
    if len(exchanges) < 2 and not any(curl.names_in(_text(exchange.request), passwords) for exchange in exchanges):
        return "".join(curl.curl(exchange.request, known, files) for exchange in exchanges)
    found = _extracted(exchanges)
    variables = {value: taken.variable for values in found.values() for value, taken in values.items()}
    steps: list[Step] = []
    written = False
    for index, recording in enumerate(exchanges):
        reads = recording.request.method in SAFE_METHODS
        steps.append(
            Step(
                recording.operation,
                replace(
                    recording.request,
                    url=_with_variables(recording.request.url, variables),
                    headers=tuple(
                        (name, _with_variables(value, variables)) for name, value in recording.request.headers
                    ),
                    body=_body_with_variables(recording.request.body, variables),
                ),
                recording.status,
                tuple(
                    replace(taken, text=_with_variables(taken.text, variables))
                    for taken in found.get(index, {}).values()
                ),
                settle if reads and written else 0,
                recording.id == shown,
            )
        )
        written = not reads
    return script(steps, about, known, files, passwords)


def _extracted(exchanges: Sequence[Recorded]) -> dict[int, dict[str, Taken]]:
    """By exchange and value: what later requests need from its response, unless an earlier request had it."""
    texts = [_text(exchange.request) for exchange in exchanges]
    all_texts = "\n".join(texts)
    found: dict[int, dict[str, Taken]] = {}
    used = set(_RESERVED)
    known: set[str] = set()
    for index, recording in enumerate(exchanges[:-1]):
        earlier, later = "\n".join(texts[: index + 1]), "\n".join(texts[index + 1 :])
        for value, place, text, name in _values(recording.response):
            if value in known or not _is_in(value, later) or _is_in(value, earlier):
                continue
            variable = value[1:] if _HANDED_OUT.fullmatch(value) else _variable(name, used, all_texts)
            used.add(variable)
            known.add(value)
            found.setdefault(index, {})[value] = Taken(variable, place, text)
    return found


def _text(request: Request) -> str:
    return "\n".join([request.url, *(value for _, value in request.headers), request.body.decode("utf-8", "replace")])


def _values(body: str) -> Iterator[tuple[str, str, str, str]]:
    """The values of a response for later requests: value, place, text of the list's item, name of the member.

    In a list whose items have names of the run, the place is `*` and the text is that name: the server may return the
    item at another position.
    """
    try:
        document = parse_json(body.encode())
    except NotJson:
        return
    for place, name, value in walk(document, positions=True):
        text = str(value)
        if isinstance(value, str | int) and (is_identifier(text) or _HANDED_OUT.fullmatch(text)):
            with suppress(LookupError, ValueError, TypeError):  # a member whose name contains a slash has no place
                yield text, *_without_position(document, place), name


def _without_position(document: Any, place: str) -> tuple[str, str]:
    """A place without the position of the first item that has a name of the run, and that name."""
    node, parts = document, place.split("/")[1:]
    for index, part in enumerate(parts):
        inner = node[int(part)] if isinstance(node, list) else node[part]
        if isinstance(node, list) and (named := NAMES.search(json.dumps(inner, ensure_ascii=False))):
            return "/".join(["", *parts[:index], "*", *parts[index + 1 :]]), named[0]
        node = inner
    return place, ""


def _is_in(value: str, text: str) -> bool:
    return value in text and re.search(_whole([value]), text) is not None


def _whole(values: Collection[str]) -> str:
    """A pattern of values that are not parts of longer words."""
    longest_first = sorted(values, key=lambda value: (-len(value), value))
    return rf"(?<![\w$])(?:{'|'.join(map(re.escape, longest_first))})(?!\w)"


def _variable(name: str, used: Collection[str], text: str) -> str:
    """A variable name that is unused and that no request contains."""
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()[:30] or "value"
    plain = f"value_{plain}" if plain[0].isdigit() else plain
    number, candidate = 1, plain
    while candidate in used or f"${candidate}" in text:
        number += 1
        candidate = f"{plain}_{number}"
    return candidate


def _with_variables(text: str, variables: Mapping[str, str]) -> str:
    """A text with variables in place of values from responses, and of the mark of the run in names."""
    if variables:
        text = re.sub(_whole(variables), lambda found: f"${variables[found[0]]}", text)
    text = _WORDS.sub(rf"\1${RUN}", text)
    return _MARKS.sub(rf"\1${RUN}", text)


def _body_with_variables(body: bytes, variables: Mapping[str, str]) -> bytes:
    """A body with variables as in `_with_variables`; bytes that are no UTF-8 stay as they are."""
    return _with_variables(body.decode("utf-8", "surrogateescape"), variables).encode("utf-8", "surrogateescape")
