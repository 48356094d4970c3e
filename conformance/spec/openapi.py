"""OpenAPI: reads the operations of a spec (`docs/spec-format.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.spec.extension import (
    EXTENSION,
    ExampleExtension,
    LinkExtension,
    NamePlace,
    OperationExtension,
    Place,
    ResponseExtension,
    TouchPlace,
)
from conformance.spec.layout import METHODS
from conformance.spec.operation import (
    Alternative,
    Body,
    Link,
    Operation,
    ResourceReference,
    ResponseSpec,
)
from conformance.spec.rules import Citation, rules


class SpecificationError(Exception):
    """A spec or register does not follow the format. The message names the place and what is wrong."""


def inline(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every local `$ref` replaced by its target; siblings of a `$ref` refine it.

    `properties` and `required` of siblings are added, as in JSON Schema; guidance for the generator is kept.
    """

    def target(reference: str) -> Any:
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            try:
                node = node[part.replace("~1", "/").replace("~0", "~")]
            except (KeyError, TypeError, IndexError):
                raise SpecificationError(f"$ref to nothing, {reference}") from None
        return node

    def expand(node: Any, within: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [expand(item, within) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" not in node:
            return {key: expand(value, within) for key, value in node.items()}
        reference = node["$ref"]
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise SpecificationError(f"$ref to elsewhere, {reference!r}; write one like #/components/schemas/Thing")
        if reference in within:
            raise SpecificationError(f"$ref that leads to itself, {reference}")
        siblings = {key: expand(value, within) for key, value in node.items() if key != "$ref"}
        return refined(expand(target(reference), (*within, reference)), siblings)

    return {key: value if key == "components" else expand(value, ()) for key, value in document.items()}


def refined(target: dict[str, Any], siblings: Mapping[str, Any]) -> dict[str, Any]:
    """The target of a `$ref`, refined by the siblings of the `$ref`."""
    refined = {**target, **siblings}
    if "properties" in target and "properties" in siblings:
        refined["properties"] = {**target["properties"], **siblings["properties"]}
    if "required" in target and "required" in siblings and isinstance(target["required"], list):
        refined["required"] = list(dict.fromkeys([*siblings["required"], *target["required"]]))
    guidance = target.get(EXTENSION, {}).get("generate") if isinstance(target.get(EXTENSION), dict) else None
    if guidance and EXTENSION in siblings:
        refined[EXTENSION] = {"generate": guidance, **siblings[EXTENSION]}
    return refined


def operations(system: str, source: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of an inlined OpenAPI document, with paths as their documents spell them.

    Raises:
        SpecificationError: the document does not follow the format.
    """
    found = list(_operations(system, source))
    names = {operation.id: spelled(template, operation.path) for template, operation in found}
    for _, operation in found:
        links = (
            replace(link, parameter=names[link.operation].get(link.parameter, link.parameter))
            if link.operation in names
            else link
            for link in operation.links
        )
        yield replace(operation, links=tuple(links))


def spelled(template: str, path: str) -> dict[str, str]:
    """The document's names of the parameters of a path, by their names in the spec."""
    return dict(zip(re.findall(r"\{(\w+)\}", template), re.findall(r"\{(\w+)\}", path), strict=False))


def _operations(system: str, source: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """The operations, each with its path in the spec."""
    for path, item in source["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            raw = item[method]
            servers = raw.get("servers") or item.get("servers") or source.get("servers")
            if not servers:
                raise SpecificationError(f"{method} {path} has no servers; add one as url: '{{url}}'")
            server = servers[0]["url"].strip("{}")
            yield path, _operation(system, source, path, method, item, raw, server)
            if namesake := OperationExtension.read(raw[EXTENSION]).namesake:
                own = namesake["path"]
                yield own, _operation(system, source, own, method, {}, namesake, server)


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
    if EXTENSION not in raw:
        raise SpecificationError(f"{name} has no {EXTENSION}")
    said = OperationExtension.read(raw[EXTENSION])
    citation = Citation().refined(said)
    if "responses" not in raw:
        raise SpecificationError(f"{name} has no responses; add what the documentation says")
    names = spelled(path, said.path) if said.path else {}
    request = raw.get("requestBody", {})
    security = raw.get("security", source.get("security", []))
    schemes = source.get("components", {}).get("securitySchemes", {})
    kinds = {name: scheme.get("type") for name, scheme in schemes.items()}
    return Operation(
        id=name,
        system=system,
        method=method.upper(),
        path=said.path or path,
        server=server,
        summary=raw.get("summary", ""),
        effect=said.effect,
        resource=said.resource,
        profile=said.profile,
        citation=citation,
        permission=said.permission,
        accepted_by=said.accepted_by,
        starts=said.starts,
        implied=said.implied,
        anonymous=said.anonymous,
        personal=said.personal,
        undocumented_request=said.request == "undocumented",
        soft_delete=said.soft_delete,
        touches=tuple(_touch(touch) for touch in said.touches),
        names=tuple(_named(place) for place in said.names),
        alternatives=tuple(
            Alternative(", ".join(alternative.reading), alternative.path) for alternative in said.alternatives
        ),
        fixtures=said.fixtures,
        needs=said.needs,
        confidential=said.confidential,
        schemes=tuple(tuple(entry) for entry in security),
        takes_key=any(kinds.get(name) == "apiKey" for entry in security for name in entry),
        parameters=tuple(
            {**entry, "name": names.get(entry["name"], entry["name"])} if entry.get("in") == "path" else entry
            for entry in (*item.get("parameters", ()), *raw.get("parameters", ()))
        ),
        bodies=tuple(
            Body(
                media, content.get("schema", {}), _examples(content), request.get("required", False), _accepted(content)
            )
            for media, content in request.get("content", {}).items()
        ),
        responses=tuple(_response(str(status), response, citation) for status, response in raw["responses"].items()),
        links=tuple(
            _link(step, link)
            for response in raw["responses"].values()
            for step, link in response.get("links", {}).items()
        ),
    )


def _touch(said: TouchPlace) -> ResourceReference:
    return replace(
        _place(said),
        other=said.other or "",
        when_query=said.when.query if said.when else "",
        unless=said.when.unless if said.when else (),
        optional=said.optional,
        allows_foreign=said.foreign,
    )


def _named(said: NamePlace) -> ResourceReference:
    return replace(_place(said), no_blanks=said.word)


def _place(said: Place) -> ResourceReference:
    return ResourceReference(
        said.where, said.name or "", said.pointer or "", part=said.part or "", xpath=said.xpath or ""
    )


def _examples(content: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: example["value"] for name, example in content.get("examples", {}).items()}
    return {**({"default": content["example"]} if "example" in content else {}), **named}


def _accepted(content: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: ExampleExtension.read(example[EXTENSION]).accepted_by
        for name, example in content.get("examples", {}).items()
        if EXTENSION in example
    }


def _response(status: str, raw: Mapping[str, Any], enclosing: Citation) -> ResponseSpec:
    said = ResponseExtension.read(raw.get(EXTENSION, {}))
    citation = enclosing.refined(said)
    contents = raw.get("content", {})
    content: Mapping[str, Any] = next(iter(contents.values()), {})
    schema = content.get("schema")
    return ResponseSpec(
        status=status,
        media_types=tuple(contents),
        schema=schema,
        rules=rules(schema, citation) if schema else (),
        citation=citation,
        content_type=said.content_type or citation.level,
        or_higher=said.or_higher,
        wrapped=", ".join(said.wrapped.reading) if said.wrapped else None,
        anywhere=said.anywhere,
        examples=tuple(_examples(content).values()),
    )


def _link(step: str, raw: Mapping[str, Any]) -> Link:
    # Values in the path of the create are kept: the ledger knows them (`Entry.within`).
    given = {name: value for name, value in raw.get("parameters", {}).items() if not value.startswith("$request.path.")}
    parameter, expression = next(iter(given.items()), ("", ""))
    member = ""
    if not parameter:
        member, expression = next(iter(raw.get("requestBody", {}).items()), ("", ""))
    said = LinkExtension.read(raw.get(EXTENSION, {}))
    return Link(
        step=step,
        operation=raw["operationId"],
        parameter=parameter,
        member=member,
        pointer=str(expression).partition("#")[2],
        sent=str(expression).startswith("$request."),
        item=said.item,
        name=said.name,
        tree=said.tree,
        carries=said.carries,
    )
