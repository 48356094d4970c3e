"""One system of the target as a test sees it."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from conformance.core.exchange import Exchange
from conformance.engine.calls import Calls
from conformance.engine.fixtures import Fixtures
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.engine.requester import Requester
from conformance.engine.resources import Resource as Resource
from conformance.engine.resources import Resources
from conformance.spec.specification import Operation, Specification
from conformance.target.system_table import SystemTable
from conformance.target.target import Safety
from conformance.wire.client import Client, Credentials
from conformance.wire.ledger import Entry, Ledger
from conformance.wire.limits import Account


class Session:
    """Calls the operations of one system, on behalf of one test at a time, and removes at its end what they created.

    A test gets its session from the fixture of that name. A request is given by the id of its operation and by
    keywords: `path` holds the path parameters, `params`, `json`, `data` and `files` are as for httpx, `headers` more
    header fields. `user` sends it: the main user by default, a name of the target file, `NOBODY` or `WRONG`.

    >>> session
    <Session of processmaker3>
    """

    def __init__(
        self,
        table: SystemTable,
        client: Client,
        credentials: Credentials,
        ledger: Ledger,
        *,
        settle: float,
        safety: Safety,
        account: Account | None = None,
    ) -> None:
        self.table = table
        self.client = client
        self.credentials = credentials
        self.ledger = ledger
        self.requester = Requester(table, client, credentials, ledger, settle=settle, safety=safety)
        self.resources = Resources(self.requester, account or Account(), lambda *made: self.calls.make(*made))
        self.calls = Calls(self.requester, self.resources)

    def __repr__(self) -> str:
        return f"<Session of {self.table.system}>"

    @property
    def recorder(self) -> Recorder:
        """The recorder of the current test."""
        return self.requester.recorder

    @recorder.setter
    def recorder(self, recorder: Recorder) -> None:
        self.requester.recorder = recorder

    @property
    def settle(self) -> float:
        """How long a write may take to become visible, in seconds."""
        return self.requester.settle

    @settle.setter
    def settle(self, seconds: float) -> None:
        self.requester.settle = seconds

    @property
    def safety(self) -> Safety:
        """What the run may do to the target."""
        return self.requester.safety

    @safety.setter
    def safety(self, level: Safety) -> None:
        self.requester.safety = level

    @property
    def specification(self) -> Specification:
        """The spec and register of the system."""
        return self.requester.specification

    @property
    def fixtures(self) -> Fixtures:
        """What the target file names, and whether the server knows it."""
        return self.requester.fixtures

    @property
    def problem(self) -> str:
        """Why nothing more can be sent; empty as long as something can."""
        return self.requester.problem

    def operation(self, operation_id: str, *, documented: bool = False) -> Operation:
        """What the spec says about an operation: `method`, `path`, `effect` and more, as the target must be called.

        With `documented`, as its document has it, where an accommodation calls it in another form.

        Raises:
            LookupError: the system has no operation of that id.

        >>> session.operation("getProject").method
        'GET'
        """
        return self.requester.operation(operation_id, documented=documented)

    def send(self, operation_id: str, **request: Any) -> Exchange:
        """Send one request and record nothing about its response, but that a status of 500 or higher is a finding.

        Use it where a refusal is what the test expects, or is a control request. What is returned is a response of the
        API, never one of a gateway or a login page; where none arrived, its status is 0.

        Raises:
            NotExercised: the target is gone or refuses the credentials; a user is missing; the safety level, a limit or
                the target file forbids the request; or something in front of the API responded.
            Blocked: what it would act on is not there because of a deviation, which is recorded.
            RuntimeError: the test of the session has ended.
            LookupError: there is no such operation, or a parameter of its path is not given.

        >>> session.send("getProject", path={"prj_uid": "0" * 32}).response.refused
        True
        """
        return self.resources.send(self.requester.call_of(operation_id, **request))

    def call(self, operation_id: str, *, accepts: str = "", **request: Any) -> Exchange:
        """Make a documented call that must be accepted, and record whether its response is as documented.

        Status, content type and every documented field are checked, each for a separate requirement. `accepts` is
        the requirement that says that this very request is accepted; without it, a refusal contradicts the documented
        status.

        Raises:
            Blocked: it was not accepted; the deviation is recorded, and the test ends as blocked by it.
            NotExercised: as `send`; or no document gives the request that was refused; or there was no response.
            RuntimeError: as `send`.
            LookupError: as `send`.

        >>> session.call("listProjects").response.status
        200
        """
        return self.calls.make(self.requester.call_of(operation_id, **request), accepts)

    def create(self, operation_id: str, *, accepts: str = "", **request: Any) -> Resource:
        """Make a documented create, and find what it created.

        What is created is written to the ledger and removed at the end of the test, whatever comes of it.

        Raises:
            Blocked: as `call`; or what was created can be found nowhere, which is recorded.
            NotExercised: as `call`; or what was created cannot be distinguished from what existed.
            RuntimeError: as `send`.
            LookupError: as `send`.

        >>> project = session.create("createProject", **session.build_request("createProject"))
        >>> session.call("getProject", path={"prj_uid": project.id}).response.json["prj_name"] == project.name
        True
        """
        operation = self.operation(operation_id)
        before = self.resources.ids_before(operation)
        known = self.resources.discovery.ids_before(operation) if before is None else before
        try:
            exchange = self.call(operation_id, accepts=accepts, **request)
        except (Blocked, NotExercised) as failed:
            self.resources.clean_up(operation, failed.exchange)
            raise
        return Resource(self.resources.resolve_id(operation, exchange, before, known), exchange)

    def build_request(self, operation_id: str, json: Any = None) -> dict[str, Any]:
        """The keywords of a documented request for `call`, `send` and `create`.

        What it acts on is created for it, or is a fixture of the target file. `json` is a body to use instead of
        the documented example; names in it are replaced by new ones that carry the mark of the run.

        Raises:
            Blocked: what it acts on could not be created; the deviation is recorded.
            NotExercised: the target file lacks a fixture that it needs.
            LookupError: there is no such operation.

        >>> request = session.build_request("createProject")
        >>> sorted(request)
        ['json', 'path']
        """
        from conformance.engine.sampling import build_request  # which makes what a request acts on by a session

        return build_request(self, self.operation(operation_id), json).request()

    def try_documented(self, operation_id: str, **request: Any) -> None:
        """Test the documented form of an operation that the target wants in another form. Raises as `call` and
        `create`.
        """
        begin = self.create if self.operation(operation_id).effect == "create" else self.call
        begin(operation_id, documented=True, **request)

    def until_free(self, operation_id: str, **request: Any) -> Exchange:
        """Send a request, and repeat a create whose name is taken: a server may derive names from the time in
        seconds.
        """
        return self.calls.until_free(self.requester.call_of(operation_id, **request))

    def once_more(self, exchange: Exchange, **request: Any) -> Exchange:
        """Repeat a request that was not accepted (`exchange`): only a repeated refusal counts. Raises as `send`."""
        return self.calls.once_more(self.requester.call_of(exchange.operation, **request), exchange)

    def accepted(self, exchange: Exchange) -> None:
        """Record whether the accepted response to a documented call is as documented, where `send` made the call.

        Raises:
            RuntimeError: as `send`.

        >>> exchange = session.send("listProjects")
        >>> session.accepted(exchange)
        """
        self.calls.accepted(exchange)

    def json(self, exchange: Exchange) -> Any:
        """The parsed body of an accepted response.

        Raises:
            Blocked: it is not JSON; the deviation is recorded.
            NotExercised: it is not JSON, and is not documented to be.

        >>> type(session.json(session.call("listProjects")))
        <class 'list'>
        """
        return self.calls.json(exchange)

    def eventually(self, look: Callable[[], tuple[bool, Exchange]]) -> tuple[bool, Exchange]:
        """Look again until it holds, or the `settle` seconds of the target file have passed since the first look.

        `look` returns whether it holds, and the exchange that shows it. Returned is what the last look gave.

        Raises:
            Exception: whatever `look` raises.

        >>> def look():
        ...     listing = session.call("listProjects")
        ...     return listing.response.ok, listing
        >>> holds, listing = session.eventually(look)
        >>> holds
        True
        """
        return self.requester.eventually(look)

    def headers_of(self, user: str) -> dict[str, str]:
        """The headers that authenticate a user, for a request that is sent with the user `NOBODY`.

        Raises:
            NotExercised: as `send`.
        """
        return self.requester.headers_of(user)

    def is_anothers(self, identifier: str) -> bool:
        """Whether a deleted identifier of the run now names another resource."""
        return self.resources.removal.deleted_ids.is_anothers(identifier)

    def can_prove(self, operation: Operation) -> bool:
        """Whether what an operation makes can be proved to be the run's, or needs no proof."""
        return self.resources.ownership.can_prove(operation)

    def need_proof(self, operation: Operation) -> None:
        """Check, before a create, that the resource may be changed and deleted. Raises NotExercised."""
        self.resources.ownership.need_proof(operation)

    def remove(self, identifier: str, operation: Operation) -> bool:
        """Remove a resource of the run that `operation` created, without verdicts. Returns whether it is gone now."""
        return self.resources.removal.remove(identifier, operation)

    def sweep(self, spare: Container[str] = (), *, wait: bool = True) -> list[Entry]:
        """Remove the remaining resources of the run, except entries whose key is in `spare`. Returns what is left."""
        return self.resources.sweep(spare, wait=wait)
