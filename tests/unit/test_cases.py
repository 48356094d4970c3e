"""Cases: the packaged corpora belong to the specs, and every operation has cases of every kind that applies."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from conformance.cli.operations import command
from conformance.core.systems import SYSTEMS as REGISTERED
from conformance.engine.cases.applicability import inapplicable
from conformance.engine.cases.case import LEFT_OUT, MADE_UP, Case, CaseKind, Part, chosen, corpus, counted, digest
from conformance.engine.cases.readback import is_word
from conformance.engine.cases.requests import changed, request_of
from conformance.spec.specification import SYSTEMS, Operation, load
from conformance.target import bodies
from conformance.wire.ledger import Ledger

OPERATIONS = [operation for system in SYSTEMS for operation in load(system).operations.values()]


@pytest.mark.parametrize("system", SYSTEMS)
def test_packaged_cases_match_the_spec(system: str) -> None:
    path = REGISTERED[system].cases
    assert path is not None
    held = json.loads(path.read_text(encoding="utf-8"))
    assert held["spec"] == digest(system), "run `python -m conformance.engine.cases.build`"
    assert set(held["operations"]) == set(load(system).operations)
    assert path.stat().st_size < 300_000


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda item: item.id)
def test_operation_has_cases_of_a_kind_or_a_reason(operation: Operation) -> None:
    for kind, number in counted(operation).items():
        reason = inapplicable(load(operation.system), operation, kind)
        assert bool(number) != bool(reason), (kind, number, reason)


def test_cases_of_an_operation_are_different() -> None:
    for system in SYSTEMS:
        for name, cases in corpus(system).items():
            messages = [json.dumps([case.kind, case.part, case.place, case.stored()[4:]]) for case in cases]
            assert len(messages) == len(set(messages)), name


def test_requested_number_of_each_sort_is_chosen_most_important_first() -> None:
    operation = load("processmaker3").operations["createProject"]
    few, more = chosen(operation, 2), chosen(operation, 5)
    assert {case.kind for case in few} == {case.kind for case in more} >= {CaseKind.BOUNDARY, CaseKind.INVALID}
    assert [case for case in more if case in few] == list(few)
    places = [case.place for case in more if (case.kind, case.part) == (CaseKind.INVALID, Part.BODY) and case.place]
    assert len(places) == len(set(places)) == 5


def of(name: str) -> tuple[Operation, tuple[Case, ...]]:
    operation = next(item for item in OPERATIONS if item.id == name)
    return operation, corpus(operation.system)[name]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda item: item.id)
def test_cases_change_no_identifier_and_no_harmful_value(operation: Operation) -> None:
    apart = {touch.pointer for touch in (*operation.names, *operation.touches) if touch.pointer}
    for case in corpus(operation.system)[operation.id]:
        assert case.place not in apart
        if case.kind is CaseKind.COMBINED:
            assert not {f"/{name}" for name in case.value} & apart
    assert "/startsOn" not in {item.place for item in corpus(operation.system)[operation.id]}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda item: item.id)
def test_body_with_identifiers_is_never_malformed_as_a_whole(operation: Operation) -> None:
    if not any(touch.where in ("body", "upload") for touch in operation.touches):
        return
    raw = [
        case for case in corpus(operation.system)[operation.id] if isinstance(case.value, str | dict) and not case.place
    ]
    assert [case for case in raw if case.kind is CaseKind.INVALID and case.part is not Part.HEADERS] == []


def test_undeletable_and_account_resources_are_not_created_by_cases() -> None:
    for name in ("createUser", "createApiKey", "createGroup", "createCredentialType"):
        assert [case.part for case in of(name)[1]] == [Part.WHOLE]


def test_given_body_gets_no_new_members_and_keeps_its_names() -> None:
    operation, _ = of("createDataType")
    given = bodies.given({operation.id: operation}, {operation.id: {"flow": {"title": "{name}"}, "attributes": []}})
    ledger, base = Ledger(None, "run", "main"), {"json": {"flow": {"title": "conf"}, "attributes": []}}
    for place, possible in (("/description", False), ("/flow/title", False), ("/attributes", True)):
        case = Case(CaseKind.BOUNDARY, Part.BODY, place, "text", "x")
        assert (request_of(given[operation.id], case, base, ledger) is not None) == possible
    combined = Case(CaseKind.COMBINED, Part.BODY, "", "generated values", {"name": "x"})
    assert request_of(given[operation.id], combined, base, ledger) is None


def test_case_is_read_back_as_stored() -> None:
    for case in (
        Case(CaseKind.INVALID, Part.BODY, "/a", "left out"),
        Case(CaseKind.BOUNDARY, Part.BODY, "/a", "x", []),
    ):
        assert Case.read(json.loads(json.dumps(case.stored()))) == case
    assert Case.read(["invalid", "body", "/a", "left out"]).value is LEFT_OUT
    assert Case(CaseKind.INVALID, Part.BODY, "", "bytes", {"base64": "/w=="}).bytes == b"\xff"


def test_change_affects_one_place_of_a_copy() -> None:
    body = {"a": [{"b": 1}, {"b": 2}], "c": 3}
    assert changed(body, "/a[]/b", 9) == {"a": [{"b": 9}, {"b": 2}], "c": 3}
    assert changed(body, "/c", LEFT_OUT) == {"a": [{"b": 1}, {"b": 2}]}
    assert changed(body, "/d", LEFT_OUT) is None
    assert changed({"a": []}, "/a[]/b", 9) is None
    assert body == {"a": [{"b": 1}, {"b": 2}], "c": 3}


def test_an_identifier_of_a_case_is_made_up_by_the_run() -> None:
    ledger = Ledger(None, "run", "main")
    base = {"path": {"id": "5f0c3a9e7d2b41868a6e0c9b4d17f352"}, "json": {"name": "x"}}
    operation = load("processmaker4").operations["startRequest"]
    whole = request_of(operation, Case(CaseKind.INVALID, Part.PATH, "id", "unknown", MADE_UP), base, ledger)
    longer = request_of(operation, Case(CaseKind.INVALID, Part.PATH, "id", "long", MADE_UP * 8), base, ledger)
    assert whole is not None
    assert longer is not None
    assert ledger.is_made_up(whole["path"]["id"])
    assert len(whole["path"]["id"]) == 32
    assert ledger.is_made_up(longer["path"]["id"])
    assert len(longer["path"]["id"]) == 256
    raw = request_of(operation, Case(CaseKind.INVALID, Part.BODY, "", "early end", "{"), base, ledger)
    assert raw == {"path": base["path"], "content": b"{", "headers": {"content-type": "application/json"}}


def test_a_replay_needs_no_generator() -> None:
    message = "import conformance.engine.cases.replay, sys; print(*(one in sys.modules for one in sys.argv[1:]))"
    call = [sys.executable, "-c", message, "schemathesis", "hypothesis"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_command_shows_how_many_cases_each_operation_has() -> None:
    rows = json.loads(CliRunner().invoke(command, ["--cases", "--json"]).stdout)
    assert {row["id"] for row in rows} == {operation.id for operation in OPERATIONS}
    kinds = [kind.value for kind in CaseKind]
    for row in rows:
        explained = {kind for part in row["none"].split("; ") for kind in part.partition(":")[0].split(", ")}
        assert {kind for kind in kinds if not row[kind]} == explained - {""}
    assert all(row["documented"] for row in rows)
    text = CliRunner().invoke(command, ["--cases"]).stdout
    assert f"{len(OPERATIONS)} operations; cases: documented " in text


@pytest.mark.parametrize(
    ("operation", "place", "word"),
    [
        ("updateProcess", "/pro_status", True),
        ("updateProcess", "/pro_title", False),
        ("createProject", "/diagrams[]/gateways[]/gat_type", True),
        ("createProject", "/diagrams[]/gateways[]/gat_name", False),
        ("createProject", "/undocumented", False),
    ],
)
def test_one_of_several_words_is_no_text(operation: str, place: str, word: bool) -> None:
    documented = load("processmaker3").operations[operation].body("application/json")
    assert documented is not None
    assert is_word(documented.schema, place) == word
