"""One testable statement of the documentation. The structural ones are derived from the spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from conformance.core.verdict import Harm, Level, Reason
from conformance.spec import requirement_ids
from conformance.spec.harm import of_structure
from conformance.spec.operation import Operation
from conformance.spec.producers import maker_of, shown_by
from conformance.spec.requirement_ids import REQUEST, StructuralId
from conformance.spec.rules import (
    Citation,
    Rule,
    RuleKind,
    demanded,
    field,
    rules,
)

REFUSALS: Final = ("3", "4", "5")  # the first digit of the status of a refusal
SERVER_ERROR: Final = "returns a status of 500 or higher"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One testable statement of the documentation.

    Structural ones (`structural` is true) are derived from the spec, the others are entries of the register. `tried`
    says what tests it: structure, lifecycle, access, scenario, property, or none (then `untestable` says why). `needs`
    are the keys of the target file without which it cannot be tested (`case`, `users.outsider`). `disposable` ones are
    tested at that safety level only, whatever their operations allow. `request` is the method and path of its
    operation, `deviation` is what is wrong with a server that contradicts it: together they are the title of a
    deviation.
    """

    id: str
    system: str
    profile: str
    operation: str
    level: Level
    document: str
    section: str
    lines: str
    statement: str
    reading: str | None = None
    tried: str = "structure"
    aspect: str | None = None
    since: str | None = None
    faults: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    untestable: Reason | None = None
    disposable: bool = False
    structural: bool = False
    place: str = ""
    request: str = ""
    deviation: str = ""
    harm: Harm | None = None

    @property
    def of_success(self) -> bool:
        """Whether it is derived from the spec, and only an accepted request can show that it holds."""
        structure = StructuralId.parse(self.id) if self.structural else None
        return structure is not None and (structure.status[:1] == "2" or structure.rule == requirement_ids.EXISTS)

    @property
    def sent(self) -> bool:
        """Whether it is about a field of a request, not of a response."""
        structure = StructuralId.parse(self.id) if self.structural else None
        return structure is not None and structure.part == REQUEST

    @property
    def refusal(self) -> bool:
        """Whether it is about the form of a documented refusal."""
        structure = StructuralId.parse(self.id) if self.structural else None
        return structure is not None and structure.status[:1] in REFUSALS

    def later_than(self, version: str | None) -> bool:
        """Whether it holds only since a later version; without a version everything applies."""
        return bool(version and self.since and _numbers(version) and _numbers(version) < _numbers(self.since))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall("[0-9]+", version)]


Maker = Callable[[str, Citation, str, str, str], Requirement]


def structural(operation: Operation) -> Iterator[Requirement]:
    """The requirements that are derived from an operation of the spec."""

    def made(identifier: str, citation: Citation, statement: str, wrong: str, place: str = "") -> Requirement:
        return Requirement(
            id=identifier,
            system=operation.system,
            profile=operation.profile,
            operation=operation.id,
            level=citation.level,
            document=citation.document,
            section=citation.section,
            lines=citation.lines,
            statement=statement,
            reading=citation.reading,
            since=citation.since,
            structural=True,
            place=place,
            request=operation.request,
            deviation=wrong,
            harm=of_structure(identifier),
        )

    own = operation.citation
    if operation.implied:
        own = replace(own, level=Level.MAY)
    yield made(requirement_ids.exists(operation.id), own, f"{operation.request} exists.", "does not exist")
    lax = replace(own, level=Level.MAY)
    never = requirement_ids.no_server_error(operation.id)
    yield made(never, lax, "No request returns a status of 500 or higher.", SERVER_ERROR)
    if operation.effect in ("create", "update") and _sends_text(operation):
        exactly = "Text is read back exactly as it was sent, including white space and special characters."
        verbatim = requirement_ids.verbatim(operation.id)
        yield made(verbatim, lax, exactly, "text is not read back exactly as it was sent")
    for alternative in operation.alternatives:
        other = replace(own, level=Level.MAY, reading=alternative.reading)
        works = f"The documented path {operation.path} works, not only {alternative.path}."
        documented = requirement_ids.documented_form(operation.id)
        yield made(documented, other, works, f"only {alternative.path} works")
    for rule, name in _request_rules(operation):
        where = field(rule.place)
        accepted = f"Every documented value of {where} is accepted: {rule.expected}."
        level = _at_most_should(rule.citation.level)
        wrong = f"rejects a documented value of {where}"
        accepting = made(name, replace(rule.citation, level=level), accepted, wrong, rule.place)
        yield replace(accepting, tried="property")
    yield from _demands(operation, made)
    if _combinable(operation):
        combination = "Every combination of documented values is accepted in a body."
        generated = requirement_ids.generated_accepted(operation.id)
        combined = made(generated, lax, combination, "rejects a combination of documented values")
        yield replace(combined, tried="property")
    for response in operation.responses:
        at = response.status
        if response.status[0] == "2" and operation.fixes_status(response):
            firm = replace(response.citation, level=own.level)
            returned = f"A documented request returns {response.status}."
            wrong = f"a documented request does not return {response.status}"
            yield made(requirement_ids.status(operation.id, at), firm, returned, wrong)
        on = "" if response.status[0] == "2" else f" with status {response.status}"
        if response.media_types:
            types = " or ".join(response.media_types)
            of_type = replace(response.citation, level=response.content_type)
            identifier, wrong = requirement_ids.content_type(operation.id, at), f"the response{on} is not {types}"
            yield made(identifier, of_type, f"The response is {types}.", wrong)
        if response.wrapped:
            bare = replace(response.citation, level=Level.MAY, reading=response.wrapped)
            array = f"the response{on} is an array that contains the object"
            identifier = requirement_ids.unwrapped(operation.id, at)
            yield made(identifier, bare, "The response is the object itself, not an array that contains it.", array)
        for rule in response.rules:
            wrong = f"in a response{on}, {rule.violation}" if on else rule.violation
            identifier = requirement_ids.at_place(operation.id, at, rule.place, rule.kind)
            yield made(identifier, rule.citation, rule.sentence, wrong, rule.place)


