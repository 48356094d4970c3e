"""In another layout of JSON, a fault contradicts the same requirements."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

from conformance.core.verdict import Level

from .faults import FAULTS, examples, named
from .procesio_layouts import LAYOUTS, UNSHOWN, laid_out
from .support import run, served
from .test_faults import BESIDE_ANOTHER_LIST

NAME_INSIDE: Final = {("pro-list-processes-unnamed", "attributes")}
"""A name that is in an inner object may be the name of something else."""


def decided(fault: str, layout: str) -> set[str]:
    """The requirements, of level should or must, that name a fault and that a layout does not leave undecided."""
    undecided = UNSHOWN.get(layout, ())
    firm = named(fault, Level.MUST, Level.SHOULD)
    return {requirement for requirement in firm if not any(fnmatchcase(requirement, one) for one in undecided)}


CASES: Final = [
    (fault, layout)
    for layout in LAYOUTS
    for fault, system in FAULTS.items()
    if system == "procesio"
    and fault not in BESIDE_ANOTHER_LIST
    and (fault, layout) not in NAME_INSIDE
    and decided(fault, layout)
]


@pytest.mark.matrix
@pytest.mark.parametrize(("fault", "layout"), CASES)
def test_fault_is_found_in_every_layout(fault: str, layout: str, tmp_path: Path) -> None:
    with served("procesio", [fault], change=laid_out(layout)) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", *examples(fault))
    assert result.deviating == decided(fault, layout)
    assert result.record.problems == []
