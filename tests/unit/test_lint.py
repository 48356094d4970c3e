"""Lint: each rule reports a spec or a register that breaks it, and nothing in one that does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import click.testing
import pytest
import yaml

from conformance.cli import main
from conformance.core import exit_codes
from conformance.engine import access
from conformance.spec import specification
from conformance.spec.extension import EXTENSION
from conformance.spec.lint import lint
from conformance.spec.lint.rule import RULES
from conformance.spec.register import ASPECTS
from conformance.target.system_table import keys, table_of

SAID = {"profile": "sample/things", "resource": "thing", "document": "d.txt", "section": "Things", "lines": "1-9"}
THING: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "description": "What the server calls it."},
        "kind": {
            "type": "string", "enum": ["A", "B"], "description": "Which of two.",
            EXTENSION: {"tolerate": {"values": ["C"], "reading": "A-SMP-01"}},
        },
        "parts": {
            "type": "array", "description": "What it is made of.",
            "items": {
                "type": "object", "properties": {"name": {"type": "string", "description": "What it is called."}},
            },
        },
    },
}  # fmt: skip
BODY = {"application/json": {"schema": {"type": "object"}, "examples": {"one": {"value": {"name": "n"}}}}}
ID = [
    {"name": "id", "in": "path", "required": True, "description": "Which is meant.", "schema": {"type": "string"}},
]  # fmt: skip
SPEC: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Sample", "version": "1"},
    "servers": [{"url": "{url}", "variables": {"url": {"default": "http://127.0.0.1:1"}}}],
    "paths": {
        "/things": {
            "post": {
                "operationId": "createThing",
                EXTENSION: {
                    **SAID, "effect": "create", "accepted_by": "SMP-CREATE", "name": {"in": "body", "pointer": "/name"},
                },
                "requestBody": {"description": "What to make.", "content": BODY},
                "responses": {
                    "201": {
                        "description": "made",
                        "content": {"application/json": {"schema": THING, "example": {"id": "1"}}},
                        "links": {
                            "read": {"operationId": "readThing", "parameters": {"id": "$response.body#/id"}},
                            "list": {"operationId": "listThings", EXTENSION: {"item": "/id", "name": "/name"}},
                        },
                    }
                },
            },
            "get": {
                "operationId": "listThings",
                EXTENSION: {**SAID, "effect": "read"},
                "responses": {"200": {"description": "all"}},
            },
        },
        "/things/{id}": {
            "get": {
                "operationId": "readThing",
                EXTENSION: {**SAID, "effect": "read", "reading": "A-SMP-02", "fixtures": {"id": "process_id"}},
                "parameters": ID,
                "responses": {"200": {"description": "one"}},
            },
            "delete": {
                "operationId": "deleteThing",
                EXTENSION: {**SAID, "effect": "delete", "touches": [{"in": "path", "name": "id"}]},
                "parameters": ID,
                "responses": {"200": {"description": "gone"}},
            },
        },
    },
}  # fmt: skip
CITED = {"document": "d.txt", "section": "Things", "lines": "2, 4-5"}
REGISTER: dict[str, Any] = {
    "documents": {"d.txt": {"sha256": "0" * 64, "lines": 9}},
    "requirements": [
        {
            "id": "SMP-CREATE", "level": "must", "operation": "createThing", **CITED, "tried": "scenario",
            "statement": "It is created.", "harm": "missing", "faults": ["smp-fault"], "needs": ["users.outsider"],
        },
        {
            "id": "SMP-READ", "level": "must", "operation": "createThing", **CITED, "tried": "lifecycle",
            "statement": "It is read.", "aspect": "created-is-readable",
        },
        {
            "id": "SMP-NEVER", "level": "may", "operation": "", **CITED, "profile": "sample/things", "tried": "none",
            "statement": "It is fast.", "untestable": "client side",
        },
    ],
}  # fmt: skip
AGAINST: dict[str, Any] = {
    "elsewhere": {"getProject": "ProcessMaker 3"},
    "profiles": ["sample/things"],
    "keys": ["process_id", "users.outsider"],
    "faults": ["smp-fault"],
    "readings": ["A-SMP-01", "A-SMP-02"],
}
Change = Callable[[dict[str, Any], dict[str, Any]], object]


def at(data: Any, *place: str | int) -> Any:
    for one in place:
        data = data[one]
    return data


def operation(spec: Any, name: str) -> Any:
    path, method = {"createThing": ("/things", "post"), "listThings": ("/things", "get")}.get(
        name, ("/things/{id}", "get" if name == "readThing" else "delete")
    )
    return spec["paths"][path][method]


def said(spec: Any, name: str) -> Any:
    return operation(spec, name)[EXTENSION]


def response(spec: Any) -> Any:
    return at(operation(spec, "createThing"), "responses", "201")


def sent(spec: Any) -> Any:
    return at(operation(spec, "createThing"), "requestBody", "content", "application/json")


def entry(register: Any, number: int) -> Any:
    return register["requirements"][number]


def schema(spec: Any) -> Any:
    return at(response(spec), "content", "application/json", "schema")


def linted(tmp_path: Path, change: Change = lambda *_: None, **against: Any) -> list[tuple[str, str, str, str]]:
    spec, register = deepcopy(SPEC), deepcopy(REGISTER)
    change(spec, register)
    files = tmp_path / "openapi.yaml", tmp_path / "requirements.yaml"
    for file, data in zip(files, (spec, register), strict=True):
        file.write_text(yaml.dump(data, Dumper=yaml.SafeDumper))
    found = lint("sample", *files, **{**AGAINST, **against})
    return [(one.file.stem, one.place, one.code, one.told) for one in found]


def test_valid_spec_and_register_have_no_problems(tmp_path: Path) -> None:
    assert linted(tmp_path) == []


def paths_without_an_end(spec: Any, _: Any) -> None:
    spec["paths"]["/{kind}"] = {
        "get": {
            **operation(spec, "listThings"), "operationId": "listAny", "parameters": [{**ID[0], "name": "kind"}],
        }
    }  # fmt: skip


BROKEN: list[tuple[str, str, str, Change]] = [
    (
        "S001",
        "createThing",
        "x-conformance: persnal: is an unknown key; did you mean personal?",
        lambda spec, _: said(spec, "createThing").update(persnal=True),
    ),
    (
        "S001",
        "",
        "$ref to nothing, #/components/schemas/A",
        lambda spec, _: schema(spec).update({"$ref": "#/components/schemas/A"}),
    ),
    (
        "S001",
        "",
        "listThings has no responses; add what the documentation says",
        lambda spec, _: operation(spec, "listThings").pop("responses"),
    ),
    ("S002", "info", "", lambda spec, _: spec["info"].pop("title")),
    (
        "S001",
        "",
        "$ref to elsewhere, 'other.yaml#/A'; write one like #/components/schemas/Thing",
        lambda spec, _: schema(spec).update({"$ref": "other.yaml#/A"}),
    ),
    (
        "S002",
        "openapi",
        "is '3.0.0'; write the spec in OpenAPI 3.1, openapi: 3.1.0",
        lambda spec, _: spec.update(openapi="3.0.0"),
    ),
    (
        "S002",
        "paths /things post responses",
        "the key 200 is not text; write it in quotes",
        lambda spec, _: operation(spec, "createThing")["responses"].update({200: {"description": ""}}),
    ),
    (
        "S101",
        "listThings",
        "2 operations have this id; give each its own",
        lambda spec, _: operation(spec, "readThing").update(operationId="listThings"),
    ),
    (
        "S101",
        "getProject",
        "an operation of ProcessMaker 3 has this id; use another",
        lambda spec, _: operation(spec, "deleteThing").update(operationId="getProject"),
    ),
    (
        "S102",
        "readThing",
        "unknown profile 'sample/thngs'; did you mean sample/things?",
        lambda spec, _: said(spec, "readThing").update(profile="sample/thngs"),
    ),
    (
        "S103",
        "deleteThing",
        "effect delete without touches; add where the request names what it acts on",
        lambda spec, _: said(spec, "deleteThing").pop("touches"),
    ),
    (
        "S103",
        "createThing",
        "effect create without name; add where the request has the name of the new thing",
        lambda spec, _: said(spec, "createThing").pop("name"),
    ),
    (
        "S104",
        "readThing",
        "{id} of /things/{id} is not declared; add it to parameters with in: path",
        lambda spec, _: operation(spec, "readThing").update(parameters=[{**ID[0], "in": "query"}]),
    ),
    (
        "S104",
        "listThings",
        "the path parameter id is not in /things; known are: .",
        lambda spec, _: operation(spec, "listThings").update(parameters=ID),
    ),
    (
        "S105",
        "deleteThing",
        "no parameter 'id_'; did you mean id?",
        lambda spec, _: said(spec, "deleteThing").update(touches=[{"in": "path", "name": "id_"}]),
    ),
    (
        "S105",
        "readThing",
        "no parameter 'idd'; did you mean id?",
        lambda spec, _: said(spec, "readThing").update(fixtures={"idd": "process_id"}),
    ),
    (
        "S105",
        "createThing",
        "no body has /nme; did you mean name?",
        lambda spec, _: (
            sent(spec)["schema"].update(properties={"name": {}}),
            said(spec, "createThing").update(name={"in": "body", "pointer": "/nme"}),
        ),
    ),
    (
        "S105",
        "deleteThing",
        "no body for /id; describe it under requestBody",
        lambda spec, _: said(spec, "deleteThing")["touches"].append({"in": "body", "pointer": "/id"}),
    ),
    (
        "S106",
        "createThing",
        "link read: no operation 'readThng'; did you mean readThing?",
        lambda spec, _: response(spec)["links"]["read"].update(operationId="readThng"),
    ),
    (
        "S106",
        "createThing",
        "link read: /things/{id} has no 'uid'; did you mean id?",
        lambda spec, _: response(spec)["links"]["read"].update(parameters={"uid": "$response.body#/id"}),
    ),
    (
        "S106",
        "createThing",
        "link list: lacks item or name; add both under x-conformance",
        lambda spec, _: response(spec)["links"]["list"].pop(EXTENSION),
    ),
    (
        "S106",
        "createThing",
        "link raed: is not a step of a lifecycle; did you mean read?",
        lambda spec, _: response(spec).update(links={"raed": response(spec)["links"]["read"]}),
    ),
    (
        "S107",
        "createThing",
        "response 201 /parts[]/name: the checks do not support 'maxLenght'; did you mean maxLength?",
        lambda spec, _: at(schema(spec), "properties", "parts", "items", "properties", "name").update(maxLenght=3),
    ),
    (
        "S107",
        "createThing",
        "response 201 body: the checks do not support 'anyOf'; known are: ",
        lambda spec, _: schema(spec).update(anyOf=[{"type": "object"}]),
    ),
    (
        "S107",
        "createThing",
        "response 201 body: requires 'idd', which its properties lack; did you mean id?",
        lambda spec, _: schema(spec).update(required=["id", "idd"]),
    ),
    (
        "S108",
        "createThing",
        "response 201 /kind: tolerate without enum; list the documented values there",
        lambda spec, _: schema(spec)["properties"]["kind"].pop("enum"),
    ),
    (
        "S108",
        "createThing",
        "response 201 /kind: 'C' is in enum and in tolerate; keep one of them",
        lambda spec, _: schema(spec)["properties"]["kind"]["enum"].append("C"),
    ),
    (
        "S109",
        "createThing",
        "'createThing.201./a:b:type' is not a requirement id; use no colons in statuses and fields",
        lambda spec, _: schema(spec)["properties"].update({"a:b": {"type": "string"}}),
    ),
    (
        "S110",
        "createThing",
        "accepted_by: no entry 'SMP-CREAT'; did you mean SMP-CREATE?",
        lambda spec, _: said(spec, "createThing").update(accepted_by="SMP-CREAT"),
    ),
    (
        "S110",
        "createThing",
        "accepted_by: no entry 'SMP-OTHER'; ",
        lambda spec, _: sent(spec)["examples"]["one"].update({EXTENSION: {"accepted_by": "SMP-OTHER"}}),
    ),
    (
        "S111",
        "listThings",
        "every made-up path like /things calls an operation; write one parameter less in another",
        paths_without_an_end,
    ),
    (
        "S112",
        "createThing",
        "the body application/json has no example, which the suite would send; add one",
        lambda spec, _: sent(spec).pop("examples"),
    ),
    (
        "S112",
        "createThing",
        "example one: / is not valid: ",
        lambda spec, _: sent(spec).update(schema={"type": "array"}),
    ),
    (
        "S112",
        "createThing",
        "example of 201: /id is not valid: ",
        lambda spec, _: at(response(spec), "content", "application/json").update(example={"id": 7}),
    ),
    (
        "S113",
        "readThing",
        "unknown key 'proces_id' of the target file; did you mean process_id?",
        lambda spec, _: said(spec, "readThing").update(fixtures={"id": "proces_id"}),
    ),
    (
        "S114",
        "/things/{key}",
        "is the path /things/{id} with other names; write its operations there, with path: /things/{key}",
        lambda spec, _: spec["paths"].update({"/things/{key}": {}}),
    ),
    (
        "S115",
        "readThing",
        "no path of the spec is /thing/{id} but for the names of its parameters",
        lambda spec, _: said(spec, "readThing").update(path="/thing/{id}"),
    ),
    (
        "S116",
        "createThing responses 201 content application/json schema",
        "id has no description; say in a sentence what it means",
        lambda spec, _: at(schema(spec), "properties", "id").pop("description"),
    ),
    (
        "S116",
        "createThing responses 201 content application/json schema/parts[]",
        "the description of name only repeats its name: 'The name.'; say what it means",
        lambda spec, _: at(schema(spec), "properties", "parts", "items", "properties", "name").update(
            description="The name."
        ),
    ),
    (
        "S116",
        "createThing",
        "request body has no description; say in a sentence what it means",
        lambda spec, _: at(operation(spec, "createThing"), "requestBody").pop("description"),
    ),
    (
        "S116",
        "readThing parameters 0",
        "id has no description; say in a sentence what it means",
        lambda spec, _: operation(spec, "readThing").update(parameters=[{**ID[0], "description": " "}]),
    ),
    (
        "S116",
        "createThing responses 201",
        "Location has no description; say in a sentence what it means",
        lambda spec, _: response(spec).update(headers={"Location": {"schema": {"type": "string"}}}),
    ),
    (
        "S116",
        "components",
        "Kind has no description; say in a sentence what it means",
        lambda spec, _: spec.update(components={"schemas": {"Kind": {"type": "string"}}}),
    ),
    (
        "R001",
        "SMP-READ",
        "aspct: is an unknown key; did you mean aspect?",
        lambda _, register: entry(register, 1).update(aspct="created-is-readable"),
    ),
    (
        "R001",
        "SMP-READ",
        "no operation 'createThng'; did you mean createThing?",
        lambda _, register: entry(register, 1).update(operation="createThng"),
    ),
    (
        "R101",
        "SMP-NEVER",
        "tried: none without untestable; add why it cannot be tested",
        lambda _, register: entry(register, 2).pop("untestable"),
    ),
    (
        "R101",
        "SMP-READ",
        "tried: lifecycle and untestable: client side; remove one of them",
        lambda _, register: entry(register, 1).update(untestable="client side"),
    ),
    (
        "R102",
        "SMP-READ",
        "unknown profile 'sample/other'; did you mean sample/things?",
        lambda _, register: entry(register, 1).update(profile="sample/other"),
    ),
    (
        "R103",
        "SMP-READ",
        "statement 'It is read' is not a sentence; end it with a full stop",
        lambda _, register: entry(register, 1).update(statement="It is read"),
    ),
    (
        "R104",
        "SMP-READ",
        "aspect 'permission-refused' is not a step of lifecycle; ",
        lambda _, register: entry(register, 1).update(aspect="permission-refused"),
    ),
    ("R104", "SMP-READ", "tried: lifecycle without aspect; ", lambda _, register: entry(register, 1).pop("aspect")),
    (
        "R105",
        "SMP-AGAIN",
        "aspect created-is-readable of createThing is that of SMP-READ already; keep one of them",
        lambda _, register: register["requirements"].append({**entry(register, 1), "id": "SMP-AGAIN"}),
    ),
    (
        "R110",
        "SMP-CREATE",
        "lacks harm; add harm: access, data loss, wrong data, missing, form",
        lambda _, register: entry(register, 0).pop("harm"),
    ),
    (
        "R106",
        "SMP-CREATE",
        "unknown fault 'smp-falt'; did you mean smp-fault?",
        lambda _, register: entry(register, 0).update(faults=["smp-falt"]),
    ),
    (
        "R106",
        "readThing:exists",
        "unknown fault 'other'; ",
        lambda _, register: register.update(structural={"readThing:exists": ["other"]}),
    ),
    (
        "R107",
        "SMP-READ",
        "line 10 of d.txt, which has 9 lines; correct it",
        lambda _, register: entry(register, 1).update(lines="3, 8-10"),
    ),
    (
        "R107",
        "SMP-READ",
        "lines '9-8' are not lines: must be like 8, 226-228",
        lambda _, register: entry(register, 1).update(lines="9-8"),
    ),
    (
        "R107",
        "SMP-READ",
        "unknown document 'e.txt'; did you mean d.txt?",
        lambda _, register: entry(register, 1).update(document="e.txt"),
    ),
    (
        "R108",
        "SMP-READ",
        "reading A-SMP-03 is not explained; did you mean ",
        lambda _, register: entry(register, 1).update(reading=["A-SMP-01", "A-SMP-03"]),
    ),
    (
        "R109",
        "SMP-CREATE",
        "unknown key 'users.outsder' of the target file; did you mean users.outsider?",
        lambda _, register: entry(register, 0).update(needs=["users.outsder"]),
    ),
]


@pytest.mark.parametrize(("code", "place", "told", "change"), BROKEN, ids=[f"{one[0]}-{one[1]}" for one in BROKEN])
def test_broken_rule_is_reported_with_file_place_and_advice(
    tmp_path: Path, code: str, place: str, told: str, change: Change
) -> None:
    file = "openapi" if code.startswith("S") else "requirements"
    found = linted(tmp_path, change)
    assert any(one[:3] == (file, place, code) and one[3].startswith(told) for one in found), found


def test_every_rule_has_an_example_that_breaks_it() -> None:
    assert {one[0] for one in BROKEN} == {*RULES, "S001", "R001", "S002"}
    assert [one.code for one in RULES.values() if not one.title.endswith(".")] == []


def test_rules_without_their_data_are_skipped(tmp_path: Path) -> None:
    def change(spec: Any, register: Any) -> None:
        said(spec, "readThing").update(fixtures={"id": "any"}, reading="A-ANY-01", profile="sample/any")
        entry(register, 0).update(faults=["any"], needs=["any"])

    unknown = dict.fromkeys(("profiles", "keys", "faults", "readings"))
    assert linted(tmp_path, change, **unknown) == []
    told = linted(tmp_path, lambda spec, _: said(spec, "readThing").update(profile="other/any"), **unknown)
    assert [one[2:] for one in told] == [("S102", "profile 'other/any' is not of the form sample/group")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n" * 1_000_000, "is longer than 4 MiB"),
        ("[" * 3000, "is not YAML"),
        ("\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 1}]" for n in range(9)), "its aliases make"),
        ("{" + ": {".join(f"a{n}" for n in range(200)) + "}" * 200, "is nested more than"),
        ("a: &a [*a]", "is nested more than"),
        ("openapi: 3.1.0\npaths: []", "is a required property"),
        ("- 1", "is not a mapping"),
    ],
)
def test_file_that_is_not_a_spec_is_reported_only(tmp_path: Path, text: str, told: str) -> None:
    spec, register = tmp_path / "openapi.yaml", tmp_path / "requirements.yaml"
    spec.write_text(text)
    register.write_text("requirements: []")
    found = lint("sample", spec, register, **AGAINST)
    assert {one.code for one in found} in ({"S001"}, {"S002"})
    assert told in found[0].told


def test_allowed_aspects_are_those_of_the_engines() -> None:
    assert ASPECTS["access"] == {
        *access.REFUSED_USERS,
        *access.UNAUTHORIZED_ASPECTS,
        access.LACKS_PERMISSION,
        access.PERMISSION_SUFFICES,
    }


@pytest.mark.parametrize("system", specification.SYSTEMS)
def test_needs_of_a_spec_are_keys_of_the_target_file(system: str) -> None:
    found = keys(table_of(system))
    assert found >= set(table_of(system).model_fields)
    assert ("users.*.client_id" in found) == (system == "processmaker3")
    assert ("case" in found) == (system == "processmaker3")


def test_format_page_lists_every_rule() -> None:
    page = (Path(__file__).parents[2] / "docs" / "spec-format.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([SR]\d+)` \| (.*) \|$", page, re.MULTILINE))
    assert {code: rows.get(code) for code in RULES} == {code: one.title.rstrip(".") for code, one in RULES.items()}
    assert {"S001", "R001", "S002"} <= rows.keys()


# -- the command ------------------------------------------------------------------------------------------------------


def command(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, ["dev", *words])


def test_the_command_finds_nothing_in_the_specs_of_the_suite() -> None:
    found = command("lint")
    assert (found.exit_code, found.output) == (exit_codes.OK, "no problem in 3 specs\n")


def test_command_reports_problems_and_skipped_rules_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "sample").mkdir()
    linted(tmp_path / "sample", lambda spec, _: said(spec, "readThing").update(profile="sample/things_"))
    files = [str(tmp_path / "sample" / name) for name in ("openapi.yaml", "requirements.yaml")]
    found = command("lint", *files)
    assert found.exit_code == exit_codes.USAGE
    assert f"{files[0]}: readThing: S102 profile 'sample/things_' is not of the form sample/group\n" in found.stdout
    assert "not checked: R106 A fault is one of the reference.\n" in found.stderr
    page = tmp_path / "readings.md"
    page.write_text("| A-SMP-01 | is explained |\n| A-SMP-02 | too |\n")
    again = command("lint", *files, "--readings", str(page), "--system", "sample")
    assert "R108" not in again.output
    assert again.stdout.endswith("1 problem in 1 spec\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Check specs and registers"),
        (("lnt",), "did you mean"),
        (("lint", "one.yaml"), "lint needs two files: SPEC REGISTER."),
        (("lint", "--system", "other"), "unknown system 'other'"),
        (("lint", "--readings", "none.md"), "cannot be read"),
        (("lint", "none.yaml", "other.yaml"), "none.yaml: S001 cannot be read"),
    ],
)
def test_invalid_call_ends_with_4(words: tuple[str, ...], told: str) -> None:
    found = command(*words)
    assert found.exit_code == exit_codes.USAGE
    assert told.lower() in found.output.lower()
