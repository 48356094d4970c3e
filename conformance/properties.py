"""Properties: what holds for every documented body. Examples, then single documented values, then generated bodies.

A documented value that is refused counts as a deviation only beside the example that differs in that value alone and
was accepted; a generated body that is refused is a finding, since no document speaks of combinations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from conformance import checks, generation, sampling
from conformance.comparison import Difference, differences, renamed
from conformance.exchange import Exchange, NotJson
from conformance.judge import Blocked, NotExercised
from conformance.lifecycle import writable
from conformance.session import Session
from conformance.specification import Operation, Specification
from conformance.structure import Citation, RuleKind, Schema, rules
from conformance.verdict import Kind, Reason

DEPTHS: Final = {"quick": 3, "standard": 15, "deep": 60}


@dataclass(frozen=True, slots=True)
class Variation:
    """The example with one documented value in the place of another."""

    place: str
    value: Any
    body: Any


def concerned(specification: Specification) -> list[Operation]:
    """The operations whose bodies are varied."""
    return [operation for operation in specification.operations.values() if requirements(specification, operation)]


def requirements(specification: Specification, operation: Operation) -> list[str]:
    """The ids that the properties of an operation try."""
    return [
        one.id
        for one in specification.requirements.values()
        if one.operation == operation.id and one.tried == "property"
    ]


def variations(operation: Operation, bases: Iterable[Any] = ()) -> Iterator[Variation]:
    """The first base that reaches a place with a closed set of values, once with each of the values there.

    Bases are the documented examples, unless others are given.
    """
    body = operation.body("application/json")
    if body is None:
        return
    known = list(bases) or list(body.examples.values())
    for place, values in closed_sets(body.schema):
        at_top = place.count("/") == 1 and "[]" not in place  # such a member may be absent: then it is added
        base = next((one for one in known if _at(one, place) is not None), known[0] if at_top else None)
        for value in values if base is not None else ():
            changed = deepcopy(base)
            holder = changed if at_top else _at(changed, place)
            assert holder is not None
            holder[place.rsplit("/", 1)[1]] = value
            yield Variation(place, value, changed)


def closed_sets(schema: Schema) -> list[tuple[str, tuple[Any, ...]]]:
    """Every place of a request schema that allows a closed set of at least two values."""
    found = [(rule.place, rule.values) for rule in rules(schema, Citation()) if rule.kind is RuleKind.VALUES]
    return [(place, values) for place, values in found if len(values) > 1]


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
    """The properties of one operation. `mend` makes a generated body consistent where a schema cannot say how."""

    def __init__(self, session: Session, operation: Operation, mend: Callable[[Any], Any] = lambda body: body) -> None:
        self.session = session
        self.operation = operation
        self.mend = mend

    def try_examples(self) -> None:
        """Every documented example is accepted. Raises Blocked and NotExercised."""
        body = self.operation.body("application/json")
        assert body is not None
        for name, example in body.examples.items():
            self._send(example, call=True, accepts=body.accepted_by.get(name, ""))

    def try_variations(self) -> None:
        """Each documented value of a closed set is accepted, where the example with another value is."""
        refused: set[str] = set()
        for variation in variations(self.operation):
            if variation.place in refused:
                continue
            exchange = self._send(variation.body)
            if not self._accepted(variation, exchange):
                refused.add(variation.place)

    def try_updates(self, maker: Operation) -> None:
        """The same for an update: the complete definition of something of our own, with one value in another's place.

        `maker` creates it, from each of its examples. Raises Blocked and NotExercised.
        """
        session = self.session
        made = maker.body("application/json")
        documented = self.operation.body("application/json")
        reading, link = maker.link("read"), maker.link("update")
        assert made is not None
        assert documented is not None
        assert reading is not None
        assert link is not None
        owners: dict[int, str] = {}
        bases: list[Any] = []
        for name, example in made.examples.items():
            request = sampling.sample(session, maker, example).request()
            identifier = session.create(maker.id, accepts=made.accepted_by.get(name, ""), **request).id
            read = session.call(reading.operation, path={reading.parameter: identifier})
            body = checks.body_of(session.operation(reading.operation), read)
            # What was sent, not what is read: what a server got wrong in a creation is not sent back to it.
            schema = session.operation(reading.operation).success.schema or {}
            bases.append(writable(renamed(request["json"], body, schema), documented.schema))
            owners[len(bases) - 1] = identifier
        refused: set[str] = set()
        for number, base in enumerate(bases):
            path = {link.parameter: owners[number]}
            control = session.call(self.operation.id, path=path, json=base)
            for variation in variations(self.operation, [base]):
                if variation.place in refused:
                    continue
                exchange = session.send(self.operation.id, path=path, json=variation.body)
                if not self._accepted(variation, exchange, control):
                    refused.add(variation.place)
                elif exchange.answer.ok:
                    self._read_back(maker, "updated-reads-as-sent", variation.body, owners[number])

    def _accepted(self, variation: Variation, exchange: Exchange, *control: Exchange) -> bool:
        requirement = f"{self.operation.id}.request.{variation.place}:accepted"
        if not (exchange.answer.ok or exchange.answer.refused):
            return True  # an error of the server's says nothing about the value
        return self.session.judge.require(
            requirement,
            exchange.answer.ok,
            exchange,
            *control,
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
        for body in generation.cases(self.operation, seed, count):
            self._send(self.mend(body), call=True, accepts=f"{self.operation.id}:generated-accepted")

    def _send(self, body: Any, *, call: bool = False, accepts: str = "") -> Exchange:
        """Send one body to something of our own, judge an accepted answer, and remove what was made.

        Raises Blocked and NotExercised; the latter also when no answer came.
        """
        session, operation = self.session, self.operation
        request = sampling.sample(session, operation, body).request()
        if call:
            exchange = session.call(operation.id, accepts=accepts, **request)
        else:
            exchange = session.send(operation.id, **request)
            if exchange.response is None:
                raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
            if exchange.answer.ok:
                session.accepted(exchange)
        entry = session.client.entry
        if entry is None:
            return exchange
        if not exchange.answer.ok:
            session.take_over(operation, entry)
            return exchange
        try:
            known = session.adopt(operation, entry, exchange)
        except (Blocked, NotExercised):
            return exchange
        self._read_back(operation, "created-reads-as-sent", request["json"], known.identifier)
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
        judge = self.session.judge
        told = {one.location for one in judge.verdicts if one.requirement == requirement.id and one.fingerprint}

        def look() -> tuple[bool, Exchange]:
            exchange = self.session.send(link.operation, path={link.parameter: identifier})
            return not {one.place for one in self._apart(reading, sent, exchange)} - told, exchange

        _, exchange = self.session.eventually(look)  # for what was told before, nobody needs to wait again
        if not exchange.answer.ok:
            return
        self.session.accepted(exchange)
        for one in {one.place: one for one in self._apart(reading, sent, exchange)}.values():
            judge.require(
                requirement.id,
                False,
                exchange,
                expected=checks.told(one.sent),
                observed=checks.told(one.read),
                kind=Kind.READ_BACK,
                location=one.place,
            )

    @staticmethod
    def _apart(reading: Operation, sent: Any, exchange: Exchange) -> list[Difference]:
        """What was not read as sent, but for white space and HTML escaping; nothing where no body is read."""
        if not exchange.answer.ok:
            return []
        try:
            read = checks.body_of(reading, exchange)
        except NotJson:
            return []
        return [one for one in differences(sent, read, reading.success.schema or {}) if not one.soft]
