"""Reasons for untested requirements: each one of the closed list that can be removed occurs, is removed, and is
gone.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Scope

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason
from conformance.reference import Reference
from conformance.report.run_record import VerdictRecord
from conformance.spec.specification import SYSTEMS, load

from .liberty import asking
from .procesio_liberties import first_items
from .support import edited, run, served, without

Tables = dict[str, Any]
SMALL = "processmaker4"


def as_it_is(_: Any) -> None:
    """No change."""


@dataclass(frozen=True)
class Hindered:
    """A run in which `requirement` is not exercised for `reason`; without `hinder` and `options` it is tested.

    `hinder` changes the data of the target file, `server` the reference in both runs, `hindering` in the first one;
    `lift` changes the target file in the second. The detail contains `told`. `tests` selects the tests of both runs,
    `selecting` those of the first.
    """

    reason: Reason
    requirement: str
    tests: str = ""
    hinder: Callable[[Tables], None] = as_it_is
    lift: Callable[[Tables], None] = as_it_is
    server: Callable[[Any], None] = as_it_is
    hindering: Callable[[Any], None] = as_it_is
    options: tuple[str, ...] = ()
    selecting: str = ""
    told: str = ""
    code: int | None = None

    @property
    def system(self) -> str:
        return next(system for system in SYSTEMS if self.requirement in load(system).requirements)


def wanting_a_label(reference: Reference) -> None:
    """A server that accepts a new process only with an undocumented member."""

    def change(scope: Scope, body: bytes) -> tuple[Scope, bytes] | ASGIApp:
        creates = scope["method"] == "POST" and scope["path"] == "/api/Projects"
        if creates and "label" not in json.loads(body or b"{}"):
            return JSONResponse({"message": "A label is missing."}, 400)
        return scope, body

    reference.wrap(asking(change))


def labelled(data: Tables) -> None:
    body = next(iter(load("procesio").operations["createProcess"].bodies[0].examples.values()))
    data["procesio"]["bodies"] = {"createProcess": {**body, "label": "blue"}}


@pytest.fixture(autouse=True)
def _heeding_interrupts() -> Iterator[None]:
    """Restore SIGINT: a shell ignores it for background jobs, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupting(reference: Reference) -> None:
    """A server whose first call presses Ctrl-C."""
    calls: list[str] = []

    def change(scope: Scope, body: bytes) -> tuple[Scope, bytes]:
        calls.append(scope["path"])
        if len(calls) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return scope, body

    reference.wrap(asking(change))


def away(data: Tables) -> None:
    data["processmaker4"]["url"] = "http://127.0.0.1:9"


def not_listing(data: Tables) -> None:
    data["processmaker3"]["unsupported"] = ["listProjects"]


def few_executions(data: Tables) -> None:
    data["limits"]["executions"] = 1


def nothing_open(data: Tables) -> None:
    data["limits"]["open_resources"] = 0
    data["safety"]["level"] = "owned"


def owned(data: Tables) -> None:
    data["safety"]["level"] = "owned"


