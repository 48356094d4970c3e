"""Replay: sends the cases of one operation, and judges what came of each.

A case acts on nothing but what it proves to be its own: a create carries a name that was made for it alone, an update
acts on something that the run created for its operation, and whatever else is named is made up. What came into being
is looked for by that name; lists are never compared with what they were. A case takes no start and nothing that the API
cannot prove to be the run's own: other tests need these.

A refusal must have changed nothing, a valid text that is accepted is read back, and no response is a server error. That
something invalid is accepted, or something unusual refused, contradicts nothing.
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
from conformance.target.plan import obstacle_of
from conformance.target.safety import is_allowed
from conformance.wire.call import MAIN, NOBODY

Prepare = Callable[[Session, Operation], Sample]
Fresh = Callable[[Session, Operation, Mapping[str, Any]], dict[str, Any]]


def concerned(specification: Specification) -> list[Operation]:
    """The operations of which cases are sent."""
    operations = specification.operations.values()
    return [one for one in operations if way_of(specification, one) is not Way.NONE]


def cited(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that the cases of an operation test."""
    names = (requirement_ids.no_server_error(operation.id), requirement_ids.refused_unchanged(operation.id))
    return [one for one in names if one in specification.requirements]


def per_sort(examples: int) -> int:
    """How many cases of each sort are sent, where so many bodies would be generated."""
    return 1 + examples // 5


@dataclass
class Replay:
    """The cases of one operation.

    `prepare` makes a documented request, `fresh` gives a create a name of its own, `consistent` changes a body where a
    schema cannot say how.
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
            Blocked, NotExercised: the documented request that they differ from cannot be made.
        """
        session, operation = self.session, self.operation
        self._see_that_it_can_be_called()
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

    def _see_that_it_can_be_called(self) -> None:
        """See that the target allows the documented request: what is made up alone shows too little of an operation.

        Raises:
            NotExercised: it does not, or the target file lacks what it needs.
        """
        session = self.session
        if session.credentials.given(MAIN) == "api_key":  # a refusal would speak of the key
            raise NotExercised(Reason.MISSING_USER, session.table.instead_of_key)
        requirement = session.specification.requirements[requirement_ids.no_server_error(self.operation.id)]
        obstacle = obstacle_of(requirement, session.specification, session.table, session.safety)
        if obstacle is not None and obstacle.reason is not None:
            raise NotExercised(obstacle.reason, obstacle.detail)

    def _update(self, cases: Sequence[Case]) -> None:
        """The cases of an update: first what is unknown, then what changes something of the run's own."""
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
        """Send cases of which nothing but the response is judged: they change nothing that exists."""
        for case in cases:
            request = requests.request_of(self.operation, case, base, self.session.ledger)
            if request is None:
                continue
            exchange = self._sender.send(request)
            if self._sender.stopped or (exchange is not None and exchange.response.ok and self.operation.starts):
                return  # what names nothing was started: one is enough

    # -- what a request is about ---------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        """A documented read of something that is there, else of what is made up.

        Nothing is made for it of which a run has few: what is started, and what nothing proves to be its own.
        """
        session, operation = self.session, self.operation
        made = dependencies(session.specification.operations, operation, lambda key: bool(session.table.fixture(key)))
        plain = (
            one.effect == "create"
            and is_allowed(one, session.safety)
            and session.can_prove(one)
            and not stays(session.specification, one)
            for one in made[1:]
        )
        if all(plain):
            with contextlib.suppress(Blocked, NotExercised):
                return self._base()
        return {"path": requests.unknown_path(operation, {}, session.ledger)}

    def _unknown(self) -> dict[str, Any]:
        """A documented request that names nothing but what is made up."""
        session, operation = self.session, self.operation
        known = {name: session.table.fixture(key) for name, key in operation.fixtures.items() if name[:1] != "/"}
        base: dict[str, Any] = {"path": requests.unknown_path(operation, known, session.ledger)}
        body = operation.body("application/json")
        if body is not None:
            given = session.table.bodies.get(operation.id, next(iter(body.examples.values()), None))
            base["json"] = requests.of_nothing(session, operation, given)
        return base


def names_unknown(case: Case) -> bool:
    """Whether a case names something made up in the place of what exists."""
    return case.part is Part.PATH or (case.part is Part.BODY and case.value == MADE_UP)
