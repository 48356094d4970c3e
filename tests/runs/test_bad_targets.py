"""An unreachable target, or one that refuses the credentials: one clear message, exit code 6, and nothing changed."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason

from .support import run, served


def test_unreachable_server_is_reported_in_one_message(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        target = tmp_path / "target.toml"
        target.write_text(
            f'name = "nobody"\n[processmaker4]\nurl = "http://127.0.0.1:{port}"\naccess_token = "t"\nprocess_id = 7\n'
        )
        result = run(target, tmp_path / "run")
    assert result.code == exit_codes.UNAVAILABLE
    assert len(result.record.problems) == 1
    assert "no connection" in result.record.problems[0]
    assert "Traceback" not in result.printed
    assert not result.record.complete
    reasons = {verdict.reason for verdict in result.record.verdicts if verdict.outcome is Outcome.NOT_EXERCISED}
    lacking = {Reason.CLIENT_SIDE, Reason.UNDOCUMENTED_REQUEST, Reason.MISSING_FIXTURE}  # whatever server there is
    assert reasons == {Reason.TARGET_UNAVAILABLE, *lacking}


@pytest.mark.parametrize(
    ("system", "wrong"),
    [
        ("processmaker3", (r'password = "admin-password"', 'password = "nobody-knows-this"')),
        ("procesio", (r'password = "[^"]*"', 'password = "nobody-knows-this"')),
    ],
)
def test_wrong_credentials_are_reported_in_one_message_and_nothing_is_changed(
    system: str, wrong: tuple[str, str], tmp_path: Path
) -> None:
    with served(system) as (reference, toml):
        before = reference.snapshot()
        target = tmp_path / "target.toml"
        target.write_text(re.sub(*wrong, toml, count=1))
        result = run(target, tmp_path / "run")
        after = reference.snapshot()
    assert result.code == exit_codes.UNAVAILABLE
    assert after == before
    assert [problem for problem in result.record.problems if "refused the credentials" in problem]
    assert len(result.record.problems) == 1
    assert result.record.deviations == []
    assert "nobody-knows-this" not in result.printed
    assert "Traceback" not in result.printed


def test_unreachable_system_does_not_stop_the_tests_of_others(tmp_path: Path) -> None:
    with served("processmaker4") as (_, toml):
        target = tmp_path / "target.toml"
        away = (
            '[procesio]\nproxy_url = "http://127.0.0.1:9"\nweb_url = "http://127.0.0.1:9"\nrealm = "procesio01"\n'
            'username = "demo"\npassword = "a-long-password"\nclient_id = "procesio-ui"\n'
        )
        target.write_text(f"{toml}\n{away}")
        result = run(target, tmp_path / "run")
    outcomes = {verdict.requirement: verdict.outcome for verdict in result.record.verdicts}
    assert result.code == exit_codes.UNAVAILABLE
    assert outcomes["PM4-START-EMPTY-OBJECT"] is Outcome.CONFORMS
    assert outcomes["PRO-PROCESS-CREATE-LISTED"] is Outcome.NOT_EXERCISED


def test_unusable_token_is_reported_as_an_error_in_the_target_file(tmp_path: Path) -> None:
    with served("processmaker4") as (reference, toml):
        before = reference.snapshot()
        wrong = re.sub(r'access_token = "[^"]*"', 'access_token = "nobody-gave-this"', toml)
        assert wrong != toml
        (tmp_path / "target.toml").write_text(wrong)
        result = run(tmp_path / "target.toml", tmp_path / "run", "--max-examples", "1")
        assert reference.snapshot() == before
    assert (result.code, result.record.deviations) == (exit_codes.UNAVAILABLE, [])
    assert "access_token in the target file" in result.record.problems[0]
