"""Credentials that expire, are replaced, or are accepted for a part only: never a deviation or a missing operation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import Reason
from conformance.reference import Reference
from conformance.spec.specification import SYSTEMS

from . import fronts
from .liberty import tried
from .test_gateways import met, told, wrong

WITH_TOKENS: Final = ("processmaker3", "procesio")
ENDED: Final = [
    pytest.param(response, id=response.__name__) for response in (fronts.redirected_to_login, fronts.login_page)
]


@pytest.mark.parametrize("response", ENDED)
@pytest.mark.parametrize("system", SYSTEMS)
def test_session_that_expires_in_the_middle_ends_the_run(
    system: str, response: Callable[[], Any], tmp_path: Path
) -> None:
    # not between a deletion and its check
    requests = {"processmaker3": 176, "processmaker4": 6, "procesio": 156}[system]
    result, reference = met(system, fronts.after(requests, response), tmp_path)
    assert told(result) == []
    assert result.code == exit_codes.UNAVAILABLE
    if system != "processmaker4":  # which needs so few calls that a run ends before it gives up
        assert len(result.record.problems) == 1
    if response is fronts.redirected_to_login:
        details = {verdict.detail for verdict in result.record.verdicts if verdict.reason is Reason.TARGET_UNAVAILABLE}
        assert [detail for detail in details if fronts.LOGIN in detail]
    assert wrong(result, reference) == []
    assert len(result.record.leftovers) <= 3


@pytest.mark.parametrize("system", SYSTEMS)
def test_redirect_to_the_real_server_is_reported(system: str, tmp_path: Path) -> None:
    result, _ = met(system, fronts.in_front(fronts.elsewhere), tmp_path)
    assert (result.code, told(result), result.record.leftovers) == (exit_codes.UNAVAILABLE, [], [])
    assert ["redirects to https://pm.example.com: write that as [" in problem for problem in result.record.problems]
    assert result.record.requests <= 3


@pytest.mark.matrix  # with one session for each user, below, tokens end as well
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("system", WITH_TOKENS)
def test_expired_token_is_renewed_whatever_the_status_of_its_refusal(
    system: str, status: int, tmp_path: Path, plain: Callable[[str], set[str]]
) -> None:
    result, _ = met(system, fronts.tokens_end_after(40, status), tmp_path, level="disposable")
    assert (result.code, told(result), result.record.leftovers) == (exit_codes.OK, [], [])
    assert plain(system) - tried(result.record) == set()


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("system", "workers", "forbidden"),
    [(system, workers, forbidden) for system in WITH_TOKENS for workers in (1, 4) for forbidden in (True, False)],
)
def test_one_session_per_user_is_shared_by_all_workers(
    system: str, workers: int, forbidden: bool, tmp_path: Path, plain: Callable[[str], set[str]]
) -> None:
    def front(reference: Reference) -> None:
        fronts.one_session_per_user(reference)
        if forbidden:
            fronts.forbidden_for_unauthorized(reference)

    result, _ = met(system, front, tmp_path, "-n", str(workers), level="disposable")
    assert (result.code, told(result), result.record.leftovers) == (exit_codes.OK, [], [])
    assert plain(system) - tried(result.record) == set()
