"""The rules of a response schema at each place of a body, one requirement for each rule.

A place names a member without its position: `/diagrams[]/flows[]/flo_x2`; the root is the empty string.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from conformance.core.verdict import Kind, Level
from conformance.spec.extension import (
    EXTENSION,
    Cited,
    OtherReading,
    SchemaExtension,
    extension,
)

Schema = Mapping[str, Any]
FORMAT_KEYWORDS: Final = {
    **dict.fromkeys(("pattern", "minLength", "maxLength", "format"), "string"),
    **dict.fromkeys(("minimum", "maximum"), "number"),
    **dict.fromkeys(("minItems", "maxItems"), "array"),
}
"""The keywords of a format, with the type of value to which each applies: JSON Schema accepts every other type."""


class RuleKind(StrEnum):
    """What a rule demands; the value is the last part of the requirement's id."""

    PRESENT = "present"
    TYPE = "type"
    VALUES = "values"
    FORMAT = "format"
    PREFERRED = "preferred"
    TOLERATED = "tolerated"
    SPELLED = "spelled"


DEVIATION_KIND: Final = {
    RuleKind.PRESENT: Kind.MISSING_FIELD,
    RuleKind.TYPE: Kind.TYPE,
    RuleKind.VALUES: Kind.VALUE,
    RuleKind.FORMAT: Kind.FORMAT,
    RuleKind.PREFERRED: Kind.OTHER_READING,
    RuleKind.TOLERATED: Kind.OTHER_READING,
    RuleKind.SPELLED: Kind.OTHER_READING,
}


@dataclass(frozen=True, slots=True)
class Citation:
    """The source of a rule, and how firmly it is stated there."""

    document: str = ""
    section: str = ""
    lines: str = ""
    reading: str | None = None
    level: Level = Level.MUST
    since: str | None = None

    def refined(self, said: Cited) -> Citation:
        """This citation with the values of an enclosed `x-conformance`."""
        return Citation(
            document=said.document or self.document,
            section=said.section or self.section,
            lines=said.lines or self.lines,
            reading=", ".join(said.reading) if said.reading else self.reading,
            level=said.level or self.level,
            since=said.since or self.since,
        )

    def softened(self, other: OtherReading) -> Citation:
        """This citation for what only another reading allows: at most a finding."""
        return replace(self, reading=", ".join(other.reading), level=Level.MAY)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One constraint on one place. `expected` describes it; `values` are the types or values that it allows.

    For a format, `values` are the types to which it applies. A preference is for types, or for the `form` of a text.
    """

    place: str
    kind: RuleKind
    citation: Citation
    expected: str
    values: tuple[Any, ...] = ()
    form: str = ""

    @property
    def sentence(self) -> str:
        """The rule as a sentence about the response, for lists of requirements."""
        where = field(self.place) or "the body"
        text = {
            RuleKind.PRESENT: f"{where} is present.",
            RuleKind.TYPE: f"{where} has the type {self.expected}.",
            RuleKind.VALUES: f"{where} is {self.expected}.",
            RuleKind.FORMAT: f"{where} is {self.expected}.",
            RuleKind.PREFERRED: f"{where} is {self.expected} (the likelier of two readings).",
            RuleKind.TOLERATED: f"{where} has a documented value, not one that only another reading allows.",
            RuleKind.SPELLED: f"{where} has exactly this name, not {self._alias}.",
        }[self.kind]
        return text[0].upper() + text[1:] if where == "the body" else text

    @property
    def violation(self) -> str:
        """What is wrong with a response that breaks the rule, for the title of a deviation."""
        where = field(self.place) or "the body"
        return {
            RuleKind.PRESENT: f"{where} is missing",
            RuleKind.TYPE: f"{where} has the wrong type",
            RuleKind.VALUES: f"{where} has an undocumented value",
            RuleKind.FORMAT: f"{where} has the wrong format",
            RuleKind.PREFERRED: f"{where} follows the less likely reading",
            RuleKind.TOLERATED: f"{where} has a value that only another reading allows",
            RuleKind.SPELLED: f"{where} is spelled {self._alias}",
        }[self.kind]

    @property
    def _alias(self) -> str:
        return str(next(iter(self.values), ""))

    def prefers(self, value: Any) -> bool:
        """Whether a value follows a preference."""
        if self.form:
            return not isinstance(value, str) or re.search(self.form, value) is not None
        return has_type(value, self.values)


def field(place: str) -> str:
    """A place as people write it: `diagrams[].flows[].flo_x2` for `/diagrams[]/flows[]/flo_x2`.

    In a list of objects it is the field of each: `prj_type` for `[]/prj_type`.
    """
    if place == "[]":
        return "each item"
    return place.removeprefix("[]").strip("/").replace("/", ".")


def types_of(schema: Schema) -> tuple[str, ...]:
    """The JSON types that a schema allows; empty if it has none."""
    declared = schema.get("type", ())
    return (declared,) if isinstance(declared, str) else tuple(declared)


def json_type(value: Any) -> str:
    """The JSON type of a parsed value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def has_type(value: Any, types: tuple[str, ...]) -> bool:
    """Whether a value has one of the types; a whole number counts as integer, as in JSON Schema."""
    found = json_type(value)
    if found in types:
        return True
    if found == "integer":
        return "number" in types
    return found == "number" and "integer" in types and float(value).is_integer()


def types_allowed(schema: Schema) -> tuple[str, ...]:
    """The JSON types that a response may have: null too if a text may be empty, since both mean that it is unset.

    A text may be empty unless its values, its length or its form exclude that. This function decides it for every
    String of every spec.
    """
    types = types_of(schema)
    return (*types, "null") if "string" in types and "null" not in types and _may_be_empty(schema) else types


