"""Tested share: how much of the testable requirements a run tested, and the main cause of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from conformance.core.verdict import Outcome
from conformance.report.run_record import Coverage, DeviationRecord, VerdictRecord

TESTED: Final = (Outcome.CONFORMS, Outcome.DEVIATES)


def coverage(
    verdicts: Iterable[VerdictRecord], recorded: Iterable[DeviationRecord], minimum: float | None = None
) -> Coverage:
    """The coverage that the verdicts of a run show. `recorded` are its deviations and findings."""
    promised = [verdict for verdict in verdicts if verdict.promised]
    titles = {deviation.fingerprint: deviation.title for deviation in recorded}
    causes = Counter(_cause(verdict, titles) for verdict in promised if verdict.outcome not in TESTED)
    tested = len(promised) - causes.total()
    cause, cost = max(causes.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    percent = tested * 1000 // len(promised) / 10 if promised else 100.0
    return Coverage(promised=len(promised), tested=tested, percent=percent, minimum=minimum, cause=cause, cost=cost)


def percent(text: str) -> float:
    """Parse a share in percent. Raises ValueError if it is not valid."""
    try:
        share = float(text.removesuffix("%"))
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise ValueError(f"{text!r} must be a percentage from 0 to 100.")
    return share


def is_short(item: Coverage) -> bool:
    """Whether less was tested than is demanded."""
    return item.minimum is not None and item.percent < item.minimum


def _cause(verdict: VerdictRecord, titles: Mapping[str, str]) -> str:
    if verdict.outcome is Outcome.BLOCKED:
        return f"blocked by {titles.get(verdict.blocked_by or '', verdict.blocked_by)}"
    return ": ".join(filter(None, (str(verdict.reason or verdict.outcome), verdict.detail)))
