"""The state that a request switches: where a read and a list show it, and which requests must leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves, named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.checks import describe, quoted
from conformance.engine.comparison import equal, number
from conformance.engine.definition import changed as changed_definition
from conformance.engine.identifiers import mentions
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import Snapshot, changed, snapshot, volatile

READ: Final = "read"
LISTED: Final = "listed"


@dataclass(frozen=True, slots=True)
class Views:
    """A kind of resource that has a state: what creates, updates, reads and lists it."""

    create: str
    update: str
    read: str
    parameter: str
    list: str


PROCESS: Final = Views("createProcess", "modifyProcess", "readProcess", "id", "listProcesses")
SCHEDULE: Final = Views("createSchedule", "modifySchedule", "readSchedule", "scheduleId", "listSchedules")


@dataclass(frozen=True, slots=True)
class State:
    """A resource as its read and its list show it; either may show its state."""

    read: Exchange
    listed: Exchange
    values: Snapshot

    @classmethod
    def of(cls, session: Session, views: Views, own: Resource) -> State:
        """Read and list it."""
        read, listed = session.send(views.read, path={views.parameter: own.id}), session.send(views.list)
        shown = {f"{READ}{place}": held for place, held in snapshot(read, own.id).items()} if read.response.ok else {}
        if listed.response.ok and mentions(listed, own.id):
            shown |= {f"{LISTED}{place}": held for place, held in snapshot(listed, own.id).items()}
        return cls(read, listed, shown)


def is_anothers(read: Exchange, listed: Exchange, own: Resource) -> bool:
    """Whether a read lacks the name of a resource that the list has: it may show another one, which is recorded
    elsewhere.
    """
    return bool(own.name) and mentions(listed, own.name) and not mentions(read, own.name)


def is_mixed_up(session: Session, shown: State, own: Resource) -> bool:
    """Whether the read or the list shows another resource of the run under the identifier of `own`, which is recorded
    elsewhere.
    """
    if is_anothers(shown.read, shown.listed, own):
        return True
    try:
        item = presence.about(shown.listed.response.json, own.id) or {}
    except NotJson:
        return False
    ours = [value for _, value in named_values(item) if isinstance(value, str) and session.ledger.is_ours(value)]
    return bool(ours) and not any(presence.holds(value, own.name) for value in ours)


def counterparts(before: State, place: str) -> list[str]:
    """Where the other view had the value of a place in a member of the same name."""
    held, view, name = before.values.get(place, ()), place.partition("/")[0], place.rpartition("/")[2]
    return [
        other
        for other, value in before.values.items()
        if held and value == held and other.partition("/")[0] != view and other.rpartition("/")[2] == name
    ]


def behind(before: State, after: State, state: Iterable[str]) -> list[str]:
    """The places of a state that changed in one view only, though the other one had the same before."""
    found = []
    for place in state:
        held, others = before.values.get(place, ()), counterparts(before, place)
        if others and after.values.get(place) != held and all(after.values.get(one) == held for one in others):
            found.append(place)
    return found


def record_listed(
    session: Session, requirement: str, own: Resource, before: State, after: State, state: set[str], request: Exchange
) -> None:
    """Record whether the read and the list show the same state after a request that changed it, where both show it."""
    if is_mixed_up(session, after, own) or not any(counterparts(before, place) for place in state):
        told = "the read and the list do not both show the state in a member of the same name"
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, told)
        return
    one_sided = sorted(behind(before, after, state))
    session.recorder.require(
        requirement,
        not one_sided,
        after.read,
        after.listed,
        before.listed,
        request,
        observed=f"one of the two still shows the state from before ({', '.join(one_sided[:3])} changed)",
        kind=Kind.READ_BACK,
    )


def settled(session: Session, views: Views, own: Resource, wanted: State, state: set[str]) -> State | None:
    """A resource once it shows a state that it had before; None if it does not, or if there is no state."""
    looks: list[State] = []

    def look() -> tuple[bool, Exchange]:
        looks.append(State.of(session, views, own))
        return not state & changed(wanted.values, looks[-1].values), looks[-1].read

    return looks[-1] if state and session.eventually(look)[0] else None


@dataclass(frozen=True, slots=True)
class Step:
    """A request for another resource, the requirement that it leaves others, and a state before and after it."""

    requirement: str
    exchange: Exchange
    before: State
    after: State


def steps(
    session: Session, views: Views, own: Resource, before: State, requests: Sequence[tuple[str, Callable[[], Exchange]]]
) -> list[Step]:
    """Send requests for other resources, and look at `own` after each, until one cannot be sent or is refused."""
    done: list[Step] = []
    ignored = volatile(before.values, State.of(session, views, own).values)
    with suppress(Blocked, NotExercised):  # which are recorded where such requests are tested
        for requirement, request in requests:
            exchange = request()
            looks: list[State] = []

            def look(then: State = before, looks: list[State] = looks) -> tuple[bool, Exchange]:
                looks.append(State.of(session, views, own))
                return not changed(then.values, looks[-1].values, ignored), looks[-1].read

            session.eventually(look)
            done.append(Step(requirement, exchange, before, looks[-1]))
            before = looks[-1]
    return done


def record_kept(session: Session, done: Iterable[Step], state: set[str]) -> None:
    """Record for each step whether it left the places of a state, if they were seen before and after it."""
    for step in done:
        if not step.after.read.response.ok:
            session.recorder.skip(step.requirement, Reason.INCONCLUSIVE, describe(step.after.read))
            continue
        there = state & step.before.values.keys() & step.after.values.keys()
        touched = sorted(there & changed(step.before.values, step.after.values))
        if there:
            session.recorder.require(
                step.requirement,
                not touched,
                step.after.read,
                step.after.listed,
                step.before.read,
                step.exchange,
                observed=f"the state of another one changed too ({', '.join(touched[:3])})",
            )


def updated(session: Session, views: Views, other: Resource, sent: object) -> Exchange:
    """Update a resource, whatever its documents say of the body. Raises as `Session.call`."""
    creating, updating = session.operation(views.create), session.operation(views.update)

    def read() -> Exchange:
        return session.call(views.read, path={views.parameter: other.id})

    body, _ = changed_definition(session, creating, updating, other, sent if isinstance(sent, dict) else {}, read)
    return session.call(updating.id, json=body)


def record_texts_kept(
    session: Session, requirement: str, sent: object, before: State, after: State, request: Exchange
) -> None:
    """Record whether a change of the state left the texts with which a resource was created, as far as its read had
    them.
    """
    texts = [value for _, value in leaves(sent) if isinstance(value, str) and value and number(value) is None]
    there = [one for one in texts if _has(before.read, one)]
    if not there or not after.read.response.ok:
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "reading it does not show the texts that were sent")
        return
    lost = [one for one in there if not _has(after.read, one)]
    told = f"{quoted(lost[0])} is no longer there" if lost else ""
    session.recorder.require(requirement, not lost, after.read, before.read, request, observed=told)


def _has(exchange: Exchange, text: str) -> bool:
    try:
        return any(equal(text, value) for _, value in named_values(exchange.response.json))
    except NotJson:
        return mentions(exchange, text)