def _may_be_empty(schema: Schema) -> bool:
    """Whether a schema of a text allows the empty one."""
    if "enum" in schema or "format" in schema or schema.get("minLength", 0) > 0:
        return False
    return re.search(schema.get("pattern", ""), "") is not None


def rules(schema: Schema, citation: Citation) -> tuple[Rule, ...]:
    """Every rule that a response schema holds, outermost first."""
    return tuple(_rules(schema, "", citation))


def _rules(schema: Schema, place: str, enclosing: Citation) -> Iterator[Rule]:
    said = extension(schema)
    citation = enclosing.refined(said)
    yield from _own_rules(schema, said, place, citation)
    required = set(schema.get("required", ()))
    for name, member in schema.get("properties", {}).items():
        inner = f"{place}/{name}"
        if name in required:
            own = citation.refined(extension(member))
            yield Rule(inner, RuleKind.PRESENT, own, f"`{name}` is present")
            if alias := extension(member).alias:
                yield Rule(inner, RuleKind.SPELLED, own.softened(alias), f"it is spelled `{name}`", (alias.name,))
        yield from _rules(member, inner, citation)
    if "items" in schema:
        yield from _rules(schema["items"], f"{place}[]", citation)


def demanded(schema: Schema, citation: Citation, place: str = "") -> Iterator[tuple[str, Citation]]:
    """Every place of a request schema that a document requires, outermost first.

    Places that are only always sent (`undemanded` in the spec) are excluded.
    """
    said = extension(schema)
    citation = citation.refined(said)
    for name, member in schema.get("properties", {}).items():
        inner = f"{place}/{name}"
        if name in schema.get("required", ()) and name not in said.undemanded:
            yield inner, citation.refined(extension(member))
        yield from demanded(member, citation, inner)
    if "items" in schema:
        yield from demanded(schema["items"], citation, f"{place}[]")


def is_number_in_digits(schema: Schema) -> bool:
    """Whether a number may also be a string of digits: then the digits are part of its type."""
    types = types_of(schema)
    return "pattern" in schema and "string" in types and bool({"integer", "number"} & set(types))


def _own_rules(schema: Schema, said: SchemaExtension, place: str, citation: Citation) -> Iterator[Rule]:
    types = types_allowed(schema)
    in_digits = is_number_in_digits(schema)
    if types:
        message = " or ".join("a string of digits" if in_digits and kind == "string" else kind for kind in types)
        yield Rule(place, RuleKind.TYPE, citation, message, types)
    if "enum" in schema:
        values = tuple(schema["enum"])
        shown = ", ".join("null" if value is None else repr(value) for value in values)
        yield Rule(place, RuleKind.VALUES, citation, f"one of {shown}" if len(values) > 1 else shown, values)
    keywords = sorted(FORMAT_KEYWORDS.keys() & schema.keys())
    if keywords and not in_digits:
        message = format_in_words(schema)
        spoken_of = tuple(dict.fromkeys(FORMAT_KEYWORDS[key] for key in keywords))
        yield Rule(place, RuleKind.FORMAT, citation, message, spoken_of)
    if prefer := said.prefer:
        message = f"text that matches {prefer.pattern}" if prefer.pattern else f"of type {' or '.join(prefer.type)}"
        yield Rule(place, RuleKind.PREFERRED, citation.softened(prefer), message, prefer.type, prefer.pattern)
    if tolerate := said.tolerate:
        yield Rule(place, RuleKind.TOLERATED, citation.softened(tolerate), "a documented value", tolerate.values)


def format_in_words(schema: Schema) -> str:
    """What the format of a value must be, to follow "is": "exactly 32 characters long", "text that matches ^a+$"."""
    least, most = schema.get("minLength"), schema.get("maxLength")
    details = {
        "pattern": "text that matches {}",
        "format": "valid as {}",
        "minLength": "not empty" if least == 1 else "at least {} characters long",
        "maxLength": "empty" if most == 0 else "at most {} characters long",
        "minimum": "at least {}",
        "maximum": "at most {}",
        "minItems": "a list of at least {} items",
        "maxItems": "a list of at most {} items",
    }
    keywords = list(details)
    if least is not None and least == most:
        keywords.remove("minLength")
        details["maxLength"] = "exactly {} characters long"
    return " and ".join(details[key].format(schema[key]) for key in keywords if key in schema)


def tolerant(schema: Schema) -> dict[str, Any]:
    """The schema with tolerated values added to each `enum`, and null to each text, for the validator."""
    copy = dict(schema)
    if types := types_allowed(schema):
        copy["type"] = list(types)
    if (tolerate := extension(schema).tolerate) and "enum" in copy:
        copy["enum"] = [*copy["enum"], *tolerate.values]
    copy.pop(EXTENSION, None)
    if "properties" in copy:
        copy["properties"] = {name: tolerant(member) for name, member in copy["properties"].items()}
    if "items" in copy:
        copy["items"] = tolerant(copy["items"])
    return copy


def writable(body: Any, schema: Mapping[str, Any]) -> Any:
    """A body that was read, reduced to the members of a request schema that are not volatile."""
    if isinstance(body, dict) and "properties" in schema:
        known = schema["properties"]
        return {
            name: writable(member, known[name])
            for name, member in body.items()
            if name in known and not extension(known[name]).volatile
        }
    if isinstance(body, list):
        return [writable(item, schema.get("items", {})) for item in body]
    return json.loads(json.dumps(body))
