"""The specification: operations are found by what goes over the wire, requirements by what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.core.verdict import Level, Reason
from conformance.spec import specification
from conformance.spec.register import user_of
from conformance.spec.specification import Specification, SpecificationError

PM3 = specification.load("processmaker3")
PRO = specification.load("procesio")
UID = "f" * 32


@pytest.mark.parametrize(
    ("spec", "method", "path", "operation"),
    [
        (PM3, "GET", "/api/1.0/workflow/project", "listProjects"),
        (PM3, "POST", "/api/1.0/workflow/project/bulk", "bulkDeleteProjects"),
        (PM3, "GET", f"/api/1.0/workflow/project/{UID}", "getProject"),
        (PM3, "DELETE", "/api/1.0/workflow/project/bulk", "deleteProject"),
        (PM3, "POST", "/workflow/oauth2/token", "requestToken"),
        (PRO, "POST", "/api/Projects/validate", "validateProcess"),
        (PRO, "GET", "/api/Projects/instances/7/status", "getInstanceStatus"),
        (PRO, "GET", "/api/DataTypes/7b1d9a52-4c80-4a1f-8f2e-3c5d60a7be19", "readDataType"),
        (PRO, "GET", "/api/DataTypes/Invoice", "readDataTypeByName"),
        (PRO, "GET", "/api/DataTypes/primary", "listPrimitiveDataTypes"),
        (PRO, "DELETE", "/api/DataTypes/7", "deleteDataType"),
    ],
)
def test_operation_is_found_by_method_and_path(spec: Specification, method: str, path: str, operation: str) -> None:
    found = spec.match(method, path)
    assert found is not None
    assert found[0].id == operation


def test_path_values_come_with_the_operation() -> None:
    found = PM3.match("PUT", f"/api/1.0/sales/project/{UID}/process")
    assert found is not None
    assert found[1] == {"workspace": "sales", "prj_uid": UID}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/1.0/workflow/project"), ("get", "/api/1.0/workflow/project"), ("GET", "/api/1.0/w/project/"),
        ("GET", "/api/1.0//project"), ("GET", "/API/1.0/w/project"), ("GET", "/api/1x0/w/project"),
        ("GET", "x/api/1.0/w/project"), ("GET", "/api/1.0/w/project\n"),
    ],
)  # fmt: skip
def test_no_other_spelling_is_an_operation(method: str, path: str) -> None:
    assert PM3.match(method, path) is None


@pytest.mark.parametrize(
    ("status", "documented"), [(200, "200"), (404, "4XX"), (400, "4XX"), (500, None), (201, None), (302, None)]
)
def test_a_response_is_documented_by_number_or_class(status: int, documented: str | None) -> None:
    answer = PM3.operations["deleteProject"].response(status)
    assert (answer.status if answer else None) == documented


def test_aspect_finds_its_requirement_or_none() -> None:
    assert PM3.aspect("deleteProject", "deleted-is-gone") is PM3.requirements["PM3-PROJECT-DELETE-GONE"]
    assert PM3.aspect("deleteProject", "updated-reads-as-sent") is None


def test_a_link_leads_from_the_response_of_a_create() -> None:
    link = PM3.operations["createProject"].link("delete")
    assert link is not None
    assert (link.operation, link.parameter, link.pointer) == ("deleteProject", "uid", "/prj_uid")
    member = PRO.operations["createProcess"].link("update")
    assert member is not None
    assert (member.parameter, member.member, member.pointer) == ("", "id", "/id")


@pytest.mark.parametrize(
    ("requirement", "level"),
    [
        ("getProject:exists", Level.MUST),
        ("requestToken:exists", Level.MAY),
        ("getProject:no-server-error", Level.MAY),
        ("createProject:verbatim", Level.MAY),
        ("getProcess:documented-form", Level.MAY),
        ("getProject.200:unwrapped", Level.MAY),
        ("getProject.200:status", Level.MUST),
        ("deleteProject.4XX:content-type", Level.SHOULD),
        ("deleteProject.4XX./error/code:present", Level.MUST),
        ("getProject.200./diagrams[]/laneset:type", Level.MAY),
    ],
)
def test_structural_requirements_follow_from_the_spec(requirement: str, level: Level) -> None:
    item = PM3.requirements[requirement]
    assert item.structural
    assert item.level is level
    assert item.document.startswith("processmaker-3")


def test_documented_refusal_does_not_require_its_status() -> None:
    assert "deleteProject.4XX:status" not in PM3.requirements


def test_a_registered_requirement_that_cannot_be_tested_says_why() -> None:
    reasons = {requirement.untestable for requirement in PM3.requirements.values() if requirement.tried == "none"}
    assert None not in reasons
    assert Reason.NEEDS_DATABASE in reasons or Reason.CLIENT_SIDE in reasons


def test_a_spec_is_read_once() -> None:
    assert specification.load("processmaker3") is PM3


# -- what does not follow the format ----------------------------------------------------------------------------------

OPERATION: dict[str, Any] = {
    "operationId": "getThing",
    "x-conformance": {"profile": "p", "effect": "read", "resource": "r", "document": "d", "section": "s", "lines": 1},
    "responses": {"200": {"description": "ok"}},
}
ENTRY: dict[str, Any] = {
    "id": "X-1",
    "level": "must",
    "operation": "getThing",
    "document": "d",
    "section": "s",
    "lines": 1,
    "statement": "It\n  holds.",
    "tried": "scenario",
}


def read(tmp_path: Path, operation: Any, *entries: Any, **components: Any) -> Specification:
    (tmp_path / "sample").mkdir()
    spec = {"openapi": "3.1.0", "servers": [{"url": "{url}"}], "paths": {"/t": {"get": operation}}, **components}
    (tmp_path / "sample/openapi.yaml").write_text(yaml.safe_dump(spec))
    (tmp_path / "sample/requirements.yaml").write_text(yaml.safe_dump({"requirements": list(entries)}))
    return again(tmp_path)


def again(tmp_path: Path) -> Specification:
    files = (tmp_path / "sample" / name for name in (specification.SPEC, specification.REGISTER))
    return specification.read("sample", "Sample", *files)


def without(mapping: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}


def test_minimal_spec_is_read(tmp_path: Path) -> None:
    spec = read(tmp_path, OPERATION, ENTRY)
    assert spec.operations["getThing"].server == "url"
    assert spec.requirements["X-1"].statement == "It holds."
    assert spec.requirements["X-1"].profile == "p"


@pytest.mark.parametrize("missing", ["profile", "effect", "resource", "document", "section", "lines"])
def test_incomplete_operation_is_rejected(tmp_path: Path, missing: str) -> None:
    broken = {**OPERATION, "x-conformance": without(OPERATION["x-conformance"], missing)}
    with pytest.raises(SpecificationError, match=f"getThing.*{missing}"):
        read(tmp_path, broken)


def test_operation_without_the_extension_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="getThing has no x-conformance"):
        read(tmp_path, without(OPERATION, "x-conformance"))


@pytest.mark.parametrize("missing", ["id", "level", "operation", "document", "section", "lines", "statement", "tried"])
def test_incomplete_entry_is_rejected(tmp_path: Path, missing: str) -> None:
    with pytest.raises(SpecificationError, match=f"lacks {missing}"):
        read(tmp_path, OPERATION, without(ENTRY, missing))


def test_duplicate_entry_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="X-1 is there twice"):
        read(tmp_path, OPERATION, ENTRY, ENTRY)


def test_entry_without_an_operation_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="no operation 'other'"):
        read(tmp_path, OPERATION, {**ENTRY, "operation": "other"})


@pytest.mark.parametrize(
    ("schemas", "why"),
    [({}, "to nothing"), ({"A": {"$ref": "#/components/schemas/A"}}, "leads to itself")],
)
def test_dangling_reference_is_rejected(tmp_path: Path, schemas: dict[str, Any], why: str) -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    operation = {**OPERATION, "responses": {"200": {"content": content}}}
    with pytest.raises(SpecificationError, match=why):
        read(tmp_path, operation, components={"schemas": schemas})


def test_members_next_to_a_reference_take_precedence(tmp_path: Path) -> None:
    schema = {"$ref": "#/components/schemas/A", "maxLength": 5}
    operation = {**OPERATION, "responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
    components = {"schemas": {"A": {"type": "string", "maxLength": 9}}}
    spec = read(tmp_path, operation, components=components)
    assert spec.operations["getThing"].success.schema == {"type": "string", "maxLength": 5}


def test_a_requirement_needs_what_its_operation_does_unless_another_operation_makes_that() -> None:
    assert PM3.requirements["generateBpmnProject.201:status"].needs == ("classic_process",)
    assert PRO.requirements["readProcess:exists"].needs == ()
    assert PRO.requirements["launchInstance:exists"].needs == ()
    assert PRO.requirements["runProcess:exists"].needs == ("process_id",)


def test_a_requirement_on_access_needs_its_user_and_what_is_not_tested_needs_nothing() -> None:
    assert PM3.requirements["PM3-ACCESS-GENERATE-PERMISSION"].needs == ("classic_process", "users.outsider")
    assert PRO.requirements["PRO-CLIENT-POSTMAN"].needs == ()


def test_an_entry_that_says_what_it_needs_says_all() -> None:
    assert PM3.requirements["PM3-BULK-STARTED-CASES"].needs == ("started_project",)


def test_invalid_digest_is_rejected(tmp_path: Path) -> None:
    read(tmp_path, OPERATION)
    register = {"requirements": [], "documents": {"d.txt": {"sha256": "abc", "lines": 1}}}
    (tmp_path / "sample/requirements.yaml").write_text(yaml.safe_dump(register))
    with pytest.raises(SpecificationError, match=r"documents\.d\.txt\.sha256: 'abc' is wrong"):
        again(tmp_path)


@pytest.mark.parametrize(
    ("aspect", "told"), [("permission-refused", "no permission"), ("permission-suffices", "a permission")]
)
def test_an_entry_on_permissions_needs_a_user_by_whom_it_can_be_tested(tmp_path: Path, aspect: str, told: str) -> None:
    with pytest.raises(SpecificationError, match=f"X-1: {aspect} needs a user with {told}; add one to `users`"):
        read(tmp_path, OPERATION, {**ENTRY, "tried": "access", "aspect": aspect})


def test_access_is_tested_by_the_first_user_that_fits() -> None:
    users: dict[str, tuple[str, ...]] = {"one": ("P",), "other": (), "third": ("Q",), "fourth": ()}
    assert user_of("permission-refused", users) == "other"
    assert user_of("permission-suffices", users) == "one"
    assert user_of("no-credentials-refused", users) == ""
