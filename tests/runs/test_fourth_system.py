"""A system in a package of its own: every command works on it, and nothing in the suite changes."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import httpx
import pytest

from conformance.core import exit_codes
from conformance.report import record_file
from conformance.report.run_record import RunRecord

from ..installed import PACKAGE, Environment, installed

FAULTS = {
    "todo-note-not-updated": "TODO-UPDATE-AS-SENT",
    "todo-finish-twice": "TODO-FINISH-AGAIN",
    "todo-created-not-shown": "getTask.200./created:present",
}
UNTESTED = ["createTask.request./title:required"]  # a run recognises its leftovers by the title
LEFT_BEHIND = """
import sys
from pathlib import Path
from conformance.engine import sampling
from conformance.run.worker import Worker
from conformance.target.target import load
file, directory = map(Path, sys.argv[1:])
directory.mkdir()
worker = Worker(load(file), run="0a1b2c3e", output=directory)
session, _ = worker.begin("todo", ())
request = sampling.build_request(session, session.operation("createTask")).request()
print(session.create("createTask", **request).id)
worker.close(sweep=False)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    place = tmp_path_factory.mktemp("environment")
    shutil.copytree(PACKAGE, place / "package", ignore=shutil.ignore_patterns("__pycache__"))  # pip builds in it
    return installed(place / "package", place / "site")


