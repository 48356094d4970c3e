"""A small spec and register without mistakes, and ways to their parts."""

from __future__ import annotations

from typing import Any

from conformance.spec.extension import EXTENSION

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


def at(data: Any, *place: str | int) -> Any:
    for value in place:
        data = data[value]
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