def unchanged(operations: Mapping[str, Operation], operation: Operation) -> Requirement | None:
    """The requirement that a refused request changes nothing, if cases of the operation can show that. At most a
    finding.

    No document states it explicitly: a refused request was not carried out.
    """
    made_by = maker_of(operations, operation)
    changing = operation.effect in ("create", "update") and not (operation.personal or operation.undocumented_request)
    if not changing or made_by is None or made_by.personal or operation.body("application/json") is None:
        return None
    findable = made_by.names and made_by.link("list") and made_by.link("delete")
    if not findable or shown_by(operations, operation) is None or len(operation.path_parameters) > 1:
        return None
    creates = operation.effect == "create"
    own = operation.citation
    return Requirement(
        id=requirement_ids.refused_unchanged(operation.id),
        system=operation.system,
        profile=operation.profile,
        operation=operation.id,
        level=Level.MAY,
        document=own.document,
        section=own.section,
        lines=own.lines,
        statement=f"A refused request {'creates nothing' if creates else 'does not change what it names'}.",
        reading=own.reading,
        tried="property",
        since=own.since,
        structural=True,
        request=operation.request,
        deviation="a refused request has an effect nevertheless",
    )


def _demands(
    operation: Operation, made: Callable[[str, Citation, str, str, str], Requirement]
) -> Iterator[Requirement]:
    """The requirement that a body without a required field is refused (rule 3): accepting it is compatible, and a
    finding.

    Without the field that names its resource, a request could reach anything: the guard sends none. Without the name of
    what it creates, it is tested at level disposable only.
    """
    body = next(iter(operation.bodies), None)
    if body is None or operation.undocumented_request or operation.implied:
        return
    touched, named = (
        {touch.pointer.replace("/*", "[]") or f"/{touch.part}" for touch in touches}
        for touches in (operation.touches, operation.names)
    )
    for place, citation in demanded(body.schema, operation.citation):
        where = field(place)
        refused, accepts = f"A body without {where} is refused.", f"accepts a body without {where}"
        identifier = requirement_ids.required(operation.id, place)
        requirement = made(identifier, replace(citation, level=Level.MAY), refused, accepts, place)
        if place in touched - named:
            yield replace(requirement, tried="none", untestable=Reason.SAFETY_LEVEL)
            continue
        plain = operation.effect in ("create", "update") and body.media_type.endswith("json")
        alone = place in named and operation.effect == "create"
        yield replace(requirement, tried="property" if plain and not alone else "scenario", disposable=alone)


def _sends_text(operation: Operation) -> bool:
    """Whether a body contains text of ours that can be read back: a name, or in an update more than its identifier."""
    body = operation.body("application/json")
    named = {f"/{name}" for name in body.schema.get("properties", {})} if body is not None else set()
    free = named - {touch.pointer for touch in operation.touches}
    return body is not None and bool(
        (operation.names and operation.link("read")) or (operation.effect == "update" and free)
    )


def _combinable(operation: Operation) -> bool:
    """Whether bodies can be generated from the schema alone: they refer to nothing except the path's resource."""
    body = operation.body("application/json")
    named = any(touch.where == "body" for touch in operation.touches)
    defines = body is not None and any(
        name.endswith("s") and item.get("type") == "array" for name, item in body.schema.get("properties", {}).items()
    )
    updates = operation.effect == "update" and defines  # the elements of an update exist already
    return body is not None and not (
        operation.undocumented_request or operation.effect == "administer" or named or updates
    )


def _request_rules(operation: Operation) -> Iterator[tuple[Rule, str]]:
    """The closed sets of values in a documented JSON body; each is a requirement to accept them."""
    body = operation.body("application/json")
    if body is None or operation.undocumented_request or operation.effect == "administer":
        return
    for rule in rules(body.schema, operation.citation):
        if rule.kind is RuleKind.VALUES and len(rule.values) > 1:
            yield rule, requirement_ids.accepted(operation.id, rule.place)


def _at_most_should(level: Level) -> Level:
    """At most should: a listed value is clearly, but not explicitly, accepted."""
    return Level.SHOULD if level is Level.MUST else level
