"""Cases: the steps that the scenarios on cases, their documents and their notes share.

Cases are fixtures: no documented operation starts one. The target file tells who works on them (`docs/target-file.md`).
"""

from __future__ import annotations

import re
from typing import Final

from conformance.exchange import Exchange, NotJson
from conformance.identification import mentions, partial
from conformance.judge import NotExercised
from conformance.lifecycle import leaves
from conformance.session import Session
from conformance.verdict import Kind, Reason

OUTSIDER: Final = "outsider"
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
    """An exchange whose answer says yes or no. Raises NotExercised when there is none, or the server failed."""
    if exchange.response is None:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if exchange.answer.status >= 500:
        raise NotExercised(Reason.INCONCLUSIVE, f"{exchange.operation}: status {exchange.answer.status}")
    return exchange


def shown(session: Session, requirement: str, listing: Exchange, identifier: str) -> bool:
    """Say whether an accepted list shows something; returns it.

    Raises:
        NotExercised: the list shows a part only.
    """
    found = mentions(listing, identifier)
    if not found and partial(listing):
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows a part only")
    return session.judge.require(requirement, found, listing, observed="it is not in the list", kind=Kind.ABSENT)


def hidden(session: Session, requirement: str, denied: Exchange, control: Exchange, identifier: str) -> None:
    """Say whether an answer keeps to itself what the accepted `control` shows; it may also be a refusal.

    Raises:
        NotExercised: nothing was answered, or only a part.
    """
    leaks = conclusive(denied).answer.ok and mentions(denied, identifier)
    if not leaks and denied.answer.ok and partial(denied):
        raise NotExercised(Reason.INCONCLUSIVE, "the list shows a part only")
    session.judge.require(
        requirement, not leaks, denied, control, observed="it is shown to this user as well", kind=Kind.NOT_REFUSED
    )


def says(exchange: Exchange, message: str) -> bool:
    """Whether an answer says exactly what the regular expression `message` describes, wherever it does."""
    try:
        texts = [value for _, value in leaves(exchange.answer.json) if isinstance(value, str)]
    except NotJson:
        return bool(re.search(message, exchange.answer.body.decode("utf-8", "replace")))
    return any(re.fullmatch(message, text.strip()) for text in texts)
