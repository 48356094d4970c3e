"""Send the cases of one operation, and record the results.

A case acts only on resources that are proved to belong to it: a create has a name of its own, an update acts on a
resource that the run created for its operation, and all other identifiers are made up. What a case created is found by
its name; lists are never compared with earlier ones. A case starts nothing, and needs nothing that the API cannot prove
to be the run's, since other tests need these.

A refusal must have changed nothing, an accepted valid text must be read back, and no response may be a server error.
That something invalid is accepted, or something unusual refused, contradicts nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.core.verdict import Reason
from conformance.engine import sampling
from conformance.engine.cases import requests
from conformance.engine.cases.applicability import Way, stays, way_of
from conformance.engine.cases.beside import Beside
from conformance.engine.cases.case import MADE_UP, Case, Part
from conformance.engine.cases.creates import Creates
from conformance.engine.cases.sender import Sender
from conformance.engine.cases.updates import Updates
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import Sample
from conformance.engine.session import Session
from conformance.spec import requirement_ids
from conformance.spec.producers import dependencies
from conformance.spec.specification import Operation, Specification
from conformance.target.plan import Obstacles
from conformance.target.safety import is_allowed
from conformance.wire.call import MAIN, NOBODY

Prepare = Callable[[Session, Operation], Sample]
Fresh = Callable[[Session, Operation, Mapping[str, Any]], dict[str, Any]]


def concerned(specification: Specification) -> list[Operation]:
    """The operations that have cases."""
    operations = specification.operations.values()
    return [operation for operation in operations if way_of(specification, operation) is not Way.NONE]


def cited(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that the cases of an operation test."""
    names = (requirement_ids.no_server_error(operation.id), requirement_ids.refused_unchanged(operation.id))
    return [name for name in names if name in specification.requirements]


def per_sort(examples: int) -> int:
    """The number of cases of each sort, if `examples` bodies are generated."""
    return 1 + examples // 5


@dataclass
class Replay:
    """The cases of one operation.

    `prepare` builds a documented request, `fresh` gives a create a new name, `consistent` changes a body in ways that a
    schema cannot express.
    """

    session: Session
    operation: Operation
    prepare: Prepare = sampling.build_request
    fresh: Fresh | None = None
    consistent: Callable[[Any], Any] = lambda body: body
    _sender: Sender = field(init=False)
    _beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        self.operation = self.session.operation(self.operation.id)
        self._sender = Sender(self.session, self.operation)
        self._beside = Beside(self.session, self.operation)

    def run(self, cases: Iterable[Case]) -> None:
        """Send the cases.

        Raises:
            Blocked, NotExercised: the documented request from which they differ cannot be built.
        """
        session, operation = self.session, self.operation
        self._require_callable()
        sent = [case for case in cases if case.part is not Part.WHOLE]
        match way_of(session.specification, operation):
            case Way.CREATE:
                Creates(self._sender, self._beside, self._base, self._fresh, self.consistent).run(sent)
            case Way.UPDATE:
                self._update(sent)
            case Way.READ:
                self._send_all(sent, self._read())
            case Way.TOKEN:
                self._send_all([case for case in sent if not case.place], {"user": NOBODY})
            case Way.UNKNOWN:
                self._beside.add()
                self._send_all(sent, self._unknown())
                self._beside.see()
        self._beside.remove()
        unchanged = requirement_ids.refused_unchanged(operation.id)
        if unchanged in session.recorder.undecided():
            session.recorder.skip(unchanged, Reason.INCONCLUSIVE, "no case was refused")

    def _require_callable(self) -> None:
        """Check that the target allows the documented request: made-up identifiers alone test too little of an
        operation.

        Raises:
            NotExercised: it does not, or the target file lacks what it needs.
        """
        session = self.session
        if session.credentials.given(MAIN) == "api_key":  # a refusal would be about the key
            raise NotExercised(Reason.MISSING_USER, session.table.instead_of_key)
        requirement = session.specification.requirements[requirement_ids.no_server_error(self.operation.id)]
        obstacle = Obstacles(session.specification, session.table, session.safety).of(requirement)
        if obstacle is not None and obstacle.reason is not None:
            raise NotExercised(obstacle.reason, obstacle.detail)

    def _update(self, cases: Sequence[Case]) -> None:
        """Send the cases of an update: first those with unknown identifiers, then those that change the run's
        resource.
        """
        updates = Updates(self._sender, self._base(), self.consistent)
        self._beside.add()
        self._send_all([case for case in cases if names_unknown(case)], self._unknown())
        updates.run([case for case in cases if not names_unknown(case)])
        self._beside.see()

    def _base(self) -> dict[str, Any]:
        return self.prepare(self.session, self.operation).request()

    def _fresh(self, base: Mapping[str, Any]) -> dict[str, Any]:
        if self.fresh is not None:
            return self.fresh(self.session, self.operation, base)
        body = sampling.with_new_ids(base["json"], self.session)
        return requests.renamed(self.operation, {**base, "json": body}, self.session.ledger)

    def _send_all(self, cases: Iterable[Case], base: Mapping[str, Any]) -> None:
        """Send cases that change nothing that exists. Only their responses are checked."""
        for case in cases:
            request = requests.request_of(self.operation, case, base, self.session.ledger)
            if request is None:
                continue
            exchange = self._sender.send(request)
            if self._sender.stopped or (exchange is not None and exchange.response.ok and self.operation.starts):
                return  # a made-up identifier started something: one is enough

    # -- base requests

    def _read(self) -> dict[str, Any]:
        """A documented read of an existing resource, otherwise of a made-up identifier.

        It creates no dependencies that are scarce: those that are started, and those without proof of ownership.
        """
        session, operation = self.session, self.operation
        needed = dependencies(session.specification.operations, operation, lambda key: bool(session.table.fixture(key)))
        harmless = (
            item.effect == "create"
            and is_allowed(item, session.safety)
            and session.can_prove(item)
            and not stays(session.specification, item)
            for item in needed[1:]
        )
        if all(harmless):
            with contextlib.suppress(Blocked, NotExercised):
                return self._base()
        return {"path": requests.unknown_path(operation, {}, session.ledger)}

    def _unknown(self) -> dict[str, Any]:
        """A documented request with made-up identifiers only."""
        session, operation = self.session, self.operation
        known = {name: session.table.fixture(key) for name, key in operation.fixtures.items() if name[:1] != "/"}
        base: dict[str, Any] = {"path": requests.unknown_path(operation, known, session.ledger)}
        body = operation.body("application/json")
        if body is not None:
            given = session.table.bodies.get(operation.id, next(iter(body.examples.values()), None))
            base["json"] = requests.with_made_up_ids(session, operation, given)
        return base


def names_unknown(case: Case) -> bool:
    """Whether a case has a made-up identifier in place of an existing one."""
    return case.part is Part.PATH or (case.part is Part.BODY and case.value == MADE_UP)
