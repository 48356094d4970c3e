"""Collect the verdicts of one test, and the reasons for what it could not test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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
    """The rest of a test cannot be tested. `exchange` is the last one of the call that caused it."""

    exchange: Exchange | None = None

    def after(self, exchange: Exchange) -> Self:
        """Set the exchange, if none is set, and return the exception."""
        self.exchange = self.exchange or exchange
        return self


class Blocked(Untested):
    """The rest of a test cannot be tested, because of the deviation with the fingerprint `root`.

    A test raises it after it recorded a deviation that leaves nothing more to look at. It is not a failure by itself.

    >>> raise Blocked("4fc32cb93cefe332", "createProject")
    Traceback (most recent call last):
        ...
    conformance.engine.recorder.Blocked: blocked by 4fc32cb93cefe332: createProject
    """

    def __init__(self, root: str, what: str) -> None:
        super().__init__(f"blocked by {root}: {what}")
        self.root = root


class NotExercised(Untested):
    """The rest of a test was not tested, for a reason of the closed list; `detail` says what is missing.

    >>> raise NotExercised(Reason.MISSING_FIXTURE, "a project with cases")
    Traceback (most recent call last):
        ...
    conformance.engine.recorder.NotExercised: missing fixture: a project with cases
    """

    def __init__(self, reason: Reason, detail: str, exchange: Exchange | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.exchange = exchange


def _require_responses(*exchanges: Exchange) -> None:
    for exchange in exchanges:
        if not exchange.has_response:
            raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error or "")


def _without_value(verdict: Verdict) -> Verdict:
    """A verdict on a place in a body, with the type of the observed value instead of the value."""
    return replace(verdict, observed=verdict.observed.partition(": ")[0]) if verdict.location else verdict


class Recorder:
    """The verdicts of one test; `session.recorder` is that of the current one.

    A test records what it finds and continues after a deviation. For each requirement in its marker `requirement`
    without a verdict, the run reports the reason when the test has ended.

    >>> session.recorder.deviations
    []
    """

    def __init__(
        self, specification: Specification, cited: Iterable[str] = (), *, without_values: bool = False
    ) -> None:
        self.specification = specification
        self.without_values = without_values
        self.cited = tuple(cited)
        self.verdicts: list[Verdict] = []
        self._ended = ""
        self._recorded: set[tuple[str, Outcome, str | None, str | None]] = set()
        for requirement in self.cited:
            self._requirement(requirement)

    def end(self, test: str) -> None:
        """Close the recorder: the test has ended, and later verdicts would be lost."""
        self._ended = test

    def check_open(self) -> None:
        """Check that the test has not ended. Raises StaleSession."""
        if self._ended:
            raise StaleSession(self._ended)

    def record(self, verdicts: Iterable[Verdict]) -> None:
        """Add verdicts. A repeated verdict is dropped: the first evidence is enough."""
        self.check_open()
        for verdict in map(_without_value, verdicts) if self.without_values else verdicts:
            key = (verdict.requirement, verdict.outcome, verdict.fingerprint, verdict.fingerprint_of_place)
            if key not in self._recorded:
                self._requirement(verdict.requirement)
                self._recorded.add(key)
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
        detail: str = "",
        silence_counts: bool = False,
    ) -> bool:
        """Record whether a requirement holds, on the evidence of the exchanges; returns `holds`.

        `expected` (by default the requirement's statement) and `observed` say in words what was demanded and what came
        instead. `kind` and `location` (a place in the body such as `/items[]/name`) are part of the fingerprint.

        Raises:
            NotExercised: it does not hold, and an exchange has no response: silence contradicts no document, unless the
                requirement is that there is a response (`silence_counts`). Or a request was refused (`Kind.REFUSED`)
                because its name is taken, which is another reason than the one tested.
            LookupError: there is no such requirement.
            ValueError: no exchange is given.
            RuntimeError: the test has ended.

        >>> project = session.create("createProject", **session.build_request("createProject"))
        >>> shown = session.call("getProject", path={"prj_uid": project.id})
        >>> kept = shown.response.json["prj_name"] == project.name
        >>> session.recorder.require("PM3-PROJECT-CREATE-READ-BACK", kept, shown, project.exchange, kind=Kind.READ_BACK)
        True
        """
        known = self._requirement(requirement)
        if not exchanges:
            raise MissingEvidence(requirement)
        if holds:
            verdict = checks.conforms(requirement, known.operation, *exchanges, location=location)
        else:
            if not silence_counts:
                _require_responses(*exchanges)
            if kind is Kind.REFUSED and exchanges and gateways.says_name_taken(exchanges[0]):
                message = f"{known.operation} was refused because something with that name exists"
                raise NotExercised(Reason.INCONCLUSIVE, message)
            verdict = checks.deviates(
                requirement,
                known.operation,
                kind,
                expected or known.statement,
                observed,
                *exchanges,
                location=location,
                detail=detail,
            )
        self.record([verdict])
        return holds

    def refused(self, requirement: str, exchange: Exchange, control: Exchange, *, taken: bool = False) -> bool:
        """Record whether a request was refused that differs in one thing from the accepted `control`; returns it.

        With `taken`, they differ in a name that is in use. Otherwise a refusal because of a name does not count.

        Raises:
            NotExercised: one of the two has no response, the control was refused too, or the reason is another one.
            LookupError: there is no such requirement.
            RuntimeError: as `require`.

        >>> control = session.call("listProjects")
        >>> exchange = session.send("listProjects", user=NOBODY)
        >>> session.recorder.refused("PM3-ACCESS-LIST-NO-TOKEN", exchange, control)
        True
        """
        _require_responses(exchange, control)
        if gateways.says_name_taken(exchange) and not taken:
            message = f"{exchange.operation} was refused because something with that name exists"
            raise NotExercised(Reason.INCONCLUSIVE, message)
        if exchange.response.refused and not control.response.ok:
            message = f"the control request was not accepted either: {checks.describe(control)}"
            raise NotExercised(Reason.INCONCLUSIVE, message)
        verdict = checks.refused(requirement, self._requirement(requirement).operation, exchange, control)
        self.record([verdict])
        return verdict.outcome is Outcome.CONFORMS

    def skip(self, requirement: str, reason: Reason, detail: str = "") -> None:
        """Record that a requirement was not tested, why, and in `detail` what is missing; the test continues.

        Raises:
            LookupError: there is no such requirement.
            RuntimeError: as `require`.

        >>> session.recorder.skip("PM3-PROJECT-CREATE-CATEGORY", Reason.MISSING_FIXTURE, "a category")
        """
        operation = self._requirement(requirement).operation
        self.record([Verdict(requirement, operation, Outcome.NOT_EXERCISED, reason=reason, detail=detail)])

    def block(self, requirement: str, root: str) -> None:
        """Record that a requirement could not be tested because of the deviation `root` (a fingerprint); go on.

        A finding blocks nothing that is stated more firmly: then it was merely not tested.

        Raises:
            LookupError: there is no such requirement.
            RuntimeError: as `require`.

        >>> shown = session.call("listProjects")
        >>> session.recorder.require("PM3-PROJECT-DELETE-GONE", False, shown, observed="it is there")
        False
        >>> root = session.recorder.root_of("PM3-PROJECT-DELETE-GONE")
        >>> session.recorder.block("PM3-PROJECT-DELETE-AGAIN", root)
        """
        known = self._requirement(requirement)
        cause = next((verdict.requirement for verdict in self.verdicts if verdict.fingerprint == root), None)
        finding = cause is not None and self._requirement(cause).level is Level.MAY
        if finding and known.level is not Level.MAY:
            self.skip(requirement, Reason.INCONCLUSIVE, f"what it needs follows another reading ({cause})")
            return
        self.record([checks.blocked(requirement, known.operation, root)])

    def root_of(self, requirement: str) -> str:
        """The fingerprint (16 hexadecimal digits) of the test's deviation from a requirement, for `block`.

        Raises:
            LookupError: the test recorded none.

        >>> shown = session.call("listProjects")
        >>> session.recorder.require("PM3-PROJECT-DELETE-GONE", False, shown, observed="it is there")
        False
        >>> len(session.recorder.root_of("PM3-PROJECT-DELETE-GONE"))
        16
        """
        for verdict in self.verdicts:
            if verdict.requirement == requirement and verdict.fingerprint:
                return verdict.fingerprint
        raise LookupError(requirement)

    def undecided(self) -> list[str]:
        """The cited requirements without a verdict."""
        decided = {verdict.requirement for verdict in self.verdicts}
        return [requirement for requirement in self.cited if requirement not in decided]

    def conclude(self, ended_by: Blocked | NotExercised | None) -> None:
        """Record for every cited requirement without a verdict why it has none."""
        for requirement in self.undecided():
            match ended_by:
                case Blocked():
                    self.block(requirement, ended_by.root)
                case NotExercised():
                    self.skip(requirement, ended_by.reason, ended_by.detail)
                case None:
                    self.skip(requirement, Reason.INCONCLUSIVE, "the test ended without a verdict on this requirement")

    @property
    def deviations(self) -> list[Verdict]:
        """The deviations of level must or should."""
        return [
            verdict
            for verdict in self.verdicts
            if verdict.outcome is Outcome.DEVIATES
            and self.specification.requirements[verdict.requirement].level is not Level.MAY
        ]

    def _requirement(self, requirement: str) -> Requirement:
        try:
            return self.specification.requirements[requirement]
        except KeyError:
            spec = self.specification
            raise UnknownRequirement(requirement, spec.system, spec.requirements) from None
