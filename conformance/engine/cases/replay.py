"""Replay: sends the cases of one operation, each beside the same request as documented, and judges what came of it.

A case that is refused must have changed nothing; a valid one that is accepted is read back; no response is a server
error, and other things of the run are as before. That something invalid is accepted contradicts nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import sampling, snapshots
from conformance.engine.cases.case import Case, CaseKind, Part
from conformance.engine.cases.readback import lost
from conformance.engine.cases.requests import request_of
from conformance.engine.identifiers import looks_paginated, seen
from conformance.engine.neighbours import Neighbours
from conformance.engine.properties import UNCHANGED
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.sampling import Sample
from conformance.engine.session import Session
from conformance.spec.producers import acts_on_fixture, maker_of, shown_by, source
from conformance.spec.specification import Operation, Specification
from conformance.spec.touched_ids import at
from conformance.target.target import Safety

OTHERS: Final = "leaves-others"
UNDECIDED_AT_MOST: Final = 3
"""Cases in a row that something in front of the API responded to, before no more of the operation are sent."""
PER_EXAMPLE: Final = 1
"""Cases of a kind and a part for each body that would be generated."""
PER_START: Final = 15
"""The same, of what starts something: refused ones start nothing."""
Prepare = Callable[[Session, Operation], Sample]


def cited(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that the cases of an operation try."""
    names = (f"{operation.id}:no-server-error", f"{operation.id}{UNCHANGED}")
    return [one for one in names if one in specification.requirements]


def per_kind(operation: Operation, examples: int) -> int:
    """How many cases of each kind and part are sent, where so many bodies would be generated."""
    return examples * (PER_START if operation.starts else PER_EXAMPLE)


def _refused_first(cases: list[Case]) -> list[Case]:
    """One case at a limit, then the invalid ones: as long as these are refused, they start nothing."""
    first = [case for case in cases if case.kind is CaseKind.BOUNDARY][:1]
    invalid = [case for case in cases if case.kind is CaseKind.INVALID]
    return [*first, *invalid, *(case for case in cases if case not in first and case.kind is not CaseKind.INVALID)]


