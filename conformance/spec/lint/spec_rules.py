"""Rules for a spec."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

import jsonschema_rs

from conformance.core.hints import hint
from conformance.spec import requirement_ids
from conformance.spec.bundle import same_but_for_names
from conformance.spec.extension import extension
from conformance.spec.free_paths import METHODS, unrouted
from conformance.spec.layout import parts
from conformance.spec.lint.rule import Found, Subject, rule
from conformance.spec.operation import Operation
from conformance.spec.rules import Schema

MADE_UP: Final = "c0ffee5ca1ab"
CHANGING: Final = ("update", "delete", "execute")
STEPS: Final = ("read", "update", "delete", "list")
CLOSE: Final = 0.75  # `raed` is to `read`; `rename` is not
KEYWORDS: Final = frozenset(
    {
        *("type", "properties", "required", "items", "enum", "pattern", "format", "minLength", "maxLength"),
        *("minimum", "maximum", "minItems", "maxItems", "contentMediaType", "contentEncoding"),
        *("title", "description", "example", "examples", "default", "deprecated", "readOnly", "writeOnly"),
    }
)
"""The keywords that the checks understand, and those that demand nothing."""


def schemas(schema: Schema, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema within a schema with its place in a body, itself first."""
    yield place, schema
    for name, member in schema.get("properties", {}).items():
        yield from schemas(member, f"{place}/{name}")
    if "items" in schema:
        yield from schemas(schema["items"], f"{place}[]")


@rule("S101")
def unique_operations(subject: Subject) -> Found:
    """An operation id is unique over all systems."""
    named = Counter(
        str(part.data.get("operationId", "")) for part in parts(subject.document) if part.kind == "operation"
    )
    for name, count in named.items():
        if count > 1:
            yield name, f"{count} operations have this id; give each its own"
        if name in subject.elsewhere:
            yield name, f"an operation of {subject.elsewhere[name]} has this id; use another"


@rule("S102")
def known_profiles(subject: Subject) -> Found:
    """A profile is one that a target can claim."""
    for operation in subject.operations:
        yield from ((operation.id, message) for message in wrong_profile(subject, operation.profile))


def wrong_profile(subject: Subject, profile: str) -> Iterator[str]:
    """What is wrong with a profile. Of an unknown system, only the form is checked."""
    if subject.profiles is None:
        if not re.fullmatch(rf"{re.escape(subject.spec.system)}/[a-z0-9-]+", profile):
            yield f"profile {profile!r} is not of the form {subject.spec.system}/group"
    elif profile not in subject.profiles:
        yield f"unknown profile {profile!r}; {hint(profile, subject.profiles)}"


@rule("S103")
def says_what_it_acts_on(subject: Subject) -> Found:
    """An operation that changes something has `touches`; a create has `name`."""
    for operation in subject.operations:
        if operation.effect in CHANGING and not operation.touches:
            yield (
                operation.id,
                f"effect {operation.effect} without touches; add where the request names what it acts on",
            )
        if operation.effect == "create" and not (operation.names or operation.touches):
            yield operation.id, "effect create without name; add where the request has the name of the new thing"


@rule("S104")
def declared_parameters(subject: Subject) -> Found:
    """A path has exactly the parameters that are declared for it."""
    for operation in subject.operations:
        declared = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "path"}
        used = set(re.findall(r"\{(\w+)\}", operation.path))
        for name in sorted(used - declared):
            yield operation.id, f"{{{name}}} of {operation.path} is not declared; add it to parameters with in: path"
        for name in sorted(declared - used):
            yield operation.id, f"the path parameter {name} is not in {operation.path}; {hint(name, used)}"


