"""Operation: an operation of a spec, with its `x-conformance` (`docs/spec-format.md`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.core.json_walk import objects
from conformance.core.verdict import Level
from conformance.spec.extension import EXTENSION
from conformance.spec.rules import (
    Citation,
    Rule,
    RuleKind,
    Schema,
)


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """Where a request names the resource that it acts on.

    `where` is path, query, body or upload. `name` is the parameter; `pointer` a JSON pointer in which `*` matches every
    element (`other` is that of a rejected reading); `part` and `xpath` are the part of an upload and the place in its
    XML, or without `xpath` the name of the file. `when_query` limits it to requests whose query parameter has none of
    some values (`unless`). An `optional` one may name nothing. One that `allows_foreign` may name somebody else's
    resource, at level disposable only. With `no_blanks` it is a name without blanks.
    """

    where: str
    name: str = ""
    pointer: str = ""
    other: str = ""
    part: str = ""
    xpath: str = ""
    when_query: str = ""
    unless: tuple[str, ...] = ()
    optional: bool = False
    allows_foreign: bool = False
    no_blanks: bool = False

    def applies(self, query: Mapping[str, str]) -> bool:
        """Whether the reference applies to a request with this query."""
        if not self.when_query:
            return True
        return query.get(self.when_query, "").strip().upper() not in self.unless


@dataclass(frozen=True, slots=True)
class Alternative:
    """The rejected reading of a contradiction: another way to call an operation. Following it is a finding."""

    reading: str
    path: str


@dataclass(frozen=True, slots=True)
class Form:
    """What a target needs in each call of an operation in addition to the documented form, and the encoding of its
    body.
    """

    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a resource's lifecycle: from the create to the operation that reads, updates, lists or deletes the
    resource.

    `parameter` is the path parameter for the identifier (`member` that of the body, if the path has none). `pointer` is
    the identifier's place in the response to the create (empty if it has none), or with `sent` in its request. For a
    list, `item` and `name` are pointers within an item; the items of a `tree` can be at any depth. `carries` is a word:
    the parameter gets the value of a member of the created resource whose name contains it.
    """

    step: str
    operation: str
    parameter: str = ""
    member: str = ""
    pointer: str = ""
    sent: bool = False
    item: str = ""
    name: str = ""
    tree: bool = False
    carries: str = ""


