"""Sessions that end at a bad moment, and logins that are refused in an unusual way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import RedirectResponse

from conformance.core import exit_codes
from conformance.reference.edits import Outgoing, editing

from .support import edited, run, served

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference import Reference


def ending(reference: Reference) -> None:
    """Once a project was deleted, everybody is redirected to the login page."""
    ended = False

    def wrap(app: ASGIApp) -> ASGIApp:
        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal ended
            if ended:
                await RedirectResponse("/login", 302)(scope, receive, send)
                return
            await app(scope, receive, send)
            ended = scope["method"] == "DELETE"

        return changed

    reference.wrap(wrap)


def test_leftovers_of_an_expired_session_have_a_reason(tmp_path: Path) -> None:
    with served("processmaker3", change=ending) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        only = ("-k", "test_a_name_and_a_description_make_a_project")
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=only)
    assert result.code == exit_codes.UNAVAILABLE
    assert result.record.deviations == []
    assert result.record.leftovers
    assert all(leftover.why for leftover in result.record.leftovers)


def in_success(answer: Outgoing) -> None:
    """A login is refused with status 200."""
    if answer.path == "/api/Authentication" and answer.status >= 400:
        answer.status = 200


@pytest.mark.parametrize("password", ["", "a wrong one"], ids=["right", "wrong"])
def test_login_refused_with_200_is_reported_as_wrong_credentials(tmp_path: Path, password: str) -> None:
    def change(data: dict[str, Any]) -> None:
        if password:
            data["procesio"]["password"] = password

    with served("procesio", change=lambda reference: reference.wrap(editing(in_success))) as (_, toml):
        (tmp_path / "target.toml").write_text(edited(toml, change))
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=("-k", "a_token_of_the_proxy_api"))
    assert result.record.deviations == []
    assert result.code == (exit_codes.UNAVAILABLE if password else exit_codes.OK)


def test_login_without_a_token_is_reported_as_a_defect_of_the_server(tmp_path: Path) -> None:
    with served("procesio", ["pro-auth-no-token"]) as (_, toml):
        (tmp_path / "target.toml").write_text(toml)
        result = run(tmp_path / "target.toml", tmp_path / "run", pytest_args=("-k", "a_token_of_the_proxy_api"))
    assert result.deviating == {"PRO-AUTH-TOKEN"}
