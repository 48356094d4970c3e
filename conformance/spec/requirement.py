"""Requirement: one testable statement of a document, and how the structural ones follow from an operation's spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from conformance.core.verdict import Level, Reason
from conformance.spec.operation import Operation
from conformance.spec.rules import (
    Citation,
    Rule,
    RuleKind,
    demanded,
    rules,
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One testable statement of a document.

    Structural ones (`structural` is true) are derived from the spec, the others are entries of the register. `tried`
    says by what: structure, lifecycle, access, scenario, property, or none (then `untestable` says why). `needs` are
    the keys of the target file without which it cannot be tried (`case`, `users.outsider`); `disposable` ones are tried
    at that safety level only, whatever their operations allow.
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

    @property
    def refusal(self) -> bool:
        """Whether it is about what a documented refusal looks like."""
        return self.structural and self.id.removeprefix(self.operation)[:2] in (".3", ".4", ".5")

    def later_than(self, version: str | None) -> bool:
        """Whether it holds since a later version only; without a version everything applies."""
        return bool(version and self.since and _numbers(version) and _numbers(version) < _numbers(self.since))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall("[0-9]+", version)]


def structural(operation: Operation) -> Iterator[Requirement]:
    """The requirements that follow from an operation's place in its spec."""

    def made(suffix: str, citation: Citation, statement: str, place: str = "") -> Requirement:
        return Requirement(
            id=f"{operation.id}{suffix}",
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
        )

    own = operation.citation
    if operation.implied:
        own = replace(own, level=Level.MAY)
    yield made(":exists", own, f"{operation.method} {operation.path} is there.")
    lax = replace(own, level=Level.MAY)
    yield made(":no-server-error", lax, "No request is answered with a status of 500 or higher.")
    if operation.effect in ("create", "update") and _sends_text(operation):
        yield made(":verbatim", lax, "Text comes back exactly as sent, also its white space and special characters.")
    for alternative in operation.alternatives:
        told = replace(own, level=Level.MAY, reading=alternative.reading)
        yield made(":documented-form", told, f"{operation.path} is answered, not only {alternative.path}.")
    for rule, name in _request_rules(operation):
        told_values = f"Each documented value of {rule.place} is accepted: {rule.expected}."
        accepting = made(
            "", replace(rule.citation, level=_at_most_should(rule.citation.level)), told_values, rule.place
        )
        yield replace(accepting, id=name, tried="property")
    yield from _demands(operation, made)
    if _combinable(operation):
        combined = made(":generated-accepted", lax, "A body of documented values is accepted, in any combination.")
        yield replace(combined, tried="property")
    for response in operation.responses:
        at = f".{response.status}"
        if response.status[0] == "2" and operation.fixes_status(response):
            firm = replace(response.citation, level=own.level)
            yield made(f"{at}:status", firm, f"A documented call is answered with {response.status}.")
        if response.media_types:
            told_media = " or ".join(response.media_types)
            of_type = replace(response.citation, level=response.content_type)
            yield made(f"{at}:content-type", of_type, f"The answer is of type {told_media}.")
        if response.wrapped:
            bare = replace(response.citation, level=Level.MAY, reading=response.wrapped)
            yield made(f"{at}:unwrapped", bare, "The answer is the object itself, not an array that holds it.")
        for rule in response.rules:
            where = rule.place or "the body"
            yield made(f"{at}.{rule.place}:{rule.kind}", rule.citation, f"{where}: {rule.expected}.", rule.place)


def _demands(operation: Operation, made: Callable[[str, Citation, str, str], Requirement]) -> Iterator[Requirement]:
    """That a body without a required field is refused (rule 3): what does without it is compatible, and a finding.

    Without what names the thing that it acts on, a request could reach anything: the guard sends none. Without the name
    of what it creates, that is tried where anything may be destroyed.
    """
    body = next(iter(operation.bodies), None)
    if body is None or operation.undocumented_request or operation.implied:
        return
    touched, named = (
        {touch.pointer.replace("/*", "[]") or f"/{touch.part}" for touch in touches}
        for touches in (operation.touches, operation.names)
    )
    for place, citation in demanded(body.schema, operation.citation):
        one = made("", replace(citation, level=Level.MAY), f"A body without {place} is refused.", place)
        one = replace(one, id=f"{operation.id}.request.{place}:required")
        if place in touched - named:
            yield replace(one, tried="none", untestable=Reason.SAFETY_LEVEL)
            continue
        plain = operation.effect in ("create", "update") and body.media_type.endswith("json")
        alone = place in named and operation.effect == "create"
        yield replace(one, tried="property" if plain and not alone else "scenario", disposable=alone)


def _sends_text(operation: Operation) -> bool:
    """Whether a body holds text of ours that can be read: a name, or in an update more than what it acts on."""
    body = operation.body("application/json")
    named = {f"/{name}" for name in body.schema.get("properties", {})} if body is not None else set()
    free = named - {touch.pointer for touch in operation.touches}
    return body is not None and bool(
        (operation.names and operation.link("read")) or (operation.effect == "update" and free)
    )


def _combinable(operation: Operation) -> bool:
    """Whether bodies can be made from the schema alone: they name nothing that exists, but for the path's resource."""
    body = operation.body("application/json")
    named = any(touch.where == "body" for touch in operation.touches)
    defines = body is not None and any(
        name.endswith("s") and one.get("type") == "array" for name, one in body.schema.get("properties", {}).items()
    )
    updates = operation.effect == "update" and defines  # the elements of an update exist already
    return body is not None and not (
        operation.undocumented_request or operation.effect == "administer" or named or updates
    )


def _request_rules(operation: Operation) -> Iterator[tuple[Rule, str]]:
    """The closed sets of values that a documented JSON body may hold; each is a requirement to accept them."""
    body = operation.body("application/json")
    if body is None or operation.undocumented_request or operation.effect == "administer":
        return
    for rule in rules(body.schema, operation.citation):
        if rule.kind is RuleKind.VALUES and len(rule.values) > 1:
            yield rule, f"{operation.id}.request.{rule.place}:accepted"


def _at_most_should(level: Level) -> Level:
    """No firmer than should: that a value is listed says plainly, but not flatly, that it is accepted."""
    return Level.SHOULD if level is Level.MUST else level
