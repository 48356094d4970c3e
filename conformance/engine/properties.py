"""Test documented examples, then single documented values, then generated bodies.

A refused documented value is a deviation only if an example that differs in that value alone was accepted. A refused
generated body is a finding, since the documents do not mention combinations.
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
from conformance.engine.required_fields import Base, check_required_fields
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

EXAMPLES_BY_DEPTH: Final = {"quick": 3, "standard": 15, "deep": 60}


@dataclass(frozen=True, slots=True)
class Variation:
    """The accepted body with the index `base`, with one documented value replaced."""

    place: str
    value: Any
    body: Any
    base: int
    control: Exchange


def concerned(specification: Specification) -> list[Operation]:
    """The operations whose bodies are varied."""
    return [operation for operation in specification.operations.values() if requirements(specification, operation)]


def requirements(specification: Specification, operation: Operation) -> list[str]:
    """The ids of the requirements that the properties of an operation test: all except those of its cases."""
    excluded = requirement_ids.refused_unchanged(operation.id)
    return [
        requirement.id
        for requirement in specification.requirements.values()
        if requirement.operation == operation.id and requirement.tried == "property" and requirement.id != excluded
    ]


def _name(create: Operation, sent: Any) -> str:
    """The name in a body."""
    return next((str(found) for touch in create.names for found in at(sent, touch.pointer)), "")


def closed_sets(schema: Schema) -> list[tuple[str, tuple[Any, ...]]]:
    """Every place of a request schema that allows a closed set of at least two values."""
    found = [(rule.place, rule.values) for rule in rules(schema, Citation()) if rule.kind is RuleKind.VALUES]
    return [(place, values) for place, values in found if len(values) > 1]


def _values(body: Any, place: str) -> list[Any]:
    """Every value of a body at a place."""
    return [value for found, value in places(body) if found == place]


def _at(body: Any, place: str) -> dict[str, Any] | None:
    """The object with the member at a place (the first one if there are several), or None."""
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

    `make_consistent` changes a body in ways that a schema cannot express. It is applied to generated bodies and to
    bodies with one value replaced, since a value may determine others.
    """

    def __init__(
        self, session: Session, operation: Operation, make_consistent: Callable[[Any], Any] = lambda body: body
    ) -> None:
        self.session = session
        self.operation = operation
        self.make_consistent = make_consistent
        self._bases: list[Base] = []
        self._untested: list[Blocked | NotExercised] = []

    def run(self, seed: int, count: int) -> None:
        """Test examples, variations and generated bodies. A failure of one does not stop the others.

        Raises Blocked and NotExercised, at the end, for what could not be tested.
        """
        for step in (self.check_examples, self.check_variations, self.check_required_fields):
            with self._continuing():
                step()
        with self._continuing():
            self.check_generated(seed, count)
        for reason in self._untested:
            raise reason

    @contextmanager
    def _continuing(self) -> Iterator[None]:
        try:
            yield
        except (Blocked, NotExercised) as reason:
            self._untested.append(reason)

    def check_examples(self) -> None:
        """Check that every documented example is accepted. Raises nothing."""
        body = self.operation.body("application/json")
        assert body is not None
        for name, example in body.examples.items():
            with self._continuing():
                exchange = self._send(example, call=True, accepts=body.accepted_by.get(name, ""))
                self._bases.append(Base(exchange.request.sent(example), exchange))

    def check_variations(self) -> None:
        """Check that each documented value of a closed set is accepted, in an example or in place of another value."""
        self._vary(self._bases, lambda variation: self._send(variation.body))

    def check_required_fields(self) -> None:
        """Check that a body without a required field is refused. Raises Blocked and NotExercised."""
        check_required_fields(self.session, self.operation, self._bases, lambda _, body: self._send(body, judged=False))

    def _vary(self, bases: list[Base], send: Callable[[Variation], Exchange]) -> None:
        """Check the values of each closed set. `bases` are accepted bodies, `send` sends a variation.

        Values in an accepted body are accepted, so only the others are sent.
        """
        body = self.operation.body("application/json")
        assert body is not None
        for place, values in closed_sets(body.schema):
            accepted = {repr(value): base.exchange for base in bases for value in _values(base.body, place)}
            for value in values:
                requirement = requirement_ids.accepted(self.operation.id, place)
                if repr(value) in accepted:
                    self.session.recorder.require(requirement, True, accepted[repr(value)], location=place)
                    continue
                variation = self._variation(place, value, bases)
                if variation is not None and not self._accepted(variation, send(variation)):
                    break

    def _variation(self, place: str, value: Any, bases: list[Base]) -> Variation | None:
        """The first base with another value at a place, made consistent; None if no base reaches the place."""
        at_top = place.count("/") == 1 and "[]" not in place  # such a member is added if it is absent
        for index, base in enumerate(bases):
            changed = deepcopy(base.body)
            parent = changed if at_top else _at(changed, place)
            if parent is None:
                continue
            parent[place.rsplit("/", 1)[1]] = value
            consistent = self.make_consistent(changed)
            # otherwise another member determines it
            if repr(value) in {repr(item) for item in _values(consistent, place)}:
                return Variation(place, value, consistent, index, base.exchange)
        return None

    def check_updates(self, create: Operation) -> None:
        """Do the same for an update: the complete definition of a resource of ours, with one value replaced.

        `create` creates it from each of its examples. Raises Blocked and NotExercised, at the end.
        """
        session = self.session
        documented = create.body("application/json")
        link = create.link("update")
        assert documented is not None
        assert link is not None
        owners: list[str] = []
        bases: list[Base] = []
        for name, example in documented.examples.items():
            with self._continuing():
                identifier, base = self._definition(create, example, documented.accepted_by.get(name, ""))
                control = session.call(self.operation.id, path={link.parameter: identifier}, json=base)
                bases.append(Base(control.request.sent(base), control))
                owners.append(identifier)

        def send(variation: Variation) -> Exchange:
            owner = owners[variation.base]
            exchange = session.send(self.operation.id, path={link.parameter: owner}, json=variation.body)
            if exchange.response.ok:
                self._read_back(create, "updated-reads-as-sent", variation.body, owner)
            return exchange

        def incomplete(number: int, body: Any) -> Exchange:
            return session.send(self.operation.id, path={link.parameter: owners[number]}, json=body)

        with self._continuing():
            self._vary(bases, send)
        with self._continuing():
            check_required_fields(session, self.operation, bases, incomplete)
        for reason in self._untested:
            raise reason

    def _definition(self, create: Operation, example: Any, accepts: str) -> tuple[str, Any]:
        """Create a resource with `create`. Returns its identifier and its complete definition with the server's
        identifiers.
        """
        session = self.session
        documented, reading = self.operation.body("application/json"), create.link("read")
        assert documented is not None
        assert reading is not None
        request = sampling.build_request(session, create, example).request()
        created = session.create(create.id, accepts=accepts, **request)
        read = session.call(reading.operation, path={reading.parameter: created.id})
        body = session.json(read)
        # What was sent, not what is read: an error of the server on creation is not sent back to it.
        sent = created.exchange.request.sent(request["json"])
        schema = session.operation(reading.operation).success.schema or {}
        return created.id, writable(renamed(sent, body, schema, session.specification.members), documented.schema)

    def _accepted(self, variation: Variation, exchange: Exchange) -> bool:
        requirement = requirement_ids.accepted(self.operation.id, variation.place)
        if not (exchange.response.ok or exchange.response.refused):
            return True  # a server error proves nothing about the value
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

    def check_generated(self, seed: int, count: int) -> None:
        """Check that generated bodies are accepted, and never cause a server error.

        Raises Blocked at the first refusal: one example is enough, and each refused create has to be cleaned up.
        """
        for body in corpus.cases(self.operation, seed, count):
            self._send(
                self.make_consistent(body), call=True, accepts=requirement_ids.generated_accepted(self.operation.id)
            )

    def _send(self, body: Any, *, call: bool = False, accepts: str = "", judged: bool = True) -> Exchange:
        """Send one body to a resource of ours, check an accepted response, and remove what was created.

        `judged` is False for an incomplete body, whose result is not read back.

        Raises Blocked and NotExercised; the latter also if there was no response.
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

    def _read_back(self, create: Operation, aspect: str, sent: Any, identifier: str) -> None:
        """Check that what was sent is read back, if the register requires that. `create` created the resource."""
        requirement = self.session.specification.aspect(self.operation.id, aspect)
        link = create.link("read")
        if requirement is None or link is None:
            return
        reading = self.session.operation(link.operation)
        schema = reading.success.schema
        if schema is None:
            return
        recorder = self.session.recorder
        recorded = {
            verdict.location
            for verdict in recorder.verdicts
            if verdict.requirement == requirement.id and verdict.fingerprint
        }

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: identifier})
            return not {
                difference.place for difference in self._differences(reading, sent, exchange)
            } - recorded, exchange

        _, exchange = self.session.eventually(look)  # values that were recorded before are not waited for again
        if not exchange.response.ok or not concerns(exchange, identifier, _name(create, sent)):
            return  # the lifecycle reports that
        self.session.accepted(exchange)
        for item in {
            difference.place: difference for difference in self._differences(reading, sent, exchange)
        }.values():
            record_difference(recorder, requirement.id, item, exchange)

    def _differences(self, reading: Operation, sent: Any, exchange: Exchange) -> list[Difference]:
        """The values that were not read as sent, except for white space and HTML escaping; empty if no body was
        read.
        """
        if not exchange.response.ok:
            return []
        try:
            read = checks.body_of(reading, exchange)
        except NotJson:
            return []
        members = self.session.specification.members
        return [
            difference
            for difference in differences(sent, read, reading.success.schema or {}, members)
            if not difference.soft
        ]
