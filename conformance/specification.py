"""Specs and register, read into frozen values.

The specs are OpenAPI 3.1 with one extension, `x-conformance`; `docs/spec-format.md` describes both.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.structure import EXTENSION, Citation, Rule, RuleKind, Schema, rules
from conformance.verdict import Level, Reason

SYSTEMS: Final = ("processmaker3", "processmaker4", "procesio")
TITLES: Final = {"processmaker3": "ProcessMaker 3", "processmaker4": "ProcessMaker 4", "procesio": "PROCESIO"}
METHODS: Final = ("get", "post", "put", "patch", "delete")


class SpecificationError(Exception):
    """A spec or register that does not follow the format; the message names the place and what is wrong."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Where a request names what it acts on.

    `where` is path, query, body or upload. `name` is the parameter, `pointer` a JSON pointer in which `*` stands for
    every element (`other` is the one of a rejected reading), `part` and `xpath` the part of an upload and the place in
    its XML. `when` limits the touch to requests whose query parameter has (`values`) or does not have (`unless`) one
    of some values.
    """

    where: str
    name: str = ""
    pointer: str = ""
    other: str = ""
    part: str = ""
    xpath: str = ""
    when_query: str = ""
    values: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def applies(self, query: Mapping[str, str]) -> bool:
        """Whether the touch holds for a request with this query."""
        if not self.when_query:
            return True
        value = query.get(self.when_query, "").strip().upper()
        if self.values:
            return value in self.values
        return value not in self.unless


@dataclass(frozen=True, slots=True)
class Alternative:
    """The rejected reading of a contradiction: another way to call an operation; following it is a finding."""

    reading: str
    path: str


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a resource's life: from the create to what reads, updates, lists or deletes the resource.

    `parameter` is the path parameter that takes the identifier (`member` the one of the body, where the path has
    none), `pointer` where the creating answer holds it (empty when it does not). For a list, `item` and `name` are
    pointers within an item, `items` to the array.
    """

    step: str
    operation: str
    parameter: str = ""
    member: str = ""
    pointer: str = ""
    items: str = ""
    item: str = ""
    name: str = ""


