"""The specs, the register and the inventory of fields: well-formed, whole, and in agreement with each other."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import defusedxml.ElementTree as ElementTree
import jsonschema_rs
import openapi_spec_validator
import pytest
import yaml

from conformance import access, specification
from conformance.calls import unrouted
from conformance.reference import known_faults
from conformance.specification import SYSTEMS, Operation, Requirement
from conformance.structure import EXTENSION, Schema, json_type, places
from conformance.target import PROFILES

TOP = Path(__file__).parent.parent.parent
READINGS = frozenset(re.findall(r"^\| (A-[A-Z0-9]+-\w+) \|", (TOP / "docs/readings.md").read_text(), re.MULTILINE))
DOCUMENTS = {
    "processmaker3": {"processmaker-3-project-endpoints.txt": 1537, "processmaker-3-rest-tips.txt": 130},
    "processmaker4": {"processmaker-4-start-request.md": 239},
    "procesio": {"procesio-api.txt": 110},
}
LIFE = {
    "created-is-readable", "created-is-listed", "created-reads-as-sent", "updated-reads-as-sent", "deleted-is-gone",
    "deleted-is-unlisted", "deleted-again-refused",
}  # fmt: skip

OPERATIONS = [one for system in SYSTEMS for one in specification.load(system).operations.values()]
REGISTER = [one for system in SYSTEMS for one in specification.load(system).requirements.values() if not one.structural]
ROWS = [row for system in SYSTEMS for row in specification.fields(system)]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
each_entry = pytest.mark.parametrize("entry", REGISTER, ids=lambda one: one.id)
each_system = pytest.mark.parametrize("system", SYSTEMS)


def the(operation: str) -> Operation:
    return next(one for one in OPERATIONS if one.id == operation)


def lines_of(text: str) -> Iterator[int]:
    """Every line of a citation such as `8, 226-228`."""
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        yield from range(int(first), int(last or first) + 1)


# -- form -------------------------------------------------------------------------------------------------------------


@each_system
def test_every_spec_is_valid_openapi(system: str) -> None:
    text = (specification.root() / system / "openapi.yaml").read_text(encoding="utf-8")
    openapi_spec_validator.validate(yaml.safe_load(text))


def test_operation_ids_are_unique_over_all_systems() -> None:
    names = [one.id for one in OPERATIONS]
    assert len(names) == len(set(names))


@each_operation
def test_an_operation_names_an_effect_and_a_known_profile(operation: Operation) -> None:
    assert operation.effect in {"read", "create", "update", "delete", "execute", "administer"}
    assert operation.profile in PROFILES[operation.system]


@each_operation
def test_whatever_changes_something_says_what_it_acts_on_or_what_it_is_called(operation: Operation) -> None:
    if operation.effect in ("update", "delete", "execute"):
        assert operation.touches
    if operation.effect == "create":
        assert operation.names or operation.touches


@each_operation
def test_every_path_parameter_of_a_path_is_declared(operation: Operation) -> None:
    declared = {one["name"] for one in operation.parameters if one["in"] == "path"}
    assert set(re.findall(r"\{(\w+)\}", operation.path)) == declared


@each_operation
def test_every_link_leads_to_an_operation_and_a_parameter_of_it(operation: Operation) -> None:
    for link in operation.links:
        target = the(link.operation)
        assert target.system == operation.system
        assert not link.parameter or f"{{{link.parameter}}}" in target.path
        assert link.step != "list" or (link.item and link.name)


@each_operation
def test_a_response_schema_keeps_to_what_the_checks_understand(operation: Operation) -> None:
    def walk(schema: Schema) -> None:
        assert not {"anyOf", "oneOf", "allOf", "not", "if", "$ref", "additionalProperties"} & schema.keys()
        assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
        for member in schema.get("properties", {}).values():
            walk(member)
        if "items" in schema:
            walk(schema["items"])

    for answer in operation.answers:
        walk(answer.schema or {})


@each_operation
def test_structural_requirements_have_ids_of_the_documented_form(operation: Operation) -> None:
    ids = [one.id for one in specification.load(operation.system).requirements.values() if one.structural]
    own = [one for one in ids if one.partition(":")[0].partition(".")[0] == operation.id]
    assert f"{operation.id}:exists" in own
    form = rf"{operation.id}((\.(\dXX|\d{{3}}|request)\.?[^:]*)?):[a-z-]+"
    assert [one for one in own if not re.fullmatch(form, one)] == []


# -- citations --------------------------------------------------------------------------------------------------------


def everything() -> Iterator[Requirement]:
    for system in SYSTEMS:
        yield from specification.load(system).requirements.values()


def test_every_requirement_cites_lines_that_its_document_has() -> None:
    wrong = [
        one.id
        for one in everything()
        if max(lines_of(one.lines), default=0) > DOCUMENTS[one.system].get(one.document, 0)
    ]
    assert wrong == []


def test_every_reading_that_is_cited_is_explained() -> None:
    cited = {code: one.id for one in everything() if one.reading for code in one.reading.split(", ")}
    assert {code: cited[code] for code in cited.keys() - READINGS} == {}


@each_entry
def test_an_entry_of_the_register_speaks_of_an_operation_that_exists(entry: Requirement) -> None:
    if entry.operation:
        assert the(entry.operation).system == entry.system
    else:
        assert entry.tried == "none"


@each_entry
def test_an_entry_of_the_register_says_how_it_is_tried_or_why_it_is_not(entry: Requirement) -> None:
    assert entry.tried in {"lifecycle", "scenario", "access", "property", "none"}
    assert (entry.untestable is not None) == (entry.tried == "none")
    assert entry.profile in PROFILES[entry.system]
    assert entry.statement.endswith(".")


@each_entry
def test_an_aspect_is_one_that_an_engine_knows(entry: Requirement) -> None:
    engines = {"lifecycle": LIFE, "access": {*access.REFUSED, *access.SUFFICES}}
    assert entry.aspect is None or entry.aspect in engines.get(entry.tried, {"answers-a-token"})
    assert entry.tried not in engines or entry.aspect is not None


def test_no_two_entries_claim_the_same_step_of_an_engine() -> None:
    steps = [(one.operation, one.aspect) for one in REGISTER if one.aspect]
    assert len(steps) == len(set(steps))


@each_operation
def test_what_says_that_a_call_or_an_example_is_accepted_is_an_entry_of_the_register(operation: Operation) -> None:
    named = {operation.accepted_by, *(one for body in operation.bodies for one in body.accepted_by.values())} - {""}
    assert named <= {one.id for one in REGISTER if one.system == operation.system}


@each_entry
def test_a_fault_that_an_entry_names_is_one_of_the_reference(entry: Requirement) -> None:
    assert set(entry.faults) <= known_faults(entry.system).keys()


# -- the inventory ----------------------------------------------------------------------------------------------------


def below(schema: Schema, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Every place of a schema but the root, with the schema that holds there."""
    for name, member in schema.get("properties", {}).items():
        yield f"{place}/{name}", member
        yield from below(member, f"{place}/{name}")
    if "items" in schema:
        yield from below(schema["items"], f"{place}[]")


