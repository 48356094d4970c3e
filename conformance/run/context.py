"""Facts about a run as a whole."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from conformance.core.shard import WHOLE, Shard
from conformance.report.baseline import Baseline
from conformance.report.run_record import BaselineEntry
from conformance.run.requirement_filter import EVERYTHING, RequirementFilter
from conformance.spec.document_lines import NO_DOCUMENTS, DocumentLines


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the logs of the workers do not contain about a run.

    `planned` are the ids of the tests that were to run, `uncollected` those that exist but were not collected.
    `profiles` are the selected ones (none means all), and `filter` selects requirements among theirs. `min_tested` is
    the percentage that has to be tested. `documents` are the user's copies of the documents. `status` is pytest's own
    exit status, `beside` are failed tests outside the suites.
    """

    started: str
    seconds: float
    seed: int = 0
    depth: str = "standard"
    interrupted: bool = False
    crashed: bool = False
    selected: bool = False
    shard: Shard = WHOLE
    division: str | None = None
    strict: bool = False
    baseline: Baseline | None = None
    baseline_strict: bool = False
    read_only: bool = False
    internal: tuple[str, ...] = ()
    planned: frozenset[str] = frozenset()
    uncollected: tuple[str, ...] = ()
    status: int = 0
    beside: tuple[str, ...] = ()
    profiles: frozenset[str] = frozenset()
    filter: RequirementFilter = EVERYTHING
    min_tested: float | None = None
    documents: DocumentLines = NO_DOCUMENTS

    @property
    def day(self) -> datetime.date:
        """The day on which the run began: entries that expire later are in force."""
        return datetime.datetime.fromisoformat(self.started).date()

    @property
    def known(self) -> dict[str, BaselineEntry]:
        """The entries of the baseline that are in force, by fingerprint."""
        return self.baseline.known(self.day) if self.baseline else {}
