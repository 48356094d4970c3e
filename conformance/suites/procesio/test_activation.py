"""The state of a process: toggle-activation (procesio-api.txt, line 95)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conformance.core.exchange import Exchange
from conformance.engine.identifiers import mentions
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import Snapshot, changed, snapshot, volatile
from conformance.suites.procesio.processes import own_process


@dataclass(frozen=True, slots=True)
class State:
    """A process as its read and the list show it; either may show its state."""

    read: Exchange
    listed: Exchange
    values: Snapshot

    @classmethod
    def of(cls, session: Session, own: Resource) -> State:
        """Read and list it."""
        read, listed = session.send("readProcess", path={"id": own.id}), session.send("listProcesses")
        shown = {f"read{place}": held for place, held in snapshot(read, own.id).items()} if read.response.ok else {}
        if listed.response.ok and mentions(listed, own.id):
            shown |= {f"listed{place}": held for place, held in snapshot(listed, own.id).items()}
        return cls(read, listed, shown)


@pytest.mark.requirement("PRO-PROCESS-TOGGLE-CHANGES-STATE", "PRO-PROCESS-TOGGLE-BACK", "PRO-PROCESS-TOGGLE-OTHERS")
def test_toggling_activation_changes_the_state_of_a_process(session: Session) -> None:
    own, another = own_process(session), own_process(session)
    path = {"id": own.id}
    session.call("readProcess", path={"id": another.id})
    session.call("readProcess", path=path)
    beside = State.of(session, another)
    first, before = State.of(session, own), State.of(session, own)
    ignored = volatile(first.values, before.values)
    toggled = session.call("toggleActivation", path=path)
    states: list[State] = []

    def look() -> tuple[bool, Exchange]:
        states.append(State.of(session, own))
        return bool(changed(before.values, states[-1].values, ignored)), states[-1].read

    differs, _ = session.eventually(look)
    after = states[-1]
    holds = session.recorder.require(
        "PRO-PROCESS-TOGGLE-CHANGES-STATE",
        differs,
        after.read,
        after.listed,
        toggled,
        observed="reading and listing the process return the same as before",
    )
    if not holds:
        for requirement in ("PRO-PROCESS-TOGGLE-BACK", "PRO-PROCESS-TOGGLE-OTHERS"):
            session.recorder.block(requirement, session.recorder.root_of("PRO-PROCESS-TOGGLE-CHANGES-STATE"))
        return
    turned = changed(before.values, after.values, ignored)
    beside_then = State.of(session, another)
    session.call("toggleActivation", path=path)

    def back() -> tuple[bool, Exchange]:
        states.append(State.of(session, own))
        return bool(turned - changed(before.values, states[-1].values)), states[-1].read

    returned, _ = session.eventually(back)
    last = states[-1]
    session.recorder.require(
        "PRO-PROCESS-TOGGLE-BACK", returned, last.read, last.listed, after.read, observed="the state stayed changed"
    )
    # A value that changes and does not change back, such as a revision, is not the state.
    state = turned - changed(before.values, last.values)
    there = state & beside.values.keys() & beside_then.values.keys()
    touched = sorted(there & changed(beside.values, beside_then.values))
    session.recorder.require(
        "PRO-PROCESS-TOGGLE-OTHERS",
        not touched,
        beside_then.read,
        beside.read,
        toggled,
        observed=f"the state of another process changed too ({', '.join(touched[:3])})",
    )
