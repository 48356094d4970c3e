"""System: ProcessMaker 3, as the entry point of the package registers it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.core.systems import System
from conformance.suites import data

NAME: Final = "processmaker3"
GROUPS: Final = (
    "projects oauth users departments roles groups pm-tables report-tables case-tracker cases "
    "input-documents output-documents case-notes"
)

SYSTEM: Final = System(
    name=NAME,
    title="ProcessMaker 3",
    specs=data.specs() / NAME,
    suites=Path(__file__).parent,
    package=__package__,
    profiles=tuple(f"{NAME}/{group}" for group in GROUPS.split()),
    table=f"{__package__}.target:ProcessMaker3",
    credentials=f"{__package__}.credentials:credentials",
    reference="conformance.reference.processmaker3.server:ProcessMaker3",
    readings=data.readings(),
    corpus=Path(__file__).with_name("corpus.json"),
    cases=Path(__file__).with_name("cases.json"),
    prefix="PM3",
    titles={"oauth": "OAuth tokens", "pm-tables": "PM tables"},
    rank=1,
)
