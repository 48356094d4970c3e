"""Each fault is reported behind gateways exactly as without them.

In front are a gateway with a path, 403 instead of 401, and one session per user, where a new login ends the previous
one: each alone, and all together; with one worker and with four. Another status of a refusal than 401 contradicts
nothing: any 4xx will do (rule 5), and no document names 401. A fault in a refusal remains one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.reference import Reference
from conformance.report.run_record import RunRecord

from . import fronts
from .faults import FAULTS, examples
from .support import edited, run, served
from .test_url_with_path import prefixed, prefixes_of

PATH: Final = "path"
FORBIDDEN: Final = "forbidden"
ONE_SESSION: Final = "one-session"
TOGETHER: Final = f"{PATH}+{FORBIDDEN}+{ONE_SESSION}"
FEW: Final = (
    "pm3-delete-error-code",
    "pm3-bulk-missing",
    "pm3-flow-x2-missing",
    "pm3-list-without-token",
    "pm3-outsider-may-list",
    "pm4-wrong-token-accepted",
    "pm4-start-missing",
    "pro-status-missing",
    "pro-delete-keeps-process",
)
"""The faults for which each front is tested alone."""
CURED: Final = {"pro-second-token-dead"}
"""Faults that one session per user leaves nothing of: where only the last token is left, it is the first one too."""
SAMPLE: Final = {("pm4-wrong-token-accepted", 4), ("pro-status-missing", 1)}


def in_front(system: str, names: str) -> tuple[Callable[[Reference], None], Callable[[dict[str, Any]], None]]:
    """The change of a reference, and that of its target file, for the named fronts."""
    changes: list[Callable[[Reference], None]] = []
    edits: list[Callable[[dict[str, Any]], None]] = []
    chosen = names.split("+")
    if FORBIDDEN in chosen:
        changes.append(fronts.forbidden_for_unauthorized)
    if ONE_SESSION in chosen:
        changes.append(fronts.one_session_per_user)
    if PATH in chosen:
        behind, below = prefixed(prefixes_of(system), [])
        changes.append(behind)
        edits.append(below)

    def change(reference: Reference) -> None:
        for call in changes:
            call(reference)

    def edit(data: dict[str, Any]) -> None:
        for call in edits:
            call(data)

    return change, edit


def record_of(fault: str, directory: Path, names: str, workers: int, selection: str) -> RunRecord:
    """The record of the selected tests against a reference with a fault behind the named fronts."""
    system = FAULTS[fault]
    change, edit = in_front(system, names)
    with served(system, [fault], change=change) as (_, toml):
        (directory / "target.toml").write_text(edited(toml, edit))
        several = ["-n", str(workers)] if workers > 1 else []
        result = run(
            directory / "target.toml",
            directory / "run",
            *examples(fault),
            *several,
            pytest_args=["-k", selection],
        )
    return result.record


def told(record: RunRecord) -> dict[str, Any]:
    """The results of a run: each verdict, and the fingerprints of deviations and findings."""
    return {
        "verdicts": {verdict.requirement: (verdict.outcome, verdict.reason) for verdict in record.verdicts},
        "deviations": sorted((deviation.requirement, deviation.fingerprint) for deviation in record.deviations),
        "findings": sorted((finding.requirement, finding.fingerprint) for finding in record.findings),
        "problems": record.problems,
        "leftovers": sorted(leftover.kind for leftover in record.leftovers),
    }


@pytest.fixture(scope="session")
def without_front(
    deciding_tests: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Any]]:
    """For a fault, the results of a run without a front."""

    @cache
    def of(fault: str) -> dict[str, Any]:
        return told(record_of(fault, tmp_path_factory.mktemp("plain"), "", 1, deciding_tests(fault)))

    return of


def choices(fault: str) -> tuple[str, ...]:
    """The fronts behind which a fault is tested."""
    if fault in CURED:
        return (f"{PATH}+{FORBIDDEN}",)
    return (TOGETHER, PATH, FORBIDDEN, ONE_SESSION) if fault in FEW else (TOGETHER,)


def cases() -> list[Any]:
    """Every fault behind all fronts at once, and a few behind each, with one worker and with four."""
    return [
        pytest.param(
            fault,
            names,
            workers,
            id=f"{fault}-{names}-{workers}",
            marks=[] if names == TOGETHER and (fault, workers) in SAMPLE else [pytest.mark.matrix],
        )
        for fault in FAULTS
        for names in choices(fault)
        for workers in (1, 4)
    ]


@pytest.mark.parametrize(("fault", "names", "workers"), cases())
def test_fault_is_reported_alike_behind_every_gateway(
    fault: str,
    names: str,
    workers: int,
    deciding_tests: Callable[[str], str],
    without_front: Callable[[str], dict[str, Any]],
    tmp_path: Path,
) -> None:
    expected = without_front(fault)
    assert expected["deviations"] or expected["findings"]
    assert told(record_of(fault, tmp_path, names, workers, deciding_tests(fault))) == expected
