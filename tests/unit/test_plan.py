"""The plan: what a target file and its safety level let a run try, and what each missing key keeps back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.core.verdict import Outcome, Reason
from conformance.spec.producers import dependencies, needed
from conformance.spec.specification import SYSTEMS, load
from conformance.target.plan import Plan, plan
from conformance.target.safety import is_allowed, required_safety
from conformance.target.target import Safety, parse

PM3 = load("processmaker3")
PRO = load("procesio")
TABLES: dict[str, dict[str, Any]] = {
    "processmaker3": {
        "url": "http://127.0.0.1:1", "workspace": "w", "client_id": "c", "client_secret": "s", "username": "u",
        "password": "p",
    },
    "procesio": {
        "proxy_url": "http://127.0.0.1:1", "web_url": "http://127.0.0.1:2", "realm": "r", "username": "u",
        "password": "p", "client_id": "c",
    },
}  # fmt: skip

STARTED = {"started_project": "p"}
CLASSIC = {"classic_process": "p"}


def planned(system: str, level: Safety = Safety.OWNED, **more: Any) -> Plan:
    target = parse({"name": "t", system: {**TABLES[system], **more}}, base=Path(), env={})
    return plan(load(system), target.table(system), level)


def outcome(given: Plan, requirement: str) -> tuple[Outcome, Reason | None] | None:
    ((_, found),) = [pair for pair in given.obstacles if pair[0].id == requirement]
    return None if found is None else (found.outcome, found.reason)


# -- safety levels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", SYSTEMS)
def test_only_reads_and_tokens_are_allowed_at_read_only(system: str) -> None:
    allowed = [operation for operation in load(system).operations.values() if is_allowed(operation, Safety.READ_ONLY)]
    assert {operation.effect for operation in allowed if operation.resource != "token"} <= {"read"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_is_allowed_at_disposable(system: str) -> None:
    assert all(is_allowed(operation, Safety.DISPOSABLE) for operation in load(system).operations.values())


def test_account_and_installation_operations_are_allowed_at_disposable_only() -> None:
    assert required_safety(PRO.operations["postVersion"]) is Safety.DISPOSABLE
    assert required_safety(PM3.operations["createProject"]) is Safety.OWNED
    assert required_safety(PM3.operations["requestToken"]) is Safety.READ_ONLY


# -- supply -----------------------------------------------------------------------------------------------------------


def test_dependencies_lead_to_the_create_of_a_resource() -> None:
    made = dependencies(PRO.operations, PRO.operations["launchInstance"])
    assert [operation.id for operation in made] == ["launchInstance", "publishProcess", "createProcess"]


def test_fixture_needs_no_create_to_be_read() -> None:
    reading = PRO.operations["getPayload"]
    assert [dependency.id for dependency in dependencies(PRO.operations, reading)] == ["getPayload", "createProcess"]
    assert [dependency.id for dependency in dependencies(PRO.operations, reading, lambda key: key == "process_id")] == [
        "getPayload"
    ]


def test_resource_without_a_create_is_needed_in_the_target_file() -> None:
    assert needed(PRO.operations, PRO.operations["runProcess"]) == ("process_id",)
    assert needed(PRO.operations, PRO.operations["launchInstance"]) == ()


# -- the plan ---------------------------------------------------------------------------------------------------------


def test_each_requirement_is_in_the_plan_once() -> None:
    given = planned("processmaker3")
    assert [requirement.id for requirement, _ in given.obstacles] == list(PM3.requirements)
    hindered = [requirement for those in given.obstructed().values() for requirement in those]
    assert len(given.tried) + len(hindered) == len(PM3.requirements)


@pytest.mark.parametrize(
    ("requirement", "more", "told"),
    [
        ("listProjects:exists", {}, None),
        ("listProjects:exists", {"unsupported": ["listProjects"]}, (Outcome.UNSUPPORTED, None)),
        ("listProjects:exists", {"unsupported": ["processmaker3/projects"]}, (Outcome.UNSUPPORTED, None)),
        ("PM3-PROJECT-CREATE-SETTINGS", {"version": "3.2.1"}, (Outcome.NOT_APPLICABLE, None)),
        ("PM3-PROJECT-CREATE-SETTINGS", {"version": "3.2.2"}, (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)),
        ("PM3-TOKEN-COOKIE-DELAY", {}, (Outcome.NOT_EXERCISED, Reason.CLIENT_SIDE)),
        ("PM3-PROJECT-CREATE-CATEGORY", {}, (Outcome.NOT_EXERCISED, Reason.MISSING_FIXTURE)),
        ("generateBpmnProject:exists", {}, (Outcome.NOT_EXERCISED, Reason.MISSING_FIXTURE)),
        ("generateBpmnProject:exists", {"fixtures": CLASSIC}, (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)),
        ("generateBpmnProject:exists", {"fixtures": {**CLASSIC, "may_change": True}}, None),
        ("PM3-PROJECT-CREATE-CATEGORY", {"fixtures": {"category": "c"}}, None),
        ("PM3-ACCESS-LIST-PERMISSION", {}, (Outcome.NOT_EXERCISED, Reason.MISSING_USER)),
        ("PM3-BULK-STARTED-CASES", {"fixtures": STARTED}, (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)),
        ("PM3-BULK-STARTED-CASES", {"fixtures": {**STARTED, "may_change": True}}, None),
    ],
)  # fmt: skip
def test_obstacle_of_a_requirement_is_reported(
    requirement: str, more: dict[str, Any], told: tuple[Outcome, Reason | None] | None
) -> None:
    assert outcome(planned("processmaker3", **more), requirement) == told


def test_at_read_only_listed_resources_are_tested_and_created_ones_are_not() -> None:
    given = planned("processmaker3", Safety.READ_ONLY)
    assert outcome(given, "listProjects:exists") is None
    assert outcome(given, "getProject:exists") is None
    assert outcome(given, "getProject.200./prj_name:type") is None
    assert outcome(given, "createProject:exists") == (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)
    assert outcome(given, "listAvailableUsers:exists") == (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)


def test_missing_key_is_reported_with_what_it_unlocks_and_needs() -> None:
    unlocked = {requirement.id: others for requirement, others in planned("procesio").unlocked()["api_key"]}
    assert unlocked["PRO-RUN-API-KEY"] == ("process_id", "workspace_id")
    less = planned("procesio", process_id="p", workspace_id="w").unlocked().keys()
    assert planned("procesio").unlocked().keys() - less == {"process_id", "workspace_id"}


@pytest.mark.parametrize(("level", "key"), [(Safety.OWNED, "credential_type"), (Safety.READ_ONLY, "process_id")])
def test_key_that_avoids_a_forbidden_create_is_reported(level: Safety, key: str) -> None:
    bare = planned("procesio", level)
    unlocked = {requirement.id for requirement, others in bare.unlocked()[key] if not others}
    named = {"fixtures": {key: "x"}} if key == "credential_type" else {key: "x"}
    more = {requirement.id for requirement in planned("procesio", level, **named).tried}
    assert unlocked
    assert more - {requirement.id for requirement in bare.tried} == unlocked


def test_refusals_on_foreign_resources_are_tested_at_disposable_only() -> None:
    for requirement in ("PM3-ROLE-ADMIN-KEPT", "giveRole.400:content-type", "PM3-PROJECT-CREATE-NAMELESS"):
        assert outcome(planned("processmaker3"), requirement) == (Outcome.NOT_EXERCISED, Reason.SAFETY_LEVEL)
        assert outcome(planned("processmaker3", Safety.DISPOSABLE), requirement) is None


def test_undocumented_bodies_are_guessed_until_the_target_file_gives_them() -> None:
    assert "createProcess" in [guess.id for guess in planned("procesio").guesses()]
    assert "createProcess" not in [guess.id for guess in planned("procesio", bodies={"createProcess": {}}).guesses()]
    assert "createProject" not in [guess.id for guess in planned("processmaker3").guesses()]
