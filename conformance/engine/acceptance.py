"""Acceptance: whether a server accepted a documented call, decided from what came back. Nothing here sends anything.

`decide` is a pure function of an `Attempt`: the call, its exchange, and what is known so far from control requests.
Where that is not enough it names the one `Question` that is open; whoever sends requests finds out and asks again.
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
"""The statuses by which a server says that there is no such operation."""
UNSURE: Final = (401, 403, 408, 429)
"""Refusals that do not depend on whether something exists."""
NOT_FOUND: Final = (404, 410)


class Acceptance(StrEnum):
    """What became of a documented call."""

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
    """What a control request has to show before more can be decided."""

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
    """An exchange that was accepted without the members at some `places` of the body."""

    exchange: Exchange
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A documented call with what is known of it.

    `in_register` says that a requirement of the register is that this very request is accepted; `own_token`, that the
    user shows a token of the target file. `half_routed` and `routed` count the made-up paths that other operations take
    (`spec.free_paths`); `controls` holds what each made-up path got, the free one first. Of all others, None means that
    nobody has asked yet.
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
    def turned_away(self) -> bool:
        """Whether the caller was turned away: without a token, or without a right."""
        return self.exchange.response.status in gateways.TURNED_AWAY

    @property
    def made_up_paths(self) -> int:
        """How many made-up paths there are to compare with: what is not there may fall to another operation."""
        return 1 + self.half_routed + (self.routed if self.exchange.response.status in NOT_FOUND else 0)

    @property
    def open_path(self) -> int:
        """The number of the made-up path that has to get one more request."""
        compared = bool(self.controls) and alike(self.exchange, self.controls[-1]) is None
        return len(self.controls) - compared


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a call.

    `exchange` shows it: that of a control request, where that was accepted. `missing` says whether a call of a made-up
    path gets the same response; None: that cannot be told. `control` is one of those requests. `exists` says whether
    the operation is shown to be there. `kind` is that of the deviation, where it is one.
    """

    acceptance: Acceptance
    exchange: Exchange
    missing: bool | None = None
    control: Exchange | None = None
    exists: bool = False
    kind: Kind = Kind.REFUSED


def decide(attempt: Attempt) -> Decision | Question:
    """What became of a call, or the question that has to be answered first."""
    call, exchange = attempt.call, attempt.exchange
    if not exchange.has_response:
        return Decision(Acceptance.NO_RESPONSE, exchange)
    if attempt.own_token and attempt.turned_away and call.user == MAIN and attempt.repeated is None:
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
    if attempt.turned_away and call.user == MAIN:
        if attempt.any_token_opens is None:
            return Question.ANY_TOKEN
        if not attempt.any_token_opens:
            return Decision(Acceptance.TOKEN_OPENS_NOTHING, exchange)
    if gateways.speaks_of_existing(exchange):
        return Decision(Acceptance.NAME_TAKEN, exchange)
    return _refused(attempt)


def _refused(attempt: Attempt) -> Decision | Question:
    """What the refusal of a call means, once it is known that it repeats and that no other form is accepted."""
    call, exchange, operation = attempt.call, attempt.exchange, attempt.call.operation
    compared = _compared(attempt)
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
    if attempt.turned_away and not operation.permission:
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


def _compared(attempt: Attempt) -> tuple[bool | None, Exchange] | Question:
    """Whether a made-up path gets the same response, and a request of one; None: nobody can tell.

    Nobody can where the account is turned away, or redirected, there as well.
    """
    exchange, controls = attempt.exchange, attempt.controls
    status = exchange.response.status
    if not controls:
        return Question.MADE_UP_PATH
    first = controls[0][0]
    if attempt.turned_away or gateways.redirects(exchange):
        return (None if status == first.response.status else False), first
    if status in NOT_IMPLEMENTED:
        return True, first
    for number in range(attempt.made_up_paths):
        got = controls[number] if number < len(controls) else ()
        same = alike(exchange, got)
        if same is None:
            return Question.MADE_UP_PATH
        if same:
            return True, got[-1] if number else first
    return False, controls[-1][-1]


def may_differ(call: Call, exchange: Exchange) -> bool:
    """Whether what was not accepted may be when it is tried again, and whether that matters."""
    if exchange.response.ok or call.reads:
        return False
    if gateways.speaks_of_existing(exchange):
        return True
    guessed = call.operation.undocumented_request or call.operation.implied
    return not guessed and exchange.response.status not in (*gateways.TURNED_AWAY, *NOT_IMPLEMENTED)


def may_refuse_members(call: Call, exchange: Exchange) -> bool:
    """Whether a documented body may have been refused because of single members of it."""
    operation = call.operation
    free = operation.undocumented_request or operation.implied or call.documented
    if free or operation.effect not in ("create", "update") or not isinstance(call.json, dict):
        return False
    refused = exchange.response.refused and exchange.response.status not in (*UNSURE, *NOT_FOUND)
    return call.user == MAIN and refused and not gateways.speaks_of_existing(exchange)