@dataclass
class Replay:
    """The cases of one operation. `prepare` makes a documented request; `mend` makes a changed body consistent.

    `starts` is how many accepted requests may start something that no operation removes.
    """

    session: Session
    operation: Operation
    starts: int
    prepare: Prepare = sampling.build_request
    mend: Callable[[Any], Any] = lambda body: body
    _told: set[str] = field(default_factory=set, init=False)
    _undecided: int = field(default=0, init=False)

    def run(self, cases: Iterable[Case]) -> None:
        """Send the documented request, then every case that may be sent.

        Raises:
            Blocked, NotExercised: the documented request could not be made or was not accepted, or nothing may be sent.
        """
        sent = [case for case in cases if case.part is not Part.WHOLE]
        self._need_proof()
        if self.operation.resource == "token":
            self._anonymous(sent)
        elif self.operation.effect == "create":
            self._creates(sent)
        elif self.operation.effect == "delete":
            self._deletes(sent)
        else:
            self._uses(sent)
        unchanged = f"{self.operation.id}{UNCHANGED}"
        if unchanged in self.session.recorder.undecided():
            self.session.recorder.skip(unchanged, Reason.INCONCLUSIVE, "no case was refused")

    def _need_proof(self) -> None:
        """See that what a request acts on, or creates, would be the run's own by proof. Raises NotExercised."""
        operations = self.session.specification.operations
        made = [source(operations, self.operation, one) for one in self.operation.path_parameters]
        for making in (self.operation, *(one for one in made if one is not None and one.effect == "create")):
            self.session.need_proof(making)

    # -- by what the operation does --------------------------------------------------------------------------------

    def _anonymous(self, cases: list[Case]) -> None:
        """Requests for a token that hold no credentials: no account is tried."""
        for case in cases:
            request = request_of(case, {}, self.session.ledger)
            if request is not None and case.part in (Part.BODY, Part.FORM) and not case.place:
                self._send(request)

    def _creates(self, cases: list[Case]) -> None:
        session, operation = self.session, self.operation
        with self._others():
            control = session.create(operation.id, **self.prepare(session, operation).request())
            session.remove(control.id, operation)
            if not operation.names and session.safety is not Safety.DISPOSABLE:
                return  # what an invalid one leaves behind could not be told from other people's things
            for case in self._going_on(cases):
                base = self.prepare_for(case)
                request = self._request(case, base)
                if request is not None and self._may(case, request):
                    self._create(case, request, base.get("path") or {})

    def prepare_for(self, case: Case) -> Mapping[str, Any]:
        """A documented request for one case; the body of a combined one is its own."""
        if case.kind is CaseKind.COMBINED:
            return sampling.build_request(self.session, self.operation, self.mend(case.value)).request()
        return self.prepare(self.session, self.operation).request()

    def _create(self, case: Case, request: Mapping[str, Any], within: Mapping[str, str]) -> None:
        """Send one create, and remove what it made; what it names as `within` that does not exist can hold nothing."""
        session, operation = self.session, self.operation
        nameless = not {"json", "files"} & request.keys()
        before = self._there(within) if nameless else None
        exchange = self._send(request)
        entry = exchange.entry if exchange is not None else None
        if exchange is None or entry is None:
            return
        entry = replace(entry, within={name: within.get(name, value) for name, value in entry.within.items()})
        exchange = replace(exchange, entry=entry)
        if not exchange.response.ok:
            if before is None or (after := self._there(within)) is None:
                there = session.resources.clean_up_failed_create(operation, exchange)
            elif there := bool(after - before):
                made = session.resources.ownership.enter(operation, entry, min(after - before), shown=True)
                session.remove(made.identifier, operation)
            else:
                session.ledger.withdrawn(entry)
            if exchange.response.refused:
                self._unchanged(not there, exchange, "it was refused, and created all the same")
            return
        with contextlib.suppress(Blocked, NotExercised):
            known = session.resources.resolve_id(operation, exchange)
            if case.kind is not CaseKind.INVALID:
                self._read_back("created-reads-as-sent", operation, exchange, request, known.identifier)
            session.remove(known.identifier, operation)

    def _there(self, within: Mapping[str, str]) -> set[str] | None:
        """What the list of what is created shows; None where there is none, or only a part."""
        link = self.session.requester.usable(self.operation, "list")
        if link is None or self.session.safety is not Safety.DISPOSABLE:
            return None
        known = self.session.operation(link.operation).path_parameters
        shown = self.session.send(link.operation, path={name: within[name] for name in known if name in within})
        return seen(shown) if shown.response.ok and not looks_paginated(shown) else None

    def _deletes(self, cases: list[Case]) -> None:
        """Cases name nothing that exists; so what the run has is still there, and is deleted at the end."""
        session, operation = self.session, self.operation
        with self._others():
            base = self.prepare(session, operation).request()
            before = self._look(base)
            for case in self._going_on(cases):
                request = self._request(case, base)
                exchange = self._send(request) if request is not None and self._may(case, request) else None
                if exchange is not None and exchange.response.refused:
                    self._as_it_was(base, before, exchange)
            session.call(operation.id, **base)
            for name in operation.path_parameters[-1:]:
                session.ledger.gone(base["path"][name])

    def _uses(self, cases: list[Case]) -> None:
        session, operation = self.session, self.operation
        with self._others() if operation.effect == "update" else contextlib.nullcontext():
            base = self._base(self.prepare(session, operation).request())
            if acts_on_fixture(session.specification.operations, operation):
                base["path"] = {name: session.ledger.made_up_like(one) for name, one in base.get("path", {}).items()}
                cases = [case for case in cases if case.part is Part.PATH]  # what the target file names stays as it is
            else:
                session.call(operation.id, **base)
            before = self._look(base)
            for case in self._going_on(_refused_first(cases) if operation.starts else cases):
                if operation.starts and self.starts <= 0:
                    return
                given = self._request(case, base)
                if given is None or not self._may(case, given):
                    continue
                exchange = self._send(given)
                if exchange is None:
                    continue
                self.starts -= operation.starts and exchange.response.ok
                if operation.effect != "update":
                    continue
                if exchange.response.refused:
                    self._as_it_was(base, before, exchange)
                elif exchange.response.ok:
                    if case.kind is not CaseKind.INVALID:
                        self._read_back("updated-reads-as-sent", operation, exchange, given, self._identifier(base))
                    session.send(operation.id, **base)
                    before = self._look(base)

    # -- what is sent ------------------------------------------------------------------------------------------------

    def _base(self, request: dict[str, Any]) -> dict[str, Any]:
        """A documented update without the elements that it defines: those exist already, under other identifiers."""
        body = self.operation.body("application/json")
        if self.operation.effect != "update" or body is None or not isinstance(request.get("json"), dict):
            return request
        members = body.schema.get("properties", {})
        elements = {name for name, one in members.items() if one.get("items", {}).get("properties")}
        return {**request, "json": {name: one for name, one in request["json"].items() if name not in elements}}

    def _request(self, case: Case, base: Mapping[str, Any]) -> dict[str, Any] | None:
        if case.kind is CaseKind.COMBINED and self.operation.effect == "create":
            return dict(base)
        if case.kind is CaseKind.COMBINED:
            body = sampling.body(self.session, self.operation, self._identifier(base), self.mend(case.value))
            return self._base({**base, "json": body})
        request = request_of(case, base, self.session.ledger)
        if request is not None and case.kind is not CaseKind.INVALID and "json" in request:
            request["json"] = self.mend(request["json"])
        return request

    def _may(self, case: Case, request: Mapping[str, Any]) -> bool:
        """Whether a case may be sent: a body changes what is the run's own, or anything where nothing is anybody's."""
        operation, owns = self.operation, self.session.ledger.owns
        if operation.effect == "read":
            return True
        if any(touch.where != "path" for touch in operation.touches) and not self._names_the_same(case):
            return False  # the guard could not see what it names
        if self.session.safety is Safety.DISPOSABLE or case.part is Part.PATH or operation.starts:
            return True
        if operation.effect == "administer" or operation.personal:
            return False
        return operation.effect == "create" or all(owns(str(one)) for one in request.get("path", {}).values())

    @staticmethod
    def _names_the_same(case: Case) -> bool:
        """Whether a case leaves alone what a body names."""
        if case.part is Part.XML:
            return case.kind is not CaseKind.INVALID
        return bool(case.place) or case.kind is CaseKind.COMBINED

    def _going_on(self, cases: Iterable[Case]) -> Iterator[Case]:
        """The cases one after another. What cannot be tried hinders no other, unless nothing can be sent any more."""
        for case in cases:
            if self._undecided >= UNDECIDED_AT_MOST:
                return
            yield case

    def _send(self, request: Mapping[str, Any]) -> Exchange | None:
        """Send a case. None where the API gave no response, or may not be asked."""
        session = self.session
        try:
            exchange = session.send(self.operation.id, **request)
        except NotExercised as untried:
            if session.problem or untried.reason in (Reason.LIMIT_REACHED, Reason.UNSUPPORTED):
                raise
            self._undecided += untried.reason is not Reason.SAFETY_LEVEL
            return None
        self._undecided = 0 if exchange.has_response else self._undecided + 1
        return exchange if exchange.has_response else None

    # -- what is judged ----------------------------------------------------------------------------------------------

    def _unchanged(self, holds: bool, exchange: Exchange, observed: str) -> None:
        requirement = f"{self.operation.id}{UNCHANGED}"
        if requirement in self.session.specification.requirements:
            self.session.recorder.require(requirement, holds, exchange, observed=observed)

    def _identifier(self, base: Mapping[str, Any]) -> str:
        """The identifier of what a request acts on."""
        for touch in self.operation.touches:
            if touch.where == "body":
                return str(next(at(base.get("json"), touch.pointer), ""))
        return next((str(one) for one in base.get("path", {}).values()), "")

    def _look(self, base: Mapping[str, Any]) -> tuple[snapshots.Snapshot, ...] | None:
        """What is shown of the thing that a request acts on, by two reads; None where nothing shows it."""
        reads = [one for _ in range(2) if (one := self._shown(base)) is not None and one.response.ok]
        return tuple(self._snapshot(one, base) for one in reads) if len(reads) == 2 else None

    def _snapshot(self, exchange: Exchange, base: Mapping[str, Any]) -> snapshots.Snapshot:
        return snapshots.snapshot(exchange, self._identifier(base))

    def _shown(self, base: Mapping[str, Any]) -> Exchange | None:
        session = self.session
        reading = shown_by(session.specification.operations, self.operation)
        if (
            reading is None
            or session.requester.unsupported(reading.id)
            or f"{self.operation.id}{UNCHANGED}" not in (session.specification.requirements)
        ):
            return None
        given = base.get("path", {})
        path = {name: given.get(name, self._identifier(base)) for name in reading.path_parameters}
        return session.send(reading.id, path=path)

    def _as_it_was(
        self, base: Mapping[str, Any], before: tuple[snapshots.Snapshot, ...] | None, refused: Exchange
    ) -> None:
        """See that what a refused request acts on is as it was."""
        if before is None:
            return
        ignored = snapshots.volatile(*before)
        apart: list[set[str]] = []

        def look() -> tuple[bool, Exchange]:
            shown = self._shown(base)
            assert shown is not None
            apart.append(
                snapshots.changed(before[0], self._snapshot(shown, base), ignored) if shown.response.ok else set()
            )
            return not apart[-1], shown

        self.session.eventually(look)
        changed = ", ".join(sorted(apart[-1])[:3])
        self._unchanged(not apart[-1], refused, f"it was refused, and changed all the same: {changed}")

    def _read_back(
        self, aspect: str, operation: Operation, sent: Exchange, request: Mapping[str, Any], identifier: str
    ) -> None:
        """See that what was accepted is read back, where the register says so."""
        session = self.session
        requirement = session.specification.aspect(operation.id, aspect)
        reading = shown_by(session.specification.operations, operation)
        body = request.get("json")
        if requirement is None or reading is None or not isinstance(body, dict):
            return
        if session.requester.unsupported(reading.id):
            return
        body = sent.request.sent(body)
        path = {**session.ledger.within(identifier), **dict.fromkeys(reading.path_parameters, identifier)}

        def look() -> tuple[bool, Exchange]:
            exchange = session.send(reading.id, path=path)
            found = lost(reading, body, exchange, session.specification.members)
            return {one.place for one in found} <= self._told, exchange

        _, exchange = session.eventually(look)
        for one in lost(reading, body, exchange, session.specification.members):
            if one.place in self._told:
                continue
            self._told.add(one.place)
            session.recorder.require(
                requirement.id,
                False,
                exchange,
                sent,
                expected=one.sent,
                observed=one.read,
                kind=Kind.READ_BACK,
                location=one.place,
            )

    # -- others ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _others(self) -> Iterator[None]:
        """See at the end that another thing of the same kind is as it was, where the register says so."""
        session = self.session
        making = maker_of(session.specification.operations, self.operation)
        requirement = session.specification.aspect(self.operation.id, OTHERS)
        possible = requirement is not None and making is not None and making.names and session.can_prove(making)
        if not possible or making is None or session.requester.usable(making, "delete") is None or requirement is None:
            yield
            return
        neighbours = Neighbours(session, making)
        with contextlib.suppress(Blocked, NotExercised):
            neighbours.add()
        yield
        if neighbours.there:
            neighbours.record_unchanged(requirement.id)
            for one in neighbours.there:
                session.remove(one.resource.id, making)
