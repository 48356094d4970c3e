"""Structure: what a response schema demands, one rule a place and kind."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.core.verdict import Level
from conformance.spec.extension import EXTENSION
from conformance.spec.rules import (
    Citation,
    RuleKind,
    has_type,
    json_type,
    rules,
    tolerant,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    EXTENSION: {"section": "Things", "lines": 5},
    "required": ["a"],
    "properties": {
        "a": {
            "type": ["integer", "string"],
            "pattern": "^[0-9]+$",
            EXTENSION: {
                "level": "should",
                "reading": ["R-1", "R-2"],
                "prefer": {"type": "integer", "reading": "R-3"},
                "alias": {"name": "aa", "reading": "R-4"},
            },
        },
        "b": {
            "type": "array",
            "minItems": 1,
            "items": {
                "enum": ["x", None],
                EXTENSION: {"tolerate": {"values": ["y"], "reading": "R-5"}, "since": "3.2"},
            },
        },
        "c": {"type": ["integer", "string"], "maxLength": 3, "maximum": 9},
    },
}
MADE = {(rule.place, rule.kind): rule for rule in rules(SCHEMA, Citation("d.txt", "Top", "1-9", "R-0"))}


def test_every_constraint_is_one_rule() -> None:
    assert {(place, kind.value) for place, kind in MADE} == {
        ("", "type"), ("/a", "present"), ("/a", "spelled"), ("/a", "type"), ("/a", "preferred"),
        ("/b", "type"), ("/b", "format"), ("/b[]", "values"), ("/b[]", "tolerated"), ("/c", "type"), ("/c", "format"),
    }  # fmt: skip
    assert len(rules(SCHEMA, Citation())) == len(MADE)


def test_citation_is_inherited_until_overridden() -> None:
    assert MADE["", RuleKind.TYPE].citation == Citation("d.txt", "Things", "5", "R-0")
    assert MADE["/a", RuleKind.TYPE].citation == Citation("d.txt", "Things", "5", "R-1, R-2", Level.SHOULD)
    assert MADE["/a", RuleKind.PRESENT].citation == MADE["/a", RuleKind.TYPE].citation
    assert MADE["/b[]", RuleKind.VALUES].citation.since == "3.2"


@pytest.mark.parametrize(
    ("place", "kind", "reading"),
    [("/a", RuleKind.PREFERRED, "R-3"), ("/a", RuleKind.SPELLED, "R-4"), ("/b[]", RuleKind.TOLERATED, "R-5")],
)
def test_rejected_reading_is_never_more_than_a_finding(place: str, kind: RuleKind, reading: str) -> None:
    assert MADE[place, kind].citation.level is Level.MAY
    assert MADE[place, kind].citation.reading == reading


def test_rule_states_what_it_expects() -> None:
    assert MADE["/a", RuleKind.TYPE].expected == "integer or a string of digits"
    assert MADE["/a", RuleKind.PRESENT].expected == "`a` is present"
    assert MADE["/a", RuleKind.SPELLED].values == ("aa",)
    assert MADE["/b[]", RuleKind.VALUES].expected == "one of 'x', null"


def test_format_applies_to_certain_types() -> None:
    bounded = rules({"maximum": 9, "pattern": "^x"}, Citation())
    assert [(rule.kind, set(rule.values)) for rule in bounded] == [(RuleKind.FORMAT, {"number", "string"})]
    assert MADE["/b", RuleKind.FORMAT].values == ("array",)


def test_empty_schema_has_no_rules() -> None:
    assert rules({}, Citation()) == ()
    assert rules({"properties": {"a": {}}}, Citation()) == ()
    assert rules({"required": ["a"]}, Citation()) == ()


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "boolean"), (0, "integer"), (1.0, "number"), ("", "string"), ([], "array"), ({}, "object")],
)
def test_every_value_has_one_json_type(value: Any, kind: str) -> None:
    assert json_type(value) == kind


@pytest.mark.parametrize(
    ("value", "types", "fits"),
    [
        (1, ("integer",), True), (1, ("number",), True), (1.0, ("integer",), True), (1.5, ("integer",), False),
        (True, ("integer", "number"), False), ("1", ("integer",), False), (None, ("string", "null"), True),
        ([], ("object",), False), (1, (), False),
    ],
)  # fmt: skip
def test_types_fit_as_in_json_schema(value: Any, types: tuple[str, ...], fits: bool) -> None:
    assert has_type(value, types) is fits


def test_validator_accepts_tolerated_values_and_gets_no_extensions() -> None:
    made = tolerant(SCHEMA)
    assert made["properties"]["b"]["items"] == {"enum": ["x", None, "y"]}
    assert EXTENSION not in str(made)
    assert SCHEMA["properties"]["b"]["items"]["enum"] == ["x", None]
