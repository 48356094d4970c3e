"""System: PROCESIO, as the entry point of the package registers it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.core.systems import System
from conformance.suites import data

NAME: Final = "procesio"
GROUPS: Final = (
    "authentication actions api-keys credentials data-types files projects resources schedules status version"
)

SYSTEM: Final = System(
    name=NAME,
    title="PROCESIO",
    specs=data.specs() / NAME,
    suites=Path(__file__).parent,
    package=__package__,
    profiles=tuple(f"{NAME}/{group}" for group in GROUPS.split()),
    table=f"{__package__}.target:Procesio",
    credentials=f"{__package__}.credentials:credentials",
    reference="conformance.reference.procesio.server:Procesio",
    readings=data.readings(),
    corpus=Path(__file__).with_name("corpus.json"),
    cases=Path(__file__).with_name("cases.json"),
    titles={"api-keys": "API keys"},
    rank=3,
)
