"""OpenAPI: reads the operations of a spec (`docs/spec-format.md`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.operation import Alternative, Answer, Body, Link, Operation, Touch
from conformance.structure import EXTENSION, Citation, rules
from conformance.verdict import Level

METHODS: Final = ("get", "post", "put", "patch", "delete")


class SpecificationError(Exception):
    """A spec or register that does not follow the format; the message names the place and what is wrong."""


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
        content_type=Level(extension.get("content_type", citation.level)),
        or_higher=extension.get("or_higher", False),
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
