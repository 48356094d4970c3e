"""A firewall's page, a status of a content network, a method or a size that a proxy refuses: none is a deviation."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

from conformance.core import exit_codes
from conformance.core.verdict import Reason

from .fronts import Front, in_front
from .test_gateways import met, told, wrong

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

REJECTED: Final = "<html><title>Request Rejected</title><body>Your support ID is {}</body></html>"
SIZE: Final = 3000  # bytes of a body that the proxy accepts


def now_and_then(status: int, every: int) -> Front:
    """Every n-th request gets a page with a number of its own."""
    requests = count(1)

    def choose(_: Scope) -> ASGIApp | None:
        number = next(requests)
        return HTMLResponse(REJECTED.format(number), status) if number % every == 0 else None

    return in_front(choose)


def without_methods(status: int) -> Front:
    """A proxy that passes only GET and POST."""
    return in_front(
        lambda scope: HTMLResponse("<html>Not here.</html>", status) if scope["method"] in ("PUT", "DELETE") else None
    )


def refused_by_size(response: Response) -> Front:
    """A proxy that refuses long bodies."""
    return in_front(lambda scope: response if int(dict(scope["headers"]).get(b"content-length", b"0")) > SIZE else None)


def in_matrix(system: str, *values: object, shown: bool = True) -> object:
    """A case that runs by default for the smallest system only, if it shows the same as others."""
    return pytest.param(system, *values, marks=[] if system == "processmaker4" and shown else [pytest.mark.matrix])


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("system", "status", "every"),
    [
        in_matrix(system, status, every, shown=status == 403)
        for system in ("processmaker3", "processmaker4", "procesio")
        for status, every in ((403, 20), (520, 10), (408, 10), (511, 15))
    ],
)
def test_error_page_that_does_not_repeat_is_attributed_to_a_gateway(
    system: str, status: int, every: int, tmp_path: Path
) -> None:
    every = min(every, 5) if system == "processmaker4" else every  # only a few requests are sent to it
    result, reference = met(system, now_and_then(status, every), tmp_path)
    assert told(result) == []
    assert wrong(result, reference) == []
    assert result.code in (exit_codes.OK, exit_codes.UNAVAILABLE)
    assert result.record.gateway
    assert status != 403 or result.code == exit_codes.OK  # a refused user may try again


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("system", "status"),
    [
        in_matrix(system, status, shown=status == 405)
        for system in ("processmaker3", "procesio")
        for status in (403, 405)
    ],
)
def test_method_refused_by_a_proxy_is_not_reported_as_missing(system: str, status: int, tmp_path: Path) -> None:
    result, _ = met(system, without_methods(status), tmp_path)
    assert told(result) == []
    assert result.code == exit_codes.UNAVAILABLE
    details = {verdict.detail for verdict in result.record.verdicts if verdict.reason is Reason.TARGET_UNAVAILABLE}
    assert any(f"DELETE is refused for every path, before the API: status {status}" in detail for detail in details)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("system", "response"),
    [
        in_matrix(system, response, shown=response.media_type == "text/html")
        for system in ("processmaker3", "procesio")
        for response in (HTMLResponse("<html>413</html>", 413), JSONResponse({"message": "Too large"}, 413))
    ],
)
def test_body_too_large_for_a_proxy_is_inconclusive(system: str, response: Response, tmp_path: Path) -> None:
    result, _ = met(system, refused_by_size(response), tmp_path)
    assert told(result) == []
    assert (result.code, result.record.leftovers) == (exit_codes.OK, [])
