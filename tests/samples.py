"""Which cases of a test run by default: a few that are named; `-m matrix` runs the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def by_default(cases: Iterable[Any], *chosen: Any) -> list[Any]:
    """The cases as parameters of a test, all but the chosen ones in the matrix; a tuple has a value for each argument.

    `ValueError` if a chosen one is no case: a sample of nothing would pass.
    """
    messages = list(cases)
    if lost := [item for item in chosen if item not in messages]:
        raise ValueError(f"not among the cases: {lost}")
    return [
        pytest.param(
            *(item if isinstance(item, tuple) else (item,)), marks=[] if item in chosen else [pytest.mark.matrix]
        )
        for item in messages
    ]
