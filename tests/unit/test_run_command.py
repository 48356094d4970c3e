"""The command `run`: how it calls pytest, and what it and `check` refuse with which words."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from tests.unit.command_line import TARGET, _in_an_empty_directory, call, refused, target

__all__ = ["_in_an_empty_directory", "target"]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pytest would have been called with, instead of a run."""
    made: list[list[str]] = []

    def called(arguments: list[str], plugins: object = None) -> int:
        made.append(arguments)
        return exit_codes.DEVIATIONS

    monkeypatch.setattr(pytest, "main", called)
    return made


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


# -- what is passed on -------------------------------------------------------------------------------------------------


def test_exit_code_of_a_run_is_that_of_pytest(target: str, calls: list[list[str]]) -> None:
    assert call("run", target).exit_code == exit_codes.DEVIATIONS
    assert len(calls) == 1


def test_pytest_gets_target_configuration_and_output(target: str, calls: list[list[str]], tmp_path: Path) -> None:
    call("run", target, "--output", "out")
    (arguments,) = calls
    output = str(tmp_path / "out")
    assert option(arguments, "--conformance-target") == target
    assert option(arguments, "--conformance-output") == output
    assert option(arguments, "--rootdir") == output
    assert not {"--alluredir", "--junitxml"} & set(arguments)
    assert "no:cacheprovider" in arguments
    assert Path(option(arguments, "-c")).is_file()
    assert set(arguments[-len(SYSTEMS) :]) == {str(system.suites) for system in SYSTEMS.values()}


def test_a_run_that_writes_nothing_leaves_no_directory(target: str, calls: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for output in ((), ("--output", "new/deep"), ("--output", "mine")):
        call("run", target, *output, "--", "--collect-only")
    assert len(calls) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "target.toml"]


