"""A user's own option `--target` is kept; ours is then `--conformance-target`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .repository import Repository

OPTION = """
def pytest_addoption(parser):
    parser.addoption("--target", {more}help="theirs")
"""
TEST = """
def test_theirs(request):
    assert request.config.getoption({name!r}, None) == {value!r}
    assert request.config.getoption("--conformance-target") == {ours!r}
"""
THEIRS = OPTION.format(more="")


def asking(value: object, ours: str | None = None, name: str = "--target") -> str:
    return TEST.format(value=value, ours=ours, name=name)


def in_conftest(there: Repository) -> dict[str, str]:
    there.write("conftest.py", THEIRS)
    return {}


def below_testpaths(there: Repository) -> dict[str, str]:
    there.write("pytest.ini", "[pytest]\ntestpaths = checks\n")
    there.write("checks/conftest.py", THEIRS)
    return {}


def in_an_early_plugin(there: Repository) -> dict[str, str]:
    there.write("theirs.py", THEIRS)
    there.write("pytest.ini", "[pytest]\naddopts = -p theirs\n")
    return {}


def in_a_late_plugin(there: Repository) -> dict[str, str]:
    there.write("theirs.py", THEIRS)
    return {"PYTEST_PLUGINS": "theirs"}


def in_a_plugin_of_the_conftest(there: Repository) -> dict[str, str]:
    there.write("theirs.py", THEIRS)
    there.write("conftest.py", 'pytest_plugins = ["theirs"]\n')
    return {}


PLACES = [in_conftest, below_testpaths, in_an_early_plugin, in_a_late_plugin, in_a_plugin_of_the_conftest]


@pytest.mark.parametrize("place", PLACES)
def test_target_option_of_another_plugin_is_kept(
    place: Callable[[Repository], dict[str, str]], repository: Repository
) -> None:
    environment = place(repository)
    repository.write("checks/test_theirs.py", asking("firefox"))
    ended = repository.pytest("--target=firefox", **environment)
    assert ended.code == 0, ended.printed
    assert "1 passed" in ended.printed


def test_target_option_without_a_value_is_kept_too(repository: Repository) -> None:
    repository.write("conftest.py", OPTION.format(more='action="store_true", '))
    repository.write("checks/test_theirs.py", asking(True))
    ended = repository.pytest("--target", "checks/test_theirs.py")
    assert ended.code == 0, ended.printed


def test_late_conftest_may_define_the_target_option(repository: Repository) -> None:
    """pytest reads a conftest.py of a directory that nobody named when it comes there, after all options were read."""
    repository.write("src/deep/conftest.py", THEIRS)
    repository.write("src/deep/test_theirs.py", asking(None))
    ended = repository.pytest()
    assert ended.code == 0, ended.printed


def test_late_conftest_may_define_the_target_option_next_to_ours(repository: Repository) -> None:
    target = repository.write("target.toml", 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\n')
    target.write_text(target.read_text() + 'access_token = "t"\nprocess_id = 1\n')
    repository.write("src/deep/conftest.py", THEIRS)
    repository.write("src/deep/test_theirs.py", asking(None, str(target)))
    ended = repository.pytest("--target", str(target))
    assert ended.code == 0, ended.printed


def test_both_target_options_work_at_once(repository: Repository) -> None:
    target = repository.write("target.toml", 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\n')
    target.write_text(target.read_text() + 'access_token = "t"\nprocess_id = 1\n')
    repository.write("conftest.py", THEIRS)
    repository.write("test_theirs.py", asking("firefox", str(target)))
    ended = repository.pytest("--target", "firefox", "--conformance-target", str(target))
    assert ended.code == 0, ended.printed


def test_other_option_may_use_the_same_destination(repository: Repository) -> None:
    repository.write("conftest.py", 'def pytest_addoption(parser):\n    parser.addoption("--for", dest="target")\n')
    repository.write("test_theirs.py", asking("firefox", name="--for"))
    assert repository.pytest("--for", "firefox").code == 0


@pytest.mark.parametrize("spelling", [["--target", "absent.toml"], ["--target=absent.toml"]])
@pytest.mark.parametrize("where", ["command", "addopts"])
def test_unclaimed_target_option_is_ours(spelling: list[str], where: str, repository: Repository) -> None:
    repository.write("test_theirs.py", asking(None))
    if where == "addopts":
        repository.write("pytest.ini", f"[pytest]\naddopts = {' '.join(spelling)}\n")
    ended = repository.pytest(*(spelling if where == "command" else []))
    assert ended.code == 4
    assert "absent.toml: cannot be read" in ended.printed


def test_target_file_is_not_collected_as_a_test_path(repository: Repository) -> None:
    """It names no directory whose conftest.py is to be read, and leaves `testpaths` as they are."""
    repository.write("deploy/conftest.py", "raise RuntimeError('this is none of the tests')\n")
    repository.write("deploy/staging.toml", "no target\n")
    repository.write("pytest.ini", "[pytest]\ntestpaths = checks\n")
    repository.write("checks/conftest.py", 'def pytest_addoption(parser):\n    parser.addoption("--mine")\n')
    ended = repository.pytest("--mine=1", "--target", "deploy/staging.toml")
    assert ended.code == 4
    assert "deploy/staging.toml: is not TOML" in ended.printed


def test_options_of_the_plugin_have_a_prefix(repository: Repository) -> None:
    def options(*arguments: str) -> set[str]:
        printed = repository.pytest("--help", *arguments).printed
        return {word.split("=")[0].strip(",") for word in printed.split() if word.startswith("--")}

    added = options() - options("-p", "no:conformance")
    assert "--conformance-target" in added
    assert {value for value in added if not value.startswith("--conformance-")} == {
        "--target"
    }  # the help of the other names it


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--conformance-system", "processmaker3"], "the target file has no table [processmaker3]"),
        (["--conformance-profile", "processmaker4/starts"], "unknown profile"),
        (["--conformance-shard", "1/5"], "each shard needs at least one request in flight, and the limit is 4"),
        (["--conformance-durations", "earlier"], "--conformance-durations has no effect without --conformance-shard"),
        (["--conformance-in-flight", "0"], "'0' must be an integer from 1"),
        (["--conformance-max-examples", "some"], "'some' must be an integer from 1"),
    ],
)
def test_invalid_option_values_are_rejected(arguments: list[str], sentence: str, repository: Repository) -> None:
    text = 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "t"\nprocess_id = 1\n'
    repository.write("target.toml", text)
    ended = repository.pytest("--pyargs", "conformance.suites", "--conformance-target", "target.toml", *arguments)
    assert ended.code == 4
    assert sentence in ended.printed
    assert repository.files == {"target.toml"}