@dataclass(frozen=True)
class ResponseSpec:
    """A documented response: `status` is a number or a class such as `2XX`.

    `content_type` is the level of its content type. With `or_higher`, a refusal with any higher status matches too.
    With `anywhere`, the object of the schema may be inside other objects.
    """

    status: str
    media_types: tuple[str, ...]
    schema: Schema | None
    rules: tuple[Rule, ...]
    citation: Citation
    content_type: Level
    wrapped: str | None = None
    examples: tuple[Any, ...] = ()
    or_higher: bool = False
    anywhere: bool = False

    def found_in(self, body: Any) -> Any:
        """What of a body the schema describes: with `anywhere` the outermost object with a member that is required."""
        required = (self.schema or {}).get("required", ())
        if not self.anywhere:
            return body
        return next((item for item in objects(body) if any(name in item for name in required)), body)

    def matches(self, status: int) -> bool:
        """Whether a response with this status matches."""
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

    @cached_property
    def closed(self) -> Mapping[str, tuple[Any, ...]]:
        """The values of each place that has a closed set of them."""
        kinds = (RuleKind.VALUES, RuleKind.TOLERATED)
        return {rule.place: rule.values for rules in self.by_place.values() for rule in rules if rule.kind in kinds}


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
    """One operation of a spec, with its `x-conformance`.

    `fixtures` maps a path parameter, or a pointer into the body, to the key of the target file with its value, if no
    operation creates it. `needs` are the keys without which nothing calls it, if its fixtures do not show that. A
    `personal` one concerns access to the account as well. What a `soft_delete` deletes may still be read and listed. A
    `confidential` one returns other people's data only.
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
    soft_delete: bool = False
    touches: tuple[ResourceReference, ...] = ()
    names: tuple[ResourceReference, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    fixtures: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] | None = None
    confidential: bool = False
    schemes: tuple[tuple[str, ...], ...] = ()
    takes_key: bool = False
    parameters: tuple[Mapping[str, Any], ...] = ()
    bodies: tuple[Body, ...] = ()
    responses: tuple[ResponseSpec, ...] = ()
    links: tuple[Link, ...] = ()
    form: Form = Form()
    documented: Operation | None = None

    @property
    def path_parameters(self) -> list[str]:
        """The names of the path's parameters, except those with a constant value."""
        return [
            parameter["name"]
            for parameter in self.parameters
            if parameter.get("in") == "path" and not _is_constant(parameter)
        ]

    @property
    def constants(self) -> list[str]:
        """The names of the path's parameters with a constant value."""
        return [
            parameter["name"]
            for parameter in self.parameters
            if parameter.get("in") == "path" and _is_constant(parameter)
        ]

    @property
    def request(self) -> str:
        """The method and the path, as readers know the operation."""
        return f"{self.method} {self.path}"

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
    def success(self) -> ResponseSpec:
        """The documented successful response."""
        return next(response for response in self.responses if response.status[0] == "2")

    def response(self, status: int) -> ResponseSpec | None:
        """The documented response for a status, or None; an exact number takes precedence over a class."""
        fitting = [response for response in self.responses if response.matches(status)]
        return min(fitting, key=lambda response: (response.status == "default", "X" in response.status), default=None)

    def refusal(self, status: int) -> ResponseSpec | None:
        """The documented refusal for a status, or None: the response with that status, or one "or higher"."""
        higher = (
            response for response in self.responses if response.or_higher and status >= int(response.status[0]) * 100
        )
        return self.response(status) or next(higher, None)

    def fixes_status(self, response: ResponseSpec) -> bool:
        """Whether a call can contradict the status of a documented success.

        If only the class is documented, any success matches, and a refusal contradicts the requirement of the register
        (`accepted_by`), or nothing (an undocumented request).
        """
        return not response.status.upper().endswith("XX") or not (self.accepted_by or self.undocumented_request)

    def link(self, step: str) -> Link | None:
        """The link for a step of the lifecycle, or None."""
        return next((link for link in self.links if link.step == step), None)

    def body(self, media_type: str = "") -> Body | None:
        """The request body of a media type, the first one by default."""
        return next((body for body in self.bodies if media_type in ("", body.media_type)), None)

    def fits(self, path: Mapping[str, str]) -> bool:
        """Whether path values have the forms of their parameters. This distinguishes operations with the same
        template.
        """
        forms = ((parameter["name"], parameter.get("schema", {}).get("pattern", "")) for parameter in self.parameters)
        return all(re.search(form, path.get(name, "")) for name, form in forms)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a decoded path; each path parameter is a named group."""
        return _pattern(self.path)

    @cached_property
    def pattern_in_any_letters(self) -> re.Pattern[str]:
        """The same for a case-insensitive server."""
        return re.compile(self.pattern.pattern, re.IGNORECASE)

    @cached_property
    def other_patterns(self) -> tuple[re.Pattern[str], ...]:
        """The same for the paths of rejected readings: they call this operation too."""
        return tuple(_pattern(alternative.path) for alternative in self.alternatives)


def _is_constant(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter.get(EXTENSION, {}).get("constant"))


def _pattern(path: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def group(name: str) -> str:
        known = name in seen  # a repeated prefix names the same resource twice
        seen.add(name)
        return f"(?P={name})" if known else f"(?P<{name}>[^/]+)"

    parts = re.split(r"\{(\w+)\}", path)
    return re.compile("".join(group(part) if index % 2 else re.escape(part) for index, part in enumerate(parts)))
