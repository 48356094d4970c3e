"""The target file: what is understood, what its tables provide, and that no secret gets out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.suites.processmaker3.target import ProcessMaker3
from conformance.target.system_table import urls
from conformance.target.target import Safety, duration, load, reference_target
from tests.unit.target_tables import PM3, PM4, PROCESIO, SECRET, read


def test_complete_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(
        """
        name = "staging"
        [processmaker3]
        url = "http://host:8301/"
        workspace = "workflow"
        client_id = "c"
        client_secret = "${SECRET_OF_CLIENT}"
        username = "admin"
        password = "x"
        unsupported = ["processmaker3/cases", "getProject"]
        [processmaker3.users.outsider]
        username = "clerk"
        password = "y"
        [processmaker3.fixtures]
        case = "c1"
        may_change = true
        [network]
        headers = { X-Staging = "yes" }
        [limits]
        time_budget = "20m"
        [safety]
        level = "read-only"
        """,
        encoding="utf-8",
    )
    target = load(path, {"SECRET_OF_CLIENT": "s"})
    table = target.table("processmaker3")
    assert isinstance(table, ProcessMaker3)
    assert target.systems == ["processmaker3"]
    assert urls(target.table("processmaker3")) == {"url": "http://host:8301"}
    assert table.client_secret is not None
    assert table.client_secret.get_secret_value() == "s"
    assert table.users.outsider is not None
    assert table.users.outsider.username == "clerk"
    assert table.users.cases is None
    assert table.fixtures.case == "c1"
    assert table.fixtures.may_change
    assert target.limits.time_budget == 1200
    assert target.safety.level is Safety.READ_ONLY
    assert target.network.headers["X-Staging"].get_secret_value() == "yes"


def test_defaults_match_the_reference_page() -> None:
    target = read(processmaker4=PM4)
    limits = target.limits
    assert (target.settle, target.safety.level, target.network.verify) == (5, Safety.OWNED, True)
    assert (limits.request_timeout, limits.open_resources, limits.executions) == (30, 50, 20)
    assert limits.requests_per_second is limits.in_flight is limits.time_budget is None


def test_the_reference_is_disposable_and_settles_at_once() -> None:
    target = reference_target({"processmaker3": PM3, "procesio": PROCESIO})
    assert (target.settle, target.safety.level) == (0, Safety.DISPOSABLE)
    assert target.systems == ["processmaker3", "procesio"]
    assert urls(target.table("procesio")) == {key: PROCESIO[key] for key in ("proxy_url", "web_url")}
    with pytest.raises(KeyError):
        target.table("processmaker4")


def test_secrets_have_the_name_of_their_variable_or_a_derived_one() -> None:
    target = read(
        {"STAGING_PASSWORD": SECRET},
        processmaker3={
            **PM3,
            "password": "${STAGING_PASSWORD}",
            "users": {"outsider": {"username": "u", "password": "outsider-password"}},
        },
        processmaker4=PM4,
        procesio=PROCESIO,
    )
    assert target.secrets() == {
        "STAGING_PASSWORD": SECRET,
        "PM3_CLIENT_SECRET": "client-secret-value",
        "PM3_OUTSIDER_PASSWORD": "outsider-password",
        "PM4_TOKEN": "token-value",
        "PROCESIO_PASSWORD": "procesio-password",
        "PROCESIO_KEY_VALUE": "key-value",
    }
    assert target.placeholders()["processmaker3", "password"] == "STAGING_PASSWORD"


def test_a_script_for_one_system_has_no_secret_of_another() -> None:
    network = {"proxy": "http://proxy:1/", "headers": {"X-Key": "header-value"}}
    target = read(
        {"STAGING_PASSWORD": SECRET},
        processmaker3={**PM3, "password": "${STAGING_PASSWORD}"},
        processmaker4=PM4,
        procesio={**PROCESIO, "password": "${STAGING_PASSWORD}"},
        network=network,
    )
    names = {*target.placeholders().values(), "PM3_ACCESS_TOKEN", "PM4_ACCESS_TOKEN", "TOKEN_3"}
    known = target.placeholders_of("processmaker3", names)
    header = target.placeholders()["network", "headers", "X-Key"]
    assert known == {"STAGING_PASSWORD", "PM3_CLIENT_SECRET", "PM3_ACCESS_TOKEN", "TOKEN_3", header}


def test_a_variable_that_ends_in_a_request_body_is_a_secret() -> None:
    bodies = {"createCredential": {"auth": ["${DB_PASSWORD}"], "kind": "db"}}
    target = read({"DB_PASSWORD": SECRET}, procesio={**PROCESIO, "bodies": bodies})
    assert target.table("procesio").bodies == {"createCredential": {"auth": [SECRET], "kind": "db"}}
    assert target.secrets()["DB_PASSWORD"] == SECRET
    assert SECRET not in repr(target)


def test_two_values_never_share_a_placeholder() -> None:
    target = read(
        {"PM3_PASSWORD": "elsewhere"}, processmaker3={**PM3, "client_secret": "${PM3_PASSWORD}", "password": SECRET}
    )
    assert target.secrets() == {"PM3_PASSWORD": "elsewhere", "PM3_PASSWORD_2": SECRET}


def test_a_secret_can_be_in_a_file_next_to_the_target_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n", encoding="utf-8")
    given = {key: value for key, value in PM3.items() if key != "password"}
    target = read(base=tmp_path, processmaker3={**given, "password_file": "password"})
    table = target.table("processmaker3")
    assert isinstance(table, ProcessMaker3)
    assert table.password is not None
    assert table.password.get_secret_value() == SECRET
    assert target.secrets()["PM3_PASSWORD"] == SECRET


def test_secrets_are_in_no_representation() -> None:
    target = read(processmaker3=PM3, network={"proxy": f"http://u:{SECRET}@proxy:3128", "headers": {"X-A": SECRET}})
    for shown in (repr(target), str(target), str(target.model_dump()), target.model_dump_json()):
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("1h1m1s", 3661), ("45", 45), (0.5, 0.5)]
)
def test_duration_is_parsed(text: object, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("case", True), ("paused_case", False), ("username", True), ("users.outsider", True), ("users.cases", False),
        ("users.outsider.client_id", True), ("users.*.client_id", True), ("users.cases.client_id", False),
        ("nothing", False), ("nothing.at_all", False),
    ],
)  # fmt: skip
def test_page_lists_what_a_table_provides(key: str, given: bool) -> None:
    outsider = {"username": "clerk", "password": "p", "client_id": "c", "client_secret": "s"}
    table = read(processmaker3={**PM3, "users": {"outsider": outsider}, "fixtures": {"case": "c1"}}).table(
        "processmaker3"
    )
    assert table.gives(key) is given
    assert table.missing([key]) == ([] if given else [key])


def test_message_says_where_a_key_belongs() -> None:
    table = read(processmaker3=PM3).table("processmaker3")
    assert table.place("username") == "[processmaker3] username"
    assert table.place("case") == "[processmaker3.fixtures] case"
    assert table.place("users.outsider") == "[processmaker3.users.outsider]"


RUNNING: dict[str, Any] = {"app_status": "TO_DO", "current_task": [{"tas_uid": "1"}]}
OVER: dict[str, Any] = {"app_status": "COMPLETED", "current_task": []}


@pytest.mark.parametrize(
    ("key", "bodies", "told"),
    [
        ("completed_case", {"completed_case": RUNNING, "case": RUNNING}, "shows a current task, and the app_status of"),
        ("case", {"case": OVER, "completed_case": OVER}, "shows no current task, and the app_status of completed_case"),
        ("case", {"case": [OVER], "canceled_case": {"data": OVER}}, "shows no current task"),
        ("completed_case", {"completed_case": OVER, "case": RUNNING}, ""),
        # one of the two alone may be a defect of the server
        ("completed_case", {"completed_case": {**OVER, "app_status": "TO_DO"}, "case": RUNNING}, ""),
        ("completed_case", {"completed_case": {**RUNNING, "app_status": "DONE"}, "case": RUNNING}, ""),
        ("case", {"case": {**RUNNING, "current_task": []}, "completed_case": OVER}, ""),
        ("case", {"case": OVER, "completed_case": RUNNING}, ""),
        ("case", {"case": {}, "completed_case": OVER}, ""),
        ("paused_case", {"paused_case": RUNNING, "case": RUNNING}, ""),
    ],
)
def test_a_case_in_another_state_shows_by_its_status_and_its_task(key: str, bodies: dict[str, Any], told: str) -> None:
    found = read(processmaker3=PM3).table("processmaker3").misfit(key, bodies.get)
    assert found.startswith(told)
    assert bool(found) == bool(told)
