"""ProcessMaker4: a reference server on which Requests can be started, and its faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import uuid4

from starlette.exceptions import HTTPException

from conformance.reference.answers import Answer, bearer_token, json_app, json_object, media_type, route, withdraw
from conformance.reference.base import Reference
from conformance.reference.faults import edit_json, fault, response_fault
from conformance.reference.processmaker4 import faults, liberal  # noqa: F401 - register faults and personality
from conformance.reference.processmaker4.oauth import (
    CLIENT_ID,
    CLIENT_SECRET,
    LOGINS,
    TOKEN_PATH,
    TokenServer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from conformance.reference.faults import Headers

    BodyRule = Callable[[str, dict[str, Any]], None]

SYSTEM: Final = "processmaker4"
ACCESS_TOKEN: Final = "reference-processmaker4-token"
PROCESS_ID: Final = 7
OTHER_PROCESS_ID: Final = 11
START: Final = "/api/1.0/process_events/{process_id}"
START_PATTERN: Final = r"/api/1\.0/process_events/[^/]+"
RUNNING_TIME: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Process:
    """A process that can be started; it has exactly one start event, so its number says all."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A started Request. Its state follows from the time."""

    id: int
    uuid: str
    process: Process
    data: dict[str, Any]
    started: datetime

    def status(self, at: datetime) -> str:
        """The state of the Request at the time `at`."""
        return "ACTIVE" if at < self.started + RUNNING_TIME else "COMPLETED"

    def details(self, at: datetime) -> dict[str, Any]:
        """The description of the Request in the response to the start."""
        started = self.started.isoformat(timespec="seconds")
        return {
            "id": self.id,
            "uuid": self.uuid,
            "process_id": self.process.id,
            "name": self.process.name,
            "status": self.status(at),
            "user_id": 1,
            "data": self.data,
            "initiated_at": started,
            "completed_at": None,
            "created_at": started,
            "updated_at": started,
        }


class ProcessMaker4(Reference):
    """The reference server of ProcessMaker 4.

    Two things are there for the faults: `token_accepted` judges what a request presents (None: nothing), and
    each of `body_rules` may refuse a body, given its media type and its data, by raising HTTPException.
    """

    system: ClassVar[str] = SYSTEM
    demonstrated: ClassVar[tuple[str, ...]] = ("pm4-data-dropped",)
    logins: ClassVar[Mapping[str, str]] = LOGINS

    def start(self) -> dict[str, ASGIApp]:
        """Make the two processes and the app."""
        known = (Process(PROCESS_ID, "Reference process"), Process(OTHER_PROCESS_ID, "Other process"))
        self.processes = {str(process.id): process for process in known}
        self.instances: list[Instance] = []
        self.token_accepted: Callable[[str | None], bool] = lambda token: token == ACCESS_TOKEN
        self.body_rules: list[BodyRule] = []
        self.app = json_app([route("POST", START, self._start_request, "start")])
        if not self.login:
            return {"url": self.app}
        self.oauth = TokenServer(self.clock)
        self.token_accepted = lambda token: self.oauth.accepts(token)
        return {"url": self.app, "token_url": json_app([route("POST", TOKEN_PATH, self.oauth.grant, "token")])}

    def target(self, urls: dict[str, str]) -> dict[str, Any]:
        """The table `[processmaker4]` of a target file for this server."""
        started = {"process_id": PROCESS_ID, "other_process_id": OTHER_PROCESS_ID}
        if not self.login:
            return {"url": urls["url"], "access_token": ACCESS_TOKEN, **started}
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        refresh = {"refresh_token": self.oauth.refresh_token} if self.login == "refresh-token" else {}
        return {"url": urls["url"], "token_url": urls["token_url"] + TOKEN_PATH, **client, **refresh, **started}

    def snapshot(self) -> dict[str, Any]:
        """The processes by id; no documented operation changes them."""
        return {"processes": {key: process.name for key, process in self.processes.items()}}

    def residue(self) -> dict[str, int]:
        """The number of Requests that were started, and of tokens where it gives any."""
        return {"requests": len(self.instances), **({"tokens": self.oauth.given} if self.login else {})}

    async def _start_request(self, request: Request) -> Answer:
        if not self.token_accepted(bearer_token(request)):
            raise HTTPException(401, "Unauthenticated: send a valid access token.", {"www-authenticate": "Bearer"})
        process = self.processes.get(request.path_params["process_id"])
        if process is None:
            raise HTTPException(404, "There is no process of this id.")
        data = await json_object(request)
        for rule in self.body_rules:
            rule(media_type(request), data)
        now = self.clock()
        instance = Instance(len(self.instances) + 1, str(uuid4()), process, data, now)
        self.instances.append(instance)
        return Answer(instance.details(now), 201)


@fault("pm4-start-without-token", SYSTEM, "starts a Request for callers without a token")
def start_without_token(ref: ProcessMaker4) -> None:
    """Accept requests without credentials."""
    usual = ref.token_accepted
    ref.token_accepted = lambda token: token is None or usual(token)


@fault("pm4-wrong-token-accepted", SYSTEM, "accepts any token")
def wrong_token_accepted(ref: ProcessMaker4) -> None:
    """Accept every token, but not its absence."""
    usual = ref.token_accepted
    ref.token_accepted = lambda token: token is not None or usual(token)


