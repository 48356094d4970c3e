"""Run the walks of one kind of resource, and find the shortest sequence that shows a contradiction."""

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
from conformance.engine.walks.contradiction import Contradiction, Look
from conformance.engine.walks.isolation import request_limit, separate_recorder
from conformance.engine.walks.step import Action, Plan
from conformance.engine.walks.walk import Walk
from conformance.spec.specification import Operation, Specification

EXAMPLES_PER_WALK: Final = 15
"""One walk for this many generated bodies of an operation: one at depth standard, four at depth deep."""
MAX_WALKS: Final = 10
"""The maximal number of walks of one kind of resource."""
MAX_SECONDS: Final = 120.0
"""The time after which the walks of a kind execute no more steps."""


def requirements(specification: Specification, create: Operation) -> list[str]:
    """The ids of the requirements that the walks over what `create` creates can decide. It must have a lifecycle."""
    links = [link for step in ("update", "delete") if (link := create.link(step)) is not None]
    aspects = {
        create.id: ("created-is-readable", "created-reads-as-sent", "created-is-listed", "leaves-others"),
        **{link.operation: _ASPECTS[link.step] for link in links},
    }
    found = [
        specification.aspect(value, aspect) for value, aspects_of_link in aspects.items() for aspect in aspects_of_link
    ]
    return [requirement.id for requirement in found if requirement is not None]


_ASPECTS: Final = {
    "update": ("updated-reads-as-sent", "updated-is-listed", "leaves-others"),
    "delete": ("deleted-is-gone", "deleted-is-unlisted", "leaves-others"),
}


def count_of(examples: int) -> int:
    """The number of walks of a kind, given the number of generated bodies of an operation."""
    return min(MAX_WALKS, max(1, examples // EXAMPLES_PER_WALK))


class Walks:
    """The walks over what one operation creates."""

    def __init__(self, session: Session, create: Operation) -> None:
        self.session = session
        self.create = session.operation(create.id)
        self._test_recorder = session.recorder  # the test's recorder; others record steps that may be repeated

    def run(self, seed: int, examples: int) -> None:
        """Run the walks. Raises Blocked: the target differs from the model, which is recorded; NotExercised, as a
        create does.
        """
        self.session.need_proof(self.create)
        updates = self.session.requester.usable(self.create, "update") is not None
        until = time.monotonic() + MAX_SECONDS
        prelude: list[Exchange] | None = None
        request = None
        for steps in plan.plans(seed, count_of(examples), updates=updates):
            walk = Walk(self.session, self.create, request)
            prelude = self._walk(walk, steps, until, prelude)
            request = walk.request
            if time.monotonic() >= until:
                return

    def _walk(self, walk: Walk, steps: Plan, until: float, prelude: list[Exchange] | None) -> list[Exchange]:
        """Execute one plan. Returns the exchanges that created its dependencies. Raises as `run`."""
        try:
            with separate_recorder(self.session) as recorder:
                for step in steps:
                    if time.monotonic() >= min(until, self.session.resources.account.until):
                        break
                    walk.take(step)
        except Contradiction as found:
            needed = self._dependencies(walk) if prelude is None else prelude
            self._test_recorder.record(self._verdicts_of(walk, found, needed, recorder))
            raise Blocked(found.root, self.create.id) from None
        except (Blocked, NotExercised):
            self._test_recorder.record(recorder.verdicts)
            raise
        self._test_recorder.record(recorder.verdicts)
        self._leave(walk)
        return self._dependencies(walk) if prelude is None else prelude

    # -- the shortest sequence ------------------------------------------------------------------------------------

    def _verdicts_of(
        self, walk: Walk, found: Contradiction, needed: list[Exchange], recorder: Recorder
    ) -> Iterator[Verdict]:
        """The verdicts of a walk with a contradiction, whose chain is the shortest sequence that shows it."""
        replayed = self._shrink(walk, found)
        for verdict in recorder.verdicts:
            if verdict.fingerprint != found.root:
                yield verdict
            elif replayed is None:
                yield self._with_chain(verdict, walk, needed)
        if replayed is not None:
            again, verdicts = replayed
            for verdict in verdicts:
                yield self._with_chain(verdict, again, needed)

    def _with_chain(self, verdict: Verdict, walk: Walk, needed: list[Exchange]) -> Verdict:
        """Add to a deviation the exchanges that led to it: dependencies, steps, and the last check.

        That is the first of its evidence, or a later one where the first is a step.
        """
        steps = [exchange.id for exchange in (*needed, *walk.model.trail)]
        checks = verdict.evidence if verdict.evidence[0] in steps else verdict.evidence[:1]
        return replace(verdict, chain=tuple(dict.fromkeys([*steps, *checks])))

    def _shrink(self, walk: Walk, found: Contradiction) -> tuple[Walk, list[Verdict]] | None:
        """Replay shorter sequences with new resources until one shows the same; None if none does."""
        self._leave(walk)
        budget, shown = shrink.MAX_REQUESTS, None
        candidates = shrink.shorter(walk.taken, found.things, found.look)
        while candidates:
            steps = candidates.pop(0)
            if shrink.cost(steps, found.look, self.create) > budget:
                continue
            sent = self.session.client.sent
            replay, verdicts = self._replay_separately(steps, walk, found, budget)
            budget -= self.session.client.sent - sent
            self._leave(replay)
            if verdicts:
                shown, candidates = (replay, verdicts), shrink.fewer(steps)
        return shown

    def _replay_separately(
        self, steps: Plan, walk: Walk, found: Contradiction, requests: int
    ) -> tuple[Walk, list[Verdict]]:
        """Replay steps with new resources. Returns the verdicts with the same fingerprint; none if all went well."""
        replay = Walk(self.session, self.create, walk.request, frugal=True)
        with (
            separate_recorder(self.session) as recorder,
            suppress(Blocked, NotExercised),
            request_limit(self.session, requests),
        ):
            self._replay(replay, steps, found)
        return replay, [verdict for verdict in recorder.verdicts if verdict.fingerprint == found.root]

    def _replay(self, replay: Walk, steps: Plan, found: Contradiction) -> None:
        """Execute steps, and check after the last one only, what showed the contradiction."""
        *before, last = steps
        for step in before:  # what was never in a list cannot be missing from it
            replay.take(step, {Look.LIST} if found.look is Look.LIST and step.action is Action.CREATE else frozenset())
        others = {thing for thing in found.things if thing != last.thing} if found.look is Look.OTHERS else set()
        deleted = {last.thing} if found.look is Look.OWN and last.action is Action.DELETE else set()
        for number in (others | deleted) & replay.model.things.keys():  # the state while it was right
            replay.observer.remember(replay.model.things[number])
        replay.observer.patient = False
        replay.take(last, {found.look})

    def _leave(self, walk: Walk) -> None:
        """Remove the resources of a walk. What cannot be removed now is removed at the end of the test."""
        with separate_recorder(self.session), suppress(Blocked, NotExercised):
            walk.leave()

    def _dependencies(self, walk: Walk) -> list[Exchange]:
        """The exchanges that created the dependencies of a walk, before its first step."""
        first = walk.model.trail[0].id if walk.model.trail else ""
        found: list[Exchange] = []
        for exchange in self.session.client.evidence.kept:
            if exchange.id == first:
                break
            operation = self.session.operation(exchange.operation)
            if exchange.response.ok and operation.effect != "read" and operation.resource != "token":
                found.append(exchange)
        return found
