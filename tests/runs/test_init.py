"""`conformance init`: a target file from questions or options, without secrets, with a verified login."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.systems import SYSTEMS
from conformance.target.system_table import table_of
from conformance.target.tables import kinds_of, placeholder
from conformance.target.target import load

from .support import served


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for system in SYSTEMS:
        for key in table_of(system).asked:
            monkeypatch.delenv(placeholder((system, key)), raising=False)


@pytest.fixture(params=list(SYSTEMS))
def given(request: pytest.FixtureRequest) -> Iterator[tuple[str, dict[str, Any]]]:
    """A system, and the table of a served reference of it."""
    with served(request.param) as (_, toml):
        yield request.param, tomllib.loads(toml)[request.param]


def secrets(system: str) -> list[str]:
    """The prompted keys with secrets."""
    fields = table_of(system).model_fields
    return [
        key
        for key in table_of(system).asked
        if any("Secret" in item.__name__ for item in kinds_of(fields[key].annotation))
    ]


def init(*arguments: str, typed: str | None = None, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["init", *arguments], input=typed, env=env)


def test_answers_make_a_private_file_without_secrets(given: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    system, table = given
    asked = table_of(system).asked
    ended = init("new.toml", typed="\n".join([system, *(str(table[key]) for key in asked)]) + "\n")
    assert ended.exit_code == exit_codes.OK, ended.output
    assert "a run tests up to" in ended.stdout

    path = tmp_path / "new.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_text(encoding="utf-8")
    assert secrets(system)
    env = {placeholder((system, key)): str(table[key]) for key in secrets(system)}
    assert not [value for value in env.values() if value in written]
    assert all(f"${{{name}}}" in written and name in ended.stderr for name in env)
    assert tomllib.loads(written)["name"] == "new"
    assert list(tomllib.loads(written)[system]) == list(asked)
    assert load(path, env).systems == [system]


def test_options_and_environment_are_not_prompted_for(given: tuple[str, dict[str, Any]]) -> None:
    system, table = given
    settings = [f"--set={key}={table[key]}" for key in table_of(system).asked if key not in secrets(system)]
    env = {placeholder((system, key)): str(table[key]) for key in secrets(system)}
    ended = init("--system", system, *settings, "--set=safety.level=read-only", env=env)
    assert ended.exit_code == exit_codes.OK, ended.output
    target = load("target.toml", env)
    assert target.safety.level == "read-only"
    assert target.secrets() == env


@pytest.mark.parametrize("system", ["processmaker3", "procesio"])  # nothing shows that the third's token is wrong
def test_wrong_password_ends_with_a_message_and_the_written_file(system: str, tmp_path: Path) -> None:
    with served(system) as (_, toml):
        table = tomllib.loads(toml)[system]
        answers = [str(table[key]) for key in table_of(system).asked if key != "password"]
        env = {placeholder((system, "password")): "wrong-password"}
        ended = init("new.toml", "--system", system, typed="\n".join(answers) + "\n", env=env)
    assert ended.exit_code == exit_codes.UNAVAILABLE
    assert ended.stdout == ""
    said = [line for line in ended.stderr.splitlines() if line.startswith(f"conformance init: [{system}] user: ")]
    assert len(said) == 1
    assert "wrong-password" not in ended.output
    assert "new.toml was written nevertheless" in ended.stderr
    assert (tmp_path / "new.toml").is_file()


def test_invalid_answer_is_prompted_for_again_with_the_problem() -> None:
    typed = "not a url\nhttp://127.0.0.1:9/api/1.0\nhttp://127.0.0.1:9\ntoken-of-somebody\nseven\n7\n"
    ended = init("--offline", "--system", "processmaker4", typed=typed)
    assert ended.exit_code == exit_codes.OK, ended.output
    assert ended.stderr.count("Error: ") == 3
    assert "already contains /api/1.0" in ended.stderr
    assert load("target.toml", {"PM4_TOKEN": "x"}).table("processmaker4").fixture("process_id") == "7"


def test_only_one_way_to_log_in_is_prompted_for() -> None:
    settings = ["--set", "url=http://127.0.0.1:9", "--set", "workspace=w", "--set", "access_token=${SSO_TOKEN}"]
    ended = init("--offline", "--system", "processmaker3", *settings, env={"SSO_TOKEN": "some-token"})
    assert ended.exit_code == exit_codes.OK, ended.output
    assert "username" not in Path("target.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["nonsense"], "--set nonsense: has no value"),
        (["ulr=http://x"], "unknown key 'ulr'; did you mean url?"),
        (["access_token=abcdefgh"], "is a secret; set the environment variable PM4_TOKEN instead"),
        (["procesio.realm=x"], "procesio is not among the systems; add --system procesio"),
        (
            ["name=a\x7fb", "url=http://127.0.0.1:9", "process_id=7", "access_token=${TOKEN_OF_MINE}"],
            "TOML cannot hold",
        ),
        (["safety=owned"], "--set safety: is a table; name a key of it, such as safety.level=…"),
        ([], "processmaker4.url is not given, and standard input has ended; add --set processmaker4.url=…"),
        (["url=http://127.0.0.1:9"], "PM4_TOKEN is not given, and standard input has ended; set the environment"),
    ],
)
def test_invalid_input_is_rejected_and_nothing_is_written(settings: list[str], told: str, tmp_path: Path) -> None:
    env = {"TOKEN_OF_MINE": "some-token"}
    ended = init("--system", "processmaker4", *(f"--set={setting}" for setting in settings), env=env)
    assert ended.exit_code == exit_codes.USAGE
    assert told in ended.stderr
    assert "abcdefgh" not in ended.stderr.partition("is a secret")[2]
    assert list(tmp_path.iterdir()) == []


def test_key_of_two_systems_needs_a_system_name() -> None:
    ended = init("--system", "processmaker3", "--system", "procesio", "--set", "username=admin")
    assert ended.exit_code == exit_codes.USAGE
    assert "Write --set processmaker3.username=…" in ended.stderr


def test_existing_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text("mine", encoding="utf-8")
    call = ["--offline", "--system", "processmaker4", "--set=url=http://127.0.0.1:9", "--set=process_id=7"]
    refused = init(*call, env={"PM4_TOKEN": "some-token"})
    assert (refused.exit_code, path.read_text(encoding="utf-8")) == (exit_codes.USAGE, "mine")
    assert "target.toml: exists already" in refused.stderr
    replaced = init(*call, "--force", env={"PM4_TOKEN": "some-token"})
    assert replaced.exit_code == exit_codes.OK
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["target.toml"]


def test_unwritable_file_is_a_usage_error() -> None:
    call = ["gone/target.toml", "--offline", "--system", "processmaker4", "--set=url=http://127.0.0.1:9"]
    ended = init(*call, "--set=process_id=7", env={"PM4_TOKEN": "some-token"})
    assert ended.exit_code == exit_codes.USAGE
    assert "cannot be written" in ended.stderr
