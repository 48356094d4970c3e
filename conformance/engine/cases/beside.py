"""Another resource of the run of the same kind, which the cases of an operation must not change."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.engine.cases.applicability import OTHERS
from conformance.engine.neighbours import Neighbours
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.spec.producers import maker_of
from conformance.spec.specification import Operation
from conformance.target.safety import is_allowed


@dataclass(eq=False)
class Beside:
    """The neighbour of the cases of an operation. There is none if no requirement says that others are left alone."""

    session: Session
    operation: Operation
    _neighbours: Neighbours | None = field(default=None, init=False)
    _requirement: str = field(default="", init=False)

    def add(self) -> None:
        """Create a neighbour, if it can be proved to be the run's and removed again. Raises nothing."""
        session = self.session
        requirement = session.specification.aspect(self.operation.id, OTHERS)
        making = maker_of(session.specification.operations, self.operation)
        if requirement is None or making is None or not session.can_prove(making):
            return
        if not is_allowed(making, session.safety) or session.requester.usable(making, "delete") is None:
            return
        neighbours = Neighbours(session, making)
        with contextlib.suppress(Blocked, NotExercised):
            neighbours.add()
            self._neighbours, self._requirement = neighbours, requirement.id

    def see(self, *evidence: Exchange) -> None:
        """Record whether it is unchanged since the last look. Raises as a request does."""
        if self._neighbours is not None:
            self._neighbours.record_unchanged(self._requirement, *evidence)

    def look(self) -> None:
        """Take its current state as the baseline: earlier changes are due to another operation. Raises as a request
        does.
        """
        if self._neighbours is not None:
            self._neighbours.look()

    def remove(self) -> None:
        """Remove it. Raises nothing."""
        if self._neighbours is None:
            return
        for neighbour in self._neighbours.neighbours:
            with contextlib.suppress(Blocked, NotExercised):
                self.session.remove(neighbour.resource.id, self._neighbours.create)
