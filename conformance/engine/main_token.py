"""Main token: whether the token of the main user opens anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.spec.requirement import Requirement
from conformance.spec.specification import Specification
from conformance.wire.call import WRONG
from conformance.wire.logins import plain_reads

ASPECT = "token-opens"


@dataclass(eq=False)
class MainToken:
    """Compare what the main user's token opens with what a wrong token opens.

    `ask` sends a read, by the id of its operation and by a user, and raises as `Requester.ask`. `accepted` is set as
    soon as the server accepts a request with the token.
    """

    specification: Specification
    ask: Callable[..., Exchange]
    accepted: bool = False
    _asked: bool = field(default=False, init=False)
    _refused_reads: list[Exchange] = field(default_factory=list, init=False)

    def opens_anything(self) -> bool:
        """Whether any read that needs only a user accepts the token, unlike a wrong one. Raises as `ask`."""
        if not self.accepted and not self._asked:
            self._asked = True  # a refusal of what is sent below asks this again
            try:
                self._refused_reads = list(self._reads())
                self.accepted = self.accepted or not self._refused_reads  # then nothing shows that it opens nothing
            except NotExercised:
                self._asked = False  # some reads alone show nothing
                raise
        return self.accepted

    def _reads(self) -> Iterator[Exchange]:
        """The main user's reads that need only a user, each compared with one by a wrong token."""
        for operation in plain_reads(self.specification.operations.values()):
            try:
                own, wrong = self.ask(operation.id), self.ask(operation.id, user=WRONG)
            except NotExercised as not_exercised:
                if not_exercised.reason is not Reason.UNSUPPORTED:
                    raise
                continue
            self.accepted = self.accepted or own.response.status != wrong.response.status
            yield own

    def opens_as_required(self) -> bool:
        """The same, but True if no requirement says that a token opens anything. Raises as `ask`."""
        return self._requirement() is None or self.opens_anything()

    def record_nothing_opened(self, recorder: Recorder) -> Blocked:
        """Record that no operation accepts the token: one deviation, of the token."""
        requirement = self._requirement()
        assert requirement is not None
        reads = self._refused_reads
        message = f"{checks.describe(reads[0])}, as for a wrong token, from each of {len(reads)} operations"
        recorder.require(requirement.id, False, *reads, observed=message, kind=Kind.REFUSED)
        return Blocked(recorder.root_of(requirement.id), requirement.operation)

    def _requirement(self) -> Requirement | None:
        """The requirement that a token is accepted by operations, if the register has one."""
        known = self.specification.requirements.values()
        return next((requirement for requirement in known if requirement.aspect == ASPECT), None)
