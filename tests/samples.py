"""Which cases of a test run by default: a few that are named; `-m matrix` runs the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def by_default(cases: Iterable[Any], *chosen: Any) -> list[Any]:
    """The cases as parameters of a test, all but the chosen ones in the matrix; a tuple has a value for each argument.

    `ValueError` if a chosen one is no case: a sample of nothing would pass.
    """
    told = list(cases)
    if lost := [one for one in chosen if one not in told]:
        raise ValueError(f"not among the cases: {lost}")
    return [
        pytest.param(*(one if isinstance(one, tuple) else (one,)), marks=[] if one in chosen else [pytest.mark.matrix])
        for one in told
    ]
