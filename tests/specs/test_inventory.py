"""The inventory of documented fields: the specs name them all, and their examples show what the documents show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

import defusedxml.ElementTree as ElementTree
import pytest

from conformance.core.json_walk import places
from conformance.spec import specification
from conformance.spec.lint.register_rules import lines_of
from conformance.spec.lint.spec_rules import schemas
from conformance.spec.rules import Schema, json_type
from conformance.spec.specification import SYSTEMS

ROWS = [row for system in SYSTEMS for row in specification.fields(system)]
OPERATIONS = {
    name: operation for system in SYSTEMS for name, operation in specification.load(system).operations.items()
}


def below(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every member of a schema, with the schema that holds there."""
    return ((place, member) for place, member in schemas(schema) if place and not place.endswith("[]"))


@cache
def named_by(operation: str, direction: str) -> frozenset[str]:
    """Every place that the spec names for an operation, as the inventory writes places."""
    item = OPERATIONS[operation]
    if direction == "response":
        return frozenset(place for answer in item.responses for place, _ in below(answer.schema or {}))
    found = {place for body in item.bodies for place, _ in below(body.schema)}
    spelled = {"path": "{{{}}}", "query": "?{}", "header": "header/{}"}
    found |= {spelled[parameter["in"]].format(parameter["name"]) for parameter in item.parameters}
    schemes = specification.load(item.system).source["components"]["securitySchemes"]
    for scheme in (schemes[name] for names in item.schemes for name in names):
        found.add(f"header/{scheme.get('name', 'Authorization')}")
    return frozenset(found)


JSON_ROWS = [row for row in ROWS if row["type"] != "Element" and not row["place"].startswith("/ProcessMaker-Project")]
XML_ROWS = [row for row in ROWS if row not in JSON_ROWS]


def told(row: dict[str, str]) -> str:
    return f"{row['operation']} {row['direction']} {row['place']}"


def unnamed(rows: Iterable[dict[str, str]]) -> list[str]:
    """The fields of the inventory that no schema names where the document does."""
    return [told(row) for row in rows if row["place"] not in named_by(row["operation"], row["direction"])]


def test_every_documented_field_is_in_the_spec() -> None:
    assert unnamed(JSON_ROWS) == []


def test_documented_field_without_a_schema_is_found() -> None:
    wrong = [{**JSON_ROWS[0], "place": "/prj_nowhere"}, {**JSON_ROWS[0], "operation": "startRequest"}]
    assert unnamed([JSON_ROWS[0], *wrong]) == [told(row) for row in wrong]


INFERRED = {
    # The client chooses identifiers of elements, so that flows can name their ends (A-PM3-25).
    "createProject request /diagrams[]/activities[]/act_uid", "createProject request /diagrams[]/gateways[]/gat_uid",
    "createProject request /diagrams[]/flows[]/flo_uid", "createProject request /diagrams[]/artifacts[]/art_uid",
}  # fmt: skip


def test_the_spec_names_no_field_that_the_inventory_lacks() -> None:
    known = {told(row) for row in ROWS}
    extra = {
        f"{operation.id} {direction} {place}"
        for operation in OPERATIONS.values()
        for direction in ("request", "response")
        for place in named_by(operation.id, direction)
        if f"{operation.id} {direction} {place}" not in known and not place.startswith("header/")
        if not (operation.undocumented_request or operation.implied)  # such a request is the suite's own guess
    }
    assert extra == INFERRED


def test_inventory_has_no_duplicates() -> None:
    names = [told(row) for row in ROWS]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("direction", ["request", "response"])
def test_closed_sets_of_the_inventory_are_closed_in_the_spec(direction: str) -> None:
    rows = [row for row in JSON_ROWS if row["direction"] == direction and "|" in row["values"]]
    for row in rows:
        operation = OPERATIONS[row["operation"]]
        schemas = [answer.schema or {} for answer in operation.responses] if direction == "response" else []
        schemas += [body.schema for body in operation.bodies] if direction == "request" else []
        found = [member for schema in schemas for place, member in below(schema) if place == row["place"]]
        found += [parameter["schema"] for parameter in operation.parameters if f"?{parameter['name']}" == row["place"]]
        for member in found:
            sets = [member, *member.get("anyOf", ())]
            allowed = {str(value) for item in sets for value in item.get("enum", ())} - {"", "None"}
            assert allowed == set(row["values"].split("|")), told(row)


