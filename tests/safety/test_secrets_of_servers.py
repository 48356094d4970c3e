"""What a server does with secrets: shows them where a library fails, gives thousands, or makes words of them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from starlette.responses import JSONResponse, Response

from conformance.core import exit_codes
from conformance.reference import Reference
from tests.runs.fronts import in_front
from tests.runs.support import Run, run, served

from .leaks import leaks
from .lies import answered, whole

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SYSTEM: Final = "processmaker3"
NAMES: Final = ("PM3_ACCESS_TOKEN", "$PM3_ACCESS_TOKEN")
"""A list of placeholders has them by themselves."""
ONLY: Final = ("-k", "test_updates")
Headers = Callable[[str], dict[str, str]]
SHOWN: Final[dict[str, Headers]] = {
    "a host": lambda secret: {"Location": f"http://a:{secret}/"},
    "a user": lambda secret: {"Location": f"http://{secret}@[::1"},
    "a port": lambda secret: {"Location": f"//a:{secret}99999"},
    "a date": lambda secret: {"Location": "/", "Retry-After": f"Mon, 01 Jan {secret}", "Date": secret},
    "a charset": lambda secret: {"Location": "/", "Content-Type": f'text/html; charset="{secret}\xff"'},
    "an encoding": lambda secret: {"Location": "/", "Content-Encoding": secret},
    "a cookie": lambda secret: {"Location": "/", "Set-Cookie": f"{secret}={secret}; expires={secret}"},
}
"""Header fields of which a library may make an error that repeats them."""


def ended(change: Callable[[Reference], None], directory: Path, *options: str) -> tuple[Run, dict[str, str]]:
    """Run a few tests against a server with a front; returns what came of it, and the secrets of the target file."""
    with served(SYSTEM, ["pm3-update-ignored"], change=change) as (_, toml):
        (directory / "target.toml").write_text(toml)
        result = run(directory / "target.toml", directory / "run", "--max-examples", "1", *options, pytest_args=ONLY)
    table = tomllib.loads(toml)[SYSTEM]
    return result, {key: table[key] for key in ("client_secret", "password")}


@pytest.mark.parametrize("status", [302, pytest.param(503, marks=pytest.mark.matrix)])
@pytest.mark.parametrize(
    "place", [pytest.param(value, marks=[] if value == "a host" else [pytest.mark.matrix]) for value in SHOWN]
)
def test_secret_in_an_invalid_header_is_not_shown(place: str, status: int, tmp_path: Path) -> None:
    requests, secret = count(1), ""

    def choose(scope: Scope) -> ASGIApp | None:
        if scope["method"] != "GET" or next(requests) % 7:
            return None
        return Response(status_code=status, headers=SHOWN[place](secret))

    def change(reference: Any) -> None:
        nonlocal secret
        secret = reference.target({"url": "http://a"})["client_secret"]
        in_front(choose)(reference)

    result, secrets = ended(change, tmp_path)
    assert secrets["client_secret"] == secret
    assert result.code in (exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE), result.printed
    assert next(requests) > 7
    assert leaks(tmp_path / "run", [secret]) == []
    assert secret not in result.printed


def tokens(change: Callable[[dict[str, Any]], None], known: Callable[[str], str] = str) -> Callable[[Reference], None]:
    """A front that changes each answer with a token; `known` says which token is meant by one that is shown."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            headers = [
                (name, f"Bearer {known(value.decode().removeprefix('Bearer '))}".encode())
                if name == b"authorization" and value.startswith(b"Bearer ")
                else (name, value)
                for name, value in scope["headers"]
            ]
            start, content = await answered(app, {**scope, "headers": headers}, await whole(receive))
            if scope["path"].endswith("/token") and start["status"] == 200:
                body = json.loads(content)
                change(body)
                content = json.dumps(body).encode()
            rest = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            length = (b"content-length", str(len(content)).encode())
            await send({**start, "headers": [*rest, length]})
            await send({"type": "http.response.body", "body": content})

        return changed

    return lambda reference: reference.wrap(wrap)


@pytest.mark.matrix
@pytest.mark.parametrize("form", ["list", "object", "nested"])
def test_thousands_of_secrets_in_one_response_are_hidden_and_the_run_ends(form: str, tmp_path: Path) -> None:
    given = [f"further-secret-{number:04}" for number in range(3000)]

    def change(body: dict[str, Any]) -> None:
        more: dict[str, Any] = {
            "list": {"more": [{"secret": value} for value in given]},
            "object": {f"client_{number}": {"client_secret": value} for number, value in enumerate(given)},
            "nested": {"more": [[{"a": {"refresh_token": value}}] for value in given]},
        }
        body |= more[form]

    result, _ = ended(tokens(change), tmp_path)
    assert result.code == exit_codes.DEVIATIONS, result.printed
    assert leaks(tmp_path / "run", given[::100]) == []


@pytest.mark.parametrize(
    "word",
    [
        "createProject",
        pytest.param("prj_name", marks=pytest.mark.matrix),
        pytest.param("project", marks=pytest.mark.matrix),
    ],
)
def test_a_token_that_is_a_word_of_the_suite_leaves_reports_readable(word: str, tmp_path: Path) -> None:
    meant: list[str] = []

    def change(body: dict[str, Any]) -> None:
        meant.append(body["access_token"])
        body["access_token"] = word

    def known(shown: str) -> str:
        return meant[0] if shown == word and meant else shown

    result, _ = ended(tokens(change, known), tmp_path)
    assert result.code == exit_codes.DEVIATIONS, result.printed
    shown = [result.printed, (tmp_path / "run" / "summary.md").read_text(), (tmp_path / "run" / "run.json").read_text()]
    for line in "\n".join(shown).splitlines():
        assert "PM3_ACCESS_TOKEN" not in line or "Bearer" in line or "placeholder" in line or line.strip(' ",') in NAMES
    assert "updateProject" in result.printed


def test_tokens_that_are_good_for_one_request_are_renewed_and_hidden(tmp_path: Path) -> None:
    used: list[bytes] = []

    def choose(scope: Scope) -> ASGIApp | None:
        shown = dict(scope["headers"]).get(b"authorization", b"")
        if scope["path"].endswith("/token") or not shown.startswith(b"Bearer "):
            return None
        used.append(shown.removeprefix(b"Bearer "))
        error = {"error": {"code": 401, "message": "The access token has expired."}}
        return JSONResponse(error, 401) if used.count(used[-1]) > 1 else None

    result, _ = ended(in_front(choose), tmp_path)
    assert result.code in (exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE), result.printed
    assert result.record.problems == [] or result.code == exit_codes.UNAVAILABLE
    assert len(set(used)) > 20
    assert leaks(tmp_path / "run", [data.decode() for data in used[::40]]) == []