@rule("S105")
def touched_places(subject: Subject) -> Found:
    """What `touches`, `name` and `fixtures` name is a parameter of the operation, or a place in its body."""
    for operation in subject.operations:
        declared = {
            str(parameter["name"]) for parameter in operation.parameters if parameter["in"] in ("path", "query")
        }
        named = [touch.name for touch in operation.touches if touch.name]
        named += [touch.when_query for touch in operation.touches if touch.when_query]
        named += [key for key in operation.fixtures if not key.startswith("/")]
        for name in named:
            if name not in declared:
                yield operation.id, f"no parameter {name!r}; {hint(name, declared)}"
        pointers = [touch.pointer for touch in (*operation.touches, *operation.names) if touch.pointer]
        pointers += [key for key in operation.fixtures if key.startswith("/")]
        for pointer in pointers:
            lacking = [_lacking(body.schema, pointer) for body in operation.bodies]
            if not lacking:
                yield operation.id, f"no body for {pointer}; describe it under requestBody"
            elif all(lacking):
                yield operation.id, f"no body has {pointer}; {lacking[0]}"


def _lacking(schema: Schema, pointer: str) -> str:
    """The advice for a body that lacks the place of a pointer; empty if it has it, or does not describe it."""
    for part in pointer.split("/")[1:]:
        if part == "*":
            schema = schema.get("items", {})
        elif "properties" in schema:
            if part not in schema["properties"]:
                return hint(part, schema["properties"])
            schema = schema["properties"][part]
    return ""


@rule("S106")
def links_lead_somewhere(subject: Subject) -> Found:
    """A link leads to an operation of the spec and to a parameter of its path; a list says how to recognise an item.

    A key that is nearly one of the steps of a life is a misspelled one.
    """
    for operation in subject.operations:
        for link in operation.links:
            target = subject.spec.operations.get(link.operation)
            if target is None:
                yield (
                    operation.id,
                    f"link {link.step}: no operation {link.operation!r}; {_near(link.operation, subject)}",
                )
            elif link.parameter and f"{{{link.parameter}}}" not in target.path:
                known = re.findall(r"\{(\w+)\}", target.path)
                yield (
                    operation.id,
                    f"link {link.step}: {target.path} has no {link.parameter!r}; {hint(link.parameter, known)}",
                )
            if link.step == "list" and not (link.item and link.name):
                yield operation.id, "link list: lacks item or name; add both under x-conformance"
            if link.step not in STEPS and (close := get_close_matches(link.step.lower(), STEPS, 1, CLOSE)):
                yield operation.id, f"link {link.step}: is not a step of a lifecycle; did you mean {close[0]}?"


def _near(name: str, subject: Subject) -> str:
    return hint(name, subject.spec.operations)


@rule("S107")
def understood_schemas(subject: Subject) -> Found:
    """A response schema uses only keywords that the checks understand, and requires only members that it describes."""
    for operation in subject.operations:
        for response in operation.responses:
            for place, schema in schemas(response.schema or {}):
                at = f"response {response.status} {place or 'body'}"
                for keyword in sorted(schema.keys() - KEYWORDS):
                    if not keyword.startswith("x-"):
                        yield (
                            operation.id,
                            f"{at}: the checks do not support {keyword!r}; {hint(keyword, sorted(KEYWORDS))}",
                        )
                for name in schema.get("required", ()):
                    if name not in schema.get("properties", {}):
                        yield (
                            operation.id,
                            f"{at}: requires {name!r}, which its properties lack; {_known(name, schema)}",
                        )


def _known(name: str, schema: Schema) -> str:
    properties = schema.get("properties", {})
    return hint(name, properties) if properties else "describe it there"


@rule("S108")
def tolerated_values(subject: Subject) -> Found:
    """`tolerate` is written beside the `enum` whose values it extends, and repeats none of them."""
    for operation in subject.operations:
        for response in operation.responses:
            for place, schema in schemas(response.schema or {}):
                tolerate = extension(schema).tolerate
                if tolerate is None:
                    continue
                at = f"response {response.status} {place or 'body'}"
                if "enum" not in schema:
                    yield operation.id, f"{at}: tolerate without enum; list the documented values there"
                for value in tolerate.values:
                    if value in schema.get("enum", ()):
                        yield operation.id, f"{at}: {value!r} is in enum and in tolerate; keep one of them"


