"""The command survives a target that misbehaves: it ends, reports it by its code, keeps its record and its secrets."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Outcome, Reason
from conformance.engine.requester import MAX_LOST
from conformance.reference import Reference
from conformance.reference.procesio.server import Procesio
from conformance.reference.processmaker3.server import ProcessMaker3
from conformance.spec.specification import SYSTEMS
from conformance.wire.retry import RETRIES
from tests.runs.support import Run, run, served
from tests.safety.leaks import leaks

from . import misbehaviours  # noqa: F401 - registers them
from .certificates import secured
from .server import Hostile

pytestmark = pytest.mark.matrix  # whole runs, one after the other: not in the quick command

LONGEST: Final = 90.0  # seconds of a run on a busy machine; one that is not bounded takes longer
SECRET: Final = re.compile(r'^(?:access_token|password|client_secret|value) = "(.+)"$', re.MULTILINE)


def met(
    system: str,
    name: str,
    directory: Path,
    *,
    timeout: float = 0.5,
    only: Collection[str] = (),
    certificate: str = "",
) -> tuple[Run, Hostile]:
    """Run everything (or the tests whose names hold one of `only`) against a server that misbehaves in the way `name`.

    Whatever it is, the run ends in time and in order, with a whole record and without a secret in what it writes.
    """
    with ExitStack() as stack:
        reference, toml = stack.enter_context(served(system))
        elsewhere = stack.enter_context(Hostile("empty_reply"))
        url = re.search(r'^(?:web_)?url = "(.+)"$', toml, re.MULTILINE)
        assert url is not None
        tls, trusted = secured(certificate, directory) if certificate else (None, None)
        server = stack.enter_context(Hostile(name, upstream=url[1], elsewhere=elsewhere.url, tls=tls))
        toml = toml.replace(url[1], server.url).replace("[limits]", f"[limits]\nrequest_timeout = {timeout}")
        toml += f'\n[network]\nca_file = "{trusted}"\n' if trusted else ""
        target = directory / "target.toml"
        target.write_text(toml.replace('level = "disposable"', 'level = "owned"'))
        began = time.monotonic()
        selection = ["-k", " or ".join(only)] if only else []
        result = run(target, directory / "run", "--system", system, "--max-examples", "2", pytest_args=selection)
        seconds = time.monotonic() - began
        secrets = [*SECRET.findall(toml), *handed_out(reference)]
    assert elsewhere.asked == []
    assert seconds < LONGEST
    message = (directory / "run" / "run.json").read_text(encoding="utf-8")
    assert result.code == result.record.exit_code
    assert result.code in (exit_codes.OK, exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE), result.record.problems
    for text in (result.printed, message):
        assert "Traceback" not in text
        assert "Error:" not in text.replace("ProtocolError:", "").replace("ReadError:", "")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", result.printed)
    assert result.record.verdicts
    assert secrets
    assert leaks(directory / "run", secrets) == []
    assert not [secret for secret in secrets if secret in result.printed]
    return result, server


def handed_out(reference: Reference) -> list[str]:
    """The tokens that a reference gave."""
    match reference:
        case ProcessMaker3():
            return list(reference.accounts.tokens)
        case Procesio():
            return list(reference.tokens)
    return []


UNAVAILABLE: Final = (
    "closes_at_once",
    "says_nothing",
    "empty_reply",
    "slow_headers",
    "dripping_body",
    "resets_in_the_middle",
    "promises_more_than_it_sends",
    "two_lengths",
    "no_http",
    "busy_for_hours",
    "busy_without_saying_how_long",
    "redirects_to_itself",
    "redirects_elsewhere",
    "html_page",
)
CONTRADICTING: Final = (
    "promises_less_than_it_sends",
    "endless_body",
    "fifty_megabytes",
    "gzip_bomb",
    "not_gzip",
    "hundred_thousand_deep",
    "nine_hundred_deep",
    "invalid_utf8",
    "unknown_charset",
    "headers_twice",
    "not_a_number",
    "fails_now_and_then",
)
ECHOING: Final = ("echo", "echo_as_kind", "echo_long_text")
HUGE: Final = ("endless_body", "fifty_megabytes", "gzip_bomb")


@pytest.mark.parametrize("name", UNAVAILABLE)
def test_unusable_server_is_reported_as_unavailable(name: str, tmp_path: Path) -> None:
    result, server = met("processmaker4", name, tmp_path)
    assert (result.code, result.record.complete) == (exit_codes.UNAVAILABLE, False)
    assert len(result.record.problems) == 1
    assert len(server.asked) <= 6
    reasons = {verdict.reason for verdict in result.record.verdicts if verdict.outcome is Outcome.NOT_EXERCISED}
    assert Reason.TARGET_UNAVAILABLE in reasons


def test_server_that_is_always_busy_gets_each_of_five_requests_four_times(tmp_path: Path) -> None:
    result, server = met("processmaker4", "busy_for_ever", tmp_path)
    assert (result.code, result.record.complete) == (exit_codes.UNAVAILABLE, False)
    assert len(server.asked) <= 5 * (1 + RETRIES)


@pytest.mark.parametrize("name", CONTRADICTING)
def test_response_that_contradicts_a_document_is_a_deviation(name: str, tmp_path: Path) -> None:
    result, _ = met("processmaker4", name, tmp_path, timeout=10 if name in HUGE else 0.5)
    assert (result.code, result.record.complete) == (exit_codes.DEVIATIONS, True)


@pytest.mark.parametrize("name", ECHOING)
@pytest.mark.parametrize("system", SYSTEMS)
def test_secrets_echoed_by_a_server_are_not_written(system: str, name: str, tmp_path: Path) -> None:
    result, server = met(system, name, tmp_path)
    assert result.record.deviations
    # 6 where the responses show no fixture of the target file
    assert result.code in (exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE)
    assert [asked for asked in server.asked if asked.shown]


def test_response_with_very_many_values_is_checked_in_time(tmp_path: Path) -> None:
    result, _ = met("processmaker4", "many_small_values", tmp_path, timeout=10, only=["test_request_data"])
    assert result.code == exit_codes.DEVIATIONS


@pytest.mark.parametrize("name", ["empty_reply", "html_page", "redirects_elsewhere", "busy_for_ever"])
def test_server_without_tokens_gets_no_other_requests(name: str, tmp_path: Path) -> None:
    result, server = met("processmaker3", name, tmp_path)
    assert (result.code, result.record.complete) == (exit_codes.UNAVAILABLE, False)
    assert "redential" not in result.record.problems[0]
    assert all(asked.for_token for asked in server.asked)


def test_server_that_dies_during_a_run_is_unavailable_and_its_leftovers_are_listed(tmp_path: Path) -> None:
    result, _ = met("processmaker3", "dies", tmp_path)
    assert (result.code, result.record.complete) == (exit_codes.UNAVAILABLE, False)
    assert len(result.record.leftovers) <= 2


def test_run_waits_for_a_busy_server(tmp_path: Path) -> None:
    result, server = met("processmaker3", "busy_for_a_while", tmp_path, only=["test_updates"])
    assert result.code == exit_codes.OK
    assert len([asked for asked in server.asked[:5] if asked.path == server.asked[2].path]) >= 2


@pytest.mark.parametrize(
    "name",
    [
        "nine_hundred_deep",
        "lone_surrogates",
        "scripts_and_control_sequences",
        "echo_as_kind",
    ],
)
def test_creation_stops_when_resources_cannot_be_found_again(name: str, tmp_path: Path) -> None:
    result, _ = met("processmaker3", name, tmp_path)
    assert result.code in (exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE)  # 6 where no response shows a fixture
    left = Counter(leftover.kind for leftover in result.record.leftovers)
    assert left["project"] > 0
    assert max(left.values()) <= MAX_LOST + 2  # an import and a generation make projects too


@pytest.mark.parametrize(
    "name",
    [
        "identifiers_of_dots",
        "identifiers_with_slashes",
        "identifiers_with_nul",
        "identifiers_with_a_query",
        "identifiers_of_100_kB",
    ],
)
def test_identifier_that_does_not_fit_a_path_is_never_requested(name: str, tmp_path: Path) -> None:
    result, server = met("processmaker3", name, tmp_path, only=["test_updates", "life"])
    assert result.code == exit_codes.DEVIATIONS
    assert not [asked.path for asked in server.asked if "%" in asked.path or ".." in asked.path]


@pytest.mark.parametrize("certificate", ["self-signed", "expired", "of another host"])
def test_server_with_an_invalid_certificate_receives_nothing(certificate: str, tmp_path: Path) -> None:
    result, server = met("processmaker4", "fine", tmp_path, certificate=certificate)
    assert (result.code, result.record.complete) == (exit_codes.UNAVAILABLE, False)
    assert "certificate" in result.record.problems[0]
    assert result.record.problems[0].endswith("set [network] ca_file to its authority.")
    assert server.asked == []


def test_server_with_a_trusted_certificate_is_tested(tmp_path: Path) -> None:
    result, _ = met("processmaker4", "fine", tmp_path, certificate="trusted")
    assert (result.code, result.record.complete) == (exit_codes.OK, True)


def test_a_redirect_to_plain_http_is_not_followed(tmp_path: Path) -> None:
    result, server = met("processmaker4", "redirects_elsewhere", tmp_path, certificate="trusted")
    assert server.url.startswith("https:")
    assert server.elsewhere.startswith("http:")
    assert result.code == exit_codes.UNAVAILABLE


def test_expired_token_is_renewed(tmp_path: Path) -> None:
    result, server = met(
        "processmaker3", "tokens_that_expire_after_five_requests", tmp_path, only=["test_updates", "life"]
    )
    assert result.code == exit_codes.OK
    assert len({asked.shown for asked in server.asked}) > 3


def test_outage_during_a_run_is_reported_as_unavailable(tmp_path: Path) -> None:
    result, server = met("processmaker3", "goes_away_and_comes_back", tmp_path, only=["test_updates", "life"])
    assert (result.code, result.record.complete) == (exit_codes.UNAVAILABLE, False)
    assert result.record.deviations == []
    assert len(server.asked) > 30
