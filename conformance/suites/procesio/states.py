"""The state that a request switches: where a read and a list show it, and which requests must leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import named_values
from conformance.core.verdict import Kind, Reason
from conformance.engine import presence
from conformance.engine.checks import describe, quoted
from conformance.engine.comparison import equal
from conformance.engine.definition import changed as changed_definition
from conformance.engine.identifiers import mentions
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.engine.snapshots import Snapshot, changed, snapshot, volatile
from conformance.suites.procesio.answers import has_text, sent_texts

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


def shown_in_both(places: Iterable[str], before: State, after: State) -> set[str]:
    """The places that a resource has before and after its state is switched.

    What comes or goes with a whole item says nothing of the state: a position in a list of what is active, for example.
    """
    return set(places) & before.values.keys() & after.values.keys()


def counterparts(before: State, after: State, place: str) -> list[str]:
    """Where the other view had the value of a place in a member of the same name, if both still have such a member.

    A view may leave out a resource, or a member of it, while that is inactive.
    """
    held, view, name = before.values.get(place, ()), place.partition("/")[0], place.rpartition("/")[2]
    return [
        other
        for other, value in before.values.items()
        if held and value == held and other.partition("/")[0] != view and other.rpartition("/")[2] == name
        if place in after.values and other in after.values
    ]


def behind(before: State, after: State, state: Iterable[str]) -> list[str]:
    """The places of a state that changed in one view only, though the other one had the same before."""
    found = []
    for place in state:
        held, others = before.values.get(place, ()), counterparts(before, after, place)
        if others and after.values[place] != held and all(after.values[other] == held for other in others):
            found.append(place)
    return found


def record_listed(
    session: Session, requirement: str, own: Resource, before: State, after: State, state: set[str], request: Exchange
) -> None:
    """Record whether the read and the list show the same state after a request that changed it, where both show it."""
    if is_mixed_up(session, after, own) or not any(counterparts(before, after, place) for place in state):
        message = "the read and the list do not both show the state in a member of the same name"
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, message)
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


Requests = Sequence[tuple[str, Callable[[], Exchange]]]
"""Requests for other resources, each with the requirement that it leaves others; the first one creates a resource."""


def steps(session: Session, views: Views, own: Resource, before: State, requests: Requests) -> list[Step]:
    """Send requests for other resources, and look at `own` after each.

    One that cannot be sent or is refused is left out; without the created resource, so are the others.
    """
    done: list[Step] = []
    ignored = volatile(before.values, State.of(session, views, own).values)
    there: State | None = before
    for requirement, request in requests:
        try:
            was, there = there or State.of(session, views, own), None
            exchange = request()
            there = _once_unchanged(session, views, own, was, ignored)
        except (Blocked, NotExercised):  # which are recorded where such requests are tested
            if requirement == requests[0][0]:
                break
            continue
        done.append(Step(requirement, exchange, was, there))
    return done


def _once_unchanged(session: Session, views: Views, own: Resource, before: State, ignored: set[str]) -> State:
    """A resource once it is as before; as it is, if that never happens."""
    looks: list[State] = []

    def look() -> tuple[bool, Exchange]:
        looks.append(State.of(session, views, own))
        return not changed(before.values, looks[-1].values, ignored), looks[-1].read

    session.eventually(look)
    return looks[-1]


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
    session: Session, requirement: str, sent: object, before: State, after: State, state: set[str], request: Exchange
) -> None:
    """Record whether a change of the state left the texts with which a resource was created, as far as its read had
    them. A text in whose place the state has another one is the state itself.
    """
    switched = [value for place in state & after.values.keys() for value in before.values.get(place, ())]
    texts = [text for text in sent_texts(sent) if not any(equal(text, value) for value in switched)]
    there = [text for text in texts if has_text(before.read, text)]
    if not there or not after.read.response.ok:
        session.recorder.skip(requirement, Reason.INCONCLUSIVE, "reading it does not show the texts that were sent")
        return
    lost = [text for text in there if not has_text(after.read, text)]
    message = f"{quoted(lost[0])} is no longer there" if lost else ""
    session.recorder.require(requirement, not lost, after.read, before.read, request, observed=message)


@dataclass(frozen=True, slots=True)
class Switch:
    """A request that switches the state of a resource, and the requirements on it.

    `send` sends it again, and `others` makes the requests that must leave the state. After it, the list and the read
    show the same state (`listed`), and the texts in `sent` are kept (`keeps`).
    """

    views: Views
    own: Resource
    sent: object
    send: Callable[[], Exchange]
    others: Callable[[], Requests]
    listed: str
    keeps: str


def record_switched(
    session: Session, switch: Switch, before: State, after: State, state: set[str], exchange: Exchange, kept: list[Step]
) -> None:
    """Record what a switch of the state shows and keeps, and that requests for other resources leave the state.

    `exchange` switched it, and `kept` are the steps that were taken before. Those after it are taken once the state is
    switched again.
    """
    own = switch.own
    record_listed(session, switch.listed, own, before, after, state, exchange)
    switch.send()
    again = settled(session, switch.views, own, after, state)
    more = steps(session, switch.views, own, again, switch.others()) if again else []
    record_kept(session, [*kept, *more], state)
    record_texts_kept(session, switch.keeps, switch.sent, before, after, state, exchange)
