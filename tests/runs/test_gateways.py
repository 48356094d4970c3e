"""Failing gateways, login pages, expired sessions and redirects are not attributed to the server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from starlette.responses import JSONResponse

from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.spec.specification import SYSTEMS

from . import fronts
from .fronts import Front
from .liberty import tried
from .support import Run, run, served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

MIXED: Final = (429, 502, 503, 504)
UNSEEN_KINDS: Final = {"group", "role", "pm table", "action_template"}
"""What no operation lists: whether a create made one whose response was lost, nobody can tell."""


def met(
    system: str, front: Front, directory: Path, *options: str, level: str = "owned", only: str = ""
) -> tuple[Run, Reference]:
    """Run everything, or the tests that `only` selects, against a reference behind a front."""
    with served(system, change=front) as (reference, toml):
        (directory / "target.toml").write_text(toml.replace('level = "disposable"', f'level = "{level}"'))
        chosen = ["-k", only] if only else []
        result = run(directory / "target.toml", directory / "run", "--max-examples", "1", *options, pytest_args=chosen)
    return result, reference


def told(result: Run) -> list[tuple[str, ...]]:
    """The deviations and findings of a run."""
    return [
        (deviation.requirement, deviation.location, deviation.observed)
        for deviation in (*result.record.deviations, *result.record.findings)
    ]


def there(reference: Reference, name: str) -> bool:
    """Whether a reference has a resource with a name."""
    return name in str(reference.snapshot())


def wrong(result: Run, reference: Reference) -> list[str]:
    """The reported leftovers that do not exist, although an operation would list them."""
    return [
        leftover.name
        for leftover in result.record.leftovers
        if not there(reference, leftover.name) and leftover.kind not in UNSEEN_KINDS
    ]


LARGE: Final = "processmaker3"  # its whole runs take longest
SMALL: Final = "processmaker4"
CASES: Final = [
    pytest.param(
        system,
        workers,
        statuses,
        wait,
        passes,
        id=f"{system}-{workers}-{'-'.join(map(str, statuses))}{wait and '-wait'}{(passes and '-passes') or ''}",
        marks=[]
        if (statuses, workers, wait, passes) == (MIXED, 1, "", False) and system == "processmaker4"
        else [pytest.mark.matrix],
    )
    for system in SYSTEMS
    for workers in (1, 4)
    for statuses in ((429,), (502,), (503,), (504,), MIXED)
    for wait in ("", "0")
    for passes in (False, True)
    if not (passes and wait) and (not wait or {429, 503} & set(statuses))
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("system", "workers", "statuses", "wait", "passes"), CASES)
def test_gateway_that_fails_every_tenth_request_causes_no_deviation(
    system: str, workers: int, statuses: tuple[int, ...], wait: str, passes: bool, tmp_path: Path
) -> None:
    front = fronts.every_tenth(statuses, wait=wait, passes=passes)
    result, reference = met(system, front, tmp_path, *(["-n", str(workers)] if workers > 1 else []))
    record = result.record
    assert told(result) == []
    assert wrong(result, reference) == []
    assert result.code in (exit_codes.OK, exit_codes.UNAVAILABLE), record.problems
    assert sum(record.gateway.values()) >= record.requests // 12
    assert {int(kind) for kind in record.gateway} <= set(statuses)
    assert record.gateway
    assert "got no response from the API itself" in " ".join(result.printed.split())
    if wait and set(statuses) <= {429, 503}:  # nothing was lost, so that nothing is missing
        assert (result.code, record.leftovers) == (exit_codes.OK, [])


@pytest.mark.parametrize(
    "system", [pytest.param(value, marks=[] if value == SMALL else [pytest.mark.matrix]) for value in SYSTEMS]
)
def test_unprocessed_request_is_repeated_and_not_counted(system: str, tmp_path: Path, plain: Any) -> None:
    result, _ = met(system, fronts.every_tenth((429, 503), wait="0"), tmp_path, level="disposable")
    assert (result.code, told(result), result.record.leftovers) == (exit_codes.OK, [], [])
    assert plain(system) - tried(result.record) == set()


@pytest.mark.parametrize(("kind", "only"), [("user", "test_users"), ("department", "test_departments")])
def test_deletion_without_a_response_is_recognised_as_done(kind: str, only: str, tmp_path: Path) -> None:
    front = fronts.first_deletion_lost(re.compile(rf".*/{kind}/[0-9a-f]+").fullmatch)
    result, reference = met("processmaker3", front, tmp_path, only=only)
    assert result.record.gateway["504"] >= 3
    assert (told(result), result.record.leftovers) == ([], [])
    assert "conf " not in str(reference.snapshot())


def test_always_refused_deletion_leaves_something(tmp_path: Path) -> None:
    def never(scope: Scope) -> ASGIApp | None:
        deletes = scope["method"] == "DELETE" and "/user/" in scope["path"]
        return JSONResponse({"error": {"code": 400, "message": "Not here."}}, 400) if deletes else None

    result, reference = met("processmaker3", fronts.in_front(never), tmp_path, only="test_users")
    left = [leftover.name for leftover in result.record.leftovers if leftover.kind == "user"]
    assert left
    assert all(there(reference, name) for name in left)
