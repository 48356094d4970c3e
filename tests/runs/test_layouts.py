"""In another layout of JSON, a fault contradicts the same requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from conformance.core.verdict import Level

from .faults import FAULTS, examples, named
from .procesio_layouts import LAYOUTS, laid_out
from .support import run, served
from .test_faults import BESIDE_ANOTHER_LIST

NAME_INSIDE: Final = {("pro-list-processes-unnamed", "attributes")}
"""A name that is in an inner object may be the name of something else."""
CASES: Final = [
    (fault, layout)
    for layout in LAYOUTS
    for fault, system in FAULTS.items()
    if system == "procesio"
    and fault not in BESIDE_ANOTHER_LIST
    and (fault, layout) not in NAME_INSIDE
    and named(fault, Level.MUST, Level.SHOULD)
]


@pytest.mark.matrix
@pytest.mark.parametrize(("fault", "layout"), CASES)
def test_fault_is_found_in_every_layout(fault: str, layout: str, tmp_path: Path) -> None:
    with served("procesio", [fault], change=laid_out(layout)) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", *examples(fault))
    assert result.deviating == named(fault, Level.MUST, Level.SHOULD)
    assert result.record.problems == []