@cache
def named_by(operation: str, direction: str) -> frozenset[str]:
    """Every place that the spec names for an operation, as the inventory writes places."""
    one = the(operation)
    if direction == "response":
        return frozenset(place for answer in one.answers for place, _ in below(answer.schema or {}))
    found = {place for body in one.bodies for place, _ in below(body.schema)}
    spelled = {"path": "{{{}}}", "query": "?{}", "header": "header/{}"}
    found |= {spelled[parameter["in"]].format(parameter["name"]) for parameter in one.parameters}
    schemes = specification.load(one.system).source["components"]["securitySchemes"]
    for scheme in (schemes[name] for names in one.schemes for name in names):
        found.add(f"header/{scheme.get('name', 'Authorization')}")
    return frozenset(found)


JSON_ROWS = [row for row in ROWS if row["type"] != "Element" and not row["place"].startswith("/ProcessMaker-Project")]
XML_ROWS = [row for row in ROWS if row not in JSON_ROWS]


def told(row: dict[str, str]) -> str:
    return f"{row['operation']} {row['direction']} {row['place']}"


def test_every_documented_field_is_in_the_spec() -> None:
    missing = [told(row) for row in JSON_ROWS if row["place"] not in named_by(row["operation"], row["direction"])]
    assert missing == []


INFERRED = {
    # Elements are named by whoever creates them, so that flows can name their ends (A-PM3-25).
    "createProject request /diagrams[]/activities[]/act_uid", "createProject request /diagrams[]/gateways[]/gat_uid",
    "createProject request /diagrams[]/flows[]/flo_uid", "createProject request /diagrams[]/artifacts[]/art_uid",
}  # fmt: skip


def test_the_spec_names_no_field_that_the_inventory_lacks() -> None:
    known = {told(row) for row in ROWS}
    extra = {
        f"{one.id} {direction} {place}"
        for one in OPERATIONS
        for direction in ("request", "response")
        for place in named_by(one.id, direction)
        if f"{one.id} {direction} {place}" not in known and not place.startswith("header/")
        if not (one.undocumented_request or one.implied)  # such a request is the suite's own guess
    }
    assert extra == INFERRED


def test_no_field_stands_twice_in_the_inventory() -> None:
    names = [told(row) for row in ROWS]
    assert sorted({one for one in names if names.count(one) > 1}) == []


