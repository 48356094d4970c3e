"""Runs with a mistake in the target file: not the server is blamed, and a failed login ends the run at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from conformance.core import exit_codes
from conformance.reference import Reference

from . import fronts
from .support import Run, edited, run, served

Change = Callable[[dict[str, Any]], Any]
QUICK = ("--max-examples", "1")
SYSTEMS = ("processmaker3", "processmaker4", "procesio")
NOBODY = "http://127.0.0.1:9"
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def ran(
    system: str,
    change: Change,
    directory: Path,
    *,
    only: str = "",
    front: Callable[[Reference], None] = lambda _: None,
    faults: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
) -> tuple[Run, int]:
    """A run with a changed table of the target file, and how many requests the server got."""
    seen: list[str] = []

    def counted(reference: Reference) -> None:
        front(reference)
        reference.wrap(noting)

    def noting(app: Any) -> Any:
        async def noted(scope: Any, receive: Any, send: Any) -> None:
            seen.append(scope["path"])
            await app(scope, receive, send)

        return noted

    with served(system, faults, change=counted) as (_, text):
        (directory / "target.toml").write_text(edited(text, lambda data: change(data[system])))
        target = directory / "target.toml"
        result = run(target, directory / "run", *QUICK, *options, pytest_args=("-k", only) if only else ())
    return result, len(seen)


def in_three_lines(result: Run) -> list[str]:
    """The lines of a run that tested nothing, after the first one: what is wrong, why, and what to do."""
    first, *lines = [line.strip() for line in result.printed.splitlines() if line.strip()]
    assert first.startswith("Testing ")
    assert len(lines) == 3, result.printed
    return lines


LOGINS: dict[str, tuple[Change, str]] = {
    "processmaker3": (lambda item: item.update(password="nobody-knows-this"), "username = 'admin' or password"),
    "processmaker4": (lambda item: item.update(access_token="nobody-gave-this"), "[processmaker4] access_token"),
    "procesio": (lambda item: item.update(password="nobody-knows-this"), "username = 'demo' or password"),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_failed_login_ends_a_run_at_once_with_three_lines(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    change, key = LOGINS[system]
    result, requests = ran(system, change, tmp_path)
    headline, problem, advice = in_three_lines(result)
    assert (result.code, result.record.deviations) == (exit_codes.UNAVAILABLE, [])
    assert requests <= 5
    assert headline == "reference: not tested: the target is unavailable or refused the credentials"
    assert key in problem
    assert advice.startswith("Correct this, then run `conformance check` to see whether it works. Report: ")


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_absent_target_ends_a_run_at_once_with_three_lines(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    keys = ("proxy_url", "web_url") if system == "procesio" else ("url",)
    result, requests = ran(system, lambda item: item.update(dict.fromkeys(keys, NOBODY)), tmp_path)
    _, problem, _ = in_three_lines(result)
    assert (result.code, result.record.deviations, requests) == (exit_codes.UNAVAILABLE, [], 0)
    assert any(f"[{system}] {key}" in problem for key in keys)
    assert "right and the server running?" in problem


# -- what a wrong URL, user, workspace or key would look like, were the server blamed ----------------------------------


def page(_: Any) -> HTMLResponse:
    return HTMLResponse("<html><h1>Welcome to nginx!</h1></html>")


def broken(_: Any) -> JSONResponse:
    return JSONResponse({"message": "Server Error"}, 500)


def as_clerk(item: dict[str, Any]) -> None:
    item.update(item["users"].pop("outsider"))


def without_such(key: str) -> Change:
    """A change that names something under a key of the fixtures that the server does not know."""
    return lambda item: item["fixtures"].update({key: "f" * 32})


WRONG: dict[str, tuple[str, Change, str, str]] = {
    "user without the permission": ("processmaker3", as_clerk, "", "Give the user the permission PM_FACTORY, or"),
    "web_url of the other API": (
        "procesio", lambda item: item.update(web_url=item["proxy_url"]), "",
        "no API found (status 404: Not Found). Correct [procesio] web_url = ",
    ),
    "workspace": ("procesio", lambda item: item.update(workspace_id=GUID), "", f"[procesio] workspace_id = '{GUID}'"),
    "user's password": (
        "processmaker3", lambda item: item["users"]["cases"].update(password="nobody-knows-this"), "test_access",
        "Correct [processmaker3.users.cases] username = 'caseworker' or password",
    ),
    "api key": (
        "procesio", lambda item: item["api_key"].update(value="nobody-knows-this"), "test_an_api_key_runs",
        "Correct [procesio.api_key] name = 'reference' or value",
    ),
    "other_process_id": (
        "processmaker4", lambda item: item.update(other_process_id=4711), "", "Correct other_process_id in the"
    ),
    **{
        f"fixture {key}": ("processmaker3", without_such(key), only, f"Correct {key} in the")
        for key, only in {
            "case_task": "test_the_tasks_of_a_case or test_a_case_tells_the_task",
            "output_document": "test_output_documents_are_listed",
            "paused_document": "test_files_can_be_listed",
            "trigger": "test_a_trigger_that_nothing_fires",
            "classic_process": "test_a_classic_process",
            "number_variable": "test_a_number_of_a_dynaform",
            "reassign_variable": "test_cases",
        }.items()
    },
    "running case as completed": (
        "processmaker3", lambda item: item["fixtures"].update(completed_case=item["fixtures"].pop("note_case")),
        "test_a_case_tells or test_files_can_be_listed or status", "shows a current task, and the app_status of case",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_target_file_is_blamed_and_not_the_server(name: str, tmp_path: Path) -> None:
    system, change, only, message = WRONG[name]
    result, _ = ran(system, change, tmp_path, only=only)
    assert (result.code, [deviation.title for deviation in result.record.deviations]) == (exit_codes.UNAVAILABLE, [])
    assert [problem for problem in result.record.problems if message in problem], result.record.problems
    assert "nobody-knows-this" not in result.printed


@pytest.mark.parametrize(
    ("front", "told"),
    [
        (page, "responds with an HTML page. Is [processmaker4] url the URL of the API?"),
        (broken, "status 500, as for a path that does not exist. Is the server working?"),
    ],
)
def test_what_responds_alike_everywhere_is_not_the_api(front: Any, told: str, tmp_path: Path) -> None:
    result, requests = ran("processmaker4", lambda _: None, tmp_path, front=fronts.in_front(front))
    assert (result.code, result.record.deviations) == (exit_codes.UNAVAILABLE, [])
    (problem,) = result.record.problems
    assert problem.endswith(told)
    assert requests <= 4


# -- and the defects that look alike are still the server's ------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "fault", "requirement", "only"),
    [
        ("processmaker3", "pm3-case-tasks-lack-current", "PM3-CASE-TASKS-CURRENT", "test_the_tasks_of_a_case"),
        ("processmaker3", "pm3-outdoc-list-empty", "PM3-OUTDOC-LIST-SHOWN", "test_output_documents_are_listed"),
        ("processmaker3", "pm3-trigger-attached-only", "PM3-CASE-TRIGGER-UNATTACHED", "test_a_trigger_that_nothing"),
        ("processmaker3", "pm3-trigger-unsets-nothing", "PM3-CASE-VARIABLE-TRIGGER", "test_a_variable_is_emptied"),
        ("procesio", "pro-api-key-refused", "PRO-RUN-API-KEY", "test_an_api_key_runs"),
    ],
)
def test_a_defect_that_looks_like_a_mistake_is_a_deviation(
    system: str, fault: str, requirement: str, only: str, tmp_path: Path
) -> None:
    result, _ = ran(system, lambda _: None, tmp_path, only=only, faults=(fault,))
    assert (result.code, result.deviating) == (exit_codes.DEVIATIONS, {requirement}), result.record.problems


@pytest.mark.parametrize(
    ("status", "code", "deviates"), [(403, exit_codes.DEVIATIONS, True), (500, exit_codes.OK, False)]
)
def test_a_key_is_no_mistake_where_a_key_of_the_run_fails_as_well(
    status: int, code: int, deviates: bool, tmp_path: Path
) -> None:
    """A key of the run decides whether that of the target file is wrong: this server refuses all, or fails with the
    run's.
    """

    def failing(app: Any) -> Any:
        async def failed(scope: Any, receive: Any, send: Any) -> None:
            key = dict(scope["headers"]).get(b"key", b"reference").decode()
            runs_by_key = scope["path"].endswith("/run") and key.startswith("conf ")
            await (JSONResponse({"message": "no"}, status) if runs_by_key else app)(scope, receive, send)

        return failed

    result, _ = ran(
        "procesio",
        lambda _: None,
        tmp_path,
        only="test_an_api_key_runs",
        front=lambda reference: reference.wrap(failing),
        faults=("pro-api-key-refused",),
    )
    assert (result.code, result.record.problems) == (code, [])
    assert ("PRO-RUN-API-KEY" in result.deviating) is deviates
