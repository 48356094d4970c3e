"""Undocumented logins: each against its reference, also with a wrong credential."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason
from conformance.reference import Reference, known_logins
from conformance.spec.specification import SYSTEMS

from . import fronts
from .liberty import tried
from .support import edited, run, served

QUICKEST = {("processmaker4", "client-credentials")}  # the others are whole runs of longer suites
LOGINS = [
    pytest.param(system, login, marks=[] if (system, login) in QUICKEST else [pytest.mark.matrix])
    for system in SYSTEMS
    for login in known_logins(system)
]
QUICK = ("--max-examples", "1")


def secrets(text: str) -> list[str]:
    """The secret values of a target file."""

    def of(node: Any, name: str = "") -> list[str]:
        if isinstance(node, dict):
            return [item for key, value in node.items() for item in of(value, key)]
        secret = name in ("password", "client_secret", "access_token", "refresh_token", "value")
        return [node] if secret and isinstance(node, str) and len(node) >= 8 else []

    return of(tomllib.loads(text))


@pytest.mark.parametrize(("system", "login"), LOGINS)
def test_login_allows_all_tests_that_need_no_other_login(
    system: str, login: str, plain: Callable[[str], set[str]], tmp_path: Path
) -> None:
    with served(system, login=login) as (reference, text):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK)
        assert reference.snapshot() == before
    record = result.record
    assert (result.code, record.deviations, record.findings, record.problems) == (exit_codes.OK, [], [], [])
    untried = plain(system) - tried(record)
    said = {verdict.requirement: verdict for verdict in record.verdicts}
    asking = {"requestToken", "authenticate", "deleteUser"}  # whether a deleted user still gets a token
    if login == "run-key":
        assert {said[value].reason for value in untried} <= {Reason.MISSING_USER, Reason.INCONCLUSIVE}
        assert said["PRO-RUN-API-KEY"].outcome is Outcome.CONFORMS
    else:
        assert {said[value].operation for value in untried} <= asking
    shown = "".join(path.read_text(errors="replace") for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert not [secret for secret in secrets(text) if secret in shown + result.printed]


WRONG: dict[str, tuple[str, str, Callable[[dict[str, Any]], None], str]] = {
    "pm3-access-token": (
        "processmaker3", "access-token", lambda data: data.update(access_token="nobody-gave-this"), "access_token"
    ),
    "pm3-password": (
        "processmaker3", "token-url", lambda data: data.update(password="nobody-knows-this"),
        "[processmaker3] username = 'admin' or password",
    ),
    "pm3-client": (
        "processmaker3", "token-url", lambda data: data.update(client_secret="nobody-knows-this"), "client_secret"
    ),
    "pm3-token-url": (
        "processmaker3", "token-url", lambda data: data.update(token_url=data["token_url"] + "s"), "] token_url = "
    ),
    "pm3-sign-on": (
        "processmaker3", "sign-on", lambda data: data.update(access_token="nobody-gave-this"), "access_token"
    ),
    "pm4-client": (
        "processmaker4", "client-credentials", lambda data: data.update(client_secret="nobody-knows-this"),
        "[processmaker4] client_id = '7' or client_secret",
    ),
    "pm4-refresh-token": (
        "processmaker4", "refresh-token", lambda data: data.update(refresh_token="nobody-gave-this"),
        "[processmaker4] refresh_token",
    ),
    "pm4-token-url": (
        "processmaker4", "refresh-token", lambda data: data.update(token_url=data["token_url"] + "s"),
        "[processmaker4] token_url = ",
    ),
    "procesio-key": (
        "procesio", "api-key", lambda data: data["api_key"].update(value="nobody-knows-this"),
        "[procesio.api_key] name = 'reference' or value",
    ),
    "procesio-run-key": (
        "procesio", "run-key", lambda data: data["api_key"].update(value="nobody-knows-this"), "[procesio.api_key]"
    ),
    "procesio-workspace": (
        "procesio", "run-key", lambda data: data.update(workspace_id="elsewhere"), "workspace_id = 'elsewhere'"
    ),
    "procesio-password": (
        "procesio", "token-url", lambda data: data.update(password="nobody-knows-this"), "password"
    ),
}  # fmt: skip
WRONG_BY_DEFAULT = {"pm3-client", "procesio-key", "procesio-password"}


@pytest.mark.parametrize(
    "name", [pytest.param(value, marks=[] if value in WRONG_BY_DEFAULT else [pytest.mark.matrix]) for value in WRONG]
)
def test_wrong_credential_is_an_error_in_the_file_and_its_key_is_named(name: str, tmp_path: Path) -> None:
    system, login, wrong, key = WRONG[name]
    with served(system, login=login) as (reference, text):
        before = reference.snapshot()
        (tmp_path / "target.toml").write_text(edited(text, lambda data: wrong(data[system])))
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK)
        assert reference.snapshot() == before
    assert (result.code, result.record.deviations) == (exit_codes.UNAVAILABLE, [])
    (problem,) = result.record.problems
    assert key in problem
    assert "status 4" in problem
    assert "nobody" not in result.printed + problem


def lasting(uses: int) -> Callable[[Any], None]:
    def change(reference: Any) -> None:
        reference.oauth.uses = uses

    return change


@pytest.mark.parametrize("login", known_logins("processmaker4"))
def test_token_that_expires_during_the_run_is_renewed(login: str, tmp_path: Path) -> None:
    with served("processmaker4", login=login, change=lasting(3)) as (reference, text):
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK)
        given = reference.residue()["tokens"]
    assert (result.code, result.record.deviations, result.record.problems) == (exit_codes.OK, [], [])
    assert given > 2


@pytest.mark.matrix
def test_only_the_token_request_goes_to_the_token_url(tmp_path: Path) -> None:
    """The host of `token_url` gets only token requests."""
    seen: list[tuple[str, str]] = []

    def change(reference: Reference) -> None:
        inner = reference.apps["token_url"]

        async def noting(scope: Any, receive: Any, send: Any) -> None:
            seen.append((scope["method"], scope["path"]))
            await inner(scope, receive, send)

        reference.apps["token_url"] = noting

    with served("processmaker3", login="token-url", change=change) as (_, text):
        (tmp_path / "target.toml").write_text(text)
        run(tmp_path / "target.toml", tmp_path / "run", *QUICK, "--profile", "processmaker3/projects")
    assert set(seen) == {("POST", "/workflow/oauth2/token")}


def test_a_table_says_what_its_login_lacks() -> None:
    from conformance.target.target import TargetError, parse

    def refused(system: str, **table: Any) -> str:
        with pytest.raises(TargetError) as caught:
            parse({"name": "t", system: table}, base=Path(), env={}, source="file")
        return str(caught.value)

    pm3 = {"url": "http://a", "workspace": "w"}
    assert "lacks client_id, client_secret, username, password" in refused("processmaker3", **pm3)
    assert "or access_token = …" in refused("processmaker3", **pm3)
    assert "lacks password; add password = …" in refused(
        "processmaker3", **pm3, client_id="c", client_secret="s", username="u"
    )
    assert "users.outsider without a client" in refused(
        "processmaker3", **pm3, access_token="t", users={"outsider": {"username": "o", "password": "p"}}
    )
    pm4 = {"url": "http://a", "process_id": 1}
    assert "lacks access_token" in refused("processmaker4", **pm4)
    assert "add token_url" in refused("processmaker4", **pm4, access_token="t", refresh_token="r")
    user = {"client_id": "c", "client_secret": "s", "username": "u", "password": "p"}
    lacks = {"cases": {"username": "u"}, "outsider": {"password": "p", "access_token": "t"}, "viewer": {}}
    for name, further in lacks.items():
        message = refused("processmaker3", **pm3, **user, users={name: further})
        assert f"users.{name}: lacks " in message
        assert "or access_token = … in place of both" in message
    assert "lacks client_id, client_secret" in refused("processmaker4", **pm4, token_url="http://a/oauth/token")
    assert "lacks workspace_id" in refused("procesio", web_url="http://a", api_key={"name": "n", "value": "v"})
    assert "[procesio.api_key]" in refused("procesio", web_url="http://a")
    assert "lacks password" in refused(
        "procesio", web_url="http://a", proxy_url="http://b", realm="r", username="u", client_id="c"
    )


def test_refresh_token_is_used_once_by_all_workers_together(tmp_path: Path) -> None:
    with served("processmaker4", login="refresh-token", change=lasting(2)) as (reference, text):
        oauth: Any = reference
        (tmp_path / "target.toml").write_text(text)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK, "-n", "3")
        renewed, reused = reference.residue()["tokens"], oauth.oauth.reused
    assert (result.code, result.record.deviations, result.record.problems) == (exit_codes.OK, [], [])
    assert (renewed > 3, reused) == (True, 0)


@pytest.mark.matrix
@pytest.mark.parametrize("status", [401, 403])
def test_invalid_token_of_another_user_does_not_test_permissions(status: int, tmp_path: Path) -> None:
    def change(reference: Reference) -> None:
        if status == 403:
            fronts.forbidden_for_unauthorized(reference)

    with served("processmaker3", login="tokens-only", change=change) as (_, text):
        wrong = edited(text, lambda data: data["processmaker3"]["users"]["outsider"].update(access_token="nobody-s"))
        (tmp_path / "target.toml").write_text(wrong)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK, "-n", "3")
    record = result.record
    assert (result.code, record.deviations, len(record.problems)) == (exit_codes.UNAVAILABLE, [], 1)
    told = {verdict.requirement: verdict for verdict in record.verdicts}["PM3-ACCESS-BULK-PERMISSION"]
    assert (told.outcome, told.reason) == (Outcome.NOT_EXERCISED, Reason.MISSING_USER)
    assert "Correct [processmaker3.users.outsider] access_token" in told.detail
    assert "nobody-s" not in result.printed + told.detail


@pytest.mark.parametrize("only", ["test_a_stranger_is_let_in_nowhere", "test_access"])
def test_failed_login_is_reported_whatever_is_tested_first(only: str, tmp_path: Path) -> None:
    with served("processmaker3") as (_, text):
        wrong = edited(text, lambda data: data["processmaker3"].update(password="nobody-knows-this"))
        (tmp_path / "target.toml").write_text(wrong)
        result = run(tmp_path / "target.toml", tmp_path / "run", *QUICK, pytest_args=("-k", only))
    assert (result.code, result.record.deviations) == (exit_codes.UNAVAILABLE, [])
    (problem,) = result.record.problems
    assert "[processmaker3] username = 'admin' or password" in problem
