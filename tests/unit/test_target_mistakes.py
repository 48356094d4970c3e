"""Mistakes in a target file: each is refused by its place with what is right, all at once, and without a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.target.target import TargetError, duration, load
from tests.unit.target_tables import PM3, PM4, SECRET, read, refusal


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pasword": SECRET}, "processmaker3.pasword: is an unknown key; did you mean password?"),
        ({"users": {"outsidr": {}}}, "processmaker3.users.outsidr: is an unknown key; did you mean outsider?"),
        ({"fixtures": {"cas": "1"}}, "processmaker3.fixtures.cas: is an unknown key; did you mean case?"),
        ({"user": "admin"}, "processmaker3.user: is an unknown key; did you mean username?"),
        ({"username_file": "f"}, "processmaker3.username_file: is an unknown key;"),
        ({"password_file": "f"}, "processmaker3.password_file: conflicts with password; remove one of them."),
        ({"password": ""}, "processmaker3.password: is empty;"),
        ({"password": 5}, "processmaker3.password: must be text in quotes."),
        ({"users": "admin"}, "processmaker3.users: is not a table; write it as [processmaker3.users]"),
        (
            {"accommodations": {}},
            "processmaker3.accommodations: is not a list of tables; write each as [[processmaker3.acc",
        ),
        ({"unsupported": ["processmaker3/case"]}, "did you mean processmaker3/cases?"),
        ({"password": "${NOT_THERE}"}, "processmaker3.password: needs the environment variable NOT_THERE, which is"),
        (
            {"users": {"cases": {"username": "u", "password": SECRET, "client_id": "c"}}},
            "processmaker3.users.cases: has only one of client_id and client_secret; add the other, or remove it.",
        ),
    ],
)
def test_invalid_key_or_value_is_reported_with_advice(change: dict[str, Any], told: str) -> None:
    message = refusal(processmaker3={**PM3, **change})
    assert message.startswith("t.toml: processmaker3")
    assert told in message


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("127.0.0.1:8301", "'127.0.0.1:8301' is not an http or https URL with a host"),
        ("ftp://host", "'ftp://host' is not an http or https URL with a host"),
        ("http://", "'http://' is not an http or https URL with a host"),
        ("http://ho st", "'http://ho st' is not an http or https URL with a host"),
        ("http://host:port", "'http://host:port' is not an http or https URL with a host"),
        (f"http://admin:{SECRET}@host", "contains a user name or password"),
        ("http://host/?a=b", "'http://host/?a=b' contains a query or fragment"),
        ("http://host/#top", "'http://host/#top' contains a query or fragment"),
        ("http://host/ü", "'http://host/ü' has 'ü' in its path"),
        ("http://host/%zz", "'http://host/%zz' has '%zz' in its path"),
        ("http://host/{x}", "'http://host/{x}' has '{x}' in its path"),
        ("http://host/a%2Fb", "'http://host/a%2Fb' has 'a%2Fb' in its path"),
        ("http://host/a;b", "'http://host/a;b' has 'a;b' in its path"),
        ("http://host/a/../b", "'http://host/a/../b' has a path with '.', '..'"),
        ("http://host/a/%2e%2E/b", "'http://host/a/%2e%2E/b' has a path with '.', '..'"),
        ("http://host//", "'http://host//' has a path with '.', '..' or an empty segment"),
        ("http://host/a//b", "'http://host/a//b' has a path with '.', '..' or an empty segment"),
        ("http://a..b", "'http://a..b' has the host 'a..b', which is not a host name"),
        ("http://" + "a" * 300, f"'http://{'a' * 70}...' has the host"),
        (f"http://{'a' * 64}.de", f"'http://{'a' * 64}.de' has the host '{'a' * 64}.de', which is not a host name"),
        ("http://-a.example", "'http://-a.example' has the host '-a.example', which is not a host name"),
        ("http://xn--", "'http://xn--' has the host 'xn--', which is not a host name"),
        (
            "http://a\u0378.de",
            "'http://a\\u0378.de' has the host 'a\\u0378.de', which is not an internationalised name",
        ),
        ("http://127.1", "'http://127.1' has the host '127.1', which is not an IP address"),
        ("http://[::1", "'http://[::1' is not an http or https URL with a host"),
        ("http://ho\x01st", "'http://ho\\x01st' is not an http or https URL with a host"),
        ("http://host/a\x7f", "'http://host/a\\x7f' is not an http or https URL with a host"),
        ("http://host/api/1.0/", "'http://host/api/1.0/' already contains /api/1.0"),
    ],
)
def test_invalid_url_is_rejected(url: str, told: str) -> None:
    assert f"t.toml: processmaker3.url: {told}" in refusal(processmaker3={**PM3, "url": url})


@pytest.mark.parametrize("workspace", ["workflow/", "a/b", "..", "a%2Fb", "a?b", "a;b", " workflow", "work\nflow"])
def test_a_workspace_that_would_change_the_path_is_refused(workspace: str) -> None:
    message = refusal(processmaker3={**PM3, "workspace": workspace})
    assert message.startswith(f"t.toml: processmaker3.workspace: {workspace!r} cannot be a part of a path; write it")


@pytest.mark.parametrize(
    ("process", "told"),
    [
        ("seven", "is 'seven'; must be a whole number."),
        (7.5, "is 7.5; must be a whole number."),
        ([7], "must be a whole number."),
        (-7, "is -7; must be greater than 0."),
        (True, "is true; write a number."),
    ],
)
def test_a_value_of_a_wrong_type_is_repeated_with_what_is_right(process: object, told: str) -> None:
    assert refusal(processmaker4={**PM4, "process_id": process}) == f"t.toml: processmaker4.process_id: {told}"


@pytest.mark.parametrize("written", ["$PM4_TOKEN", "%PM4_TOKEN%"])
def test_a_variable_in_the_form_of_another_tool_is_refused(written: str) -> None:
    message = refusal(processmaker4={**PM4, "access_token": written})
    assert message.startswith("t.toml: processmaker4.access_token: looks like an environment variable")
    assert "write ${PM4_TOKEN}, or" in message
    assert read(processmaker4={**PM4, "access_token": "$ecret_value"}).secrets() == {"PM4_TOKEN": "$ecret_value"}


def test_a_variable_that_is_empty_is_named() -> None:
    message = refusal(env={"CI_TOKEN": ""}, processmaker4={**PM4, "access_token": "${CI_TOKEN}"})
    assert "processmaker4.access_token: the environment variable CI_TOKEN is empty; set it" in message


def test_a_secret_with_a_line_break_at_its_end_is_refused() -> None:
    """As a Kubernetes secret has it that was made with `echo`: no server would accept it."""
    message = refusal(env={"PASSWORD": f"{SECRET}\n"}, processmaker3={**PM3, "password": "${PASSWORD}"})
    assert message == "t.toml: processmaker3.password: ends with a line break; remove it."


def test_every_missing_key_is_reported_at_once() -> None:
    message = refusal(processmaker4={"access_token": "t"})
    assert message.splitlines() == [
        "t.toml: processmaker4.url: is missing; add url = … under [processmaker4].",
        "t.toml: processmaker4.process_id: is missing; add process_id = … under [processmaker4].",
    ]


def test_every_variable_that_is_not_set_is_reported_at_once() -> None:
    message = refusal(
        env={"SET": "1"}, processmaker4={**PM4, "access_token": "${A}", "request_data": {"a": ["${SET}${B}"]}}
    )
    assert message.splitlines() == [
        "t.toml: processmaker4.access_token: needs the environment variable A, which is not set; set it.",
        "t.toml: processmaker4.request_data.a.0: needs the environment variable B, which is not set; set it.",
    ]


def test_missing_key_of_a_list_entry_is_reported_with_the_list_header() -> None:
    entries = [{"operation": "startRequest", "reason": "r", "method": "PUT"}, {"operation": "startRequest"}]
    assert refusal(processmaker4={**PM4, "accommodations": entries}) == (
        "t.toml: processmaker4.accommodations.1.reason: is missing; "
        "add reason = … under [[processmaker4.accommodations]], number 2."
    )


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({}, "t.toml: has no system; add a table [processmaker3]"),
        (
            {"processmaker": PM3},
            "t.toml: processmaker: is an unknown key; did you mean processmaker3 or processmaker4?",
        ),
        ({"safty": "owned"}, "t.toml: safty: is an unknown key; did you mean safety?"),
        ({"settle": -1}, "t.toml: settle: is -1; must be a number from 0 to 86400"),
        ({"settle": float("nan")}, "t.toml: settle: is not a finite number"),
        ({"limits": {"time_budget": "soon"}}, "t.toml: limits.time_budget: 'soon' is not a duration"),
        ({"limits": {"in_flight": 0}}, "t.toml: limits.in_flight: is 0; must be a number from 1 to 1000000000"),
        ({"limits": {"request_timeout": 1e308}}, "t.toml: limits.request_timeout: is 1e+308; must be a number from"),
        ({"limits": {"requests_per_second": 1e-300}}, "t.toml: limits.requests_per_second: is 1e-300; must be a"),
        ({"limits": {"executions": 10**12}}, "t.toml: limits.executions: is 1e+12; must be a number from 0 to"),
        ({"limits": {"open_resources": -1}}, "t.toml: limits.open_resources: is -1; must be a number from 0 to"),
        ({"limits": {"time_budget": "9999999h"}}, "t.toml: limits.time_budget: '9999999h' is not a duration"),
        ({"settle": 1e9}, "t.toml: settle: is 1e+09; must be a number from 0 to 86400"),
        ({"network": {"headers": {"Host": "a"}}}, "t.toml: network.headers: has Host, which is always the host of the"),
        ({"network": {"headers": {"Content-Length": "5"}}}, "t.toml: network.headers: has Content-Length, which the"),
        ({"network": {"headers": {"transfer-encoding": "a"}}}, "t.toml: network.headers: has transfer-encoding, which"),
        ({"network": {"headers": {"TE": "trailers"}}}, "t.toml: network.headers: has TE, which the suite or the"),
        ({"network": {"headers": {"Authorization": "x"}}}, "t.toml: network.headers: has Authorization, which the"),
        (
            {"network": {"cert_file": "a"}},
            "t.toml: network.cert_file: is an unknown key; here it is called client_cert.",
        ),
        ({"network": {"key_file": "a"}}, "t.toml: network.key_file: is an unknown key; here it is called client_key."),
        ({"network": {"client_key": __file__}}, "t.toml: network: has a key but no client_cert"),
        (
            {"safety": {"level": "reckless"}},
            "t.toml: safety.level: is 'reckless'; must be 'read-only', 'owned' or 'disposable'.",
        ),
        ({"network": {"ca_file": "absent.pem"}}, "t.toml: network.ca_file: no such file"),
        ({"network": {"proxy": SECRET}}, "t.toml: network.proxy: is not an http or https URL"),
        ({"network": {"headers": {"X-A": f"{SECRET}\n"}}}, "t.toml: network.headers.X-A: ends with a line break"),
        ({"network": {"headers": {"X-A": f"{SECRET}\u00e4"}}}, "t.toml: network.headers.X-A: has a character"),
        ({"network": {"verify": "perhaps"}}, "t.toml: network.verify: is 'perhaps'; must be true or false."),
        ({"limits": {"in_flight": "four"}}, "t.toml: limits.in_flight: is 'four'; must be a whole number."),
        ({"limits": {"request_timeout": "30s"}}, "t.toml: limits.request_timeout: is '30s'; must be a number."),
        ({"network": {"headers": {"X A": "a"}}}, "t.toml: network.headers: has 'X A'"),
    ],
)
def test_errors_outside_the_systems_are_rejected(tables: dict[str, Any], told: str) -> None:
    system: dict[str, Any] = {} if not tables or "processmaker" in tables else {"processmaker4": PM4}
    assert told in refusal(**(system | tables))


def test_secret_in_place_of_a_path_is_not_repeated(tmp_path: Path) -> None:
    table = {key: value for key, value in PM3.items() if key != "password"}
    message = refusal(base=tmp_path, processmaker3={**table, "password_file": SECRET})
    assert "processmaker3.password_file: no such file" in message
    (tmp_path / "empty").write_text(" \n", encoding="utf-8")
    message = refusal(base=tmp_path, processmaker3={**table, "password_file": "empty"})
    assert "processmaker3.password_file: the file is empty" in message


def test_date_in_a_body_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('name = "t"\n[procesio]\npayload = { day = 2024-01-01 }\n', encoding="utf-8")
    with pytest.raises(TargetError, match=r"procesio\.payload\.day: is a TOML date or time"):
        load(path)


def test_invalid_toml_is_rejected_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('name = "t"\npassword = = 1\n', encoding="utf-8")
    with pytest.raises(TargetError, match=r"t\.toml: is not TOML: .*line 2"):
        load(path)
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(TargetError, match="is not UTF-8"):
        load(path)


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_unreadable_file_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(TargetError, match=r"cannot be read .*choose an existing target file"):
        load(tmp_path / name)


@pytest.mark.parametrize("text", ["", "soon", "-5m", "0s", "20 minutes", "5m1h", True, None])
def test_invalid_duration_is_rejected(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration(text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"users": {"cases": {"username": "Admin", "password": SECRET}}}, "the same username in users.cases as above"),
        (
            {"users": {value: {"username": "u", "password": SECRET} for value in ("cases", "outsider")}},
            "the same username in users.outsider and users.cases; they must be two users",
        ),
        ({"fixtures": {"case": "1", "paused_case": "1"}}, "has the same case in case and paused_case; name two cases"),
        ({"fixtures": {"case": "a/b"}}, "processmaker3.fixtures.case: 'a/b' cannot be a part of a path"),
        ({"access_token": "Bearer abc"}, 'access_token: begins with "Bearer", which the suite adds itself; remove it'),
        ({"case": "1"}, "processmaker3.case: is an unknown key; write it under [processmaker3.fixtures]."),
        ({"settle": 5}, "processmaker3.settle: is an unknown key; write it above all tables."),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_sent(change: dict[str, Any], told: str) -> None:
    assert told in refusal(processmaker3={**PM3, **change})
