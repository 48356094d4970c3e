"""Properties: tests with documented examples, then single documented values, then generated bodies.

A documented value that is refused counts as a deviation only beside the example that differs in that value alone and
was accepted; a generated body that is refused is a finding, since no document speaks of combinations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import places
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks, corpus, sampling
from conformance.engine.comparison import Difference, differences, renamed
from conformance.engine.identifiers import concerns
from conformance.engine.read_back import record_difference
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.required_fields import Base, try_demands
from conformance.engine.session import Session
from conformance.spec import requirement_ids
from conformance.spec.rules import (
    Citation,
    RuleKind,
    Schema,
    rules,
    writable,
)
from conformance.spec.specification import Operation, Specification
from conformance.spec.touched_ids import at

DEPTHS: Final = {"quick": 3, "standard": 15, "deep": 60}


@dataclass(frozen=True, slots=True)
class Variation:
    """An accepted body, the one of that number, with one documented value in the place of another."""

    place: str
    value: Any
    body: Any
    base: int
    control: Exchange


def concerned(specification: Specification) -> list[Operation]:
    """The operations whose bodies are varied."""
    return [operation for operation in specification.operations.values() if requirements(specification, operation)]


def requirements(specification: Specification, operation: Operation) -> list[str]:
    """The ids that the properties of an operation try: all but what its cases do."""
    apart = requirement_ids.refused_unchanged(operation.id)
    return [
        one.id
        for one in specification.requirements.values()
        if one.operation == operation.id and one.tried == "property" and one.id != apart
    ]


def _name(maker: Operation, sent: Any) -> str:
    """The name that a body gives."""
    return next((str(found) for touch in maker.names for found in at(sent, touch.pointer)), "")


def closed_sets(schema: Schema) -> list[tuple[str, tuple[Any, ...]]]:
    """Every place of a request schema that allows a closed set of at least two values."""
    found = [(rule.place, rule.values) for rule in rules(schema, Citation()) if rule.kind is RuleKind.VALUES]
    return [(place, values) for place, values in found if len(values) > 1]


def _values(body: Any, place: str) -> list[Any]:
    """Every value that a body has at a place."""
    return [value for found, value in places(body) if found == place]


def _at(body: Any, place: str) -> dict[str, Any] | None:
    """The object that holds the member at a place (the first one, where there are several), or None."""
    node = body
    *parents, last = place.split("/")[1:]
    for part in parents:
        name, lists = part.split("[]", 1)[0], part.count("[]")
        node = node.get(name) if isinstance(node, dict) else None
        for _ in range(lists):
            node = node[0] if isinstance(node, list) and node else None
    return node if isinstance(node, dict) and last in node else None


class Properties:
    """The properties of one operation.

    `make_consistent` changes a body where a schema cannot say how: one that was generated, and one with a single value
    in the place of another, since that may determine others.
    """

    def __init__(
        self, session: Session, operation: Operation, make_consistent: Callable[[Any], Any] = lambda body: body
    ) -> None:
        self.session = session
        self.operation = operation
        self.make_consistent = make_consistent
        self._bases: list[Base] = []
        self._hindered: list[Blocked | NotExercised] = []

    def run(self, seed: int, count: int) -> None:
        """Try examples, variations and generated bodies. What is hindered by one hinders no other.

        Raises Blocked and NotExercised, at the end, for what could not be tried.
        """
        for step in (self.try_examples, self.try_variations, self.try_demands):
            with self._going_on():
                step()
        with self._going_on():
            self.try_generated(seed, count)
        for reason in self._hindered:
            raise reason

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except (Blocked, NotExercised) as reason:
            self._hindered.append(reason)

    def try_examples(self) -> None:
        """Every documented example is accepted; one that is not hinders no other. Raises nothing."""
        body = self.operation.body("application/json")
        assert body is not None
        for name, example in body.examples.items():
            with self._going_on():
                exchange = self._send(example, call=True, accepts=body.accepted_by.get(name, ""))
                self._bases.append(Base(exchange.request.sent(example), exchange))

    def try_variations(self) -> None:
        """Each documented value of a closed set is accepted: in an example, or else in the place of another value."""
        self._vary(self._bases, lambda variation: self._send(variation.body))

    def try_demands(self) -> None:
        """Each required field, left out: that is refused, or a finding. Raises Blocked and NotExercised."""
        try_demands(self.session, self.operation, self._bases, lambda _, body: self._send(body, judged=False))

    def _vary(self, bases: list[Base], send: Callable[[Variation], Exchange]) -> None:
        """Judge the values of each closed set. `bases` are accepted bodies, `send` tries one more.

        What an accepted body holds is accepted; so only what is in none is put in the place of another value.
        """
        body = self.operation.body("application/json")
        assert body is not None
        for place, values in closed_sets(body.schema):
            there = {repr(value): base.exchange for base in bases for value in _values(base.body, place)}
            for value in values:
                requirement = requirement_ids.accepted(self.operation.id, place)
                if repr(value) in there:
                    self.session.recorder.require(requirement, True, there[repr(value)], location=place)
                    continue
                variation = self._variation(place, value, bases)
                if variation is not None and not self._accepted(variation, send(variation)):
                    break

    def _variation(self, place: str, value: Any, bases: list[Base]) -> Variation | None:
        """The first base that reaches a place, with another value there and all that follows from it; None if none."""
        at_top = place.count("/") == 1 and "[]" not in place  # such a member may be absent: then it is added
        for number, base in enumerate(bases):
            changed = deepcopy(base.body)
            holder = changed if at_top else _at(changed, place)
            if holder is None:
                continue
            holder[place.rsplit("/", 1)[1]] = value
            consistent = self.make_consistent(changed)
            if repr(value) in {repr(one) for one in _values(consistent, place)}:  # else another member determines it
                return Variation(place, value, consistent, number, base.exchange)
        return None

    def try_updates(self, maker: Operation) -> None:
        """The same for an update: the complete definition of something of our own, with one value in another's place.

        `maker` creates it, from each of its examples. Raises Blocked and NotExercised, at the end.
        """
        session = self.session
        made = maker.body("application/json")
        link = maker.link("update")
        assert made is not None
        assert link is not None
        owners: list[str] = []
        bases: list[Base] = []
        for name, example in made.examples.items():
            with self._going_on():
                identifier, base = self._definition(maker, example, made.accepted_by.get(name, ""))
                control = session.call(self.operation.id, path={link.parameter: identifier}, json=base)
                bases.append(Base(control.request.sent(base), control))
                owners.append(identifier)

        def send(variation: Variation) -> Exchange:
            owner = owners[variation.base]
            exchange = session.send(self.operation.id, path={link.parameter: owner}, json=variation.body)
            if exchange.response.ok:
                self._read_back(maker, "updated-reads-as-sent", variation.body, owner)
            return exchange

        def incomplete(number: int, body: Any) -> Exchange:
            return session.send(self.operation.id, path={link.parameter: owners[number]}, json=body)

        with self._going_on():
            self._vary(bases, send)
        with self._going_on():
            try_demands(session, self.operation, bases, incomplete)
        for reason in self._hindered:
            raise reason

    def _definition(self, maker: Operation, example: Any, accepts: str) -> tuple[str, Any]:
        """Something of ours that `maker` creates, and its complete definition under the server's identifiers."""
        session = self.session
        documented, reading = self.operation.body("application/json"), maker.link("read")
        assert documented is not None
        assert reading is not None
        request = sampling.build_request(session, maker, example).request()
        created = session.create(maker.id, accepts=accepts, **request)
        read = session.call(reading.operation, path={reading.parameter: created.id})
        body = checks.body_of(session.operation(reading.operation), read)
        # What was sent, not what is read: what a server got wrong in a creation is not sent back to it.
        sent = created.exchange.request.sent(request["json"])
        schema = session.operation(reading.operation).success.schema or {}
        return created.id, writable(renamed(sent, body, schema, session.specification.members), documented.schema)

    def _accepted(self, variation: Variation, exchange: Exchange) -> bool:
        requirement = requirement_ids.accepted(self.operation.id, variation.place)
        if not (exchange.response.ok or exchange.response.refused):
            return True  # an error of the server's says nothing about the value
        return self.session.recorder.require(
            requirement,
            exchange.response.ok,
            exchange,
            variation.control,
            expected=f"{variation.value!r} is accepted",
            observed=checks.describe(exchange),
            kind=Kind.REFUSED,
            location=variation.place,
        )

    def try_generated(self, seed: int, count: int) -> None:
        """Generated bodies are accepted, and never answered with a server error.

        Raises Blocked at the first that is not: one example is enough, and a refused create is looked after one at a
        time.
        """
        for body in corpus.cases(self.operation, seed, count):
            self._send(
                self.make_consistent(body), call=True, accepts=requirement_ids.generated_accepted(self.operation.id)
            )

    def _send(self, body: Any, *, call: bool = False, accepts: str = "", judged: bool = True) -> Exchange:
        """Send one body to something of our own, judge an accepted answer, and remove what was made.

        What an incomplete body makes is not `judged`.

        Raises Blocked and NotExercised; the latter also when no answer came.
        """
        session, operation = self.session, self.operation
        request = sampling.build_request(session, operation, body).request()
        if call:
            exchange = session.call(operation.id, accepts=accepts, **request)
        else:
            exchange = session.send(operation.id, **request)
            if not exchange.has_response:
                raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
            if exchange.response.ok:
                session.accepted(exchange)
        if exchange.entry is None:
            return exchange
        if not exchange.response.ok:
            session.resources.clean_up_failed_create(operation, exchange)
            return exchange
        try:
            known = session.resources.resolve_id(operation, exchange)
        except (Blocked, NotExercised):
            return exchange
        if judged:
            sent = exchange.request.sent(request["json"])
            self._read_back(operation, "created-reads-as-sent", sent, known.identifier)
        session.remove(known.identifier, operation)
        return exchange

    def _read_back(self, maker: Operation, aspect: str, sent: Any, identifier: str) -> None:
        """What was sent is read back, where the register says so. `maker` is the operation that created the thing."""
        requirement = self.session.specification.aspect(self.operation.id, aspect)
        link = maker.link("read")
        if requirement is None or link is None:
            return
        reading = self.session.operation(link.operation)
        schema = reading.success.schema
        if schema is None:
            return
        recorder = self.session.recorder
        recorded = {one.location for one in recorder.verdicts if one.requirement == requirement.id and one.fingerprint}

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: identifier})
            return not {one.place for one in self._apart(reading, sent, exchange)} - recorded, exchange

        _, exchange = self.session.eventually(look)  # for what was recorded before, nobody needs to wait again
        if not exchange.response.ok or not concerns(exchange, identifier, _name(maker, sent)):
            return  # the walk through a life speaks of that
        self.session.accepted(exchange)
        for one in {one.place: one for one in self._apart(reading, sent, exchange)}.values():
            record_difference(recorder, requirement.id, one, exchange)

    def _apart(self, reading: Operation, sent: Any, exchange: Exchange) -> list[Difference]:
        """What was not read as sent, but for white space and HTML escaping; nothing where no body is read."""
        if not exchange.response.ok:
            return []
        try:
            read = checks.body_of(reading, exchange)
        except NotJson:
            return []
        members = self.session.specification.members
        return [one for one in differences(sent, read, reading.success.schema or {}, members) if not one.soft]