@pytest.mark.parametrize("wanted", ["--lf", "--last-failed", "--sw", "--cache-show=*"])
def test_pytest_keeps_its_cache_out_of_the_users_directory(
    target: str, calls: list[list[str]], tmp_path: Path, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cached" / name)
    call("run", target, "--", wanted)
    assert option(calls[0], "-o") == f"cache_dir={tmp_path / 'cached' / 'conformance' / 'pytest'}"
    assert "no:cacheprovider" not in calls[0]


def test_without_options_the_plugin_decides(target: str, calls: list[list[str]]) -> None:
    call("run", target)
    ours = [value for value in calls[0] if value.startswith("--conformance-")]
    assert ours == ["--conformance-progress", "--conformance-target", "--conformance-output"]
    assert "-n" not in calls[0]


def test_every_option_reaches_the_plugin(target: str, calls: list[list[str]]) -> None:
    given = "--system procesio --profile procesio/projects --in-flight 2 --seed 7 --depth deep --max-examples 9"
    result = call(
        "run", target, *given.split(), *["--time-budget", "1h30m", "--safety", "read-only", "--strict", "-n", "2"]
    )
    assert result.exit_code == exit_codes.DEVIATIONS, result.output
    assert [value for value in calls[0] if value.startswith("--conformance-")] == [
        "--conformance-progress",
        "--conformance-target",
        "--conformance-output",
        "--conformance-system=procesio",
        "--conformance-profile=procesio/projects",
        "--conformance-in-flight=2",
        "--conformance-seed=7",
        "--conformance-depth=deep",
        "--conformance-max-examples=9",
        "--conformance-time-budget=5400.0",
        "--conformance-safety=read-only",
        "--conformance-strict",
    ]
    assert option(calls[0], "-n") == "2"


def test_workers_are_limited_by_concurrent_requests(target: str, calls: list[list[str]]) -> None:
    call("run", target, "-n", "9")
    call("run", target, "-n", "9", "--in-flight", "3", "--output", "other")
    assert [option(group, "-n") for group in calls] == ["4", "3"]


@pytest.mark.parametrize(
    ("cores", "options", "workers"),
    [
        (2, [], "2"),
        (64, [], "4"),
        (1, [], None),
        (2, ["-n", "3"], "3"),
        (2, ["--system", "processmaker4"], None),
        (2, ["--exclude", "PM4-*"], None),
        (2, ["--", "-x"], None),
    ],
)
def test_only_a_run_of_all_reference_servers_has_workers_by_itself(
    monkeypatch: pytest.MonkeyPatch, calls: list[list[str]], cores: int, options: list[str], workers: str | None
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    call("run", "reference", *options)
    assert (option(calls[0], "-n") if "-n" in calls[0] else None) == workers


def test_arguments_after_the_dashes_go_to_pytest(target: str, calls: list[list[str]]) -> None:
    call("run", target, "--", "-x", "--", "--help")
    assert calls[0][-3:] == ["-x", "--", "--help"]


def test_pytest_settings_of_the_environment_do_not_change_a_run(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")

    def run(_: list[str], plugins: object = None) -> int:
        seen.append(os.environ.get("PYTEST_ADDOPTS"))
        return exit_codes.OK

    monkeypatch.setattr(pytest, "main", run)
    assert call("run", target).exit_code == exit_codes.OK
    assert seen == [None]
    assert os.environ["PYTEST_ADDOPTS"] == "-k nothing"


def test_default_output_directory_is_named_after_time_and_target(
    target: str, calls: list[list[str]], tmp_path: Path
) -> None:
    call("run", target)
    output = Path(option(calls[0], "--conformance-output"))
    assert output.parent == tmp_path / "reports"
    assert output.name.endswith("-staging-one")


def test_reference_is_served_during_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run(arguments: list[str], plugins: object = None) -> int:
        seen.update(tomllib.loads(Path(option(arguments, "--conformance-target")).read_text(encoding="utf-8")))
        port = int(seen["processmaker4"]["url"].rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return exit_codes.OK

    monkeypatch.setattr(pytest, "main", run)
    result = call("run", "reference", "--system", "processmaker4", "--output", "out")
    assert result.exit_code == exit_codes.OK, result.output
    assert seen["safety"] == {"level": "disposable"}
    assert "procesio" not in seen


def test_sigterm_ends_a_run_like_ctrl_c(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(pytest, "main", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    assert call("run", target).exit_code == exit_codes.INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) is before


def test_process_that_is_ended_during_a_run_fails(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest, "main", lambda *_, **__: sys.exit(0))
    assert call("run", target).exit_code == exit_codes.INTERNAL


def test_an_internal_error_leaves_its_traceback_in_the_output(
    target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: list[str], plugins: object = None) -> int:
        raise RuntimeError("holds a secret")

    monkeypatch.setattr(pytest, "main", fail)
    result = call("run", target, "--output", "out")
    assert result.exit_code == exit_codes.INTERNAL
    assert "internal error (RuntimeError)" in result.stderr
    assert "holds a secret" not in result.stderr
    (trace,) = (tmp_path / "out").glob("traceback-*.txt")
    assert str(trace) in result.stderr
    assert "RuntimeError: holds a secret" in trace.read_text(encoding="utf-8")

    monkeypatch.setenv("CONFORMANCE_DEBUG", "1")
    assert "RuntimeError: holds a secret" in call("run", target).stderr


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_there_is_no_default_target() -> None:
    assert "Missing argument 'TARGET'" in refused("run")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = \n", "is not TOML: Invalid value (at line 1"),
        (TARGET.replace("web_url", "web_ur"), "procesio.web_ur: is an unknown key; did you mean web_url?"),
        (TARGET.replace("token-value", "${PM4_NOT_SET}"), "environment variable PM4_NOT_SET, which is not set"),
        (
            TARGET.replace("http://127.0.0.1:8401", "127.0.0.1"),
            "processmaker4.url: '127.0.0.1' is not an http or https URL",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "check"])
def test_invalid_target_file_is_rejected(command: str, target: str, text: str, told: str) -> None:
    Path(target).write_text(text, encoding="utf-8")
    message = refused(command, target)
    assert message.startswith(f"conformance: {target}: ")
    assert told in message
    assert not Path("reports").exists()


@pytest.mark.parametrize("command", ["run", "check"])
def test_missing_target_file_is_rejected(command: str) -> None:
    assert refused(command, "absent.toml") == (
        "conformance: absent.toml: cannot be read (No such file or directory); choose an existing target file."
    )


def test_other_commands_explain_that_reference_is_not_a_file() -> None:
    for command in ("run", "check"):
        assert refused(command, "refrence") == "conformance: refrence: no such target file; did you mean reference?"
    checked = call("check", "reference", "--offline", "--system", "processmaker4")
    assert checked.exit_code == exit_codes.OK
    assert "target   reference" in checked.stdout


def test_dry_run_is_a_check_with_the_same_options(target: str, calls: list[list[str]], tmp_path: Path) -> None:
    options = ["--system", "processmaker4", "--exclude", "PM4-START-*", "--safety", "read-only"]
    checked, dry = call("check", target, *options), call("run", target, *options, "--dry-run")
    assert checked.exit_code == dry.exit_code == exit_codes.UNAVAILABLE  # nobody is there
    assert dry.output == checked.output
    assert "safety   read-only" in dry.stdout
    assert "not selected: " in dry.stdout
    assert calls == []
    assert [path.name for path in tmp_path.iterdir()] == ["target.toml"]


@pytest.mark.parametrize("command", ["run", "check"])
def test_unmatched_pattern_is_rejected_with_suggestions(command: str, target: str) -> None:
    message = refused(command, target, "--include", "startRequst")
    assert message.endswith(
        "--include startRequst: matches no operation, profile or requirement; did you mean startRequest?"
    )


def test_plan_of_a_run_is_printed_first_unless_quiet(target: str, calls: list[list[str]]) -> None:
    said = call("run", target, "--system", "processmaker4").stderr
    assert said == "Testing staging one (processmaker4), safety level owned\n"
    assert call("run", target, "-q").stderr == ""
    assert "--conformance-quiet" in calls[1]


def test_a_run_that_fails_fast_ends_as_pytest_would(target: str, calls: list[list[str]]) -> None:
    call("run", target, "--fail-fast", "--wait", "60", "-v")
    assert {"--exitfirst", "--conformance-wait=60.0", "--conformance-verbose"} <= set(calls[0])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--system", "processmaker5"], "'processmaker5' is not one of"),
        (["--system", "processmaker3"], "the target file has no table [processmaker3]"),
        (["--profile", "procesio/project"], "unknown profile; did you mean procesio/projects?"),
        (["--profile", "processmaker3/projects"], "processmaker3 is not selected or not in the target file"),
        (["--time-budget", "soon"], "'soon' is not a duration: must be like"),
        (["--time-budget", "1e308"], "'1e308' is not a duration: must be like"),
        (["--wait", "inf"], "'inf' is not a duration: must be like"),
        (["--min-tested", "1e308"], "1e+308 is not in the range"),
        (["--seed", "9" * 5000], "Invalid value for '--seed'"),
        (["--shard", f"1/{10**30}"], "is not a shard: must be I/N with I from 1 to N and N up to 999"),
        (["-n", f"{10**30}"], "is not a number of workers"),
        (["--depth", "deepest"], "'deepest' is not one of"),
        (["--safety", "none"], "'none' is not one of"),
        (["-n", "many"], "'many' is not a number of workers"),
        (["--in-flight", "0"], "0 is not in the range"),
        (["--max-exampels", "3"], "--max-examples"),
        (["stray"], "unexpected extra argument (stray)"),
        (["--shard", "3/2"], "'3/2' is not a shard: must be I/N with I from 1 to N"),
        (["--shard", "1/8"], "each shard needs at least one request in flight, and the limit is 4"),
        (["--durations", "absent"], "--durations has no effect without --shard"),
        (["--shard", "1/2", "--durations", "absent"], "absent: cannot be read"),
        (["--baseline", "absent.toml"], "absent.toml: cannot be read (No such file or directory)"),
        (["--baseline-strict"], "--baseline-strict has no effect without a baseline; add --baseline FILE"),
    ],
)
def test_invalid_option_is_rejected(target: str, calls: list[list[str]], arguments: list[str], told: str) -> None:
    assert told in refused("run", target, *arguments)
    assert calls == []
    assert not Path("reports").exists()


def test_nonempty_output_directory_is_rejected(target: str, calls: list[list[str]], tmp_path: Path) -> None:
    assert f"{tmp_path}: not empty; choose another directory" in refused("run", target, "--output", ".")
    assert calls == []


def test_output_directory_that_cannot_be_created_is_rejected(target: str, calls: list[list[str]]) -> None:
    assert "cannot be written (Not a directory)" in refused("run", target, "--output", f"{target}/out")
    assert calls == []
