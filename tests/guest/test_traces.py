"""Where none of our tests ran, the suite writes nothing, prints nothing, and leaves pytest's exit code as it is."""

from __future__ import annotations

import pytest

from tests.runs.support import served
from tests.samples import by_default

from .repository import Repository

pytestmark = pytest.mark.timeout(900)  # several processes each, on a machine that may be busy

TARGET = 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "t"\nprocess_id = 1\n'
ONLY_FAILING = "def test_mine():\n    assert False\n"
BROKEN = "def test_mine(:\n"
ENDED = "import pytest\ndef test_mine():\n    pytest.exit('enough', 42)\n"
WAYS = {
    "passing": ("def test_mine():\n    pass\n", [], 0),
    "failing": (ONLY_FAILING, [], 1),
    "broken": (BROKEN, [], 2),
    "ended": (ENDED, [], 42),
    "nothing there": ("", [], 5),
    "nothing selected": (ONLY_FAILING, ["-k", "nothing"], 5),
    "listed": (ONLY_FAILING, ["--collect-only"], 0),
    "interrupted": ("def test_mine():\n    raise KeyboardInterrupt\n", [], 2),
}


@pytest.mark.parametrize(
    ("way", "workers"),
    by_default(
        [*((way, []) for way in WAYS), ("failing", ["-n", "1"]), ("broken", ["-n", "1"])],
        *(("passing", []), ("failing", ["-n", "1"])),
    ),
)
def test_repository_with_a_target_runs_its_own_tests_too(way: str, workers: list[str], repository: Repository) -> None:
    text, options, code = WAYS[way]
    repository.write("target.toml", TARGET)
    repository.write("test_mine.py", text)
    plain = repository.pytest("--no-header", *workers, *options, "-p", "no:conformance")
    before = repository.files
    ours = repository.pytest("--no-header", *workers, *options, "--conformance-target=target.toml")
    assert ours.code == plain.code, ours.printed
    assert workers or plain.code == code  # xdist has codes of its own
    assert _timeless(ours.printed) == _timeless(plain.printed)
    assert repository.files == before


def _timeless(text: str) -> list[str]:
    lines = [line.partition(" in ")[0].strip("= !") for line in text.splitlines()]
    return [line for line in lines if "gw" not in line and "worker" not in line and "plugin" not in line]


@pytest.mark.parametrize("options", by_default([["--collect-only"], ["-k", "nothing", "-n", "2"]], ["--collect-only"]))
@pytest.mark.parametrize("name", by_default(["../../x", "/tmp/y"], "../../x"))
def test_target_name_creates_no_directory(name: str, options: list[str], repository: Repository) -> None:
    repository.write("target.toml", TARGET.replace('"t"', f'"{name}"', 1))
    before = set(repository.path.parent.rglob("*"))
    ended = repository.pytest("--pyargs", "conformance.suites", "--conformance-target=target.toml", *options)
    assert ended.code in (0, 5), ended.printed
    assert set(repository.path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", by_default(["../../x", "z" * 300], "../../x"))
def test_run_is_written_below_reports_whatever_the_target_is_called(name: str, repository: Repository) -> None:
    with served("processmaker4") as (_, toml):
        repository.write("target.toml", toml.replace('name = "reference"', f'name = "{name}"', 1))
        above = set(repository.path.parent.iterdir())
        ended = repository.pytest("--pyargs", "conformance.suites", "--conformance-target=target.toml", "-k", "curl")
    assert ended.code == 0, ended.printed
    (run,) = (repository.path / "reports").iterdir()
    assert (run / "run.json").is_file()
    assert set(repository.path.parent.iterdir()) == above
    assert {file.split("/")[0] for file in repository.files} <= {"target.toml", "reports"}


@pytest.mark.parametrize(
    ("held", "workers"),
    by_default(
        [("run.json", []), ("ledger-main.ndjson", []), ("parts", ["-n", "2"]), ("a file in its place", ["-n", "2"])],
        ("ledger-main.ndjson", []),
    ),
)
def test_directory_of_another_run_is_not_changed(held: str, workers: list[str], repository: Repository) -> None:
    elsewhere = repository.path.parent / "elsewhere"
    if held == "a file in its place":
        repository.write("run", "mine")
    else:
        (repository.path / "run").mkdir()
        (repository.path / "run" / held).symlink_to(elsewhere)  # dangling: to write there would make it
    with served("processmaker4") as (reference, toml):
        repository.write("target.toml", toml)
        before = repository.files
        ended = repository.pytest(
            *("--pyargs", "conformance.suites", "--conformance-target=target.toml", "--conformance-output=run"),
            *workers,
        )
        assert not any(reference.residue().values())
    assert ended.code == 4, ended.printed
    assert "choose another directory" in ended.printed
    assert "INTERNALERROR" not in ended.printed
    assert repository.files == before
    assert not elsewhere.exists()


def test_other_files_may_be_in_the_directory_of_a_run(repository: Repository) -> None:
    repository.write("run/notes.txt", "mine")
    with served("processmaker4") as (_, toml):
        repository.write("target.toml", toml)
        ended = repository.pytest(
            *("--pyargs", "conformance.suites", "--conformance-target=target.toml", "--conformance-output=run"),
            *("-k", "curl", "--alluredir=run/allure-results", "--junitxml=run/junit.xml"),
        )
    assert ended.code == 0, ended.printed
    assert {"run/notes.txt", "run/run.json", "run/junit.xml", "run/report.html"} <= repository.files
    assert 'name="pytest' in (repository.path / "run/junit.xml").read_text(), "what pytest was asked for is pytest's"


HOOKS = {
    "a code of a plugin": ("def pytest_sessionfinish(session):\n    session.exitstatus = 17\n", 17),
    "a plugin that ends pytest": ("import pytest\ndef pytest_sessionfinish():\n    pytest.exit('no', 23)\n", 23),
}


@pytest.mark.parametrize("hook", by_default(HOOKS, "a code of a plugin"))
def test_exit_code_of_a_plugin_is_kept(hook: str, repository: Repository) -> None:
    text, code = HOOKS[hook]
    repository.write("conftest.py", text)
    with served("processmaker4") as (_, toml):
        repository.write("target.toml", toml)
        ended = repository.pytest(
            *("--pyargs", "conformance.suites", "--conformance-target=target.toml", "--conformance-output=run"),
            *("-k", "curl"),
        )
    assert ended.code == code, ended.printed
    assert "run/run.json" in repository.files


def test_broken_test_file_of_the_user_is_not_an_internal_error(repository: Repository) -> None:
    repository.write("test_mine.py", BROKEN)
    with served("processmaker4") as (_, toml):
        repository.write("target.toml", toml)
        ended = repository.pytest(
            *(".", "--pyargs", "conformance.suites", "--conformance-target=target.toml", "--conformance-output=run"),
            *("-k", "curl", "--continue-on-collection-errors"),
        )
    record = repository.record()
    assert ended.code == record.exit_code == 1, ended.printed
    assert not any("collecting" in problem for problem in record.problems)
