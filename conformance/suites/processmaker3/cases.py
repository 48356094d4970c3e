"""Steps that the scenarios on cases, their documents and their notes share.

Cases are fixtures: no documented operation starts one. The target file says who works on them (`docs/target-file.md`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import arrays, leaves
from conformance.core.verdict import Kind, Reason
from conformance.engine.comparison import ABSENT, equal
from conformance.engine.identifiers import (
    looks_paginated,
    mentions,
    names,
)
from conformance.engine.recorder import Blocked, NotExercised
from conformance.suites.processmaker3.projects import table

if TYPE_CHECKING:
    from conformance.engine.session import Session

CASEWORKER: Final = "cases"
OUTSIDER: Final = "outsider"
TOO_MANY: Final = 429
STATES: Final = ("paused", "completed", "canceled")
READ_VARIABLES: Final = "getCaseVariables"
SET_VARIABLES: Final = "setCaseVariable"


def fixture(session: Session, key: str) -> str:
    """The value of a key of the target file. Raises NotExercised if there is none, or the server does not know it."""
    given = session.table.fixture(key)
    if not given:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place(key))
    if sentence := session.fixtures.look(key):  # a list without it would be blamed
        raise NotExercised(Reason.MISSING_FIXTURE, sentence)
    return given


def no_such_variable(session: Session, key: str, exchange: Exchange) -> NotExercised:
    """What to raise where the variables of `case` are read, and the one that the target file names is not among them.

    The run goes on, and says at its end that the file is wrong.
    """
    place = session.table.setting(key)
    message = f"{exchange.request.method} {exchange.request.url} shows no such variable with a value"
    session.fixtures.unknown[key] = f"{place}: {message}. Correct {key} in the target file."
    return NotExercised(Reason.MISSING_FIXTURE, session.fixtures.unknown[key], exchange)


def of_case(session: Session, key: str = "case", **more: str) -> dict[str, str]:
    """The path parameters for a case of the target file. Raises NotExercised if it has none."""
    return {"app_uid": fixture(session, key), **more}


@contextlib.contextmanager
def restoring(session: Session, spare: str = "") -> Iterator[None]:
    """Restore the variables of `case` that are removed or changed in the context, except `spare`, to their previous
    values.

    A trigger may do more than unset one variable. The one that the target file says it unsets is restored even if a
    read does not show yet that it is gone. What cannot be restored is residue. A variable that differs between two
    reads in advance changes by itself: it is restored only if it is gone.
    """
    earlier, before = _variables(session), _variables(session)
    moving = {name for name, value in before.items() if value != earlier.get(name, ABSENT)}
    try:
        yield
    finally:
        unsets, holds = session.table.fixture("trigger_unsets"), False
        with contextlib.suppress(Blocked, NotExercised):
            after = _settled_variables(session, "" if unsets == spare else unsets, before)
            changed = {name for name in before.keys() & after.keys() - moving if before[name] != after[name]}
            lost = changed | (before.keys() - after.keys()) | ({unsets} & before.keys())
            again = {name: before[name] for name in sorted(lost - {spare})}
            holds = not again or _written(session, again, after)
        if before and not holds:
            session.ledger.remains(session.specification.system, "variable")


def _settled_variables(session: Session, unsets: str, before: dict[str, Any]) -> dict[str, Any]:
    """The variables of `case` as soon as `unsets` is gone, if it was among them: then the work of a trigger shows."""
    found = list[dict[str, Any]]()

    def look() -> tuple[bool, Exchange]:
        exchange, shown = _read(session)
        found.append(shown)
        return unsets not in before or unsets not in shown, exchange

    session.eventually(look)
    return found[-1]


def _written(session: Session, wanted: dict[str, Any], wrong: dict[str, Any]) -> bool:
    """Set variables of `case`; returns whether none of them is read as it was in `wrong`.

    One that has another value than it was set to has been changed by somebody else since.
    """
    if not session.send(SET_VARIABLES, path=of_case(session), json=wanted).response.ok:
        return False

    def look() -> tuple[bool, Exchange]:
        exchange, found = _read(session)
        read = {name: found.get(name, ABSENT) for name in wanted}
        stays = [
            name
            for name, value in read.items()
            if not equal(wanted[name], value) and equal(wrong.get(name, ABSENT), value)
        ]
        return not stays, exchange

    return session.eventually(look)[0]


def _variables(session: Session) -> dict[str, Any]:
    """The variables of `case`; empty if they cannot be read."""
    return _read(session)[1]


def _read(session: Session) -> tuple[Exchange, dict[str, Any]]:
    """A read of the variables of `case`, and these; none if they cannot be read."""
    exchange = session.send(READ_VARIABLES, path=of_case(session))
    found = exchange.response.json if exchange.response.ok and in_json(exchange) else None
    return exchange, found if isinstance(found, dict) else {}


def conclusive(exchange: Exchange) -> Exchange:
    """An exchange with a decisive response. Raises NotExercised if there is none, or the server was busy."""
    if not exchange.has_response:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.response.status >= 500 or exchange.response.status == TOO_MANY:
        raise NotExercised(Reason.INCONCLUSIVE, f"{exchange.operation}: status {exchange.response.status}")
    return exchange


def shown(session: Session, requirement: str, listing: Exchange, identifier: str) -> bool:
    """Record whether an accepted list contains something; returns it. Text that is not JSON lists nothing (line 77).

    Raises:
        NotExercised: the list is incomplete; or it lacks a fixture that the server does not know.
    """
    found = names(listing, identifier)
    if not found and looks_paginated(listing):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    if not found and (sentence := session.fixtures.unlisted(identifier, listing)):
        raise NotExercised(Reason.MISSING_FIXTURE, sentence)
    message = "it is not in the list" if in_json(listing) else "the response is not JSON"
    return session.recorder.require(requirement, found, listing, observed=message, kind=Kind.ABSENT)


def accepted(session: Session, requirement: str, operation: str, **request: Any) -> Exchange:
    """The response to a documented call that a requirement says is accepted. The caller records that it holds.

    Raises:
        Blocked: it was refused; the deviation is recorded.
        NotExercised: as `Session.call`.
    """
    exchange = session.send(operation, **request)
    if not exchange.response.ok:
        return session.call(operation, accepts=requirement, **request)
    session.accepted(exchange)
    return exchange


def in_json(exchange: Exchange) -> bool:
    """Whether a response has a JSON body."""
    try:
        exchange.response.json  # noqa: B018 - raises NotJson
    except NotJson:
        return False
    return True


def others(session: Session, ask: Callable[[str], Exchange]) -> dict[str, Exchange]:
    """Make a request as each user who neither works on `case` nor has a right in it, the one who lacks only that
    first.

    A refusal of `outsider` proves nothing: it may be for lack of PM_CASES. Raises NotExercised if there was no
    response.
    """
    users = table(session).users
    case = session.table.fixture("case")
    works_on_it = bool(case) and case == session.table.fixture("note_case")
    given = [CASEWORKER] if users.cases is not None and not works_on_it else []
    given += [OUTSIDER] if users.outsider is not None else []
    return {user: conclusive(ask(user)) for user in given}


def who_lacks_only_that(session: Session, asked: dict[str, Exchange]) -> Exchange:
    """The response to the user who lacks only that right. Raises NotExercised if the target file has none."""
    if CASEWORKER not in asked:
        raise NotExercised(Reason.MISSING_USER, session.table.place(f"users.{CASEWORKER}"))
    return asked[CASEWORKER]


def hidden(
    session: Session, requirement: str, ask: Callable[[str], Exchange], control: Exchange, identifier: str
) -> None:
    """Record whether users without the right cannot see what the accepted `control` shows; they may also be refused.

    `ask` makes the request as a user.

    Raises:
        NotExercised: there was no response, or an incomplete one; or no user lacks only that right.
    """
    asked = others(session, ask)
    for user, exchange in asked.items():
        if exchange.response.ok and mentions(exchange, identifier):
            message = f"it is shown to the user {user!r} as well"
            session.recorder.require(requirement, False, exchange, control, observed=message, kind=Kind.NOT_REFUSED)
            return
    denied = who_lacks_only_that(session, asked)
    if denied.response.ok and looks_paginated(denied):
        raise NotExercised(Reason.INCONCLUSIVE, "the list is incomplete")
    session.recorder.require(requirement, True, denied, control)


def says(exchange: Exchange, message: str) -> bool:
    """Whether a response contains a text that matches the regular expression `message` completely."""
    try:
        texts = [value for _, value in leaves(exchange.response.json) if isinstance(value, str)]
    except NotJson:
        return bool(re.search(message, exchange.response.body.decode("utf-8", "replace")))
    return any(re.fullmatch(message, text.strip()) for text in texts)


def told_of(exchange: Exchange) -> set[str]:
    """The texts and numbers in a JSON response; empty if it is not JSON."""
    try:
        return {str(value) for _, value in leaves(exchange.response.json) if value not in (None, True, False, "")}
    except NotJson:
        return set()


def items(body: Any) -> list[dict[str, Any]]:
    """The objects of the longest list in a body, which may be wrapped in objects."""
    lists = [[item for item in array if isinstance(item, dict)] for array in arrays(body)]
    return max(lists, key=len, default=[])
