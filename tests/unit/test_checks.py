"""Checks: what an answer says of each rule of its schema, and what it cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.core.exchange import NO_RESPONSE, Exchange, Request, Response
from conformance.core.systems import System
from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Verdict,
)
from conformance.engine import checks
from conformance.spec import specification
from conformance.spec.specification import Operation, Specification

SYSTEM = "sample_of_checks"
SPEC = """
openapi: 3.1.0
info: {title: Sample, version: "1"}
servers: [{url: "{url}"}]
paths:
  /things/{id}:
    get:
      operationId: getThing
      x-conformance: {profile: p, effect: read, resource: thing, document: d.txt, section: Things, lines: 1-9}
      responses:
        "200":
          x-conformance: {wrapped: {as: array, reading: A-PM3-07}}
          content:
            application/json:
              schema:
                type: object
                required: [uid, kind, size, parts, flag, opened]
                properties:
                  uid: {type: string, minLength: 4, maxLength: 4}
                  kind:
                    type: [string, "null"]
                    enum: [A, B, "", null]
                    x-conformance: {tolerate: {values: [C], reading: A-PM3-55}}
                  size:
                    type: [integer, string, "null"]
                    pattern: "^[0-9]+$"
                    x-conformance: {prefer: {type: integer, reading: A-PM3-03}}
                  flag: {type: integer, minimum: 0, x-conformance: {alias: {name: flagg, reading: A-PM3-02}}}
                  opened: {type: string, format: date}
                  hint: {type: string, pattern: "^x", x-conformance: {level: may}}
                  code: {type: [array, string, integer, "null"], minLength: 2}
                  parts:
                    type: array
                    items:
                      type: object
                      required: [name]
                      properties:
                        name: {type: string, enum: [left, right]}
        4XX:
          content:
            application/json:
              schema: {type: object, required: [error], properties: {error: {type: object}}}
  /export:
    get:
      operationId: exportThing
      x-conformance: {profile: p, effect: read, resource: thing, document: d.txt, section: Export, lines: 9}
      responses:
        2XX: {content: {application/xml: {schema: {contentMediaType: application/xml}}}}
  /somewhere:
    get:
      operationId: someThing
      x-conformance: {profile: p, effect: read, resource: thing, document: d.txt, section: Some, lines: 11}
      responses:
        2XX:
          x-conformance: {anywhere: true}
          content: {application/json: {schema: {type: object, required: [uid], properties: {uid: {type: string}}}}}
  /void:
    get:
      operationId: voidThing
      x-conformance: {profile: p, effect: read, resource: thing, document: d.txt, section: Void, lines: 10}
      responses: {"200": {description: nothing}}
