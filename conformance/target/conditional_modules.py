"""The modules of a suite that are part of a run only with certain keys of the target file."""

from __future__ import annotations

from typing import Final

from conformance.spec.specification import Specification
from conformance.target.accommodation import ACCOMMODATIONS, accommodated_operations
from conformance.target.target import Safety

READS: Final = "test_reads.py"
"""The module that reads what is there, at level read-only: at other levels the run makes what it reads."""
CONDITIONAL: Final = (ACCOMMODATIONS, READS)
"""The names of these modules: without a target there are none."""


def takes_part(module: str, specification: Specification, level: Safety) -> bool:
    """Whether a module of this name is part of a run. `specification` is the target's, with its accommodations."""
    if module == ACCOMMODATIONS:
        return any(accommodated_operations(specification))
    return module != READS or level is Safety.READ_ONLY
