"""A refusal counts only if it repeats, and only for the tested reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import JSONResponse

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason

from . import fronts
from .test_gateways import met, told

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope


CREATE = ("processmaker3", "POST", "/api/1.0/workflow/project", "test_projects or test_lifecycle")
GIVE = ("processmaker3", "POST", "/api/1.0/workflow/role/[^/]+/user", "test_roles")
START = ("processmaker4", "POST", "/api/1.0/process_events/7", "test_start_request")
RUN = ("procesio", "POST", "/api/Projects/[^/]+/run", "test_processes")
MAKE = ("procesio", "POST", "/api/DataTypes", "test_data_types")
Call = tuple[str, str, str, str]


def refusing(call: Call, status: int, text: str, *, times: int = 10**6, first: int = 1) -> Callable[[Any], None]:
    """A front that refuses a call with a text, this many times from the `first` on."""
    _, method, path, _ = call
    seen = count(1)

    def choose(scope: Scope) -> ASGIApp | None:
        if scope["method"] != method or not re.fullmatch(path, scope["path"]):
            return None
        refused = first <= next(seen) < first + times
        return JSONResponse({"error": {"code": status, "message": text}}, status) if refused else None

    return fronts.in_front(choose)


@pytest.mark.parametrize(
    ("call", "requirement"),
    [
        pytest.param(CREATE, "createProject.201:status", id="create"),
        pytest.param(START, "PM4-START-WITH-DATA", id="start"),
        pytest.param(RUN, "PRO-RUN-NULL-CONNECTION", id="run"),
    ],
)
def test_refusal_that_does_not_repeat_is_ignored(call: Call, requirement: str, tmp_path: Path) -> None:
    result, _ = met(call[0], refusing(call, 409, "Busy.", times=1), tmp_path, only=call[3])
    assert (result.code, told(result), result.record.leftovers) == (exit_codes.OK, [], [])
    assert (
        next(verdict for verdict in result.record.verdicts if verdict.requirement == requirement).outcome
        is Outcome.CONFORMS
    )


TAKEN = ("Something of that name already exists.", "Duplicate entry 'x' for key 'name'", "That is already in use.")


@pytest.mark.matrix
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(CREATE, id="create"),
        pytest.param(START, id="start"),
        pytest.param(RUN, id="run"),
    ],
)
def test_refusal_because_of_a_taken_name_is_not_a_deviation(call: Call, tmp_path: Path) -> None:
    text = TAKEN[(CREATE, START, RUN).index(call)]
    result, _ = met(call[0], refusing(call, 400, text, first=2), tmp_path, only=call[3])
    assert (result.code, told(result)) == (exit_codes.OK, [])
    assert [
        verdict
        for verdict in result.record.verdicts
        if verdict.reason is Reason.INCONCLUSIVE and "exists" in verdict.detail
    ]


LOCKED = ("The account is locked after three failed logins.", "Too many failed login attempts.")
QUOTA = ("Quota exceeded for this workspace.", "You reached the maximum number of processes of your plan.")
LICENCE = ("Your license has expired.", "This function requires an Enterprise licence.")


@pytest.mark.parametrize(
    ("call", "status", "text"),
    [
        pytest.param(
            call, status, text, id=f"{call[0]}-{name}-{number}", marks=[] if number == at else [pytest.mark.matrix]
        )
        for at, call in enumerate((CREATE, START, RUN, GIVE, MAKE))
        for name, status, texts in (("locked", 403, LOCKED), ("quota", 400, QUOTA), ("licence", 422, LICENCE))
        for number, text in enumerate(texts)
    ],
)
def test_a_limit_of_the_account_is_inconclusive(call: Call, status: int, text: str, tmp_path: Path) -> None:
    result, _ = met(call[0], refusing(call, status, text, first=2), tmp_path, only=call[3])
    assert (result.code, told(result)) == (exit_codes.OK, [])
    told_so = [verdict for verdict in result.record.verdicts if "a limit of the account" in verdict.detail]
    assert {verdict.reason for verdict in told_so} == {Reason.INCONCLUSIVE}
