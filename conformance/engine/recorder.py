"""Recorder: collects the verdicts of one test, and the reasons for what it could not test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from conformance.core.exchange import Exchange
from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Reason,
    Verdict,
)
from conformance.engine import checks
from conformance.engine.misuse import MissingEvidence, StaleSession
from conformance.engine.misuse import UnknownRequirement as UnknownRequirement
from conformance.spec.specification import Requirement, Specification
from conformance.wire import gateways


class Untested(Exception):
    """The rest of a test cannot be tested. `exchange` is the last one of the call because of which that is so."""

    exchange: Exchange | None = None

    def after(self, exchange: Exchange) -> Self:
        """The same, after an exchange."""
        self.exchange = self.exchange or exchange
        return self


class Blocked(Untested):
    """The rest of a test cannot be tested, because of the deviation with the fingerprint `root`."""

    def __init__(self, root: str, what: str) -> None:
        super().__init__(f"blocked by {root}: {what}")
        self.root = root


class NotExercised(Untested):
    """The rest of a test was not tested, for a reason of the closed list; `detail` says what is missing."""

    def __init__(self, reason: Reason, detail: str, exchange: Exchange | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.exchange = exchange


def _answered(*exchanges: Exchange) -> None:
    for one in exchanges:
        if not one.has_response:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, one.error or "")


class Recorder:
    """The verdicts of one test. `cited` are the ids that the test promises to speak of."""

    def __init__(self, specification: Specification, cited: Iterable[str] = ()) -> None:
        self.specification = specification
        self.cited = tuple(cited)
        self.verdicts: list[Verdict] = []
        self._ended = ""
        self._said: set[tuple[str, Outcome, str | None]] = set()
        for requirement in self.cited:
            self._known(requirement)

    def end(self, test: str) -> None:
        """Close the recorder: the test has ended, and nothing that is recorded from now on would be read."""
        self._ended = test

    def check_open(self) -> None:
        """See that the test has not ended. Raises StaleSession."""
        if self._ended:
            raise StaleSession(self._ended)

    def record(self, verdicts: Iterable[Verdict]) -> None:
        """Take over verdicts. What was said before is not said again: the first evidence is enough."""
        self.check_open()
        for verdict in verdicts:
            key = (verdict.requirement, verdict.outcome, verdict.fingerprint)
            if key not in self._said:
                self._known(verdict.requirement)
                self._said.add(key)
                self.verdicts.append(verdict)

    def require(
        self,
        requirement: str,
        holds: bool,
        *exchanges: Exchange,
        expected: str = "",
        observed: str = "",
        kind: Kind = Kind.EFFECT,
        location: str = "",
        silence_counts: bool = False,
    ) -> bool:
        """Say whether a requirement of the register holds, on the evidence of the exchanges; returns `holds`.

        Raises:
            NotExercised: it does not hold, and an exchange has no answer: silence contradicts no document, unless the
                requirement is that there is an answer (`silence_counts`). Or it was refused because of a name that is
                taken, which is another reason than the thing tested.
        """
        known = self._known(requirement)
        if not exchanges:
            raise MissingEvidence(requirement)
        if holds:
            verdict = checks.conforms(requirement, known.operation, *exchanges, location=location)
        else:
            if not silence_counts:
                _answered(*exchanges)
            if kind is Kind.REFUSED and exchanges and gateways.speaks_of_existing(exchanges[0]):
                message = f"{known.operation} was refused since something of that name exists"
                raise NotExercised(Reason.INCONCLUSIVE, message)
            verdict = checks.deviates(
                requirement,
                known.operation,
                kind,
                expected or known.statement,
                observed,
                *exchanges,
                location=location,
            )
        self.record([verdict])
        return holds

    def refused(self, requirement: str, exchange: Exchange, control: Exchange, *, taken: bool = False) -> bool:
        """Say whether a request was refused that differs in one thing from the accepted `control`.

        That one thing is a name which is `taken`, or it is something else: then a refusal because of a name is none.

        Raises:
            NotExercised: one of the two has no answer, the control was refused as well, or the reason is another one.
        """
        _answered(exchange, control)
        if gateways.speaks_of_existing(exchange) and not taken:
            message = f"{exchange.operation} was refused since something of that name exists"
            raise NotExercised(Reason.INCONCLUSIVE, message)
        if exchange.response.refused and not control.response.ok:
            message = f"the control request was not accepted either: {checks.describe(control)}"
            raise NotExercised(Reason.INCONCLUSIVE, message)
        verdict = checks.refused(requirement, self._known(requirement).operation, exchange, control)
        self.record([verdict])
        return verdict.outcome is Outcome.CONFORMS

    def skip(self, requirement: str, reason: Reason, detail: str = "") -> None:
        """Say that a requirement was not exercised, and go on."""
        operation = self._known(requirement).operation
        self.record([Verdict(requirement, operation, Outcome.NOT_EXERCISED, reason=reason, detail=detail)])

    def block(self, requirement: str, root: str) -> None:
        """Say that a requirement could not be tried because of the deviation `root`, and go on.

        A finding blocks nothing that is stated more firmly: then it was merely not tried.
        """
        known = self._known(requirement)
        behind = next((one.requirement for one in self.verdicts if one.fingerprint == root), None)
        finding = behind is not None and self._known(behind).level is Level.MAY
        if finding and known.level is not Level.MAY:
            self.skip(requirement, Reason.INCONCLUSIVE, f"what it needs goes by another reading ({behind})")
            return
        self.record([checks.blocked(requirement, known.operation, root)])

    def root_of(self, requirement: str) -> str:
        """The fingerprint of this test's deviation from a requirement; raises LookupError when there is none."""
        for verdict in self.verdicts:
            if verdict.requirement == requirement and verdict.fingerprint:
                return verdict.fingerprint
        raise LookupError(requirement)

    def undecided(self) -> list[str]:
        """The cited requirements of which the test has not spoken."""
        decided = {verdict.requirement for verdict in self.verdicts}
        return [requirement for requirement in self.cited if requirement not in decided]

    def conclude(self, ended_by: Blocked | NotExercised | None) -> None:
        """Say of every cited requirement that is still open why it is."""
        for requirement in self.undecided():
            match ended_by:
                case Blocked():
                    self.block(requirement, ended_by.root)
                case NotExercised():
                    self.skip(requirement, ended_by.reason, ended_by.detail)
                case None:
                    self.skip(requirement, Reason.INCONCLUSIVE, "the test ended without a word about it")

    @property
    def deviations(self) -> list[Verdict]:
        """The deviations of level must or should."""
        return [
            verdict
            for verdict in self.verdicts
            if verdict.outcome is Outcome.DEVIATES
            and self.specification.requirements[verdict.requirement].level is not Level.MAY
        ]

    def _known(self, requirement: str) -> Requirement:
        try:
            return self.specification.requirements[requirement]
        except KeyError:
            spec = self.specification
            raise UnknownRequirement(requirement, spec.system, spec.requirements) from None
