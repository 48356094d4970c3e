"""Target files with one mistake each: `check` names key and value, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.core import exit_codes

from .support import edited, served
from .test_check import check

Change = Callable[[dict[str, Any]], Any]
USAGE, AWAY = exit_codes.USAGE, exit_codes.UNAVAILABLE
GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


MISTAKES: dict[str, tuple[str, Change, int, list[str]]] = {
    "pm3 url with api": (
        "processmaker3",
        lambda item: item.update(url=item["url"] + "/api/1.0"),
        USAGE,
        ["processmaker3.url", "/api/1.0"],
    ),
    "pm3 url of nobody": (
        "processmaker3", lambda item: item.update(url="http://127.0.0.1:9"), AWAY,
        ["Is [processmaker3] url = 'http://127.0.0.1:9' right and the server running?"]
    ),
    "pm3 https": (
        "processmaker3", lambda item: item.update(url=item["url"].replace("http:", "https:")), AWAY, ["write http://"]
    ),
    "pm3 workspace": (
        "processmaker3", lambda item: item.update(workspace="wrokflow"), AWAY,
        ["wrokflow", "or workspace = 'wrokflow' in the target file"],
    ),
    "pm3 client_id": (
        "processmaker3", lambda item: item.update(client_id="X" * 32), AWAY,
        ["invalid_client", "[processmaker3] client_id = 'XXXX", "or client_secret"],
    ),
    "pm3 client_secret": (
        "processmaker3", lambda item: item.update(client_secret="nope"), AWAY, ["invalid_client", "or client_secret"]
    ),
    "pm3 username": (
        "processmaker3", lambda item: item.update(username="amdin"), AWAY,
        ["invalid_grant", "[processmaker3] username = 'amdin' or password"],
    ),
    "pm3 password": (
        "processmaker3", lambda item: item.update(password="nope"), AWAY,
        ["[processmaker3] username = 'admin' or password"],
    ),
    "pm3 without PM_FACTORY": (
        "processmaker3",
        lambda item: item.update(item["users"].pop("outsider")),
        AWAY, ["PM_FACTORY", "[processmaker3] username = 'clerk'"],
    ),
    "pm3 user's password": (
        "processmaker3", lambda item: item["users"]["cases"].update(password="nope"), AWAY,
        ["user cases: FAILED", "[processmaker3.users.cases] username = 'caseworker' or password"],
    ),
    "pm3 user's client": (
        "processmaker3", lambda item: item["users"]["cases"].pop("client_id"), USAGE,
        ["processmaker3.users.cases", "add the other, or remove it"],
    ),
    "pm3 no password": (
        "processmaker3",
        lambda item: item.pop("password"),
        USAGE,
        ["lacks password; add password = …"],
    ),
    "pm3 unknown key": ("processmaker3", lambda item: item.update(pasword="x"), USAGE, ["did you mean password"]),
    "pm3 unknown user": (
        "processmaker3", lambda item: item["users"].update(outsiders=item["users"].pop("outsider")), USAGE,
        ["did you mean outsider?"],
    ),
    "pm3 case": (
        "processmaker3", lambda item: item["fixtures"].update(case="f" * 32), AWAY,
        ["[processmaker3.fixtures] case = 'ffff", "Correct case in the target file"],
    ),
    "pm3 pm_table": (
        "processmaker3", lambda item: item["fixtures"].update(pm_table="f" * 32), AWAY,
        ["pm_table = 'ffff", "Correct pm_table"],
    ),
    "pm3 token": (
        "processmaker3",
        lambda item: item.update(access_token="stale"),
        AWAY, ["[processmaker3] access_token"],
    ),
    "pm4 token": ("processmaker4", lambda item: item.update(access_token="stale"), exit_codes.OK, ["a run can show"]),
    "pm4 process as text": (
        "processmaker4", lambda item: item.update(process_id="seven"), USAGE, ["processmaker4.process_id"]
    ),
    "pm4 token_url alone": (
        "processmaker4", lambda item: item.update(token_url="http://127.0.0.1:9/oauth/token"), USAGE,
        ["has token_url and lacks client_id, client_secret"],
    ),
    "procesio proxy_url": (
        "procesio", lambda item: item.update(proxy_url=item["web_url"]), AWAY,
        ["no API found", "Correct [procesio] proxy_url = "]
    ),
    "procesio realm": (
        "procesio",
        lambda item: item.update(realm="procesio1"),
        AWAY,
        ["invalid_realm", "[procesio] realm = 'procesio1'"],
    ),
    "procesio client": (
        "procesio", lambda item: item.update(client_id="procesio"), AWAY, ["[procesio] client_id = 'procesio'"]
    ),
    "procesio password": (
        "procesio", lambda item: item.update(password="nope"), AWAY, ["[procesio] username = 'demo' or password"]
    ),
    "procesio workspace": (
        "procesio", lambda item: item.update(workspace_id=GUID), AWAY, [f"[procesio] workspace_id = '{GUID}'"]
    ),
    "procesio process": (
        "procesio", lambda item: item.update(process_id=GUID), AWAY, [f"process_id = '{GUID}'", "Correct process_id"]
    ),
    "procesio credential_type": (
        "procesio", lambda item: item["fixtures"].update(credential_type=GUID), AWAY, ["Correct credential_type"]
    ),
    "procesio body of nothing": (
        "procesio", lambda item: item.update(bodies={"createProces": {}}), USAGE, ["createProces", "createProcess"]
    ),
    "procesio web_url": (
        "procesio", lambda item: item.update(web_url=item["proxy_url"]), AWAY, ["[procesio] web_url = 'http"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_reported_with_key_value_and_advice(name: str, tmp_path: Path) -> None:
    system, change, code, words = MISTAKES[name]
    with served(system) as (reference, text):
        before = reference.snapshot()

        def mistake(data: dict[str, Any]) -> None:
            change(data[system])
            if name == "pm3 token":
                for key in ("client_id", "client_secret", "username", "password"):
                    del data[system][key]

        found, printed = check(edited(text, mistake), tmp_path)
        assert reference.snapshot() == before
    lines = [line.strip() for line in printed.splitlines() if "FAILED" in line or "target.toml" in line]
    print(f"| {name} | {' / '.join(lines)} | {found} |")
    assert [word for word in words if word not in printed] == [], printed
    assert found == code, printed
    assert "nope" not in printed


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ('operation = "startReqest"\nquery = { event = "n" }', "did you mean startRequest?"),
        ('operation = "startRequest"\nquery = { event = "{path.proces_id}" }', "did you mean process_id?"),
        ('operation = "startRequest"', "does not say how to send startRequest; add method, path, query"),
        ('operation = "startRequest"\nheaders = { Authorization = "x" }', "Authorization, which the suite sets itself"),
    ],
)
def test_mistake_in_an_accommodation_is_reported_before_any_request(entry: str, told: str, tmp_path: Path) -> None:
    with served("processmaker4") as (_, text):
        more = f'\n[[processmaker4.accommodations]]\nreason = "r"\n{entry}\n'
        found, printed = check(text + more, tmp_path)
    assert (found, told in printed) == (USAGE, True), printed
