"""Words of the format: none can be misspelled in a spec or a register without being refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.core.strict_model import Unknown
from conformance.spec import specification
from conformance.spec.extension import (
    EXTENSION,
    OperationExtension,
    SchemaExtension,
    extension,
)
from conformance.spec.layout import parts, problems
from conformance.spec.register import Register
from conformance.spec.specification import SYSTEMS, SpecificationError
from conformance.suites import data

SAID: dict[str, Any] = {
    "profile": "s/p", "effect": "create", "resource": "r", "document": "d", "section": "s", "lines": 1,
}  # fmt: skip
ENTRY = {
    "id": "X-1", "level": "must", "operation": "getThing", "document": "d", "section": "s", "lines": 1,
    "statement": "It holds.", "tried": "scenario",
}  # fmt: skip
FREE = ("fixtures", "documents", "structural")


def misspelled(word: str) -> str:
    """A word with its last two letters swapped; a short one, or one that would stay the same, with one letter more."""
    swapped = word[:-2] + word[-1] + word[-2]
    return swapped if swapped != word and len(word) > 3 else f"{word}{word[-1]}"


def words(data: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any], str]]:
    """Every word in the data of a format: the words that lead to it, the mapping that it is a key of, and itself."""
    if isinstance(data, list):
        for item in data:
            yield from words(item, above)
    if isinstance(data, dict):
        for key, value in data.items():
            if not above or above[-1] not in FREE:
                yield (*above, key), data, key
            if key not in ("namesake", "values"):
                yield from words(value, (*above, key))


def spelled_otherwise(data: dict[str, Any], word: str) -> None:
    """Misspell one key of a mapping, in its place."""
    items = [(misspelled(key) if key == word else key, value) for key, value in data.items()]
    data.clear()
    data.update(items)


@pytest.mark.parametrize("system", SYSTEMS)
def test_misspelled_key_of_an_extension_is_rejected(system: str) -> None:
    path = data.specs() / system / specification.SPEC
    document = specification.data(path.read_bytes(), path)
    assert list(problems(document)) == []
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for part in list(parts(document)):
        said = part.data.get(EXTENSION)
        for place, within, word in list(words(said)):
            if (part.kind, place) in seen:
                continue
            seen.add((part.kind, place))
            before = dict(within)
            spelled_otherwise(within, word)
            messages = [what for where, what in problems(document) if where == part.place]
            within.clear()
            within.update(before)
            wanted = f"{misspelled(word)}: is an unknown key; did you mean "
            assert any(what.startswith(f"{EXTENSION}: ") and wanted in what for what in messages), (
                part,
                place,
                messages,
            )
            assert any(word in what.partition("did you mean ")[2] for what in messages), (place, messages)
    assert len(seen) > 10
    assert list(problems(document)) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_misspelled_key_of_a_register_is_rejected(system: str) -> None:
    path = data.specs() / system / specification.REGISTER
    whole = specification.data(path.read_bytes(), path)
    seen: set[tuple[str, ...]] = set()
    entries = [{"requirements": [item]} for item in whole["requirements"]]
    for entry in [{"documents": whole["documents"], "requirements": []}, *entries]:
        for place, _, word in list(words(entry)):
            if place in seen or place in (("requirements",), ("documents",)):
                continue
            seen.add(place)
            wrong = deepcopy(entry)
            spelled_otherwise(next(within for at, within, key in words(wrong) if at == place and key == word), word)
            with pytest.raises(Unknown, match=f"{misspelled(word)}: is an unknown key; did you mean .*{word}"):
                Register.read(wrong)
    assert len(seen) > 9


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({**SAID, "personl": True}, "personl: is an unknown key; did you mean personal?"),
        ({**SAID, "effect": "craete"}, "effect: 'craete' is not an allowed value; did you mean create?"),
        ({**SAID, "starts": "yes"}, "starts: is 'yes'; write true or false."),
        ({**SAID, "soft_delete": 1}, "soft_delete: is 1; write true or false."),
        ({**SAID, "level": "mst"}, "level: 'mst' is not an allowed value; did you mean must?"),
        ({**SAID, "request": "undocumentd"}, "request: 'undocumentd' is not an allowed value; did you mean"),
        ({**SAID, "profile": ""}, "profile: is empty; write a value, or remove the key."),
        ({**SAID, "profile": 7}, "profile: is 7; write text."),
        ({**SAID, "touches": [{"in": "bdy", "pointer": "/a"}]}, "touches.0.in: 'bdy' is not an allowed value"),
        ({**SAID, "touches": [{"in": "path", "pointer": "/a"}]}, "touches.0: lacks name, which a place in a path has"),
        ({**SAID, "touches": [{"in": "path", "name": "a", "xpath": "b"}]}, "touches.0: has xpath, which no place in a"),
        ({**SAID, "touches": [{"in": "path", "name": "a", "foreigner": True}]}, "foreigner: is an unknown"),
        ({**SAID, "name": {"in": "body", "wrd": True}}, "name.0.wrd: is an unknown key; did you mean word?"),
        ({**SAID, "touches": [{"in": "path", "when": {"nt": ["A"]}}]}, "when.nt: is an unknown key; did you mean not"),
        ([1], "is [1]; must be a mapping."),
        (None, "is None; must be a mapping."),
    ],
)  # fmt: skip
def test_invalid_extension_is_reported_with_advice(said: Any, why: str) -> None:
    with pytest.raises(Unknown) as caught:
        OperationExtension.read(said)
    assert any(why in what for what in caught.value.what), caught.value.what


def test_key_of_one_part_is_unknown_in_another() -> None:
    with pytest.raises(Unknown, match="touches: is an unknown key"):
        SchemaExtension.read({"touches": []})
    with pytest.raises(Unknown, match="volatile: is an unknown key"):
        OperationExtension.read({**SAID, "volatile": True})


def test_schema_without_an_extension_has_defaults() -> None:
    assert extension({"type": "string"}) == SchemaExtension()
    assert extension({EXTENSION: {"volatile": True}}).volatile


def document(**members: Any) -> dict[str, Any]:
    operation = {"operationId": "getThing", EXTENSION: {**SAID, "effect": "read"}, "responses": {"200": {}}, **members}
    return {"openapi": "3.1.0", "paths": {"/t": {"get": operation}}}


@pytest.mark.parametrize(
    ("members", "place", "why"),
    [
        ({"x-conformence": {}}, "getThing", "x-conformence: is an unknown key; did you mean x-conformance?"),
        ({"responses": {"200": {"X-Conformance": {}}}}, "getThing responses 200", "X-Conformance: is an unknown key"),
        ({"parameters": [{"name": "a", "in": "path", EXTENSION: {"lines": 3}}]}, "getThing parameters 0", "lines: is"),
        ({"responses": {"200": {"content": {"a/b": {EXTENSION: {}}}}}}, "getThing responses 200 content a/b", "none"),
        (
            {"requestBody": {"content": {"a/b": {"schema": {"properties": {"l": {"items": {EXTENSION: {"x": 1}}}}}}}}},
            "getThing requestBody content a/b schema/l[]",
            "x: is an unknown key",
        ),
        (
            {"responses": {"200": {"links": {"list": {EXTENSION: {"itm": "/id"}}}}}},
            "getThing responses 200 links list",
            "itm: is an unknown key; did you mean item?",
        ),
        (
            {EXTENSION: {**SAID, "namesake": {"path": "/u", "operationId": "other", EXTENSION: {"effect": "read"}}}},
            "other",
            "lacks profile",
        ),
    ],
)  # fmt: skip
def test_an_extension_is_checked_wherever_it_is(members: dict[str, Any], place: str, why: str) -> None:
    found = list(problems(document(**members)))
    assert any(where == place and why in what for where, what in found), found


def test_examples_and_values_are_not_checked_as_extensions() -> None:
    data: Mapping[str, Any] = {EXTENSION: {"any": 1}}
    schema = {"enum": [data], "default": data, "const": data, "example": data}
    content = {"a/b": {"schema": schema, "examples": {"e": {"value": data}}, "example": data}}
    assert list(problems(document(responses={"200": {"content": content}}))) == []


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"tried": "liffecycle"}, "X-1: tried: 'liffecycle' is not an allowed value; did you mean lifecycle?"),
        ({"aspect": "deleted-is-goen"}, "X-1: aspect: 'deleted-is-goen' is not an allowed value; did you mean"),
        ({"untestable": "needs a database"}, "did you mean needs the database?"),
        ({"disposable": "no"}, "X-1: disposable: is 'no'; write true or false."),
        ({"each": ["getThing"]}, "X-1: has both operation and each; remove one of them"),
        ({"id": None}, "id: is None; write text."),
    ],
)
def test_invalid_register_is_reported_by_file_and_entry(tmp_path: Path, entry: Any, why: str) -> None:
    spec, register = tmp_path / "openapi.yaml", tmp_path / "requirements.yaml"
    spec.write_text(yaml.safe_dump({**document(), "servers": [{"url": "{url}"}]}))
    register.write_text(yaml.safe_dump({"requirements": [{**ENTRY, **entry}]}))
    with pytest.raises(SpecificationError) as caught:
        specification.read("sample", "Sample", spec, register)
    assert str(caught.value).startswith(f"{register}: ")
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1, 2]", "is not a mapping"),
        ("a: [", "is not YAML"),
        ("a: &x [*x]\n{", "is not YAML"),
        ("\x00", "is not YAML"),
    ],
)
def test_file_that_is_not_a_spec_is_rejected_by_name(tmp_path: Path, text: str, why: str) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(text)
    with pytest.raises(SpecificationError, match=rf"openapi\.yaml: {why}"):
        specification.read("sample", "Sample", spec, spec)
    with pytest.raises(SpecificationError, match=r"none\.yaml: cannot be read"):
        specification.read("sample", "Sample", tmp_path / "none.yaml", spec)