@fault("pm4-data-refused", SYSTEM, "refuses request data with 422")
def data_refused(ref: ProcessMaker4) -> None:
    """Refuse every object but the empty one."""

    def refuse(_: str, data: dict[str, Any]) -> None:
        if data:
            raise HTTPException(422, "Request data is not accepted.")

    ref.body_rules.append(refuse)


@fault("pm4-empty-object-refused", SYSTEM, "refuses the empty object with 422")
def empty_object_refused(ref: ProcessMaker4) -> None:
    """Refuse the empty object."""

    def refuse(_: str, data: dict[str, Any]) -> None:
        if not data:
            raise HTTPException(422, "Request data is required.")

    ref.body_rules.append(refuse)


@fault(
    "pm4-curl-form-refused", SYSTEM, "refuses JSON sent as application/x-www-form-urlencoded, as curl does, with 415"
)
def curl_form_refused(ref: ProcessMaker4) -> None:
    """Refuse bodies that are labelled as a form."""

    def refuse(label: str, _: dict[str, Any]) -> None:
        if label == "application/x-www-form-urlencoded":
            raise HTTPException(415, "A form is not accepted; send application/json.")

    ref.body_rules.append(refuse)


@fault("pm4-same-answer", SYSTEM, "returns the details of the first start for every start")
def same_answer(ref: ProcessMaker4) -> None:
    """Repeat the body of the first success."""
    bodies: list[bytes] = []

    def repeat(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        bodies.append(body)
        return status, headers, bodies[0]

    ref.wrap(response_fault("POST", START_PATTERN, 201, repeat))


@fault("pm4-empty-refusal", SYSTEM, "refuses without saying why: the body is empty")
def empty_refusal(ref: ProcessMaker4) -> None:
    """Leave the bodies of refusals out."""

    def empty(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        if status < 400:
            return status, headers, body
        return status, [pair for pair in headers if pair[0] != "content-type"], b""

    ref.wrap(response_fault("POST", ".*", None, empty))


@fault("pm4-start-html", SYSTEM, "returns an HTML page for a start")
def start_html(ref: ProcessMaker4) -> None:
    """Tell of a success in HTML."""

    def page(status: int, _: Headers, __: bytes) -> tuple[int, Headers, bytes]:
        return status, [("content-type", "text/html; charset=utf-8")], b"<html><body>Started</body></html>"

    ref.wrap(response_fault("POST", START_PATTERN, 201, page))


@fault("pm4-start-missing", SYSTEM, "does not have the operation: its path responds like a path that does not exist")
def start_missing(ref: ProcessMaker4) -> None:
    """Take the operation away."""
    withdraw(ref.app, "start")


@fault(
    "pm4-unknown-process-started", SYSTEM, "starts a Request for every process number, even if no such process exists"
)
def unknown_process_started(ref: ProcessMaker4) -> None:
    """Know a process of every number, and answer 405 to other identifiers as a router with a numeric route does."""

    class AnyNumber(dict[str, Process]):
        def get(self, key: str, default: Any = None) -> Any:
            if not key.isdigit():
                raise HTTPException(405, "Method Not Allowed")
            return super().get(key, default) or Process(int(key), "Some process")

    ref.processes = AnyNumber(ref.processes)


@fault(
    "pm4-same-answer-other-trace", SYSTEM, "returns the details of the first start for every start, with a new trace id"
)
def same_answer_other_trace(ref: ProcessMaker4) -> None:
    """Repeat the details, not the trace."""
    first: list[Any] = []

    def repeat(details: Any) -> Any:
        first.append(details)
        return {"traceId": str(uuid4()), "timestamp": ref.clock().isoformat(), **first[0]}

    ref.wrap(response_fault("POST", START_PATTERN, 201, edit_json(repeat)))


@fault("pm4-data-dropped", SYSTEM, "starts Requests without the data that was sent")
def data_dropped(ref: ProcessMaker4) -> None:
    """Tell of no data."""
    ref.wrap(response_fault("POST", START_PATTERN, 201, edit_json(lambda details: {**details, "data": {}})))


@fault("pm4-data-of-first", SYSTEM, "starts every Request with the data of the first one")
def data_of_first(ref: ProcessMaker4) -> None:
    """Tell of the first data."""

    def first(details: Any) -> Any:
        return {**details, "data": {"key1": "of the first", "key2": "of the first"}}

    ref.wrap(response_fault("POST", START_PATTERN, 201, edit_json(first)))


@fault("pm4-path-ignored", SYSTEM, "starts the first process, whatever the path names")
def path_ignored(ref: ProcessMaker4) -> None:
    """Know one process under every number that is there."""
    ref.processes = dict.fromkeys(ref.processes, ref.processes[str(PROCESS_ID)])


@fault("pm4-refusal-tells-nothing", SYSTEM, "refuses with an empty object")
def refusal_tells_nothing(ref: ProcessMaker4) -> None:
    """Leave out why."""

    def nothing(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return status, headers, body if status < 400 else b"{}"

    ref.wrap(response_fault("POST", ".*", None, nothing))