def test_an_asterisk_makes_a_field_required_in_responses() -> None:
    required = {
        f"{operation.id} {rule.place}"
        for operation in OPERATIONS.values()
        for answer in operation.responses
        for rule in answer.rules
        if rule.kind == "present"
    }
    marked = [row for row in JSON_ROWS if row["direction"] == "response" and row["asterisk"] == "yes"]
    assert [told(row) for row in marked if f"{row['operation']} {row['place']}" not in required] == []


# -- examples ---------------------------------------------------------------------------------------------------------


# Where the documents show an example: its operation, its direction and its lines.
SHOWN = {
    ("listProjects", "response"): (226, 246),
    ("getProject", "response"): (277, 469),
    ("createProject", "request"): (566, 754),
    ("updateProject", "request"): (859, 1051),
    ("deleteProject", "response"): (1088, 1093),
    ("bulkDeleteProjects", "request"): (1127, 1143),
    ("bulkDeleteProjects", "response"): (1148, 1168),
    ("generateBpmnProject", "request"): (1202, 1204),
    ("generateBpmnProject", "response"): (1209, 1212),
    ("importProject", "response"): (1385, 1388),
    ("getProcess", "response"): (1417, 1455),
    ("updateProcess", "request"): (1515, 1534),
    ("startRequest", "request"): (213, 213),
    ("runProcess", "request"): (32, 32),
}
KINDS = {
    "String": {"string", "null"}, "Datetime": {"string", "null"}, "Integer": {"integer", "string", "null"},
    "Array": {"array"}, "Object": {"object"}, "Boolean": {"boolean"}, "Null": {"null"}, "": {"string", "null"},
}  # fmt: skip


def examples(operation: str, direction: str) -> list[Any]:
    item = OPERATIONS[operation]
    if direction == "response":
        return [example for answer in item.responses for example in answer.examples]
    return [example for body in item.bodies for example in body.examples.values()]


@pytest.mark.parametrize(("operation", "direction"), SHOWN)
def test_an_example_has_the_members_and_kinds_of_values_that_the_document_shows(operation: str, direction: str) -> None:
    first, last = SHOWN[operation, direction]
    rows = [row for row in ROWS if (row["operation"], row["direction"]) == (operation, direction)]
    rows = [row for row in rows if any(first <= line <= last for line in lines_of(row["lines"]))]
    assert rows
    found: dict[str, set[str]] = {}
    for example in examples(operation, direction):
        for place, value in places(example):
            found.setdefault(place, set()).add(json_type(value))
    wrong = {
        row["place"]: found.get(row["place"]) for row in rows if not found.get(row["place"], set()) & KINDS[row["type"]]
    }
    assert wrong == {}


def test_numbers_are_in_examples_as_the_document_writes_them() -> None:
    read = dict(places(OPERATIONS["getProject"].success.examples[0]))
    quoted = [place for place in read if re.search(r"/(bou_\w+|flo_[xy]\d|flo_is_inmediate|act_\w+quantity)$", place)]
    assert quoted
    assert all(isinstance(read[place], str) for place in quoted)
    assert isinstance(read["/diagrams[]/dia_is_closable"], int)
    assert all(isinstance(read[f"/diagrams[]/flows[]/flo_state[]/{axis}"], int) for axis in "xy")
    process = dict(places(OPERATIONS["getProcess"].success.examples[0]))
    assert all(
        isinstance(process[f"/pro_{name}"], int) for name in ("time", "cost", "itee", "industry", "bpmn", "debug")
    )


def test_the_exported_example_has_every_documented_element() -> None:
    tree = ElementTree.fromstring(OPERATIONS["exportProject"].success.examples[0].encode())
    assert tree.tag == "ProcessMaker-Project"
    assert [row["place"] for row in XML_ROWS if not has(tree, row)] == []
    assert not has(tree, {"place": "/ProcessMaker-Project/nowhere", "values": ""})


def has(tree: Element, row: dict[str, str]) -> bool:
    """Whether an exported project has an element, or an attribute with its value, of the inventory."""
    path, _, attribute = row["place"].removeprefix("/ProcessMaker-Project").partition("/@")
    keys = {"meta": "key", "table": "name", "definition": "class"}
    steps = re.sub(r"(\w+)\[(\w+)\]", lambda found: f"{found[1]}[@{keys[found[1]]}='{found[2]}']", path)
    element = tree.find(f".{steps}") if steps else tree
    return element is not None and (not attribute or element.get(attribute) == row["values"])
