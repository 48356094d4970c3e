"""Exchanges: reads the exchanges that a report cites from `exchanges.ndjson`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from conformance.core import input_files
from conformance.core.run_directory import RunDirectory
from conformance.report import escape

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path
    from typing import TextIO


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SentRequest(_Frozen):
    """The sent request, redacted; the body as text, and in `body_base64` as sent if it is no UTF-8."""

    method: str
    url: str
    headers: list[tuple[str, str]] = []
    body: str = ""
    body_base64: str = ""


class ReceivedResponse(_Frozen):
    """The received response, redacted; the body as text, possibly truncated."""

    status: int
    headers: list[tuple[str, str]] = []
    body: str = ""
    truncated: bool = False


class CitedExchange(_Frozen):
    """One line of the file: a request and its response, or in `error` why there was none."""

    id: str
    operation: str = ""
    user: str = ""
    request: SentRequest
    response: ReceivedResponse | None = None
    error: str | None = None
    seconds: float = 0.0

    def text(self) -> str:
        """The exchange in HTTP notation: request, empty line, response; control characters as codes."""
        asked = [f"{self.request.method} {self.request.url}", *_headers(self.request.headers)]
        parts = ["\n".join(asked)]
        if self.request.body:
            parts.append(self.request.body)
        if self.response is None:
            parts.append(f"--- no response within {self.seconds:.3f} s: {self.error or 'unknown cause'}")
        else:
            answered = [f"--- response after {self.seconds:.3f} s", f"HTTP {self.response.status}"]
            parts.append("\n".join([*answered, *_headers(self.response.headers)]))
            if self.response.body:
                parts.append(self.response.body)
            if self.response.truncated:
                parts.append("--- the rest of the body was not kept")
        return escape.block("\n\n".join(parts)) + "\n"


def _headers(headers: list[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


def _opened(run_directory: Path) -> TextIO:
    path = RunDirectory(run_directory).exchanges
    return open(path, encoding="utf-8", errors="replace", opener=input_files.without_waiting)


def read_all(run_directory: Path) -> list[CitedExchange]:
    """Every exchange of a run, in the order of its file; unreadable lines are ignored."""
    found: list[CitedExchange] = []
    try:
        file = _opened(run_directory)
    except OSError:
        return found
    with file:
        for text in file:
            with contextlib.suppress(ValidationError):
                found.append(CitedExchange.model_validate_json(text))
    return found


def read(run_directory: Path, wanted: Collection[str]) -> dict[str, CitedExchange]:
    """The exchanges with the ids `wanted`, by id. Reads line by line, so that a large file needs little memory.

    An id without a line, a truncated line and a missing file are no errors: the report of an interrupted run must still
    be written.
    """
    found: dict[str, CitedExchange] = {}
    missing = set(wanted)
    try:
        file = _opened(run_directory)
    except OSError:
        return found
    with file:
        for text in file:
            if not missing:
                break
            try:
                exchange = CitedExchange.model_validate_json(text)
            except ValidationError:
                continue
            if exchange.id in missing:
                missing.discard(exchange.id)
                found[exchange.id] = exchange
    return found
