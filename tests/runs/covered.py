"""What a run of many faults covered, as a table for the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from .kinds import rows

PROPERTY: Final = "fault"
"""The name under which a test notes its trial."""


class RecordFaultRun(Protocol):
    """Records a run against a fault."""

    def __call__(self, fault: str, system: str, personality: str, extent: str) -> None: ...


@dataclass(frozen=True, slots=True)
class FaultRun:
    """A fault that was served and run against."""

    fault: str
    system: str
    personality: str
    extent: str
    passed: bool

    @classmethod
    def noted(cls, value: object, *, passed: bool) -> FaultRun:
        """Parse a recorded run."""
        assert isinstance(value, list | tuple)
        fault, system, personality, extent = map(str, value)
        return cls(fault, system, personality, extent, passed)


def covered(trials: Iterable[FaultRun]) -> str:
    """How many faults of each system were run, how, and how many had the expected result; then by kind."""
    trials = list(trials)
    groups = Counter((trial.system, trial.personality, trial.extent) for trial in trials)
    shown = Counter((trial.system, trial.personality, trial.extent) for trial in trials if trial.passed)
    lines = [f"{'system':<16}{'personality':<14}{'tried in':<18}{'faults':>8}{'as expected':>13}"]
    for group, count in sorted(groups.items()):
        system, personality, extent = group
        lines.append(f"{system:<16}{personality:<14}{extent:<18}{count:>8}{shown[group]:>13}")
    return "\n".join([*lines, "", *rows({trial.fault for trial in trials})])