"""
GOOD: dict[str, Any] = {
    "uid": "ab12",
    "kind": "A",
    "size": 3,
    "flag": 1,
    "opened": "2024-02-29",
    "parts": [{"name": "left"}, {"name": "right"}],
}
JSON = "application/json"


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Specification]:
    directory: Path = tmp_path_factory.mktemp("specs")
    (directory / SYSTEM).mkdir()
    (directory / SYSTEM / "openapi.yaml").write_text(SPEC)
    (directory / SYSTEM / "requirements.yaml").write_text("requirements: []\n")
    sample = System(
        name=SYSTEM,
        title="Sample",
        specs=directory / SYSTEM,
        suites=directory,
        package="sample",
        profiles=(),
        table="",
        credentials="",
        reference="",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(specification, "SYSTEMS", {SYSTEM: sample})
        yield specification.load(SYSTEM)


@pytest.fixture
def thing(spec: Specification) -> Operation:
    return spec.operations["getThing"]


def answered(body: Any, *, status: int = 200, media: str = JSON, name: str = "e1", operation: str = "x") -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = (("Content-Type", media),) if media else ()
    return Exchange(name, operation, Request("GET", "http://t/"), Response(status, headers, raw))


def said(operation: Operation, body: Any, **how: Any) -> dict[str, Verdict]:
    """The verdicts on a body by the tail of their ids, such as `/uid:present`; no requirement has two."""
    verdicts = checks.success(operation, answered(body, **how))
    names = [verdict.requirement for verdict in verdicts]
    assert len(names) == len(set(names))
    status = operation.success.status
    return {
        name.removeprefix(f"{operation.id}.{status}.").removeprefix(operation.id): item
        for name, item in zip(names, verdicts, strict=True)
    }


def outcomes(operation: Operation, body: Any, **how: Any) -> dict[str, Outcome]:
    return {name: verdict.outcome for name, verdict in said(operation, body, **how).items()}


def changed(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **members}.items() if value is not KeyError}


def test_correct_response_conforms_in_everything_that_it_shows(thing: Operation) -> None:
    found = outcomes(thing, GOOD)
    assert set(found.values()) == {Outcome.CONFORMS}
    tails = ["present", "type", "format", "values", "tolerated", "preferred", "spelled"]
    assert {":exists", ":type"} <= found.keys()
    assert {tail for name in found for tail in tails if name.endswith(f":{tail}")} == set(tails)
    assert {"/uid:format", "/flag:format", "/opened:format", "/parts[]/name:values"} <= found.keys()


def test_missing_optional_field_gives_no_verdict(thing: Operation) -> None:
    assert not [name for name in outcomes(thing, GOOD) if name.startswith("/hint")]
    assert outcomes(thing, changed(hint="x"))["/hint:type"] is Outcome.CONFORMS


BROKEN: list[tuple[str, dict[str, Any], str, Kind]] = [
    ("present", {"uid": KeyError}, "/uid:present", Kind.MISSING_FIELD),
    ("type", {"uid": 4}, "/uid:type", Kind.TYPE),
    ("type of an optional field", {"hint": 4}, "/hint:type", Kind.TYPE),
    ("null where none is allowed", {"uid": None}, "/uid:type", Kind.TYPE),
    ("a truth value is no number", {"flag": True}, "/flag:type", Kind.TYPE),
    ("values", {"kind": "Z"}, "/kind:values", Kind.VALUE),
    ("length", {"uid": "abc"}, "/uid:format", Kind.FORMAT),
    ("pattern", {"hint": "y"}, "/hint:format", Kind.FORMAT),
    ("minimum", {"flag": -1}, "/flag:format", Kind.FORMAT),
    ("format", {"opened": "2023-02-29"}, "/opened:format", Kind.FORMAT),
    ("preferred", {"size": "3"}, "/size:preferred", Kind.OTHER_READING),
    ("tolerated", {"kind": "C"}, "/kind:tolerated", Kind.OTHER_READING),
    ("spelled", {"flag": KeyError, "flagg": 1}, "/flag:spelled", Kind.OTHER_READING),
    ("in one of several elements", {"parts": [{"name": "left"}, {}]}, "/parts[]/name:present", Kind.MISSING_FIELD),
    ("value in one of several", {"parts": [{"name": "left"}, {"name": "up"}]}, "/parts[]/name:values", Kind.VALUE),
]


@pytest.mark.parametrize(
    ("members", "requirement", "kind"), [pair[1:] for pair in BROKEN], ids=[pair[0] for pair in BROKEN]
)
def test_broken_rule_is_the_only_deviation(
    thing: Operation, members: dict[str, Any], requirement: str, kind: Kind
) -> None:
    found = said(thing, changed(**members))
    deviating = {name: verdict for name, verdict in found.items() if verdict.outcome is Outcome.DEVIATES}
    assert list(deviating) == [requirement]
    assert deviating[requirement].kind is kind
    assert deviating[requirement].evidence == ("e1",)
    assert deviating[requirement].location == requirement.partition(":")[0]


@pytest.mark.parametrize(
    ("members", "silent"),
    [
        ({"uid": 4}, ["/uid:format"]),
        ({"kind": 4}, ["/kind:values", "/kind:tolerated"]),
        ({"size": True}, ["/size:preferred"]),
        ({"flag": "x"}, ["/flag:format"]),
    ],
)
def test_wrong_type_hides_other_rules(thing: Operation, members: dict[str, Any], silent: list[str]) -> None:
    found = said(thing, changed(**members))
    root = next(verdict.fingerprint for verdict in found.values() if verdict.outcome is Outcome.DEVIATES)
    assert {name: found[name].outcome for name in silent} == dict.fromkeys(silent, Outcome.BLOCKED)
    assert {found[name].blocked_by for name in silent} == {root}


def test_number_may_be_a_string_of_digits_but_no_other_text(thing: Operation) -> None:
    assert outcomes(thing, changed(size=3))["/size:type"] is Outcome.CONFORMS
    assert outcomes(thing, changed(size="3"))["/size:type"] is Outcome.CONFORMS
    assert outcomes(thing, changed(size="three"))["/size:type"] is Outcome.DEVIATES
    assert "/size:format" not in outcomes(thing, changed(size=3))


def test_format_is_not_checked_for_other_types(thing: Operation) -> None:
    assert outcomes(thing, changed(code="ab"))["/code:format"] is Outcome.CONFORMS
    for value in (["a"], 7, None):
        found = outcomes(thing, changed(code=value))
        assert found["/code:type"] is Outcome.CONFORMS
        assert "/code:format" not in found


def test_unset_value_does_not_decide_format_preference_or_values(thing: Operation) -> None:
    found = outcomes(thing, changed(size=None, kind=None))
    assert not {"/size:format", "/size:preferred", "/kind:values", "/kind:tolerated"} & found.keys()
    assert found["/size:type"] is Outcome.CONFORMS


def test_rules_inside_a_missing_field_are_blocked(thing: Operation) -> None:
    found = said(thing, changed(parts=KeyError))
    root = found["/parts:present"].fingerprint
    blocked = {name for name, verdict in found.items() if verdict.outcome is Outcome.BLOCKED}
    assert blocked == {
        "/parts:type",
        "/parts[]:type",
        "/parts[]/name:present",
        "/parts[]/name:type",
        "/parts[]/name:values",
    }
    assert {found[name].blocked_by for name in blocked} == {root}


def test_body_of_another_type_blocks_everything(thing: Operation) -> None:
    found = said(thing, [GOOD, GOOD])
    inside = [verdict for name, verdict in found.items() if name.startswith("/")]
    assert found[":type"].kind is Kind.TYPE
    assert {verdict.outcome for verdict in inside} == {Outcome.BLOCKED}
    assert {verdict.blocked_by for verdict in inside} == {found[":type"].fingerprint}


def test_empty_array_decides_nothing_about_its_elements(thing: Operation) -> None:
    found = outcomes(thing, changed(parts=[]))
    assert found["/parts:type"] is Outcome.CONFORMS
    assert not [name for name in found if name.startswith("/parts[]")]


def test_rule_that_is_broken_once_and_kept_once_is_broken(thing: Operation) -> None:
    parts = [{"name": "left"}, {"name": 7}, {}]
    found = outcomes(thing, changed(parts=parts))
    assert {name for name, outcome in found.items() if outcome is Outcome.DEVIATES} == {
        "/parts[]/name:type",
        "/parts[]/name:present",
    }
    assert found["/parts[]/name:values"] is Outcome.CONFORMS


def test_array_around_the_object_is_a_finding_and_is_unwrapped(spec: Specification, thing: Operation) -> None:
    found = said(thing, [GOOD])
    deviating = [name for name, verdict in found.items() if verdict.outcome is Outcome.DEVIATES]
    assert [name.removeprefix("getThing.200") for name in deviating] == [".200:unwrapped"]
    assert spec.requirements["getThing.200:unwrapped"].level is Level.MAY
    assert found["/uid:format"].outcome is Outcome.CONFORMS
    assert checks.body_of(thing, answered([GOOD])) == GOOD


@pytest.mark.parametrize("body", [{"uid": "ab12"}, {"data": {"uid": "ab12"}}, {"rows": [{"uid": "ab12"}], "count": 1}])
def test_an_object_whose_place_no_document_gives_is_found_inside_others(spec: Specification, body: Any) -> None:
    some = spec.operations["someThing"]
    assert set(outcomes(some, body).values()) == {Outcome.CONFORMS}
    assert checks.body_of(some, answered(body)) == {"uid": "ab12"}


@pytest.mark.parametrize("body", [{"data": {"name": "left"}}, {}, [], "ab12"])
def test_an_object_that_is_nowhere_in_the_response_deviates(spec: Specification, body: Any) -> None:
    assert Outcome.DEVIATES in outcomes(spec.operations["someThing"], body).values()


def test_findings_are_of_level_may(spec: Specification) -> None:
    for place in ("/size:preferred", "/kind:tolerated", "/flag:spelled"):
        assert spec.requirements[f"getThing.200.{place}"].level is Level.MAY


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff", b"NaN", b'{"a": 1e999}', b"[" * 100_000])
def test_body_that_is_not_json_blocks_all_its_rules(thing: Operation, body: bytes) -> None:
    found = said(thing, body)
    assert found[":type"].kind is Kind.NOT_JSON
    assert {verdict.outcome for name, verdict in found.items() if name.startswith("/")} == {Outcome.BLOCKED}


def test_page_instead_of_json_is_one_deviation_of_content_type(thing: Operation) -> None:
    found = said(thing, b"<html>", media="text/html")
    deviating = [verdict for verdict in found.values() if verdict.outcome is Outcome.DEVIATES]
    assert [verdict.kind for verdict in deviating] == [Kind.CONTENT_TYPE]
    assert found[":type"].blocked_by == deviating[0].fingerprint


@pytest.mark.parametrize(
    ("media", "fits"),
    [
        (JSON, True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("", False),
    ],
)
def test_parameters_and_suffixes_of_a_content_type_do_not_matter(thing: Operation, media: str, fits: bool) -> None:
    verdict = next(
        item for item in checks.success(thing, answered(GOOD, media=media)) if "content-type" in item.requirement
    )
    assert verdict.outcome is (Outcome.CONFORMS if fits else Outcome.DEVIATES)


@pytest.mark.parametrize(("media", "fits"), [("text/xml", True), ("xml", True), ("application/json", False)])
def test_export_may_have_any_xml_type(spec: Specification, media: str, fits: bool) -> None:
    verdicts = checks.success(spec.operations["exportThing"], answered(b"<a/>", media=media))
    assert (verdicts[-1].outcome is Outcome.CONFORMS) == fits
    assert not [verdict for verdict in verdicts if verdict.requirement.endswith(":type")]


def test_response_without_documented_body_may_have_any(spec: Specification) -> None:
    void = spec.operations["voidThing"]
    for body, media in ((b"", ""), (b"[]", JSON), (b"<p>", "text/html")):
        verdicts = checks.success(void, answered(body, media=media))
        assert [verdict.requirement for verdict in verdicts] == ["voidThing:exists", "voidThing.200:status"]


def test_undocumented_success_status_deviates_and_its_body_is_checked(thing: Operation) -> None:
    found = said(thing, changed(uid=KeyError), status=201)
    deviating = {name for name, verdict in found.items() if verdict.outcome is Outcome.DEVIATES}
    assert {name.removeprefix("getThing.200") for name in deviating} == {".200:status", "/uid:present"}


def test_documented_refusal_is_checked_by_its_schema(thing: Operation) -> None:
    documented = thing.response(404)
    assert documented is not None
    verdicts = checks.content(thing, documented, answered({"error": "text"}, status=404))
    assert {verdict.requirement for verdict in verdicts if verdict.outcome is Outcome.DEVIATES} == {
        "getThing.4XX./error:type"
    }


@pytest.mark.parametrize(
    ("status", "outcome", "kind"),
    [
        (400, Outcome.CONFORMS, None),
        (451, Outcome.CONFORMS, None),
        (200, Outcome.DEVIATES, Kind.NOT_REFUSED),
        (302, Outcome.DEVIATES, Kind.STATUS),
        (500, Outcome.DEVIATES, Kind.STATUS),
    ],
)
def test_any_4xx_is_a_refusal_and_nothing_else(status: int, outcome: Outcome, kind: Kind | None) -> None:
    control = answered(b"", name="e2")
    verdict = checks.refused("R", "op", answered(b"", status=status), control)
    assert (verdict.outcome, verdict.kind) == (outcome, kind)
    assert verdict.evidence == ("e1", "e2")


def test_missing_response_is_not_a_refusal() -> None:
    lost = Exchange("e1", "op", Request("GET", "http://t/"), NO_RESPONSE, error="reset")
    verdict = checks.refused("R", "op", lost, answered(b""))
    assert verdict.outcome is Outcome.DEVIATES
    assert "reset" in verdict.observed


def test_verdict_quotes_a_limited_text(thing: Operation) -> None:
    found = said(thing, changed(kind="Z" * 100_000))
    assert len(found["/kind:values"].observed) < 250


@pytest.mark.parametrize("name", ["a/b", "[]", "", "x" * 5000, "\ud800", "\u2028", "parts[]"])
def test_odd_names_of_additional_fields_change_nothing(thing: Operation, name: str) -> None:
    assert outcomes(thing, changed(**{name: {"uid": 1}})) == outcomes(thing, GOOD)


def test_deeply_nested_body_is_checked(thing: Operation) -> None:
    deep: Any = 1
    for _ in range(90):
        deep = [deep]
    assert outcomes(thing, changed(more=deep)) == outcomes(thing, GOOD)