@rule("S109")
def formed_requirements(subject: Subject) -> Found:
    """Every operation has structural requirements, with ids of the documented form."""
    ids: dict[str, list[str]] = {}
    for requirement in subject.spec.requirements.values():
        if requirement.structural:
            ids.setdefault(requirement.operation, []).append(requirement.id)
    for operation in subject.operations:
        own = ids.get(operation.id, [])
        if requirement_ids.exists(operation.id) not in own:
            yield operation.id, f"has no requirement {requirement_ids.exists(operation.id)}"
        form = re.compile(rf"{re.escape(operation.id)}((\.(\dXX|\d{{3}}|request)\.?[^:]*)?):[a-z-]+")
        for name in own:
            if not form.fullmatch(name):
                yield operation.id, f"{name!r} is not a requirement id; use no colons in statuses and fields"


@rule("S110")
def registered_acceptance(subject: Subject) -> Found:
    """`accepted_by` names an entry of the register."""
    known = [entry.id for entry in subject.entries]
    for operation in subject.operations:
        named = [operation.accepted_by, *(name for body in operation.bodies for name in body.accepted_by.values())]
        for name in dict.fromkeys(filter(None, named)):
            if name not in known:
                yield operation.id, f"accepted_by: no entry {name!r}; {hint(name, known)}"


@rule("S111")
def distinguishable_paths(subject: Subject) -> Found:
    """A path as deep as the operation's, with made-up segments, calls no operation (to recognise missing ones)."""
    for operation in subject.operations:
        path = next(iter(_unrouted(subject, operation)), None)
        if path is None or path.count("/") != operation.path.count("/"):
            yield (
                operation.id,
                f"every made-up path like {operation.path} calls an operation; write one parameter less in another",
            )
        elif any(subject.spec.match(method, path) for method in METHODS):
            yield operation.id, f"{path} calls an operation; write one parameter less there"


def _unrouted(subject: Subject, operation: Operation) -> Iterator[str]:
    try:
        yield unrouted(subject.spec, operation, MADE_UP)
    except StopIteration:
        return


@rule("S112")
def valid_examples(subject: Subject) -> Found:
    """A request body has an example; every example is valid by its schema."""
    for operation in subject.operations:
        for body in operation.bodies:
            if not body.examples:
                yield operation.id, f"the body {body.media_type} has no example, which the suite would send; add one"
            for name, example in body.examples.items():
                yield from ((operation.id, f"example {name}: {message}") for message in invalid(example, body.schema))
        for response in operation.responses:
            for example in response.examples:
                yield from (
                    (operation.id, f"example of {response.status}: {message}")
                    for message in invalid(example, response.schema or {})
                )


def invalid(example: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """What in an example is not valid by its schema."""
    try:
        validator = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
    except (jsonschema_rs.ValidationError, ValueError) as error:
        yield f"its schema is not a JSON Schema: {str(error).splitlines()[0]}"
        return
    for validation_error in validator.iter_errors(example):
        yield f"/{'/'.join(map(str, validation_error.instance_path))} is not valid: {validation_error.message}"


@rule("S114")
def distinct_paths(subject: Subject) -> Found:
    """No two paths differ only in the names of their parameters; `path` of an operation has the document's names."""
    for first, second in same_but_for_names(subject.document.get("paths", {})):
        yield second, f"is the path {first} with other names; write its operations there, with path: {second}"


@rule("S115")
def spelled_paths(subject: Subject) -> Found:
    """The `path` of an operation differs from the path of the spec only in the names of its parameters."""
    for part in parts(subject.document):
        said = part.data.get("x-conformance") if part.kind == "operation" else None
        if isinstance(said, Mapping) and (spelled := said.get("path")) and not _same(subject, spelled):
            yield part.place, f"no path of the spec is {spelled} but for the names of its parameters"


def _same(subject: Subject, spelled: str) -> bool:
    return any(
        same_but_for_names(dict.fromkeys((spelled, item))) or item == spelled for item in subject.document["paths"]
    )


@rule("S113", "keys")
def known_keys(subject: Subject) -> Found:
    """`fixtures` and `needs` name keys of the target file."""
    assert subject.keys is not None
    for operation in subject.operations:
        for key in dict.fromkeys((*operation.fixtures.values(), *(operation.needs or ()))):
            if key not in subject.keys:
                yield operation.id, f"unknown key {key!r} of the target file; {hint(key, subject.keys)}"
