"""The faults of the ProcessMaker 4 reference that hide: what is wrong looks at first sight like what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from conformance.reference.faults import edit_json, fault, response_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.faults import Headers
    from conformance.reference.processmaker4.server import ProcessMaker4

SYSTEM: Final = "processmaker4"
_START: Final = r"/api/1\.0/process_events/[^/]+"
_ERROR: Final = b'{"success": false, "error": "Unauthenticated."}'


def _details(ref: ProcessMaker4, change: Callable[[Any], Any]) -> None:
    """Change the contents of the response to a start."""
    ref.wrap(response_fault("POST", _START, 201, edit_json(change)))


@fault("pm4-data-names-only", SYSTEM, "returns the names of request data, without their values")
def data_names_only(ref: ProcessMaker4) -> None:
    """Leave the values out."""
    _details(ref, lambda response: {**response, "data": dict.fromkeys(response["data"])})


@fault("pm4-data-first-member", SYSTEM, "keeps the first member of the request data and drops the others")
def data_first_member(ref: ProcessMaker4) -> None:
    """Cut the others off."""
    _details(ref, lambda response: {**response, "data": dict(list(response["data"].items())[:1])})


@fault("pm4-data-values-exchanged", SYSTEM, "exchanges the values of request data")
def data_values_exchanged(ref: ProcessMaker4) -> None:
    """Every value is there, with the next name."""

    def exchanged(response: Any) -> Any:
        names, values = list(response["data"]), list(response["data"].values())
        return {**response, "data": dict(zip(names, values[1:] + values[:1], strict=True))}

    _details(ref, exchanged)


@fault("pm4-data-of-previous", SYSTEM, "returns the data of the previous Request")
def data_of_previous(ref: ProcessMaker4) -> None:
    """Lag behind by one."""
    kept: list[Any] = [{}]

    def late(response: Any) -> Any:
        kept.append(response["data"])
        return {**response, "data": kept[-2]}

    _details(ref, late)


@fault("pm4-start-tells-only-when", SYSTEM, "returns the same identifiers for every start, with a new time")
def start_tells_only_when(ref: ProcessMaker4) -> None:
    """Nothing but time stamps differs."""

    def same(response: Any) -> Any:
        now = ref.clock().isoformat()
        times = dict.fromkeys(("initiated_at", "created_at", "updated_at"), now)
        return {**response, "id": 1, "uuid": "0", **times}

    _details(ref, same)


@fault("pm4-second-start-joins", SYSTEM, "returns the running Request of the process instead of starting one")
def second_start_joins(ref: ProcessMaker4) -> None:
    """The first Request, and how long it took to find it."""
    running: dict[int, Any] = {}

    def join(response: Any) -> Any:
        first = running.setdefault(response["process_id"], response)
        same = {name: first[name] for name in ("id", "uuid", "created_at", "initiated_at", "status", "completed_at")}
        return {**response, **same, "updated_at": ref.clock().isoformat(), "response_time": ref.clock().microsecond}

    _details(ref, join)


@fault("pm4-path-echoed-only", SYSTEM, "starts the first process, but returns the path in the request")
def path_echoed_only(ref: ProcessMaker4) -> None:
    """Know one process under every number that is there, and tell of the path."""
    known = ref.processes
    ref.processes = dict.fromkeys(known, next(iter(known.values())))
    _details(ref, lambda response: {**response, "links": {"self": f"/api/1.0/process_events/{list(known)[-1]}"}})


@fault("pm4-wrong-token-guest", SYSTEM, "starts a Request as a guest if the token is wrong")
def wrong_token_guest(ref: ProcessMaker4) -> None:
    """Take every token, and tell of another user."""
    usual = ref.token_accepted
    ref.token_accepted = lambda token: token is not None or usual(token)
    _details(ref, lambda response: {**response, "user_id": 2})


@fault("pm4-token-beginning", SYSTEM, "compares only the first half of a token")
def token_beginning(ref: ProcessMaker4) -> None:
    """Accept what begins like the token."""
    token = ref.target({"url": ""}).get("access_token", "")
    usual = ref.token_accepted
    ref.token_accepted = lambda sent: usual(sent) or (len(sent or "") == len(token) and token[:15] == (sent or "")[:15])


@fault("pm4-refusal-in-success", SYSTEM, "returns 200 with an error to callers without a valid token")
def refusal_in_success(ref: ProcessMaker4) -> None:
    """The error is in the body alone."""

    def accepted(_: int, headers: Headers, __: bytes) -> tuple[int, Headers, bytes]:
        return 200, headers, _ERROR

    ref.wrap(response_fault("POST", _START, 401, accepted))


@fault("pm4-refusal-traced-only", SYSTEM, "refuses with a body that contains only a number and a time")
def refusal_traced_only(ref: ProcessMaker4) -> None:
    """Leave out why."""

    def bare(response: Any) -> Any:
        del response
        return {"error": {"traceId": str(uuid4()), "timestamp": ref.clock().isoformat()}}

    def refused(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return edit_json(bare)(status, headers, body) if status >= 400 else (status, headers, body)

    ref.wrap(response_fault("POST", ".*", None, refused))