@pytest.mark.parametrize("direction", ["request", "response"])
def test_closed_sets_of_the_inventory_are_closed_in_the_spec(direction: str) -> None:
    rows = [row for row in JSON_ROWS if row["direction"] == direction and "|" in row["values"]]
    for row in rows:
        one = the(row["operation"])
        schemas = [answer.schema or {} for answer in one.answers] if direction == "response" else []
        schemas += [body.schema for body in one.bodies] if direction == "request" else []
        found = [member for schema in schemas for place, member in below(schema) if place == row["place"]]
        found += [one["schema"] for one in one.parameters if f"?{one['name']}" == row["place"]]
        for member in found:
            allowed = {str(value) for value in member.get("enum", ())} - {"", "None"}
            assert allowed == set(row["values"].split("|")), told(row)


def test_an_asterisk_makes_a_field_required_in_answers() -> None:
    required = {
        f"{one.id} {rule.place}"
        for one in OPERATIONS
        for answer in one.answers
        for rule in answer.rules
        if rule.kind == "present"
    }
    marked = [row for row in JSON_ROWS if row["direction"] == "response" and row["asterisk"] == "yes"]
    assert [told(row) for row in marked if f"{row['operation']} {row['place']}" not in required] == []


# -- examples ---------------------------------------------------------------------------------------------------------


@each_operation
def test_the_examples_of_a_spec_are_valid_by_its_schemas(operation: Operation) -> None:
    for body in operation.bodies:
        assert body.examples
        for example in body.examples.values():
            jsonschema_rs.Draft202012Validator(dict(body.schema), validate_formats=True).validate(example)
    for answer in operation.answers:
        for example in answer.examples:
            jsonschema_rs.Draft202012Validator(dict(answer.schema or {}), validate_formats=True).validate(example)


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
    one = the(operation)
    if direction == "response":
        return [example for answer in one.answers for example in answer.examples]
    return [example for body in one.bodies for example in body.examples.values()]


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


def test_numbers_stand_in_examples_as_the_document_writes_them() -> None:
    read = dict(places(the("getProject").success.examples[0]))
    quoted = [place for place in read if re.search(r"/(bou_\w+|flo_[xy]\d|flo_is_inmediate|act_\w+quantity)$", place)]
    assert quoted
    assert all(isinstance(read[place], str) for place in quoted)
    assert isinstance(read["/diagrams[]/dia_is_closable"], int)
    assert all(isinstance(read[f"/diagrams[]/flows[]/flo_state[]/{axis}"], int) for axis in "xy")
    process = dict(places(the("getProcess").success.examples[0]))
    assert all(
        isinstance(process[f"/pro_{name}"], int) for name in ("time", "cost", "itee", "industry", "bpmn", "debug")
    )


@pytest.mark.parametrize("row", XML_ROWS, ids=lambda row: row["place"].rpartition("/")[2])
def test_the_exported_example_has_every_documented_element(row: dict[str, str]) -> None:
    tree = ElementTree.fromstring(the("exportProject").success.examples[0].encode())
    path, _, attribute = row["place"].removeprefix("/ProcessMaker-Project").partition("/@")
    keys = {"meta": "key", "table": "name", "definition": "class"}
    steps = re.sub(r"(\w+)\[(\w+)\]", lambda found: f"{found[1]}[@{keys[found[1]]}='{found[2]}']", path)
    element = tree.find(f".{steps}") if steps else tree
    assert tree.tag == "ProcessMaker-Project"
    assert element is not None
    assert not attribute or element.get(attribute) == row["values"]


# -- where the specs are found ----------------------------------------------------------------------------------------


def test_the_specs_of_a_checkout_are_those_at_its_top() -> None:
    assert specification.root() == TOP / "specs"


def test_the_specs_of_a_wheel_are_those_inside_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-c", f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"]
    made = subprocess.run(build, cwd=TOP, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(tmp_path / made.stdout.split()[-1]) as wheel:
        wheel.extractall(tmp_path / "installed")
    ask = "from conformance import specification as s; print(s.root()); [s.load(one) for one in s.SYSTEMS]"
    asked = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path / "installed", capture_output=True, text=True, check=True
    )
    assert Path(asked.stdout.strip()) == tmp_path / "installed/conformance/_specs"


def test_volatile_and_tolerated_values_are_only_said_where_they_mean_something() -> None:
    for one in OPERATIONS:
        for answer in one.answers:
            for place, member in below(answer.schema or {}):
                tolerated = member.get(EXTENSION, {}).get("tolerate", {}).get("values", [])
                assert not tolerated or "enum" in member, f"{one.id} {place}"
                assert not set(tolerated) & set(member.get("enum", ())), f"{one.id} {place}"


@each_operation
def test_a_made_up_path_of_the_same_depth_is_no_operation(operation: Operation) -> None:
    spec = specification.load(operation.system)
    path = unrouted(spec, operation, "c0ffee5ca1ab")
    assert path.count("/") == operation.path.count("/")
    assert spec.match(operation.method, path) is None
