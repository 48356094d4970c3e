"""OpenAPI: an operation as a spec describes it, with what its `x-conformance` says (`docs/spec-format.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from conformance.structure import EXTENSION, Citation, Rule, RuleKind, Schema, rules

METHODS: Final = ("get", "post", "put", "patch", "delete")
CONSTANT: Final = ("workspace",)  # path parameters that name nothing that a test could choose


class SpecificationError(Exception):
    """A spec or register that does not follow the format; the message names the place and what is wrong."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Where a request names what it acts on.

    `where` is path, query, body or upload. `name` is the parameter, `pointer` a JSON pointer in which `*` stands for
    every element (`other` is the one of a rejected reading), `part` and `xpath` the part of an upload and the place in
    its XML; without `xpath` it is the name of the file. `when` limits the touch to requests whose query parameter has
    (`values`) or does not have (`unless`) one of some values. An `optional` one may name nothing; a `foreign` one may
    name somebody else's, at level disposable only. A `word` is a name without blanks.
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
    optional: bool = False
    foreign: bool = False
    word: bool = False

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
class Form:
    """What a target wants in each call of an operation besides what the document says, and how its body is encoded."""

    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a resource's life: from the create to what reads, updates, lists or deletes the resource.

    `parameter` is the path parameter that takes the identifier (`member` the one of the body, where the path has
    none), `pointer` where the creating answer holds it (empty when it does not), or with `sent` the creating request.
    For a list, `item` and `name` are pointers within an item, `items` to the array; the items of a `tree` stand at any
    depth. `carries` is a word: the parameter takes what a member of the created thing holds that is called by it.
    """

    step: str
    operation: str
    parameter: str = ""
    member: str = ""
    pointer: str = ""
    sent: bool = False
    items: str = ""
    item: str = ""
    name: str = ""
    tree: bool = False
    carries: str = ""


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
    """A documented request body of one media type.

    `accepted_by` maps the name of an example to the requirement of the register that says that it is accepted.
    """

    media_type: str
    schema: Schema
    examples: Mapping[str, Any]
    required: bool
    accepted_by: Mapping[str, str]


@dataclass(frozen=True)
class Operation:
    """One operation of a spec, with what its `x-conformance` says.

    `fixtures` maps a path parameter, or a pointer into the body, to the key of the target file that gives its value
    where no operation makes it; `needs` are the keys without which nothing calls it, where its fixtures do not
    tell. A `personal` one concerns access to the account as well. What a `tombstone` deletes may go on being
    read. A `confidential` one answers what is other people's as a whole.
    """

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
    personal: bool = False
    undocumented_request: bool = False
    tombstone: bool = False
    touches: tuple[Touch, ...] = ()
    names: tuple[Touch, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    fixtures: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] | None = None
    confidential: bool = False
    schemes: tuple[tuple[str, ...], ...] = ()
    parameters: tuple[Mapping[str, Any], ...] = ()
    bodies: tuple[Body, ...] = ()
    answers: tuple[Answer, ...] = ()
    links: tuple[Link, ...] = ()
    form: Form = Form()
    documented: Operation | None = None

    @property
    def path_parameters(self) -> list[str]:
        """The names of the path's parameters, but for those that are the same everywhere."""
        return [one["name"] for one in self.parameters if one.get("in") == "path" and one["name"] not in CONSTANT]

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

    def fixes_status(self, answer: Answer) -> bool:
        """Whether a call can contradict the status of a documented success.

        Where only the class is told, any success fits, and a refusal contradicts the requirement that the register
        has for it (`accepted_by`), or nothing (no document gives the request).
        """
        return not answer.status.upper().endswith("XX") or not (self.accepted_by or self.undocumented_request)

    def link(self, step: str) -> Link | None:
        """The link for a step of the life, or None."""
        return next((link for link in self.links if link.step == step), None)

    def body(self, media_type: str = "") -> Body | None:
        """The request body of a media type, the first one by default."""
        return next((body for body in self.bodies if media_type in ("", body.media_type)), None)

    def fits(self, path: Mapping[str, str]) -> bool:
        """Whether the values of a path have the forms that its parameters give: so are namesakes told apart."""
        forms = ((one["name"], one.get("schema", {}).get("pattern", "")) for one in self.parameters)
        return all(re.search(form, path.get(name, "")) for name, form in forms)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a decoded path; each path parameter is a named group."""
        return _pattern(self.path)

    @cached_property
    def other_patterns(self) -> tuple[re.Pattern[str], ...]:
        """The same for the paths of rejected readings: they call this operation too."""
        return tuple(_pattern(one.path) for one in self.alternatives)


def _pattern(path: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def group(name: str) -> str:
        known = name in seen  # a prefix that stands twice names the same thing twice
        seen.add(name)
        return f"(?P={name})" if known else f"(?P<{name}>[^/]+)"

    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(group(part) if index % 2 else re.escape(part) for index, part in enumerate(parts)))


def inline(document: dict[str, Any]) -> dict[str, Any]:
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


def operations(system: str, source: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of an inlined OpenAPI document. Raises SpecificationError."""
    for path, item in source["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            raw = item[method]
            servers = raw.get("servers") or item.get("servers") or source["servers"]
            server = servers[0]["url"].strip("{}")
            yield _operation(system, source, path, method, item, raw, server)
            if namesake := raw.get(EXTENSION, {}).get("namesake"):
                yield _operation(system, source, namesake["path"], method, {}, namesake, server)


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
        personal=extension.get("personal", False),
        undocumented_request=extension.get("request") == "undocumented",
        tombstone=extension.get("tombstone", False),
        touches=tuple(_touch(touch) for touch in extension.get("touches", ())),
        names=tuple(_touch(touch) for touch in _listed(extension.get("name", ()))),
        alternatives=tuple(Alternative(one["reading"], one["path"]) for one in extension.get("alternatives", ())),
        fixtures=extension.get("fixtures", {}),
        needs=tuple(extension["needs"]) if "needs" in extension else None,
        confidential=extension.get("confidential", False),
        schemes=tuple(tuple(one) for one in security),
        parameters=(*item.get("parameters", ()), *raw.get("parameters", ())),
        bodies=tuple(
            Body(
                media, content.get("schema", {}), _examples(content), request.get("required", False), _accepted(content)
            )
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
        optional=raw.get("optional", False),
        foreign=raw.get("foreign", False),
        word=raw.get("word", False),
    )


def _examples(content: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: example["value"] for name, example in content.get("examples", {}).items()}
    return {**({"default": content["example"]} if "example" in content else {}), **named}


def _accepted(content: Mapping[str, Any]) -> dict[str, str]:
    extensions = {name: example.get(EXTENSION, {}) for name, example in content.get("examples", {}).items()}
    return {name: extension["accepted_by"] for name, extension in extensions.items() if "accepted_by" in extension}


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
    # What stands in the path of the create stays as it is: the ledger knows it (`Entry.within`).
    given = {name: value for name, value in raw.get("parameters", {}).items() if not value.startswith("$request.path.")}
    parameter, expression = next(iter(given.items()), ("", ""))
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
        sent=str(expression).startswith("$request."),
        items=extension.get("items", ""),
        item=extension.get("item", ""),
        name=extension.get("name", ""),
        tree=extension.get("tree", False),
        carries=extension.get("carries", ""),
    )
