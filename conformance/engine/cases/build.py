"""Generate the packaged corpora of cases, with schemathesis's coverage of each schema and its strategies.

`python -m conformance.engine.cases.build` regenerates them after a spec was changed. A run does not need this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any, Final

import jsonschema_rs
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.coverage._schema import CoverageContext, cover_schema_iter

from conformance.engine import corpus
from conformance.engine.cases.applicability import JSON, MULTIPART, Way, free_places, inapplicable, is_top, way_of
from conformance.engine.cases.case import LEFT_OUT, MADE_UP, Case, CaseKind, Part, digest
from conformance.engine.properties import closed_sets
from conformance.spec.guidance import guided
from conformance.spec.rules import Schema, types_of
from conformance.spec.specification import SYSTEMS, Operation, Specification, load

MULTI_SCRIPT: Final = "Zürich Ωμέγα Ж 中文 日本 ة 😀 \U0001d4b3 🇱🇺"
"""Letters of several scripts, and of planes beyond the first; all composed, so that normalisation changes none."""
LONG: Final = "".join("0123456789abcdef "[number % 17] for number in range(199)) + "."
BLANKS: Final = "two  blanks inside"
PLAIN_TEXT: Final = "A b 9"
TEXTS: Final = {
    "Unicode of several planes": MULTI_SCRIPT,
    "200 characters": LONG,
    "one character": "x",
    "digits only": "0042",
    "quotes and brackets": 'it\'s "quoted" {[(1)]} \\ / %41 ; --',
    "blanks within": BLANKS,
    "the word null": "null",
}
MALFORMED: Final[dict[str, Any]] = {
    "a body that ends early": "{",
    "no body": "",
    "bytes that are no text": {"base64": "//57InRleHQiOiLDKCJ9"},
    "a list instead of an object": "[]",
    "null instead of an object": "null",
    "text instead of an object": '"text"',
    "a number instead of an object": "0",
    "lists within lists, 90 deep": "[" * 90 + "]" * 90,
    "a comma too many": '{"name": "x",}',
}
MALFORMED_FORM: Final[dict[str, Any]] = {
    "a body that ends early": '--cut\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\nshort',
    "no body": "",
    "JSON instead of a form": "{}",
}
XML: Final = {
    "a comment": ("<metadata>", "<!-- note --><metadata>"),
    "white space between elements": ("<metadata>", "\n\n  <metadata>"),
    "another element that nobody knows": ("</metadata>", '<meta key="note">x</meta></metadata>'),
    "a character by its number": ('<meta key="workspace">', '<meta key="workspace">&#65;'),
    "another order of attributes": ("<metadata>", '<metadata note="&quot;x&quot; &lt; y">'),
    "letters beyond ASCII": ("</metadata>", f'<meta key="note">{MULTI_SCRIPT}</meta></metadata>'),
}
BAD_XML: Final = {"a metadata element too many": ("</metadata>", '</metadata><metadata version="x"></metadata>')}
"""Edits after which the guard can still read what a file names: it sends no others."""
MAX_COMBINED: Final = 8
"""Number of generated bodies of an operation."""
FORM: Final = "application/x-www-form-urlencoded"
ACCEPTS: Final = {"another content type than the documented one is asked for": "image/png", "no sense in Accept": "?"}
LONGER: Final = MADE_UP * 8
"""An identifier of 256 characters."""


def cover(schema: Schema, mode: GenerationMode) -> list[Any]:
    """The valid or invalid values with which schemathesis covers a schema."""
    context = CoverageContext(
        root_schema={},
        location=ParameterLocation.BODY,
        media_type=("application", "json"),
        generation_modes=[mode],
        is_required=True,
        custom_formats={},
        validator_cls=jsonschema_rs.Draft202012Validator,
    )
    return list(cover_schema_iter(context, dict(schema)))


def cases(specification: Specification, operation: Operation) -> list[Case]:
    """Every case of an operation, the most important first, without duplicates."""
    found: dict[str, Case] = {}
    for case in (
        *_documented(specification, operation),
        *_boundary(specification, operation),
        *_combined(specification, operation),
        *_invalid(specification, operation),
        *_untouched(specification, operation),
    ):
        found.setdefault(json.dumps([case.kind, *case.stored()[1:3], case.stored()[4:]], sort_keys=True), case)
    return list(found.values())


def _documented(specification: Specification, operation: Operation) -> Iterator[Case]:
    """The documented call, which other tests make; optional members left out; each value of a closed set."""
    yield Case(CaseKind.DOCUMENTED, Part.WHOLE, "", "the documented call")
    body = operation.body(JSON)
    if body is None or way_of(specification, operation) not in (Way.CREATE, Way.UPDATE):
        return
    places = dict.fromkeys(place for place, _, required in free_places(operation) if not required)
    if operation.effect == "create":
        for place in filter(is_top, places):
            yield Case(CaseKind.DOCUMENTED, Part.BODY, place, "an optional member left out")
    for place, values in closed_sets(body.schema):
        if place in places:
            yield from (Case(CaseKind.DOCUMENTED, Part.BODY, place, f"the value {value}", value) for value in values)


def _boundary(specification: Specification, operation: Operation) -> Iterator[Case]:
    if inapplicable(specification, operation, CaseKind.BOUNDARY):
        return
    corpus_text = [[*_limits(place, schema)] for place, schema, _ in free_places(operation)]
    yield from (Case(CaseKind.BOUNDARY, Part.BODY, *item) for item in _round_robin(corpus_text))
    if any(touch.xpath for touch in operation.names):
        for how, edit in XML.items():
            yield Case(CaseKind.BOUNDARY, Part.XML, operation.names[0].part, how, list(edit))
    elif operation.body(MULTIPART) is not None:
        for how, text in TEXTS.items():
            yield Case(CaseKind.BOUNDARY, Part.MULTIPART, "file", f"a file with {how}", text)


def _limits(place: str, schema: Schema) -> Iterator[tuple[str, str, Any]]:
    """The values at the limits of what may be generated at a place."""
    plain, types = guided(schema), types_of(schema)
    if "enum" in plain:
        return
    if "string" in types and _is_free(plain):
        yield from ((place, how, text) for how, text in TEXTS.items())
    if {"integer", "number"} & set(types):
        for how in ("minimum", "maximum"):
            if how in plain:
                yield place, f"the {how}", plain[how]
                if "string" in types:
                    yield place, f"the {how} in quotes", str(plain[how])
    if "array" in types:
        yield place, "no elements", []
    if "boolean" in types:
        yield from ((place, f"the value {value}".lower(), value) for value in (True, False))


def _is_free(plain: Schema) -> bool:
    """Whether a text may be any text: the schema requires no special form."""
    form = plain.get("pattern", "")
    return "format" not in plain and (not form or re.search(form, PLAIN_TEXT) is not None)


def _combined(specification: Specification, operation: Operation) -> Iterator[Case]:
    """Generated values of several places at once. Whole bodies are stored elsewhere, and replayed as properties."""
    if inapplicable(specification, operation, CaseKind.COMBINED) or corpus.generated(operation):
        return
    places = {place[1:] for place, _, _ in free_places(operation) if is_top(place)}
    for body in corpus.generate(operation, 0, MAX_COMBINED):
        values = {name: value for name, value in body.items() if name in places}
        if len(values) > 1:
            yield Case(CaseKind.COMBINED, Part.BODY, "", "generated values", values)


def _invalid(specification: Specification, operation: Operation) -> Iterator[Case]:
    way = way_of(specification, operation)
    if way is Way.NONE:
        return
    for name in operation.path_parameters:
        yield Case(CaseKind.INVALID, Part.PATH, name, "an unknown identifier", MADE_UP)
        yield Case(CaseKind.INVALID, Part.PATH, name, "an unknown identifier of 256 characters", LONGER)
        if way is Way.READ:
            yield Case(CaseKind.INVALID, Part.PATH, name, "an identifier beyond ASCII", f"{MADE_UP}é😀")
            yield Case(CaseKind.INVALID, Part.PATH, name, "an identifier with a quote", f"{MADE_UP}'\"")
    if way is Way.READ:
        for parameter in operation.parameters:
            if parameter["in"] == "query":
                yield Case(CaseKind.INVALID, Part.QUERY, parameter["name"], "outside the closed set", MADE_UP)
                yield Case(CaseKind.INVALID, Part.QUERY, parameter["name"], "an empty value", "")
        yield from (Case(CaseKind.INVALID, Part.HEADERS, "accept", how, text) for how, text in ACCEPTS.items())
        return
    named = [touch for touch in operation.touches if touch.where == "body"]
    if way is not Way.CREATE and any(not touch.optional for touch in named):
        yield Case(CaseKind.INVALID, Part.BODY, "identifier", "an unknown identifier", MADE_UP)
    if not named and operation.effect not in ("create", "delete"):
        yield from _malformed(operation, way)
    if way is Way.CREATE and any(touch.xpath for touch in operation.names):
        for how, edit in BAD_XML.items():
            yield Case(CaseKind.INVALID, Part.XML, operation.names[0].part, how, list(edit))
    if way in (Way.CREATE, Way.UPDATE):
        corpus_text = [[*_invalid_values(*found, turn)] for turn, found in enumerate(free_places(operation))]
        yield from (Case(CaseKind.INVALID, Part.BODY, *item) for item in _round_robin(corpus_text))


def _malformed(operation: Operation, way: Way) -> Iterator[Case]:
    """Bodies that are malformed as a whole, for requests that the guard can judge without reading the body."""
    if operation.body(JSON) is not None:
        yield from (Case(CaseKind.INVALID, Part.BODY, "", how, text) for how, text in MALFORMED.items())
        if way is not Way.TOKEN:
            yield Case(CaseKind.INVALID, Part.HEADERS, "content-type", "another content type", "text/plain")
            yield Case(CaseKind.INVALID, Part.HEADERS, "content-type", "a content type of no sense", "json")
    if operation.body(FORM) is not None:
        yield Case(CaseKind.INVALID, Part.FORM, "", "an empty form", "")
        yield Case(CaseKind.INVALID, Part.FORM, "", "a form of no names", "=&=&&")
    if operation.body(MULTIPART) is not None and not any(touch.where == "upload" for touch in operation.touches):
        yield from (Case(CaseKind.INVALID, Part.MULTIPART, "", how, text) for how, text in MALFORMED_FORM.items())


def _invalid_values(place: str, schema: Schema, required: bool, offset: int) -> Iterator[tuple[str, str, Any]]:
    """The invalid values of a place. The first one varies from place to place."""
    plain = {name: value for name, value in schema.items() if not name.startswith("x-")}
    unset = "string" in types_of(schema)  # null is one way to say that a text is not set
    corpus_text = [(place, item.description, item.value) for item in cover(plain, GenerationMode.NEGATIVE)]
    corpus_text = [pair for pair in corpus_text if not (unset and pair[2] is None) and len(json.dumps(pair[2])) < 200]
    if required:
        corpus_text.append((place, "a required member left out", LEFT_OUT))
    start = offset % len(corpus_text) if corpus_text else 0
    yield from (*corpus_text[start:], *corpus_text[:start])


def _untouched(specification: Specification, operation: Operation) -> Iterator[Case]:
    if not inapplicable(specification, operation, CaseKind.UNTOUCHED):
        yield Case(CaseKind.UNTOUCHED, Part.WHOLE, "", "another one of its kind, beside all cases")


def _round_robin(groups: list[list[Any]]) -> Iterator[Any]:
    """The first of each group, then the second of each, and so on."""
    for number in range(max(map(len, groups), default=0)):
        yield from (group[number] for group in groups if number < len(group))


def corpus_text(system: str) -> str:
    """The corpus of a system, as JSON with one line for each operation."""
    specification = load(system)
    lines = [
        f"{json.dumps(operation.id)}:{_dumped(case.stored() for case in cases(specification, operation))}"
        for operation in specification.operations.values()
    ]
    head = {"spec": digest(system), "generators": {name: version(name) for name in corpus.GENERATORS}}
    return f'{json.dumps(head)[:-1]}, "operations": {{\n' + ",\n".join(lines) + "\n}}\n"


def _dumped(stored: Iterable[list[Any]]) -> str:
    return json.dumps(list(stored), ensure_ascii=True, separators=(",", ":"))


def main() -> None:
    """Regenerate the packaged corpora."""
    for system, known in SYSTEMS.items():
        if known.cases is not None:
            known.cases.write_text(corpus_text(system), encoding="utf-8")


if __name__ == "__main__":
    main()
