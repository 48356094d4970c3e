"""The specs, the register and the inventory of fields: well-formed, whole, and in agreement with each other."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openapi_spec_validator
import pytest
import yaml

from conformance import access, specification
from conformance.control import METHODS, unrouted
from conformance.extension import EXTENSION
from conformance.reference import known_faults
from conformance.specification import SYSTEMS, Operation, Requirement
from conformance.structure import Schema
from conformance.systems import PROFILES

TOP = Path(__file__).parent.parent.parent
READINGS = frozenset(re.findall(r"^\| (A-[A-Z0-9]+-\w+) \|", (TOP / "docs/readings.md").read_text(), re.MULTILINE))
DOCUMENTS = {
    "processmaker3": {"processmaker-3-project-endpoints.txt": 1537, "processmaker-3-rest-tips.txt": 130},
    "processmaker4": {"processmaker-4-start-request.md": 239},
    "procesio": {"procesio-api.txt": 110},
}
LIFE = {
    "created-is-readable", "created-is-listed", "created-reads-as-sent", "updated-reads-as-sent", "updated-is-listed",
    "deleted-is-gone", "deleted-is-unlisted", "deleted-again-refused",
}  # fmt: skip

OPERATIONS = [one for system in SYSTEMS for one in specification.load(system).operations.values()]
REGISTER = [one for system in SYSTEMS for one in specification.load(system).requirements.values() if not one.structural]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
each_entry = pytest.mark.parametrize("entry", REGISTER, ids=lambda one: one.id)
each_system = pytest.mark.parametrize("system", SYSTEMS)


def the(operation: str) -> Operation:
    return next(one for one in OPERATIONS if one.id == operation)


def below(schema: Schema, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Every place of a schema but the root, with the schema that holds there."""
    for name, member in schema.get("properties", {}).items():
        yield f"{place}/{name}", member
        yield from below(member, f"{place}/{name}")
    if "items" in schema:
        yield from below(schema["items"], f"{place}[]")


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


# What the session says of a call that a scenario makes.
BESIDE_THE_ENGINES = {"answers-a-token", "created-is-readable", "token-opens", *access.STRANGERS}


@each_entry
def test_an_aspect_is_one_that_an_engine_knows(entry: Requirement) -> None:
    engines = {"lifecycle": LIFE, "access": {*access.REFUSED, *access.SUFFICES, *access.STRANGERS}}
    assert entry.aspect is None or entry.aspect in engines.get(entry.tried, BESIDE_THE_ENGINES)
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
    assert not [method for method in METHODS if spec.match(method, path)]
