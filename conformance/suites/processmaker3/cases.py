"""Cases: the steps that the scenarios on cases, their documents and their notes share.

Cases are fixtures: no documented operation starts one. The target file tells who works on them (`docs/target-file.md`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from conformance.exchange import Exchange, NotJson
from conformance.identification import arrays, mentions, names, partial
from conformance.judge import NotExercised
from conformance.lifecycle import leaves
from conformance.suites.processmaker3.projects import table
from conformance.verdict import Kind, Reason

if TYPE_CHECKING:
    from conformance.session import Session

CASEWORKER: Final = "cases"
OUTSIDER: Final = "outsider"
TOO_MANY: Final = 429
STATES: Final = ("paused", "completed", "canceled")


def fixture(session: Session, key: str) -> str:
    """What the target file names under a key. Raises NotExercised when it names nothing, or what nobody knows."""
    given = session.table.fixture(key)
    if not given:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place(key))
    if sentence := session.fixtures.look(key):  # a list that lacks it would be blamed
        raise NotExercised(Reason.MISSING_FIXTURE, sentence)
    return given


def of_case(session: Session, key: str = "case", **more: str) -> dict[str, str]:
    """The path parameters for a case of the target file. Raises NotExercised when it names none."""
    return {"app_uid": fixture(session, key), **more}


def conclusive(exchange: Exchange) -> Exchange:
    """An exchange whose answer says yes or no. Raises NotExercised when there is none, or the server has no time."""
    if exchange.response is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.answer.status >= 500 or exchange.answer.status == TOO_MANY:
        raise NotExercised(Reason.INCONCLUSIVE, f"{exchange.operation}: status {exchange.answer.status}")
    return exchange


def shown(session: Session, requirement: str, listing: Exchange, identifier: str) -> bool:
    """Say whether an accepted list shows something; returns it. Text that is no JSON lists nothing (line 77).

    Raises:
        NotExercised: the list shows a part only.
    """
    found = names(listing, identifier)
    if not found and partial(listing):
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows a part only")
    told = "it is not in the list" if in_json(listing) else "the answer is no JSON"
    return session.judge.require(requirement, found, listing, observed=told, kind=Kind.ABSENT)


def accepted(session: Session, requirement: str, operation: str, **request: Any) -> Exchange:
    """The answer to a documented call that a requirement says is accepted; that it holds is left to the caller to say.

    Raises:
        Blocked: it was refused; the deviation is recorded.
        NotExercised: as `Session.call`.
    """
    exchange = session.send(operation, **request)
    if not exchange.answer.ok:
        return session.call(operation, accepts=requirement, **request)
    session.accepted(exchange)
    return exchange


def in_json(exchange: Exchange) -> bool:
    """Whether an answer has a body in JSON."""
    try:
        exchange.answer.json  # noqa: B018 - raises NotJson
    except NotJson:
        return False
    return True


def others(session: Session, *, beside: str = "case") -> list[str]:
    """Who neither works on the case under the key `beside` nor has a right in it, the one who lacks only that first.

    Without PM_CASES a user may be refused for that alone: a refusal of `outsider` says less than one of `cases`.
    """
    users = table(session).users
    given = [one for one in (CASEWORKER, OUTSIDER) if getattr(users, one) is not None]
    if CASEWORKER in given and fixture(session, beside) == session.table.fixture("note_case"):
        given.remove(CASEWORKER)  # that one works on it
    if not given:
        raise NotExercised(Reason.MISSING_USER, session.table.place(f"users.{CASEWORKER}"))
    return given


def hidden(
    session: Session, requirement: str, ask: Callable[[str], Exchange], control: Exchange, identifier: str
) -> None:
    """Say whether users without the right are kept from what the accepted `control` shows; they may also be refused.

    `ask` makes the request as a user. A refusal counts from a user only who lacks nothing else.

    Raises:
        NotExercised: nothing was answered, or only a part; or nobody lacks just the one right.
    """
    denied = {user: conclusive(ask(user)) for user in others(session)}
    for user, exchange in denied.items():
        if exchange.answer.ok and mentions(exchange, identifier):
            told = f"it is shown to the user {user!r} as well"
            session.judge.require(requirement, False, exchange, control, observed=told, kind=Kind.NOT_REFUSED)
            return
    shows_less = [user for user, one in denied.items() if (one.answer.ok and in_json(one)) or user == CASEWORKER]
    if not shows_less:
        told = f"{session.table.place(f'users.{CASEWORKER}')}: {OUTSIDER!r} may be refused for lack of PM_CASES"
        raise NotExercised(Reason.MISSING_USER, told)
    if any(one.answer.ok and partial(one) for one in denied.values()):
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows a part only")
    session.judge.require(requirement, True, *denied.values(), control)


def says(exchange: Exchange, message: str) -> bool:
    """Whether an answer says exactly what the regular expression `message` describes, wherever it does."""
    try:
        texts = [value for _, value in leaves(exchange.answer.json) if isinstance(value, str)]
    except NotJson:
        return bool(re.search(message, exchange.answer.body.decode("utf-8", "replace")))
    return any(re.fullmatch(message, text.strip()) for text in texts)


def told_of(exchange: Exchange) -> set[str]:
    """The texts and numbers that an answer in JSON holds as values; empty when it is none."""
    try:
        return {str(value) for _, value in leaves(exchange.answer.json) if value not in (None, True, False, "")}
    except NotJson:
        return set()


def items(body: Any) -> list[dict[str, Any]]:
    """The objects of the longest list in a body, which may be wrapped in objects."""
    lists = [[one for one in array if isinstance(one, dict)] for array in arrays(body)]
    return max(lists, key=len, default=[])
