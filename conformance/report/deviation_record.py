"""Deviation record: a deviation in `run.json`, and what the baseline says of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from conformance.core.verdict import Harm, Kind, Level, fingerprint

Name = Annotated[str, Field(pattern=r"^[\w-]*(/[\w-]+)*$")]
"""The name of a system or profile: it becomes part of file names and of tables."""


class Frozen(BaseModel):
    """A part of a format that the suite writes: its docstrings are the descriptions of the JSON Schema."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_serialization_defaults_required=True,
    )


class BaselineEntry(Frozen):
    """A known deviation, as the baseline has it."""

    fingerprint: str = Field(pattern="^[0-9a-f]{16}$")
    """The deviation that it covers, and no other."""
    requirement: str
    """The id of the requirement that is contradicted, which shows whether a run reached the entry."""
    title: str = ""
    """The deviation in words, for the reader."""
    test: str = ""
    """A test that saw it: a run that is not complete reached the entry only if this one ran."""
    reason: str = ""
    """Why the deviation is accepted."""
    ticket: str = ""
    """Where it is followed."""
    date: datetime.date | None = None
    """When it was accepted."""
    expires: datetime.date | None = None
    """The last day on which the entry counts; null when it does not expire."""


class BaselineReport(Frozen):
    """What a run says of the entries of its baseline."""

    entries: int
    """How many entries the baseline has."""
    expired: list[BaselineEntry] = []
    """Those that still occur but have expired: their deviations count."""
    gone: list[BaselineEntry] = []
    """Those that no longer occur although their requirement was exercised."""
    unreached: list[BaselineEntry] = []
    """Those that did not occur, of which the run can tell nothing."""


class DeviationRecord(Frozen):
    """One defect, however many tests saw it."""

    fingerprint: str = Field(pattern="^[0-9a-f]{16}$")
    """16 hexadecimal digits that name the defect, the same in every run."""
    requirement: str
    """The id of the requirement that is contradicted."""
    system: Name
    """The system that deviates."""
    profile: Name
    """The group of operations that the requirement belongs to."""
    operation: str
    """The operation at fault."""
    call: str = ""
    """Its method and path, as the document gives them; empty when the requirement is about no operation."""
    level: Level
    """How firmly the document states the requirement; `may` makes it a finding."""
    harm: Harm = Harm.FORM
    """The consequence for users of the server: lists show the worst first."""
    kind: Kind
    """In what way the target deviates."""
    location: str
    """The place in the body without positions, such as `/diagrams[]/flows[]/flo_x2`; empty for the whole answer."""
    places: list[str] = []
    """The fields that were sent and are not read back: no part of the fingerprint; empty for every other kind."""
    title: str
    """One line for people. No value of the run is in it."""
    expected: str
    """What the document demands there, in words or as a value in Python's notation, cut to 200 characters."""
    observed: str
    """What came instead, with secrets redacted, cut to 200 characters."""
    document: str
    """The document that states the requirement."""
    section: str
    """The section of the document."""
    lines: str = ""
    """The lines of the document."""
    text: str = ""
    """What these lines say, from the user's own copy of the document; empty without one."""
    reading: str | None = None
    """The codes of the readings that the requirement rests on; null when the document is clear."""
    occurrences: int = 1
    """The number of tests that saw it."""
    tests: list[str] = []
    """Their ids."""
    evidence: list[str] = []
    """Ids of exchanges in `exchanges.ndjson` that show it; the first few."""
    chain: list[str] = []
    """Ids of the exchanges to send again, in this order, to see it again, with those that create, change or remove what
    it is about; empty where one request is enough."""
    reproduce: str = ""
    """What shows it again, with secrets as `$NAME`: a curl command, or a script for bash where it needs several."""
    baseline: BaselineEntry | None = None
    """The entry of the baseline that covers it; null when none does."""
    unstable: bool = False
    """Whether `--confirm` repeated every test that saw it, and the server conformed: it does not fail the run."""

    @property
    def is_new(self) -> bool:
        """Whether it fails the run: no entry of the baseline covers it, and no repetition found the contrary."""
        return self.baseline is None and not self.unstable

    @property
    def firm(self) -> bool:
        """Whether it is a deviation rather than a finding."""
        return self.level is not Level.MAY

    @property
    def earlier_fingerprints(self) -> list[str]:
        """The fingerprints of earlier versions, which had one for each field that is not read back."""
        return [fingerprint(self.requirement, self.operation, self.kind, place) for place in self.places]

    def covered_by(self, known: Mapping[str, BaselineEntry]) -> BaselineEntry | None:
        """The entry of those `known` by fingerprint that covers it; earlier versions had one for each of its fields."""
        earlier = [known.get(value) for value in self.earlier_fingerprints] or [None]
        return known.get(self.fingerprint) or (earlier[0] if all(earlier) else None)
