"""For each lint rule, changes of the sample spec or register that break it, with the place and the message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.spec.extension import EXTENSION
from tests.unit.sample_spec import (
    ID,
    at,
    entry,
    operation,
    response,
    said,
    schema,
    sent,
)

Change = Callable[[dict[str, Any], dict[str, Any]], object]


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
