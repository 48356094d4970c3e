"""What the repetition of a test proves about the deviations of the first run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from conformance.core.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Repetition:
    """The fingerprints that a repetition `showed` again, and the requirements that it found to `conform`."""

    showed: frozenset[str] = frozenset()
    conform: frozenset[str] = frozenset()

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Self:
        """The repetition with these verdicts."""
        verdicts = list(verdicts)
        return cls(
            frozenset(verdict.fingerprint for verdict in verdicts if verdict.fingerprint),
            frozenset(verdict.requirement for verdict in verdicts if verdict.outcome is Outcome.CONFORMS),
        )

    @classmethod
    def read(cls, line: Mapping[str, Any]) -> Self:
        """The repetition from a worker's log."""
        return cls(frozenset(line["showed"]), frozenset(line["conform"]))

    def written(self) -> dict[str, list[str]]:
        """The repetition for a worker's log."""
        return {"showed": sorted(self.showed), "conform": sorted(self.conform)}

    def leaves(self, deviation: Verdict) -> bool:
        """Whether a deviation is confirmed: it was seen again, or nothing shows that it was not there."""
        return deviation.fingerprint in self.showed or deviation.requirement not in self.conform


def is_unstable(seen: Iterable[tuple[str, Verdict]], repetitions: Mapping[str, Repetition]) -> bool:
    """Whether every test that saw a deviation found the opposite when repeated, and no repetition saw it.

    `seen` are these tests with their verdicts on the deviation, at least one; `repetitions` are those of the run, by
    test.
    """
    seen = list(seen)
    again = any(verdict.fingerprint in other.showed for _, verdict in seen[:1] for other in repetitions.values())
    return not again and all(test in repetitions and not repetitions[test].leaves(verdict) for test, verdict in seen)