HINDERED = [
    Hindered(
        Reason.MISSING_FIXTURE,
        "PM3-PROJECT-CREATE-CATEGORY",
        "category",
        without("processmaker3", ["category"]),
        told="[processmaker3.fixtures] category",
    ),
    Hindered(
        Reason.MISSING_FIXTURE,
        "PRO-RUN-API-KEY",
        "api_key",
        without("procesio", ["api_key"]),
        told="[procesio.api_key]",
    ),
    Hindered(
        Reason.MISSING_USER,
        "PM3-ACCESS-LIST-PERMISSION",
        "PM3-ACCESS-LIST-PERMISSION",
        without("processmaker3", ["users.outsider"]),
        told="[processmaker3.users.outsider]",
    ),
    Hindered(
        Reason.UNDOCUMENTED_REQUEST,
        "PRO-PROCESS-CREATE-READABLE",
        "test_a_life_goes_as_documented and createProcess",
        server=wanting_a_label,
        lift=labelled,
        told="createProcess",
    ),
    Hindered(
        Reason.SAFETY_LEVEL,
        "PM3-PROJECT-CREATE-READABLE",
        "test_a_life_goes_as_documented and createProject",
        options=("--safety", "read-only"),
        told="read-only",
    ),
    Hindered(Reason.SAFETY_LEVEL, "createProject.201:status", "category", options=("--safety", "read-only")),
    Hindered(Reason.SAFETY_LEVEL, "PM3-BULK-STARTED-CASES", "started", owned, told="may_change"),
    Hindered(Reason.TIME_BUDGET, "PM4-START-WITH-DATA", options=("--time-budget", "0.0001s"), told="seconds"),
    Hindered(Reason.LIMIT_REACHED, "PM4-START-DESCRIBES-INSTANCE", "describes", few_executions, told="1 execution"),
    Hindered(
        Reason.UNSUPPORTED,
        "PM3-PROJECT-UPDATE-LISTED",
        "createProject",
        not_listing,
        told="listProjects is unsupported",
    ),
    Hindered(
        Reason.LIMIT_REACHED,
        "PM3-PROJECT-CREATE-READABLE",
        "test_a_life_goes_as_documented and createProject",
        nothing_open,
        owned,
        told="0 open",
    ),
    Hindered(Reason.INTERRUPTED, "PM4-START-WITH-DATA", hindering=interrupting, code=exit_codes.INTERRUPTED),
    Hindered(Reason.TARGET_UNAVAILABLE, "PM4-START-WITH-DATA", hinder=away, code=exit_codes.UNAVAILABLE),
    Hindered(
        Reason.INCONCLUSIVE,
        "PRO-PROCESS-CREATE-LISTED",
        "test_a_life_goes_as_documented and createProcess",
        hindering=first_items,
        told="incomplete",
    ),
    Hindered(Reason.NOT_SELECTED, "PM4-START-EMPTY-OBJECT", selecting="curl"),
    Hindered(Reason.NOT_SELECTED, "PM3-PROJECT-CREATE-CATEGORY", "category", selecting="token"),
]  # fmt: skip

FIXED = {
    Reason.NEEDS_DATABASE: "no answer over HTTP shows it",
    Reason.CLIENT_SIDE: "it is about clients, not about the server",
    Reason.MISSING_SHARD: "runs in shards are refused in this version",
}
"""The reasons that nothing on the target or in its file lifts."""


def case_of(hindered: Hindered) -> Any:
    """A case that runs by default if its system is the smallest."""
    marks = [] if hindered.system == SMALL else [pytest.mark.matrix]
    return pytest.param(hindered, id=f"{hindered.reason}-{hindered.requirement}", marks=marks)


@pytest.mark.parametrize("case", [case_of(item) for item in HINDERED])
def test_requirement_is_tested_when_its_reason_is_removed(case: Hindered, tmp_path: Path) -> None:
    servers = (case.server, case.hindering)
    code, hindered = verdict(
        case, tmp_path / "hindered", case.selecting or case.tests, case.hinder, servers, *case.options
    )
    assert (hindered.outcome, hindered.reason) == (Outcome.NOT_EXERCISED, case.reason)
    assert case.told in hindered.detail
    assert code == case.code or case.code is None
    code, lifted = verdict(case, tmp_path / "lifted", case.tests, case.lift, (case.server,))
    assert (code, lifted.outcome) == (exit_codes.OK, Outcome.CONFORMS)


def verdict(
    case: Hindered,
    directory: Path,
    tests: str,
    change: Callable[[Tables], None],
    servers: Iterable[Callable[[Any], None]],
    *options: str,
) -> tuple[int, VerdictRecord]:
    """The exit code of one run, and its verdict on the requirement of a case."""
    directory.mkdir()

    def altered(reference: Reference) -> None:
        for server in servers:
            server(reference)

    with served(case.system, change=altered) as (_, toml):
        target = directory / "target.toml"
        target.write_text(edited(toml, change))
        selection = ["-k", tests] if tests else []
        result = run(target, directory / "run", "--max-examples", "1", *options, pytest_args=selection)
    (found,) = [record for record in result.record.verdicts if record.requirement == case.requirement]
    return result.code, found


def test_list_of_reasons_is_closed_and_each_is_removed_or_permanent() -> None:
    assert {hindered.reason for hindered in HINDERED} | FIXED.keys() == set(Reason)
    assert not {hindered.reason for hindered in HINDERED} & FIXED.keys()


def test_permanent_reason_comes_from_the_register_only() -> None:
    messages = {requirement.untestable for system in SYSTEMS for requirement in load(system).requirements.values()} - {
        None
    }
    assert {Reason.NEEDS_DATABASE, Reason.CLIENT_SIDE} <= messages
    assert Reason.MISSING_SHARD not in messages
