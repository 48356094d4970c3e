"""The examples that the documents show, with their typing errors repaired: each is valid by the schema of its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.spec.guidance import guided
from conformance.spec.lint.spec_rules import invalid
from conformance.spec.rules import Schema, tolerant
from conformance.spec.specification import SYSTEMS, load

EXAMPLES: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("documented_examples.json").read_text())
OPERATIONS: Final = {name: operation for system in SYSTEMS for name, operation in load(system).operations.items()}


def schema_of(place: str) -> Schema:
    """The schema of a request, or of a response as it is written in the spec."""
    name, _, part = place.partition(".")
    operation = OPERATIONS[name]
    if part == "request":
        body = operation.body()
        assert body is not None
        return body.schema
    response = operation.response(int(part))
    assert response is not None
    assert response.schema is not None
    return tolerant(response.schema)


@pytest.mark.parametrize("place", EXAMPLES)
def test_a_documented_example_is_valid(place: str) -> None:
    assert list(invalid(EXAMPLES[place], schema_of(place))) == []


@pytest.mark.parametrize("place", ["createProject.request", "updateProcess.request"])
def test_generator_hints_are_not_part_of_the_schema(place: str) -> None:
    assert list(invalid(EXAMPLES[place], guided(schema_of(place)))) != []
