"""Walks of users through roles or departments. Whether these can be deleted shows who is in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Reason, Verdict
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Resource, Session
from conformance.engine.walks import plan, shrink
from conformance.engine.walks.isolation import request_limit, separate_recorder
from conformance.engine.walks.move import PLACES, USERS, Crowd, Kind, Move
from conformance.engine.walks.walks import count_of
from conformance.suites.processmaker3.people import made, naming, wait_until_moved

OTHER_USERS: Final = "PM3-USER-DELETE-OTHERS"
STILL_THERE: Final = "was accepted, but what it names is still there"


@dataclass(frozen=True, slots=True)
class Place:
    """What users belong to: the operations that create and delete it, and add (`enter`) and remove (`leave`) a user.

    Without `leave`, a user leaves by entering another one. The requirement `filled` says that it cannot be deleted
    while a user is in it, `others_enter` that nobody is moved when another user enters it, `others_stay` that nobody
    leaves together with another user, `user_kept` that `leave` does not change the user. `is_gone` returns whether a
    deleted one is gone, tested with a user who was in it.
    """

    parameter: str
    create: str
    delete: str
    enter: str
    filled: str
    is_gone: Callable[[Session, Resource, Resource], bool]
    others_enter: str
    others_stay: str
    leave: str = ""
    user_kept: str = ""

    @property
    def kept(self) -> list[str]:
        """The requirement `user_kept`, if there is one."""
        return [self.user_kept] if self.user_kept else []

    @property
    def requirements(self) -> list[str]:
        """The ids of the requirements that the walks can decide."""
        return list(dict.fromkeys((self.filled, self.others_enter, self.others_stay, *self.kept, OTHER_USERS)))


class Emptied(Blocked):
    """Something with users was deleted, which is recorded. `place` and `users` are their numbers."""

    def __init__(self, root: str, what: str, place: int, users: Collection[int]) -> None:
        super().__init__(root, what)
        self.place = place
        self.users = tuple(users)


class Party:
    """Users and places that the run created. `control` is the accepted deletion of an empty place."""

    def __init__(
        self, session: Session, kind: Place, control: Exchange, users: Collection[int], places: Collection[int]
    ) -> None:
        self.session = session
        self.kind = kind
        self.control = control
        self.crowd = Crowd(tuple((user, None) for user in users))
        self.before = self.crowd
        self.left: int | None = None  # the place from which the last step removed its user
        self.steps: list[Move] = []
        self.trail: list[Exchange] = []
        self.places = {number: self._made(kind.create) for number in places}
        self.users = {number: self._made("createUser") for number in users}
        self._people = Neighbours(session, session.operation("createUser"))
        self._people.neighbours = [self._people.snapshot(resource, {}) for resource in self.users.values()]

    def _made(self, operation: str) -> Resource:
        resource = made(self.session, operation)
        self.trail.append(resource.exchange)
        return resource

    def take(self, step: Move) -> None:
        """Execute a step. Raises as `Session.call`."""
        user, before = self.users[step.user], dict(self.crowd.users)[step.user]
        if step.kind is Kind.REMOVE:
            self._call("deleteUser", path={"usr_uid": user.id})
            self.session.ledger.gone(user.id)
            self._people.neighbours = [
                neighbour for neighbour in self._people.neighbours if neighbour.resource.id != user.id
            ]
            if not self._people.record_unchanged(OTHER_USERS, self.trail[-1]):  # then their places are empty, too
                raise Blocked(self.session.recorder.root_of(OTHER_USERS), "deleteUser")
        else:
            if before is not None and self.kind.leave:
                self._call(self.kind.leave, path={self.kind.parameter: self.places[before].id, "usr_uid": user.id})
            path = {self.kind.parameter: self.places[step.place].id}
            self._call(self.kind.enter, **naming(self.session, self.kind.enter, path, user.id))
        self.steps.append(step)
        self.before, self.crowd = self.crowd, self.crowd.after(step)
        self.left = before if step.kind is Kind.ENTER else None
        wait_until_moved(self.session)

    def _call(self, operation: str, **request: Any) -> None:
        self.trail.append(self.session.call(operation, **request))

    def look(self, number: int) -> None:
        """Check that a place with users cannot be deleted. Raises Emptied; NotExercised if that cannot be decided."""
        inside, place = self.crowd.inside(number), self.places[number]
        exchange = self.session.send(self.kind.delete, path={self.kind.parameter: place.id})
        if exchange.response.ok and not self.kind.is_gone(self.session, place, self.users[inside[0]]):
            raise NotExercised(Reason.INCONCLUSIVE, f"{self.kind.delete} {STILL_THERE}")
        if number == self.left:
            requirement, refused = self.kind.others_stay, not exchange.response.ok
            if exchange.response.ok or exchange.response.refused:
                message = "it is empty, although only one of its users was taken out"
                self.session.recorder.require(requirement, refused, exchange, self.control, observed=message)
        else:
            requirement = self.kind.filled
            refused = self.session.recorder.refused(requirement, exchange, self.control)
        if not refused:
            self.trail.append(exchange)
            raise Emptied(self.session.recorder.root_of(requirement), self.kind.delete, number, inside)

    def leave(self) -> None:
        """Remove what exists, without verdicts."""
        operations = self.session.specification.operations
        with separate_recorder(self.session), suppress(Blocked, NotExercised):
            for user, _ in self.crowd.users:
                self.session.remove(self.users[user].id, operations["createUser"])
            for place in self.places.values():
                self.session.remove(place.id, operations[self.kind.create])


class Memberships:
    """The walks of users through one kind of place."""

    def __init__(self, session: Session, kind: Place) -> None:
        self.session = session
        self.kind = kind

    def run(self, seed: int, examples: int) -> None:
        """Run the walks. Raises Blocked if a user left with another one, which is recorded; NotExercised, as a
        create does.
        """
        empty, witness = made(self.session, self.kind.create), made(self.session, "createUser")
        control = self.session.call(self.kind.delete, path={self.kind.parameter: empty.id})
        if not self.kind.is_gone(self.session, empty, witness):
            raise NotExercised(Reason.INCONCLUSIVE, f"{self.kind.delete} {STILL_THERE}")
        for steps in plan.moves(seed, count_of(examples)):
            self._walk(steps, control)

    def _walk(self, steps: tuple[Move, ...], control: Exchange) -> None:
        """Execute steps, and check every place with users after each. Raises as `run`."""
        party: Party | None = None
        with separate_recorder(self.session) as recorder:
            try:
                party = Party(self.session, self.kind, control, range(USERS), range(PLACES))
                for step in steps:
                    party.take(step)
                    for place in range(PLACES):
                        if party.crowd.inside(place):
                            party.look(place)
            except Emptied as emptied:
                assert party is not None
                ended: Exception | None = emptied
                chained = list(self._chained(party, emptied, recorder.verdicts))
            except (Blocked, NotExercised) as reason:
                ended, chained = reason, recorder.verdicts
            else:
                ended, chained = None, recorder.verdicts
        self.session.recorder.record(chained)
        if party is not None:
            party.leave()
        if ended is not None:
            raise ended

    def _chained(self, party: Party, emptied: Emptied, verdicts: list[Verdict]) -> Iterator[Verdict]:
        """The verdicts of a walk, whose deviation has the shortest sequence that shows it as its chain."""
        again = self._again(party, emptied)
        for verdict in verdicts:
            if verdict.fingerprint != emptied.root:
                yield verdict
        for verdict in again or [item for item in verdicts if item.fingerprint == emptied.root]:
            yield verdict if again else replace(verdict, chain=tuple(exchange.id for exchange in party.trail))

    def _again(self, party: Party, emptied: Emptied) -> list[Verdict]:
        """The deviation of a shorter sequence with new users and places; empty if it does not show the same."""
        last, before = party.steps[-1], party.before
        users = sorted({*emptied.users, last.user})
        places = sorted({emptied.place, *([last.place] if last.kind is Kind.ENTER else [])})
        enter = [
            Move(Kind.ENTER, number, there) for number, there in before.users if number in users and there in places
        ]
        steps, replay = [*(move for move in enter if move.user in users), last], None
        party.leave()
        with (
            separate_recorder(self.session) as recorder,
            suppress(Blocked, NotExercised),
            request_limit(self.session, shrink.MAX_REQUESTS),
        ):
            replay = Party(self.session, self.kind, party.control, users, places)
            for step in steps:
                replay.take(step)
            replay.look(emptied.place)
        if replay is None:
            return []
        replay.leave()
        chain = tuple(exchange.id for exchange in replay.trail)
        return [replace(verdict, chain=chain) for verdict in recorder.verdicts if verdict.fingerprint == emptied.root]
