"""Decide from the responses whether a server accepted a documented call. Nothing here sends a request.

`decide` is a pure function of an `Attempt`: the call, its exchange, and what is known so far from control requests.
If that is not enough, it returns the `Question` that is open. The caller sends the control request and calls it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind
from conformance.wire import gateways
from conformance.wire.call import MAIN, Call
from conformance.wire.likeness import alike

NOT_IMPLEMENTED: Final = (405, 501)
"""Statuses by which a server says that it has no such operation."""
UNSURE: Final = (401, 403, 408, 429)
"""Refusals that do not depend on whether the resource exists."""
NOT_FOUND: Final = (404, 410)


class Acceptance(StrEnum):
    """The outcome of a documented call."""

    NO_RESPONSE = "no response"
    ACCEPTED = "accepted"
    OTHER_READING = "accepted in the other reading of the documents"
    WITHOUT_MEMBERS = "accepted without some members"
    OWN_TOKEN_REFUSED = "the token of the target file is refused"  # noqa: S105 - no secret
    TOKEN_OPENS_NOTHING = "no operation accepts the token"  # noqa: S105 - no secret
    NAME_TAKEN = "refused because of a name that is taken"
    IN_FRONT = "refused by something in front of the API"
    NOT_AS_ACCOMMODATED = "refused in the form of the accommodation"
    MISSING = "missing"
    UNDOCUMENTED = "refused, and no document gives the request"
    LACKS_RIGHT = "refused, and the account may lack a right"
    REFUSED = "refused"


class Question(StrEnum):
    """What a control request has to show before `decide` can go on."""

    OWN_TOKEN = "whether the token of the target file still opens anything"  # noqa: S105 - no secret
    AGAIN = "whether the refusal repeats"
    OTHER_READING = "whether the other reading of the documents is accepted"
    WITHOUT_MEMBERS = "whether the body is accepted without some of its members"
    ANY_TOKEN = "whether the token opens anything that needs only a user"  # noqa: S105 - no secret
    MADE_UP_PATH = "what a made-up path gets"
    ANY_PATH = "whether the method is refused for any path"
    ACCOMMODATED = "whether the user may make the call in the form of the accommodation"
    WHOLE = "whether the user may read what this call reads a part of"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """An exchange that was accepted without the members at `places` of the body."""

    exchange: Exchange
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A documented call and what is known about it.

    `in_register`: a requirement of the register states that this request is accepted. `own_token`: the user has a token
    from the target file. `half_routed` and `routed` count the made-up paths that other operations match
    (`spec.free_paths`). `controls` holds the responses to each made-up path, the path that no operation matches first.
    Every other field is `None` until it is known.
    """

    call: Call
    exchange: Exchange
    in_register: bool = False
    own_token: bool = False
    half_routed: int = 0
    routed: int = 0
    own_token_opens: bool | None = None
    repeated: bool | None = None
    other_readings: tuple[Exchange, ...] = ()
    narrowed: tuple[Narrowed, ...] | None = None
    any_token_opens: bool | None = None
    controls: tuple[tuple[Exchange, ...], ...] = ()
    in_front: bool | None = None
    accommodated_accepted: bool | None = None
    whole_accepted: bool | None = None

    @property
    def access_refused(self) -> bool:
        """Whether the server refused the caller: for missing credentials or a missing permission."""
        return self.exchange.response.status in gateways.UNAUTHORIZED

    @property
    def made_up_paths(self) -> int:
        """The number of made-up paths to compare with. If the operation is missing, another one may match its path."""
        return 1 + self.half_routed + (self.routed if self.exchange.response.status in NOT_FOUND else 0)

    @property
    def next_control_index(self) -> int:
        """The index of the made-up path that needs one more request."""
        compared = bool(self.controls) and alike(self.exchange, self.controls[-1]) is None
        return len(self.controls) - compared


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of a call.

    `exchange` shows it: that of the control request, if that was accepted. `missing`: whether a call of a made-up path
    gets the same response; None if that cannot be decided. `control` is one of those requests. `exists`: whether the
    operation is known to exist. `kind` is the kind of the deviation, if it is one.
    """

    acceptance: Acceptance
    exchange: Exchange
    missing: bool | None = None
    control: Exchange | None = None
    exists: bool = False
    kind: Kind = Kind.REFUSED


def decide(attempt: Attempt) -> Decision | Question:
    """Return the outcome of a call, or the question that is open."""
    call, exchange = attempt.call, attempt.exchange
    if not exchange.has_response:
        return Decision(Acceptance.NO_RESPONSE, exchange)
    if attempt.own_token and attempt.access_refused and call.user == MAIN and attempt.repeated is None:
        if attempt.own_token_opens is None:
            return Question.OWN_TOKEN
        if not attempt.own_token_opens:
            return Decision(Acceptance.OWN_TOKEN_REFUSED, exchange)
    if attempt.repeated is None and may_differ(call, exchange):
        return Question.AGAIN
    if exchange.response.ok:
        return Decision(Acceptance.ACCEPTED, exchange)
    if attempt.other_readings and attempt.other_readings[-1].response.ok:
        return Decision(Acceptance.OTHER_READING, attempt.other_readings[-1])
    if len(attempt.other_readings) < len(call.operation.alternatives):
        return Question.OTHER_READING
    if attempt.narrowed is None and may_refuse_members(call, exchange):
        return Question.WITHOUT_MEMBERS
    if attempt.narrowed:
        return Decision(Acceptance.WITHOUT_MEMBERS, attempt.narrowed[0].exchange)
    if attempt.access_refused and call.user == MAIN:
        if attempt.any_token_opens is None:
            return Question.ANY_TOKEN
        if not attempt.any_token_opens:
            return Decision(Acceptance.TOKEN_OPENS_NOTHING, exchange)
    if gateways.says_name_taken(exchange):
        return Decision(Acceptance.NAME_TAKEN, exchange)
    return _refused(attempt)


def _refused(attempt: Attempt) -> Decision | Question:
    """Decide what a refusal means. It is known to repeat, and no other form of the request is accepted."""
    call, exchange, operation = attempt.call, attempt.exchange, attempt.call.operation
    compared = _compare_with_made_up_paths(attempt)
    if isinstance(compared, Question):
        return compared
    missing, control = compared

    def decision(acceptance: Acceptance, *, exists: bool = False, kind: Kind = Kind.REFUSED) -> Decision:
        return Decision(acceptance, exchange, missing, control, exists, kind)

    if missing is not False and operation.method != "GET" and gateways.is_error_page(control):
        if attempt.in_front is None:
            return Question.ANY_PATH
        if attempt.in_front:
            return decision(Acceptance.IN_FRONT)
    if operation.documented is not None and (missing or not attempt.in_register):
        return decision(Acceptance.NOT_AS_ACCOMMODATED)
    if missing:
        return decision(Acceptance.UNDOCUMENTED if operation.implied else Acceptance.MISSING)
    exists = operation.documented is None and missing is not None
    if operation.undocumented_request or operation.implied:
        return decision(Acceptance.UNDOCUMENTED, exists=exists)
    if attempt.access_refused and not operation.permission:
        if attempt.accommodated_accepted is None and call.documented and call.reads:
            return Question.ACCOMMODATED
        if not attempt.accommodated_accepted:
            if attempt.whole_accepted is None and call.reads and call.path:
                return Question.WHOLE
            if not attempt.whole_accepted:
                return decision(Acceptance.LACKS_RIGHT, exists=exists)
    kind = Kind.REFUSED if exchange.response.refused else Kind.STATUS
    kind = Kind.SERVER_ERROR if exchange.response.status >= 500 else kind
    return decision(Acceptance.REFUSED, exists=exists, kind=kind)


def _compare_with_made_up_paths(attempt: Attempt) -> tuple[bool | None, Exchange] | Question:
    """Whether a made-up path gets the same response, and an exchange that shows it.

    None if that cannot be decided, because the account is refused or redirected there too.
    """
    exchange, controls = attempt.exchange, attempt.controls
    status = exchange.response.status
    if not controls:
        return Question.MADE_UP_PATH
    first = controls[0][0]
    if attempt.access_refused or gateways.redirects(exchange):
        return (None if status == first.response.status else False), first
    if status in NOT_IMPLEMENTED:
        return True, first
    for index in range(attempt.made_up_paths):
        control_exchanges = controls[index] if index < len(controls) else ()
        same = alike(exchange, control_exchanges)
        if same is None:
            return Question.MADE_UP_PATH
        if same:
            return True, control_exchanges[-1] if index else first
    return False, controls[-1][-1]


def may_differ(call: Call, exchange: Exchange) -> bool:
    """Whether repeating a refused request may give another result, and whether that matters."""
    if exchange.response.ok or call.reads:
        return False
    if gateways.says_name_taken(exchange):
        return True
    guessed = call.operation.undocumented_request or call.operation.implied
    return not guessed and exchange.response.status not in (*gateways.UNAUTHORIZED, *NOT_IMPLEMENTED)


def may_refuse_members(call: Call, exchange: Exchange) -> bool:
    """Whether the server may have refused a documented body because of single members."""
    operation = call.operation
    free = operation.undocumented_request or operation.implied or call.documented
    if free or operation.effect not in ("create", "update") or not isinstance(call.json, dict):
        return False
    refused = exchange.response.refused and exchange.response.status not in (*UNSURE, *NOT_FOUND)
    return call.user == MAIN and refused and not gateways.says_name_taken(exchange)
