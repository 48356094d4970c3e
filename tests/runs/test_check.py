"""`conformance check` against served references: who is probed, what is refused, and that nothing changes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.cli import main
from conformance.core import exit_codes
from conformance.reference import Reference
from conformance.spec.specification import SYSTEMS
from conformance.target.target import parse

from .support import edited, served


def check(text: str, directory: Path) -> tuple[int, str]:
    path = directory / "target.toml"
    path.write_text(text)
    result = CliRunner().invoke(main, ["check", str(path)])
    return result.exit_code, result.output


def noted(calls: list[tuple[str, str]]) -> Callable[[Reference], None]:
    """A change of a reference that records every call."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            calls.append((scope["method"], scope["path"]))
            await app(scope, receive, send)

        return noting

    return lambda reference: reference.wrap(wrap)


@pytest.mark.parametrize("system", SYSTEMS)
def test_working_target_is_probed_and_not_changed(system: str, tmp_path: Path) -> None:
    calls: list[tuple[str, str]] = []
    with served(system, change=noted(calls)) as (reference, text):
        before = reference.snapshot()
        code, printed = check(text, tmp_path)
        assert reference.snapshot() == before
        assert set(reference.residue()) <= {"tokens"} or not any(
            count for kind, count in reference.residue().items() if kind != "tokens"
        )
    assert code == exit_codes.OK, printed
    assert re.search(r"^  user: (works|responds): GET http://127.0.0.1:\d+/\S+: status \d+", printed, re.MULTILINE)
    assert printed.splitlines()[-1] == "The file is valid, and every system responds."
    assert [method for method, path in calls if method != "GET" and "oauth2" not in path and "Auth" not in path] == []
    things = len(parse(tomllib.loads(text), base=tmp_path, env={}).table(system).things)
    assert len(calls) <= 2 + 5 + things  # each user is probed once, each fixture is read once


def test_every_user_of_the_file_is_probed_and_no_secret_is_reported(tmp_path: Path) -> None:
    with served("processmaker3") as (_, text):
        code, printed = check(text, tmp_path)
    assert code == exit_codes.OK
    assert "  user outsider: works: gets a token" in printed.splitlines()
    table = tomllib.loads(text)["processmaker3"]
    for account in (table, *table["users"].values()):
        assert account["client_secret"] not in printed
        assert f'"{account["password"]}"' not in printed


@pytest.mark.parametrize(
    ("system", "change"),
    [
        ("processmaker3", lambda data: data["processmaker3"].update(password="wrong-password")),
        ("processmaker3", lambda data: data["processmaker3"]["users"]["outsider"].update(password="wrong-password")),
        ("processmaker3", lambda data: data["processmaker3"].update(url="http://127.0.0.1:9")),
        ("processmaker4", lambda data: data["processmaker4"].update(url="http://127.0.0.1:9")),
        ("procesio", lambda data: data["procesio"].update(password="wrong-password")),
        ("procesio", lambda data: data["procesio"].update(web_url="http://127.0.0.1:9")),
    ],
)
def test_problems_are_reported_and_end_with_6(
    system: str, change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    with served(system) as (_, text):
        code, printed = check(edited(text, change), tmp_path)
    assert code == exit_codes.UNAVAILABLE, printed
    assert "FAILED" in printed
    assert "wrong-password" not in printed
    assert "a run tests" in printed


def answering(status: int) -> Callable[[Reference], None]:
    """A change of a reference that responds to every call with this status."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        return answer

    return lambda reference: reference.wrap(wrap)


@pytest.mark.parametrize(("status", "code"), [(401, 6), (403, 6), (404, 0), (405, 0), (429, 6), (503, 6)])
def test_token_that_only_a_start_can_verify_is_reported_so_and_a_refusal_is_an_error(
    status: int, code: int, tmp_path: Path
) -> None:
    with served("processmaker4", change=answering(status)) as (_, text):
        found, printed = check(text, tmp_path)
    assert found == code, printed
    assert ("only a run" in printed) is (code == exit_codes.OK)


@pytest.mark.parametrize(
    ("system", "keys"), [("processmaker3", "[processmaker3] url = "), ("procesio", "[procesio] proxy_url = ")]
)
@pytest.mark.parametrize("status", [404, 405])
def test_wrong_url_is_reported_with_the_keys_that_define_it(
    system: str, keys: str, status: int, tmp_path: Path
) -> None:
    with served(system, change=answering(status)) as (_, text):
        code, printed = check(text, tmp_path)
    assert code == exit_codes.UNAVAILABLE
    assert f"no API found (status {status}). Correct {keys}" in printed


def test_https_to_an_http_server_is_reported(tmp_path: Path) -> None:
    with served("processmaker3") as (_, text):
        code, printed = check(text.replace("http://", "https://"), tmp_path)
    assert code == exit_codes.UNAVAILABLE
    assert (
        "it does not use TLS; if that is intended, write http:// instead of https://. Is [processmaker3] url = "
        in printed
    )


def test_responses_cannot_control_the_terminal(tmp_path: Path) -> None:
    def hostile(app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            body = json.dumps({"access_token": "\x1b[2Jtoken\n\nuser: works", "error": "\x1b[2J"}).encode()
            start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"x-\x1b", b"1")]}
            await send(start)
            await send({"type": "http.response.body", "body": body})

        return answer

    with served("processmaker3", change=lambda reference: reference.wrap(hostile)) as (_, text):
        code, printed = check(text, tmp_path)
    assert code in (exit_codes.OK, exit_codes.UNAVAILABLE), printed
    assert "\x1b" not in printed


def test_unusable_file_ends_with_4(tmp_path: Path) -> None:
    assert check("name = 1", tmp_path)[0] == exit_codes.USAGE