@dataclass(frozen=True)
class Answer:
    """A documented response: `status` is a number or a class such as `2XX`."""

    status: str
    media_types: tuple[str, ...]
    schema: Schema | None
    rules: tuple[Rule, ...]
    citation: Citation
    wrapped: str | None = None
    examples: tuple[Any, ...] = ()

    def matches(self, status: int) -> bool:
        """Whether an answer with this status is of this kind."""
        if self.status == "default":
            return True
        if self.status.upper().endswith("XX"):
            return str(status)[0] == self.status[0]
        return str(status) == self.status

    @cached_property
    def by_key(self) -> Mapping[tuple[str, RuleKind], Rule]:
        """The rules by place and kind."""
        return {(rule.place, rule.kind): rule for rule in self.rules}

    @cached_property
    def by_place(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules by place."""
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.rules:
            found[rule.place] = (*found.get(rule.place, ()), rule)
        return found


@dataclass(frozen=True, slots=True)
class Body:
    """A documented request body of one media type."""

    media_type: str
    schema: Schema
    examples: Mapping[str, Any]
    required: bool


@dataclass(frozen=True)
class Operation:
    """One operation of a spec, with what its `x-conformance` says."""

    id: str
    system: str
    method: str
    path: str
    server: str
    summary: str
    effect: str
    resource: str
    profile: str
    citation: Citation
    permission: tuple[str, ...] = ()
    accepted_by: str = ""
    starts: bool = False
    implied: bool = False
    anonymous: bool = False
    undocumented_request: bool = False
    touches: tuple[Touch, ...] = ()
    names: tuple[Touch, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    schemes: tuple[tuple[str, ...], ...] = ()
    parameters: tuple[Mapping[str, Any], ...] = ()
    bodies: tuple[Body, ...] = ()
    answers: tuple[Answer, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def document(self) -> str:
        """The document that describes the operation."""
        return self.citation.document

    @property
    def section(self) -> str:
        """The section of the document."""
        return self.citation.section

    @property
    def lines(self) -> str:
        """The lines of the document."""
        return self.citation.lines

    @property
    def success(self) -> Answer:
        """The documented success."""
        return next(answer for answer in self.answers if answer.status[0] == "2")

    def answer(self, status: int) -> Answer | None:
        """What is documented for a status, or None; an exact number goes before a class."""
        fitting = [answer for answer in self.answers if answer.matches(status)]
        return min(fitting, key=lambda answer: (answer.status == "default", "X" in answer.status), default=None)

    def link(self, step: str) -> Link | None:
        """The link for a step of the life, or None."""
        return next((link for link in self.links if link.step == step), None)

    def body(self, media_type: str = "") -> Body | None:
        """The request body of a media type, the first one by default."""
        return next((body for body in self.bodies if media_type in ("", body.media_type)), None)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a decoded path; each path parameter is a named group."""
        parts = re.split(r"\{(\w+)\}", self.path)
        text = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        return re.compile(text)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One testable statement of a document.

    Structural ones (`structural` is true) are derived from the spec, the others are entries of the register. `tried`
    says by what: structure, lifecycle, access, scenario, property, or none (then `untestable` says why).
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
    untestable: Reason | None = None
    structural: bool = False
    place: str = ""


@dataclass(frozen=True)
class Specification:
    """All that is known of one system."""

    system: str
    title: str
    operations: Mapping[str, Operation]
    requirements: Mapping[str, Requirement]
    digest: str
    source: Mapping[str, Any]

    def match(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation that a method and a decoded path call, with its path values.

        A literal path goes before one with parameters (`/project/bulk` is not a project).
        """
        fitting = [
            (operation, found.groupdict())
            for operation in self.operations.values()
            if operation.method == method and (found := operation.pattern.fullmatch(path))
        ]
        return min(fitting, key=lambda pair: len(pair[1]), default=None)

    def aspect(self, operation: str, aspect: str) -> Requirement | None:
        """The register's requirement for a step of the engine at an operation, or None: the document is silent."""
        return next(
            (
                requirement
                for requirement in self.requirements.values()
                if requirement.operation == operation and requirement.aspect == aspect
            ),
            None,
        )


def root() -> Path:
    """The directory of the specs: inside the installed package, or at the top of a checkout."""
    packaged = Path(__file__).parent / "_specs"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "specs"


@cache
def load(system: str) -> Specification:
    """Read spec and register of a system.

    Raises:
        SpecificationError: they do not follow `docs/spec-format.md`.
    """
    directory = root() / system
    text = (directory / "openapi.yaml").read_bytes()
    register = (directory / "requirements.yaml").read_bytes()
    source = _inline(yaml.load(text, Loader=_Loader))  # noqa: S506 - a safe loader
    operations = {operation.id: operation for operation in _operations(system, source)}
    requirements: dict[str, Requirement] = {}
    for operation in operations.values():
        for requirement in _structural(operation):
            requirements[requirement.id] = requirement
    entries = yaml.load(register, Loader=_Loader)  # noqa: S506 - a safe loader
    for name, faults in entries.get("structural", {}).items():
        if name not in requirements:
            raise SpecificationError(f"{system}/requirements.yaml: no structural requirement {name}")
        requirements[name] = replace(requirements[name], faults=tuple(faults))
    for entry in entries["requirements"]:
        requirement = _registered(system, entry, operations)
        if requirement.id in requirements:
            raise SpecificationError(f"{system}/requirements.yaml: {requirement.id} stands there twice")
        requirements[requirement.id] = requirement
    digest = hashlib.sha256(text + b"\0" + register).hexdigest()
    return Specification(system, TITLES[system], operations, requirements, digest, source)


def fields(system: str) -> list[dict[str, str]]:
    """The rows of the inventory of a system's documented fields."""
    with (root() / system / "fields.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without dates: a version or a date in a spec stays the text that it is."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _inline(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every local `$ref` replaced by what it refers to; siblings of a `$ref` go before it."""

    def target(reference: str) -> Any:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            try:
                node = node[part.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError):
                raise SpecificationError(f"$ref to nothing: {reference}") from None
        return node

    def expand(node: Any, within: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [expand(item, within) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" not in node:
            return {key: expand(value, within) for key, value in node.items()}
        reference = node["$ref"]
        if reference in within:
            raise SpecificationError(f"$ref that leads back to itself: {reference}")
        siblings = {key: expand(value, within) for key, value in node.items() if key != "$ref"}
        return {**expand(target(reference), (*within, reference)), **siblings}

    return {key: value if key == "components" else expand(value, ()) for key, value in document.items()}


def _operations(system: str, source: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in source["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            raw = item[method]
            servers = raw.get("servers") or item.get("servers") or source["servers"]
            yield _operation(system, source, path, method, item, raw, servers[0]["url"].strip("{}"))


def _operation(
    system: str,
    source: Mapping[str, Any],
    path: str,
    method: str,
    item: Mapping[str, Any],
    raw: Mapping[str, Any],
    server: str,
) -> Operation:
    name = raw.get("operationId", f"{method} {path}")
    extension = raw.get(EXTENSION)
    if not extension:
        raise SpecificationError(f"{system}: {name} has no {EXTENSION}")
    missing = {"profile", "effect", "resource", "document", "section", "lines"} - extension.keys()
    if missing:
        raise SpecificationError(f"{system}: {name}: {EXTENSION} lacks {', '.join(sorted(missing))}")
    citation = Citation().refined(extension)
    request = raw.get("requestBody", {})
    security = raw.get("security", source.get("security", []))
    return Operation(
        id=name,
        system=system,
        method=method.upper(),
        path=path,
        server=server,
        summary=raw.get("summary", ""),
        effect=extension["effect"],
        resource=extension["resource"],
        profile=extension["profile"],
        citation=citation,
        permission=tuple(extension.get("permission", ())),
        accepted_by=extension.get("accepted_by", ""),
        starts=extension.get("starts", False),
        implied=extension.get("implied", False),
        anonymous=extension.get("anonymous", False),
        undocumented_request=extension.get("request") == "undocumented",
        touches=tuple(_touch(touch) for touch in extension.get("touches", ())),
        names=tuple(_touch(touch) for touch in _listed(extension.get("name", ()))),
        alternatives=tuple(Alternative(one["reading"], one["path"]) for one in extension.get("alternatives", ())),
        schemes=tuple(tuple(one) for one in security),
        parameters=(*item.get("parameters", ()), *raw.get("parameters", ())),
        bodies=tuple(
            Body(media, content.get("schema", {}), _examples(content), request.get("required", False))
            for media, content in request.get("content", {}).items()
        ),
        answers=tuple(_answer(str(status), answer, citation) for status, answer in raw["responses"].items()),
        links=tuple(
            _link(step, link) for answer in raw["responses"].values() for step, link in answer.get("links", {}).items()
        ),
    )


def _listed(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value]
    return list(value)


def _touch(raw: Mapping[str, Any]) -> Touch:
    when = raw.get("when", {})
    return Touch(
        where=raw["in"],
        name=raw.get("name", ""),
        pointer=raw.get("pointer", ""),
        other=raw.get("or", ""),
        part=raw.get("part", ""),
        xpath=raw.get("xpath", ""),
        when_query=when.get("query", ""),
        values=tuple(when.get("in", ())),
        unless=tuple(when.get("not", ())),
    )


def _examples(content: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: example["value"] for name, example in content.get("examples", {}).items()}
    return {**({"default": content["example"]} if "example" in content else {}), **named}


def _answer(status: str, raw: Mapping[str, Any], enclosing: Citation) -> Answer:
    extension = raw.get(EXTENSION, {})
    citation = enclosing.refined(extension)
    contents = raw.get("content", {})
    content: Mapping[str, Any] = next(iter(contents.values()), {})
    schema = content.get("schema")
    return Answer(
        status=status,
        media_types=tuple(contents),
        schema=schema,
        rules=rules(schema, citation) if schema else (),
        citation=citation,
        wrapped=extension.get("wrapped", {}).get("reading"),
        examples=tuple(_examples(content).values()),
    )


def _link(step: str, raw: Mapping[str, Any]) -> Link:
    parameter, expression = next(iter(raw.get("parameters", {}).items()), ("", ""))
    member = ""
    if not parameter:
        member, expression = next(iter(raw.get("requestBody", {}).items()), ("", ""))
    extension = raw.get(EXTENSION, {})
    return Link(
        step=step,
        operation=raw["operationId"],
        parameter=parameter,
        member=member,
        pointer=str(expression).partition("#")[2],
        items=extension.get("items", ""),
        item=extension.get("item", ""),
        name=extension.get("name", ""),
    )


def _structural(operation: Operation) -> Iterator[Requirement]:
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
    text_is_sent = operation.effect == "update" or operation.names
    if operation.effect in ("create", "update") and operation.body("application/json") and text_is_sent:
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
    if _combinable(operation):
        combined = made(":generated-accepted", lax, "A body of documented values is accepted, in any combination.")
        yield replace(combined, tried="property")
    for answer in operation.answers:
        at = f".{answer.status}"
        if answer.status[0] == "2":
            firm = replace(answer.citation, level=own.level)
            yield made(f"{at}:status", firm, f"A documented call is answered with {answer.status}.")
        if answer.media_types:
            told_media = " or ".join(answer.media_types)
            yield made(f"{at}:content-type", answer.citation, f"The answer is of type {told_media}.")
        if answer.wrapped:
            bare = replace(answer.citation, level=Level.MAY, reading=answer.wrapped)
            yield made(f"{at}:unwrapped", bare, "The answer is the object itself, not an array that holds it.")
        for rule in answer.rules:
            where = rule.place or "the body"
            yield made(f"{at}.{rule.place}:{rule.kind}", rule.citation, f"{where}: {rule.expected}.", rule.place)


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


def _registered(system: str, entry: Mapping[str, Any], operations: Mapping[str, Operation]) -> Requirement:
    name = entry.get("id", "an entry without id")
    missing = {
        "id",
        "level",
        "operation",
        "document",
        "section",
        "lines",
        "statement",
        "tried",
    } - entry.keys()
    if missing:
        raise SpecificationError(f"{system}/requirements.yaml: {name} lacks {', '.join(sorted(missing))}")
    operation = operations.get(entry["operation"])
    if operation is None and entry["tried"] != "none":
        raise SpecificationError(f"{system}/requirements.yaml: {name}: no operation {entry['operation']!r}")
    profile = entry.get("profile") or (operation.profile if operation else "")
    reading = entry.get("reading")
    return Requirement(
        id=entry["id"],
        system=system,
        profile=profile,
        operation=entry["operation"] or "",
        level=Level(entry["level"]),
        document=entry["document"],
        section=entry["section"],
        lines=str(entry["lines"]),
        statement=" ".join(entry["statement"].split()),
        reading=", ".join(reading) if isinstance(reading, list) else reading,
        tried=entry["tried"],
        aspect=entry.get("aspect"),
        since=entry.get("since"),
        faults=tuple(entry.get("faults", ())),
        untestable=Reason(entry["untestable"]) if "untestable" in entry else None,
    )
