"""Walks: the walks of one kind of thing, and the shortest sequence that shows what contradicts the documents."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Verdict
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.engine.session import Session
from conformance.engine.walks import plan, shrink
from conformance.engine.walks.apart import apart, at_most
from conformance.engine.walks.contradiction import Contradiction, Look
from conformance.engine.walks.step import Action, Plan
from conformance.engine.walks.walk import Walk
from conformance.spec.specification import Operation, Specification

EXAMPLES: Final = 15
"""For every so many generated bodies of an operation there is one walk: one at depth standard, four at depth deep."""
AT_MOST: Final = 10
"""Walks of one kind of thing, however many bodies are generated."""
SECONDS: Final = 120.0
"""After so many seconds the walks of a kind take no further step."""


def requirements(specification: Specification, create: Operation) -> list[str]:
    """The ids of the requirements that the walks over what `create` makes look at. What it makes has a life."""
    links = [link for step in ("update", "delete") if (link := create.link(step)) is not None]
    aspects = {
        create.id: ("created-is-readable", "created-reads-as-sent", "created-is-listed", "leaves-others"),
        **{link.operation: _ASPECTS[link.step] for link in links},
    }
    found = [specification.aspect(one, aspect) for one, those in aspects.items() for aspect in those]
    return [one.id for one in found if one is not None]


_ASPECTS: Final = {
    "update": ("updated-reads-as-sent", "updated-is-listed", "leaves-others"),
    "delete": ("deleted-is-gone", "deleted-is-unlisted", "leaves-others"),
}


def count_of(examples: int) -> int:
    """How many walks of a kind there are beside so many generated bodies of an operation."""
    return min(AT_MOST, max(1, examples // EXAMPLES))


class Walks:
    """The walks over what one operation creates."""

    def __init__(self, session: Session, create: Operation) -> None:
        self.session = session
        self.create = session.operation(create.id)
        self._real = session.recorder  # the others are for what may be tried again

    def run(self, seed: int, examples: int) -> None:
        """Walk. Raises Blocked: the target is not as it must be, which is recorded; NotExercised, as a create does."""
        self.session.need_proof(self.create)
        updates = self.session.requester.usable(self.create, "update") is not None
        until = time.monotonic() + SECONDS
        prelude: list[Exchange] | None = None
        request = None
        for steps in plan.plans(seed, count_of(examples), updates=updates):
            walk = Walk(self.session, self.create, request)
            prelude = self._walk(walk, steps, until, prelude)
            request = walk.request
            if time.monotonic() >= until:
                return

    def _walk(self, walk: Walk, steps: Plan, until: float, prelude: list[Exchange] | None) -> list[Exchange]:
        """Take the steps of one plan. Returns the exchanges that made what its requests need. Raises as `run`."""
        try:
            with apart(self.session) as recorder:
                for step in steps:
                    if time.monotonic() >= min(until, self.session.resources.account.until):
                        break
                    walk.take(step)
        except Contradiction as found:
            needed = self._needed(walk) if prelude is None else prelude
            self._real.record(self._shown(walk, found, needed, recorder))
            raise Blocked(found.root, self.create.id) from None
        except (Blocked, NotExercised):
            self._real.record(recorder.verdicts)
            raise
        self._real.record(recorder.verdicts)
        self._leave(walk)
        return self._needed(walk) if prelude is None else prelude

    # -- the shortest sequence ------------------------------------------------------------------------------------

    def _shown(self, walk: Walk, found: Contradiction, needed: list[Exchange], recorder: Recorder) -> Iterator[Verdict]:
        """The verdicts of a walk that met a contradiction; that has the shortest sequence as its chain."""
        replayed = self._shrunk(walk, found)
        for verdict in recorder.verdicts:
            if verdict.fingerprint != found.root:
                yield verdict
            elif replayed is None:
                yield self._chained(verdict, walk, needed)
        if replayed is not None:
            again, verdicts = replayed
            for verdict in verdicts:
                yield self._chained(verdict, again, needed)

    def _chained(self, verdict: Verdict, walk: Walk, needed: list[Exchange]) -> Verdict:
        """A deviation with the exchanges that led to it: what it needs, what was done, the last look."""
        led = [*needed, *walk.model.trail]
        chain = dict.fromkeys([*(one.id for one in led), verdict.evidence[0]])
        return replace(verdict, chain=tuple(chain))

    def _shrunk(self, walk: Walk, found: Contradiction) -> tuple[Walk, list[Verdict]] | None:
        """Replay shorter sequences with new things, until one shows the same; None where none does, or none may be."""
        self._leave(walk)
        budget, shown = shrink.REQUESTS, None
        left = shrink.shorter(walk.taken, found.things, found.look)
        while left:
            steps = left.pop(0)
            if shrink.cost(steps, found.look, self.create) > budget:
                continue
            sent = self.session.client.sent
            replay, verdicts = self._replayed(steps, walk, found, budget)
            budget -= self.session.client.sent - sent
            self._leave(replay)
            if verdicts:
                shown, left = (replay, verdicts), shrink.fewer(steps)
        return shown

    def _replayed(self, steps: Plan, walk: Walk, found: Contradiction, requests: int) -> tuple[Walk, list[Verdict]]:
        """A replay of some steps with new things, and its verdicts on what a walk found; none where all went well."""
        replay = Walk(self.session, self.create, walk.request, frugal=True)
        with apart(self.session) as recorder, suppress(Blocked, NotExercised), at_most(self.session, requests):
            self._replay(replay, steps, found)
        return replay, [one for one in recorder.verdicts if one.fingerprint == found.root]

    def _replay(self, replay: Walk, steps: Plan, found: Contradiction) -> None:
        """Take some steps, and look after the last one only, where the contradiction was seen."""
        *before, last = steps
        for step in before:  # what no list ever showed is not missed
            replay.take(step, {Look.LIST} if found.look is Look.LIST and step.action is Action.CREATE else frozenset())
        others = {one for one in found.things if one != last.thing} if found.look is Look.OTHERS else set()
        deleted = {last.thing} if found.look is Look.OWN and last.action is Action.DELETE else set()
        for number in (others | deleted) & replay.model.things.keys():  # how it looked, as long as it was right
            replay.observer.remember(replay.model.things[number])
        replay.observer.patient = False
        replay.take(last, {found.look})

    def _leave(self, walk: Walk) -> None:
        """Remove what is there of a walk; what cannot be removed now, the end of the test looks after."""
        with apart(self.session), suppress(Blocked, NotExercised):
            walk.leave()

    def _needed(self, walk: Walk) -> list[Exchange]:
        """The exchanges that made what the requests of a walk need, before its first step."""
        first = walk.model.trail[0].id if walk.model.trail else ""
        found: list[Exchange] = []
        for one in self.session.client.evidence.kept:
            if one.id == first:
                break
            operation = self.session.operation(one.operation)
            if one.response.ok and operation.effect != "read" and operation.resource != "token":
                found.append(one)
        return found
