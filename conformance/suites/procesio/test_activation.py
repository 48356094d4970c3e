"""The state of a process: toggle-activation (procesio-api.txt, line 95), and what must leave it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from conformance.core.exchange import Exchange
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import changed, volatile
from conformance.suites.procesio.processes import own_process
from conformance.suites.procesio.states import (
    PROCESS,
    State,
    Switch,
    behind,
    record_switched,
    shown_in_both,
    steps,
    updated,
)

pytestmark = pytest.mark.depth("standard")

CHANGES = "PRO-PROCESS-TOGGLE-CHANGES-STATE"
SWITCHED = (
    "PRO-PROCESS-TOGGLE-BACK",
    "PRO-PROCESS-TOGGLE-OTHERS",
    "PRO-PROCESS-TOGGLE-LISTED",
    "PRO-PROCESS-TOGGLE-KEEPS",
)
OTHERS = ("PRO-PROCESS-CREATE-OTHERS", "PRO-PROCESS-MODIFY-OTHERS")


@pytest.mark.requirement(CHANGES, *SWITCHED, *OTHERS)
def test_toggling_activation_changes_the_state_of_a_process(session: Session) -> None:
    older, own = own_process(session), own_process(session)
    path = {"id": own.id}
    session.call("readProcess", path=path)
    made: list[Resource] = []
    kept = steps(session, PROCESS, own, State.of(session, PROCESS, own), beside(session, made))
    session.call("readProcess", path={"id": older.id})
    apart = [State.of(session, PROCESS, resource) for resource in (older, *made)]
    first, before = State.of(session, PROCESS, own), State.of(session, PROCESS, own)
    ignored = volatile(first.values, before.values)
    toggled = session.call("toggleActivation", path=path)
    states: list[State] = []

    def look() -> tuple[bool, Exchange]:
        states.append(State.of(session, PROCESS, own))
        return bool(changed(before.values, states[-1].values, ignored)), states[-1].read

    differs, _ = session.eventually(look)
    after = states[-1]
    holds = session.recorder.require(
        CHANGES,
        differs,
        after.read,
        after.listed,
        toggled,
        observed="reading and listing the process return the same as before",
    )
    if not holds:
        for requirement in SWITCHED:
            session.recorder.block(requirement, session.recorder.root_of(CHANGES))
        return

    def both() -> tuple[bool, Exchange]:
        states.append(State.of(session, PROCESS, own))
        turned = changed(before.values, states[-1].values, ignored)
        return not behind(before, states[-1], turned), states[-1].read

    session.eventually(both)
    after = states[-1]
    turned = changed(before.values, after.values, ignored)
    apart_then = [State.of(session, PROCESS, resource) for resource in (older, *made)]
    session.call("toggleActivation", path=path)

    def back() -> tuple[bool, Exchange]:
        states.append(State.of(session, PROCESS, own))
        return bool(turned - changed(before.values, states[-1].values)), states[-1].read

    returned, _ = session.eventually(back)
    last = states[-1]
    session.recorder.require(
        "PRO-PROCESS-TOGGLE-BACK", returned, last.read, last.listed, after.read, observed="the state stayed changed"
    )
    # A value that changes and does not change back, such as a revision, is not the state.
    state = shown_in_both(turned - changed(before.values, last.values), before, after)
    for there, then in zip(apart, apart_then, strict=True):
        shown = state & there.values.keys() & then.values.keys()
        touched = sorted(shown & changed(there.values, then.values))
        session.recorder.require(
            "PRO-PROCESS-TOGGLE-OTHERS",
            not touched,
            then.read,
            there.read,
            toggled,
            observed=f"the state of another process changed too ({', '.join(touched[:3])})",
        )
    switch = Switch(
        PROCESS,
        own,
        own.exchange.request.sent(None),
        send=lambda: session.send("toggleActivation", path=path),
        others=lambda: beside(session, []),
        listed="PRO-PROCESS-TOGGLE-LISTED",
        keeps="PRO-PROCESS-TOGGLE-KEEPS",
    )
    record_switched(session, switch, before, after, state, toggled, kept)


def beside(session: Session, made: list[Resource]) -> list[tuple[str, Callable[[], Exchange]]]:
    """Requests that create another process, which is added to `made`, and update it."""

    def create() -> Exchange:
        made.append(own_process(session))
        return made[-1].exchange

    def update(made: list[Resource]) -> Exchange:
        return updated(session, PROCESS, made[-1], made[-1].exchange.request.sent(None))

    return list(zip(OTHERS, (create, partial(update, made)), strict=True))