@pytest.fixture(scope="module")
def faultless(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("faultless") / "run"
    ended = environment.conformance("run", "reference", "--system", "todo", "--output", str(run))
    assert ended.code == exit_codes.OK, ended
    return run


def deviating(record: RunRecord) -> list[str]:
    return [deviation.requirement for deviation in record.deviations]


def test_run_tests_the_reference_and_finds_nothing(faultless: Path) -> None:
    record = record_file.read(faultless)
    assert record.complete
    assert record.target.systems == ["todo"]
    assert deviating(record) == []
    assert [verdict.requirement for verdict in record.verdicts if verdict.outcome == "not-exercised"] == UNTESTED
    assert {value.split("/")[0] for value in (test.id for test in record.tests)} == {"todo"}
    assert "todo" in (faultless / "summary.md").read_text()


def test_target_file_is_written_from_the_required_keys_of_its_table(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "--set=url=http://127.0.0.1:9"
    lacking = environment.conformance("init", "--system", "todo", url, "--offline", cwd=tmp_path)
    assert lacking.code == exit_codes.USAGE
    assert "TODO_TOKEN is not given" in lacking.complaints
    monkeypatch.setenv("TODO_TOKEN", "some-token")
    ended = environment.conformance("init", "--system", "todo", url, "--offline", cwd=tmp_path)
    assert ended.code == exit_codes.OK, ended
    written = tomllib.loads((tmp_path / "target.toml").read_text(encoding="utf-8"))
    assert written == {"name": "target", "todo": {"url": "http://127.0.0.1:9", "access_token": "${TODO_TOKEN}"}}


def found_with(environment: Environment, directory: Path, *faults: str) -> list[str]:
    """The requirements that deviate in a run against the reference with some faults."""
    options = [word for fault in faults for word in ("--fault", fault)]
    with environment.served(directory / "target.toml", "todo", *options) as target:
        ended = environment.conformance("run", str(target), "--output", str(directory / "run"))
    assert ended.code == exit_codes.DEVIATIONS, ended
    return deviating(record_file.read(directory / "run"))


def test_every_fault_is_one_deviation_and_an_upgrade_with_them_stops(
    environment: Environment, faultless: Path, tmp_path: Path
) -> None:
    assert sorted(found_with(environment, tmp_path, *FAULTS)) == sorted(FAULTS.values())
    compared = environment.conformance("compare", str(faultless), str(tmp_path / "run"), "--format", "markdown")
    assert compared.code == exit_codes.DEVIATIONS, compared
    assert "STOP" in compared.printed


@pytest.mark.matrix
@pytest.mark.parametrize(("fault", "requirement"), FAULTS.items())
def test_single_fault_is_exactly_one_deviation(
    environment: Environment, tmp_path: Path, fault: str, requirement: str
) -> None:
    assert found_with(environment, tmp_path, fault) == [requirement]


def test_a_vendor_can_state_that_the_profile_conforms(
    environment: Environment, faultless: Path, tmp_path: Path
) -> None:
    ended = environment.conformance("statement", str(faultless), "--output", str(tmp_path / "statement"))
    assert ended.code == exit_codes.OK, ended
    statement = json.loads((tmp_path / "statement" / "statement.json").read_text())
    assert [(item["profile"], item["standing"]) for item in statement["profiles"]] == [("todo/tasks", "conforms")]


@pytest.mark.matrix
@pytest.mark.page
def test_report_page_of_a_run_is_built(environment: Environment, faultless: Path, tmp_path: Path) -> None:
    shutil.copytree(faultless, tmp_path / "run")
    ended = environment.conformance("report", str(tmp_path / "run"))
    assert ended.code == exit_codes.OK, ended
    assert [Path(line).name for line in ended.printed.splitlines()] == ["report.html", "index.html"]
    assert all(Path(line).is_file() for line in ended.printed.splitlines())


def tasks(target: Path) -> list[dict[str, str]]:
    """The tasks on a server, requested without the suite."""
    table = tomllib.loads(target.read_text())["todo"]
    headers = {"authorization": f"Bearer {table['access_token']}"}
    found: list[dict[str, str]] = httpx.get(f"{table['url']}/tasks", headers=headers).json()
    return found


def test_leftovers_of_a_run_are_swept(environment: Environment, tmp_path: Path) -> None:
    with environment.served(tmp_path / "target.toml", "todo") as target:
        left = environment.python("-c", LEFT_BEHIND, str(target), str(tmp_path / "run"))
        assert left.code == 0, left
        task = left.printed.strip()
        assert [item["id"] for item in tasks(target)] == [task]
        swept = environment.conformance("sweep", str(tmp_path / "run"), "--target", str(target))
        assert swept.code == exit_codes.OK, swept
        assert f"todo task {task}" in swept.printed
        assert tasks(target) == []


def test_check_reads_the_table_and_reaches_the_server(environment: Environment, tmp_path: Path) -> None:
    with environment.served(tmp_path / "target.toml", "todo") as target:
        ended = environment.conformance("check", str(target))
    assert ended.code == exit_codes.OK, ended
    assert "[todo]" in ended.printed
    assert "user: works" in ended.printed


def test_invalid_target_file_is_rejected_by_the_table_of_the_system(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_text('name = "t"\n[todo]\nurl = "http://127.0.0.1:9"\nacess_token = "t"\n')
    ended = environment.conformance("check", "--offline", str(tmp_path / "target.toml"))
    assert ended.code == exit_codes.USAGE
    assert "todo.acess_token: is an unknown key; did you mean access_token?" in ended.complaints


def test_lists_contain_its_operations_and_requirements_with_their_tests(environment: Environment) -> None:
    operations = json.loads(environment.conformance("operations", "--system", "todo", "--json").printed)
    assert [operation["id"] for operation in operations] == [
        *("listTasks", "createTask", "getTask", "updateTask", "deleteTask", "finishTask"),
    ]
    listed = json.loads(environment.conformance("requirements", "--system", "todo", "--coverage", "--json").printed)
    tests = {item["id"]: item["tests"] for item in listed}
    assert tests["TODO-FINISH-AGAIN"] == ["todo/test_finish.py::test_a_task_can_be_finished_once"]
    assert [name for name, item in tests.items() if not item] == UNTESTED


def test_its_spec_and_register_are_linted_with_the_others(environment: Environment) -> None:
    ended = environment.conformance("dev", "lint")
    assert (ended.code, ended.printed) == (exit_codes.OK, "no problem in 4 specs\n"), ended


def test_editor_schema_contains_its_table_of_the_target_file(environment: Environment) -> None:
    schema = json.loads(environment.conformance("dev", "schema", "target-file").printed)
    assert schema["$defs"]["Todo"]["properties"].keys() >= {"url", "access_token", "access_token_file", "unsupported"}


def test_its_faults_are_listed(environment: Environment) -> None:
    printed = environment.conformance("serve", "todo", "--list-faults").printed
    assert all(fault in printed for fault in FAULTS)


def test_package_that_cannot_be_loaded_is_reported_with_its_reason(tmp_path: Path) -> None:
    made = tmp_path / "broken-1.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (made / "entry_points.txt").write_text("[conformance.systems]\nbroken = no_such_module:SYSTEM\n")
    ended = Environment(tmp_path).conformance("operations")
    assert ended.code == exit_codes.USAGE
    assert ended.complaints.startswith("conformance: the system 'broken' (no_such_module:SYSTEM) cannot be loaded: ")


def test_reports_cite_the_document_from_an_identical_copy(environment: Environment, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    original = (PACKAGE / "todo-api.txt").read_text()
    (copies / "todo-api.txt").write_text(original)
    (copies / "changed").mkdir()
    (copies / "changed" / "todo-api.txt").write_text(original + "\n")
    with environment.served(tmp_path / "target.toml", "todo", "--fault", "todo-finish-twice") as target:
        shown, plain = tmp_path / "shown", tmp_path / "plain"
        ended = environment.conformance(
            "run", str(target), "--output", str(shown), "--documents", str(copies), "--", "-k", "finish"
        )
        changed = environment.conformance(
            "run", str(target), "--output", str(plain), "--documents", str(copies / "changed"), "--", "-k", "finish"
        )
    (deviation,) = record_file.read(shown).deviations
    assert deviation.text
    assert all(line in original for line in deviation.text.splitlines())
    first = deviation.text.splitlines()[0]
    results = "".join(path.read_text() for path in (shown / "allure-results").glob("*-result.json"))
    views = [ended.printed, (shown / "summary.md").read_text(), (shown / "report.html").read_text(), results]
    words = first.split()[:3]
    assert all(" ".join(words) in " ".join(view.split()) for view in views)
    assert "is not the document that the suite was written from" not in ended.complaints
    assert changed.complaints.count("is not the document that the suite was written from") == 1
    assert record_file.read(plain).deviations[0].text == ""
    nowhere = environment.conformance("run", str(target), "--documents", str(tmp_path / "nowhere"))
    assert nowhere.code == exit_codes.USAGE
