"""The observed document: the documented operations with the responses that a run saw."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
import yaml
from click.testing import CliRunner

from conformance.cli import main
from conformance.cli.spec import command
from conformance.core import exit_codes
from conformance.report import record_file
from conformance.report.observed import UNSEEN, schema
from conformance.report.run_record import FieldShape, Shape
from conformance.spec.layout import METHODS
from conformance.spec.specification import SYSTEMS
from tests.samples import by_default

from ..runs.support import Run
from . import sample


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    items = document["paths"].values()
    return {item[method]["operationId"]: item[method] for item in items for method in METHODS if method in item}


def printed(*options: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*options, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize("system", by_default(SYSTEMS, "processmaker4"))
def test_observed_document_is_valid_and_differs_only_in_responses(
    system: str, whole_run: Callable[[str, str], Run]
) -> None:
    run = whole_run(system, "plain")
    documented, observed = printed(system), printed(system, "--observed", str(run.output))
    openapi_spec_validator.validate(observed)
    seen = operations(observed)
    for name, operation in operations(documented).items():
        shapes = run.record.shapes.get(name, {})
        assert set(seen[name]["responses"]) == set(shapes or ["default"])
        assert {**operation, "responses": None} == {**seen[name], "responses": None}
    assert any(item["responses"] != {"default": UNSEEN} for item in seen.values())


def test_added_and_missing_members_of_a_server_are_marked(whole_run: Callable[[str, str], Run]) -> None:
    run = whole_run("processmaker3", "plain")
    (content,) = operations(printed("processmaker3", "--observed", str(run.output)))["getProject"]["responses"]["200"][
        "content"
    ].values()
    flows = content["schema"]["properties"]["diagrams"]["items"]["properties"]["flows"]["items"]
    assert flows["properties"]["flo_uid"] == {"type": "string", "pattern": "^[0-9a-fA-F]{32}$"}
    assert "flo_uid" in flows["required"]


def field(*types: str, **more: Any) -> FieldShape:
    return FieldShape(types=list(types), **more)


def test_a_member_that_was_missing_once_is_not_required_and_null_is_a_type() -> None:
    fields = {"": field("object"), "/a": field("string"), "/b": field("null", "string", always=False)}
    assert schema(fields) == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": ["null", "string"]}},
        "required": ["a"],
    }


def test_values_are_a_closed_set_only_if_no_others_were_seen() -> None:
    assert schema({"": field("string", values=["A", "B"])}) == {"type": "string", "enum": ["A", "B"]}
    assert schema({"": field("null", "string", values=["A"])})["enum"] == ["A", None]
    assert schema({"": field("string", values=["A"], formats=["text"])})["examples"] == ["A"]
    assert schema({"": field("boolean", values=[True])}) == {"type": "boolean", "examples": [True]}


def test_names_that_look_like_data_are_any_names_and_lists_have_items() -> None:
    fields = {"": field("array"), "[]": field("object"), "[]/*": field("integer")}
    items = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert schema(fields) == {"type": "array", "items": items}


def test_empty_list_has_items_of_unknown_type() -> None:
    assert schema({"": field("array")}) == {"type": "array", "items": {}}


def test_run_of_another_system_is_rejected_with_its_systems(tmp_path: Path, capsys: Any) -> None:
    sample.write_run(tmp_path / "run")
    tested = json.loads((tmp_path / "run" / "run.json").read_text())["target"]["systems"]
    other = next(system for system in SYSTEMS if system not in tested)
    with pytest.raises(SystemExit) as ended:
        main(["spec", other, "--observed", str(tmp_path / "run")])
    assert ended.value.code == exit_codes.USAGE
    assert f"the run did not test {other}, but {', '.join(tested)}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--json", ""])
def test_names_of_a_server_steer_no_terminal_and_a_deep_record_ends(option: str, tmp_path: Path) -> None:
    odd = "application/json\x9b2J\u202e"
    deep = {"[]" * depth: FieldShape(types=["array"]) for depth in range(3000)}
    shape = Shape(content_types=[odd, 'text/"x\n- y: !!str'], headers=["x-\u2028\x1b[31m"], fields=deep)
    record_file.write(sample.record(shapes={"listProjects": {"200\x9b": shape}}), tmp_path)
    call = ["processmaker3", "--observed", str(tmp_path), *filter(None, [option])]
    result = CliRunner().invoke(command, call, catch_exceptions=False)
    document = (json.loads if option else yaml.safe_load)(result.stdout)
    assert list(operations(document)["listProjects"]["responses"]) == ["200\\x9b"]
    assert all(value.isprintable() or value == "\n" for value in result.stdout)
