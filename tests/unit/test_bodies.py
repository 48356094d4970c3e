"""Where a body of the target file holds the name and the identifier of what a request is about."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.spec.operation import Operation
from conformance.spec.specification import load
from conformance.target.bodies import IDENTIFIER, NAME, given

PROCESIO = load("procesio").operations
PM3 = load("processmaker3").operations


def places(operation: Operation) -> tuple[list[str], list[str]]:
    """Where names and identifiers are written."""
    touched = [touch.pointer for touch in operation.touches if touch.where == "body"]
    return [name.pointer for name in operation.names], touched


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"name": "A", "flows": []}, "/name"),
        ({"title": "A", "steps": [{"name": "first"}]}, "/steps/0/name"),
        ({"process": {"displayName": "A"}, "kind": 1}, "/process/displayName"),
        ({"caption": NAME, "title": "B"}, "/caption"),
        ({"label": "A"}, "/label"),
        ({"kind": 1}, ""),
    ],
)
def test_name_is_found_by_the_spec_or_by_its_members(body: dict[str, Any], name: str) -> None:
    names, _ = places(given(PROCESIO, {"createProcess": body})["createProcess"])
    assert names == ([name] if name else [])


def test_update_is_the_creation_with_an_identifier_next_to_the_name() -> None:
    known = given(PROCESIO, {"createProcess": {"process": {"title": "A", "kind": 1}}})
    names, touched = places(known["modifyProcess"])
    assert (names, touched) == (["/process/title"], ["/process/id"])
    body = known["modifyProcess"].body("application/json")
    assert body is not None
    assert body.examples == {"given": {"process": {"title": NAME, "kind": 1, "id": IDENTIFIER}}}


def test_given_update_contains_its_identifier() -> None:
    bodies = {"createProcess": {"name": "A"}, "modifyProcess": {"flow": {"key": IDENTIFIER, "name": "B"}}}
    names, touched = places(given(PROCESIO, bodies)["modifyProcess"])
    assert (names, touched) == (["/flow/name"], ["/flow/key"])


@pytest.mark.parametrize("operation", ["createProject", "updateProject"])
def test_documented_body_keeps_its_places(operation: str) -> None:
    assert given(PM3, {operation: {"title": "A"}})[operation] is PM3[operation]


def test_body_without_a_replacement_is_unchanged() -> None:
    known = given(PROCESIO, {"createProcess": {"name": "A"}})
    assert {name for name, operation in known.items() if operation is not PROCESIO[name]} <= {
        "createProcess", "modifyProcess", "validateProcess"
    }  # fmt: skip
    assert given(PROCESIO, {}) == PROCESIO
