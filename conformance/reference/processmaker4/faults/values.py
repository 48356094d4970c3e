"""The faults of the ProcessMaker 4 reference in request data of other types than text, and of other letters."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import edit_json, fault, response_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.faults import Headers
    from conformance.reference.processmaker4.server import ProcessMaker4

SYSTEM: Final = "processmaker4"
_START: Final = r"/api/1\.0/process_events/[^/]+"


def _members(name: str, words: str, kept: Callable[[Any], bool]) -> None:
    """Register the fault that drops the members whose value is not kept."""

    def apply(ref: ProcessMaker4) -> None:
        def drop(response: Any) -> Any:
            return {**response, "data": {member: value for member, value in response["data"].items() if kept(value)}}

        ref.wrap(response_fault("POST", _START, 201, edit_json(drop)))

    fault(name, SYSTEM, words)(apply)


_members(
    "pm4-data-nested-dropped", "drops lists and objects in request data", lambda item: not isinstance(item, dict | list)
)
_members("pm4-data-zero-dropped", "drops zero and false in request data", bool)
_members("pm4-data-texts-only", "drops what is no text in request data", lambda item: isinstance(item, str))


@fault("pm4-data-texts-cut", SYSTEM, "cuts texts in request data after 255 characters")
def data_texts_cut(ref: ProcessMaker4) -> None:
    """As a short column of a database does."""

    def edit(response: Any) -> Any:
        cut = {name: value[:255] if isinstance(value, str) else value for name, value in response["data"].items()}
        return {**response, "data": cut}

    ref.wrap(response_fault("POST", _START, 201, edit_json(edit)))


@fault("pm4-process-id-cast", SYSTEM, "starts the process of the digits with which an identifier begins")
def process_id_cast(ref: ProcessMaker4) -> None:
    """Cast the identifier to a number."""

    class Cast(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            digits = re.match(r"\d+", key)
            return super().get(digits[0] if digits else key, default)

    ref.processes = Cast(ref.processes)


@fault("pm4-data-ascii-only", SYSTEM, "keeps letters of request data only as far as they are ASCII")
def data_ascii_only(ref: ProcessMaker4) -> None:
    """Replace the others."""

    def plain(value: Any) -> Any:
        return value.encode("ascii", "replace").decode() if isinstance(value, str) else value

    def edit(response: Any) -> Any:
        return {**response, "data": {member: plain(value) for member, value in response["data"].items()}}

    ref.wrap(response_fault("POST", _START, 201, edit_json(edit)))


@fault("pm4-unknown-process-empty-refusal", SYSTEM, "refuses an unknown process without saying why: the body is empty")
def unknown_process_empty_refusal(ref: ProcessMaker4) -> None:
    """Leave the body of 404 out."""

    def empty(status: int, headers: Headers, _: bytes) -> tuple[int, Headers, bytes]:
        return status, [pair for pair in headers if pair[0] != "content-type"], b""

    ref.wrap(response_fault("POST", _START, 404, empty))


@fault("pm4-data-leaks", SYSTEM, "adds the data of earlier Requests to those of a new one")
def data_leaks(ref: ProcessMaker4) -> None:
    """Collect the data of all Requests in one place."""
    collected: dict[str, Any] = {}

    def together(response: Any) -> Any:
        collected.update(response["data"])
        return {**response, "data": dict(collected)}

    ref.wrap(response_fault("POST", _START, 201, edit_json(together)))


@fault("pm4-data-digits-as-numbers", SYSTEM, "turns texts of digits in request data into numbers")
def data_digits_as_numbers(ref: ProcessMaker4) -> None:
    """Lose leading zeros."""

    def cast(value: Any) -> Any:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    def edit(response: Any) -> Any:
        return {**response, "data": {member: cast(value) for member, value in response["data"].items()}}

    ref.wrap(response_fault("POST", _START, 201, edit_json(edit)))


@fault("pm4-data-depth-limited", SYSTEM, "drops request data below the second level")
def data_depth_limited(ref: ProcessMaker4) -> None:
    """Cut off what is deeper."""

    def cut(value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return {name: cut(inner, depth - 1) for name, inner in value.items()} if depth else {}
        return value

    ref.wrap(
        response_fault("POST", _START, 201, edit_json(lambda response: {**response, "data": cut(response["data"], 3)}))
    )


@fault("pm4-data-lists-of-two", SYSTEM, "keeps the first two items of a list in request data")
def data_lists_of_two(ref: ProcessMaker4) -> None:
    """Cut lists off."""

    def edit(response: Any) -> Any:
        data = {name: value[:2] if isinstance(value, list) else value for name, value in response["data"].items()}
        return {**response, "data": data}

    ref.wrap(response_fault("POST", _START, 201, edit_json(edit)))


@fault("pm4-form-without-token", SYSTEM, "starts a Request for callers without a token, if the body is labelled a form")
def form_without_token(ref: ProcessMaker4) -> None:
    """Leave another way in open."""
    form: ContextVar[bool] = ContextVar("form", default=False)
    usual = ref.token_accepted
    ref.token_accepted = lambda token: usual(token) or (token is None and form.get())

    def wrap(app: ASGIApp) -> ASGIApp:
        async def open_to_forms(scope: Scope, receive: Receive, send: Send) -> None:
            form.set(b"form" in dict(scope["headers"]).get(b"content-type", b""))
            await app(scope, receive, send)

        return open_to_forms

    ref.wrap(wrap)
