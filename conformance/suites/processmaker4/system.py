"""System: ProcessMaker 4, as the entry point of the package registers it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.core.systems import System
from conformance.suites import data

NAME: Final = "processmaker4"
GROUPS: Final = "requests"

SYSTEM: Final = System(
    name=NAME,
    title="ProcessMaker 4",
    specs=data.specs() / NAME,
    suites=Path(__file__).parent,
    package=__package__,
    profiles=tuple(f"{NAME}/{group}" for group in GROUPS.split()),
    table=f"{__package__}.target:ProcessMaker4",
    credentials=f"{__package__}.credentials:credentials",
    reference="conformance.reference.processmaker4.server:ProcessMaker4",
    readings=data.readings(),
    corpus=Path(__file__).with_name("corpus.json"),
    cases=Path(__file__).with_name("cases.json"),
    prefix="PM4",
    rank=2,
)
