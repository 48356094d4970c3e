"""What `conformance spec` prints: one plain OpenAPI document, for tools that know nothing of the suite."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import openapi_spec_validator
import pytest
import yaml
from click.testing import CliRunner

from conformance.cli.spec import command
from conformance.spec import specification
from conformance.spec.bundle import IMPLIED, bundle, same_but_for_names
from conformance.spec.lint.spec_rules import invalid
from conformance.spec.openapi import inline
from conformance.spec.specification import SYSTEMS, load

TOOLS: Final = Path(__file__).with_name("openapi_tools")
EXAMPLES: Final = json.loads(Path(__file__).with_name("documented_examples.json").read_text())
MERGE: Final = re.compile(r"(^|[\s{,-])<<\s*:", re.MULTILINE)


def printed(system: str) -> dict[str, Any]:
    path = SYSTEMS[system].specs / specification.SPEC
    return bundle(system, specification.data(path.read_bytes(), path), specification.fields(system))


def descriptions(system: str) -> dict[tuple[str, str, str], str]:
    """The descriptions of the printed document, by operation, direction and place as in the inventory of fields."""
    document = inline(printed(system))
    found: dict[tuple[str, str, str], str] = {}

    def read(operation: str, direction: str, schema: dict[str, Any], place: str) -> None:
        for name, member in schema.get("properties", {}).items():
            found[operation, direction, f"{place}/{name}"] = member["description"]
            read(operation, direction, member, f"{place}/{name}")
        if "items" in schema:
            read(operation, direction, schema["items"], f"{place}[]")

    for path, item in document["paths"].items():
        for members in (entry for entry in item.values() if isinstance(entry, dict)):
            name = members["operationId"]
            known = load(system).operations[name]
            spelled = dict(zip(re.findall(r"{\w+}", path), re.findall(r"{\w+}", known.path), strict=True))
            for parameter in (*item.get("parameters", ()), *members.get("parameters", ())):
                place = f"?{parameter['name']}" if parameter["in"] == "query" else spelled[f"{{{parameter['name']}}}"]
                found[name, "request", place] = parameter["description"]
            for asked in members.get("security", document["security"]):
                for scheme in (document["components"]["securitySchemes"][key] for key in asked):
                    found[name, "request", f"header/{scheme.get('name', 'Authorization')}"] = scheme["description"]
            for direction, answers in (
                ("request", [members.get("requestBody", {})]),
                ("response", members["responses"].values()),
            ):
                for content in (content for answer in answers for content in answer.get("content", {}).values()):
                    read(name, direction, content.get("schema", {}), "")
    return found


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document that can be a schema."""
    if isinstance(node, dict):
        yield node
        for name, value in node.items():
            if name not in ("example", "examples", "value", "default"):
                yield from schemas(value)
    elif isinstance(node, list):
        for item in node:
            yield from schemas(item)


@pytest.mark.parametrize("system", SYSTEMS)
def test_printed_document_is_valid_openapi_without_the_extension(system: str) -> None:
    result = CliRunner().invoke(command, [system])
    assert result.exit_code == 0
    document = yaml.safe_load(result.stdout)
    openapi_spec_validator.validate(document)
    assert "x-conformance" not in result.stdout
    assert json.loads(CliRunner().invoke(command, [system, "--json"]).stdout) == document == printed(system)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_operation_is_in_the_printed_document_and_says_where_it_is_documented(system: str) -> None:
    text = json.dumps(printed(system))
    for entry in load(system).operations.values():
        assert entry.id in text, entry.id
    for item in printed(system)["paths"].values():
        for method in {"get", "put", "post", "patch", "delete"} & item.keys():
            operation = item[method]
            known = load(system).operations[operation["operationId"]]
            assert known.document in operation["description"]
            assert (IMPLIED in operation["description"]) is known.implied
            assert [f"{system}/{tag}" for tag in operation["tags"]] == [known.profile]
            assert any(status.startswith("4") for status in operation["responses"])


@pytest.mark.parametrize("system", SYSTEMS)
def test_description_of_a_field_ends_with_the_lines_that_name_it(system: str) -> None:
    found = descriptions(system)
    for row in specification.fields(system):
        place = (row["operation"], row["direction"], row["place"])
        if row["operation"] == "readDataTypeByName" or place[:2] == ("exportProject", "response"):
            continue  # it has the path of another operation; XML has no schema
        text, _, cited = found[place].rpartition(" (")
        assert text.endswith("."), place
        lines = cited.removesuffix(")").partition(f"{row['document']}, line")[2].partition(";")[0]
        assert set(re.findall(r"[-\d]+", row["lines"])) <= set(re.findall(r"[-\d]+", lines)), place


@pytest.mark.parametrize("system", SYSTEMS)
def test_lines_of_a_field_are_written_in_the_inventory_only(system: str) -> None:
    text = (SYSTEMS[system].specs / specification.SPEC).read_text(encoding="utf-8")
    assert re.search(r"[.](txt|md), lines? \d", text) is None


@pytest.mark.parametrize("system", SYSTEMS)
def test_spec_contains_nothing_that_other_tools_cannot_read(system: str) -> None:
    path = SYSTEMS[system].specs / specification.SPEC
    text = path.read_text(encoding="utf-8")
    document = specification.data(text.encode(), path)
    assert MERGE.search(text) is None
    assert same_but_for_names(document["paths"]) == []
    for schema in schemas({"paths": document["paths"], "schemas": document["components"].get("schemas", {})}):
        types = schema.get("type")
        assert "array" not in (types if isinstance(types, list) else [types]) or "items" in schema, schema
        values = [item.casefold() for item in schema.get("enum", ()) if isinstance(item, str)]
        assert len(values) == len(set(values)), values


def test_unreadable_constructs_are_found() -> None:
    assert same_but_for_names({"/a/{b}": {}, "/a/{c}": {}, "/a/b": {}}) == [("/a/{b}", "/a/{c}")]
    assert MERGE.search("a:\n  <<: *b")
    assert MERGE.search("- {<<: *b, c: 1}")


@pytest.mark.parametrize("place", [name for name in EXAMPLES if name.endswith(".request")])
def test_printed_request_schema_accepts_the_documented_example(place: str) -> None:
    name = place.removesuffix(".request")
    system = next(value for value in SYSTEMS if name in load(value).operations)
    document = printed(system)
    inlined = inline(document)
    operations = (entry for item in inlined["paths"].values() for entry in item.values() if isinstance(entry, dict))
    operation = next(entry for entry in operations if entry.get("operationId") == name)
    schema = next(iter(operation["requestBody"]["content"].values()))["schema"]
    assert list(invalid(EXAMPLES[place], schema)) == []


@pytest.mark.matrix
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "call",
    [
        ["redocly", "lint", "--config", str(TOOLS / "redocly.yaml"), "api.yaml"],
        ["spectral", "lint", "--fail-severity", "warn", "-r", str(TOOLS / "spectral.yaml"), "api.yaml"],
        ["openapi-typescript", "api.yaml", "-o", "api.ts"],
    ],
    ids=lambda call: call[0],
)
def test_third_party_tools_accept_the_printed_document(system: str, call: list[str], tmp_path: Path) -> None:
    tool = shutil.which(call[0])
    if tool is None:
        pytest.skip(f"{call[0]} is not on the PATH")
    (tmp_path / "api.yaml").write_text(yaml.safe_dump(printed(system), sort_keys=False), encoding="utf-8")
    done = subprocess.run([tool, *call[1:]], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
