"""The published JSON Schemas: current, true of what is there, and as strict as the models."""

from __future__ import annotations

import re
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from conformance.cli import main, schemas
from conformance.core import exit_codes
from conformance.spec import specification
from conformance.spec.extension import EXTENSION
from conformance.spec.specification import SYSTEMS
from conformance.target import target

TARGET = """
name = "staging"
settle = "${SETTLE}"
[processmaker3]
url = "http://127.0.0.1:8301"
workspace = "workflow"
client_id = "c"
client_secret_file = "secret.txt"
username = "admin"
password = "${PM3_PASSWORD}"
[processmaker3.users.outsider]
username = "clerk"
password_file = "clerk.txt"
[processmaker3.application]
client_id = "spare"
client_secret_file = "spare.txt"
[processmaker3.fixtures]
case = "c1"
upload_max_filesize = 1000
[[processmaker3.accommodations]]
operation = "listProjects"
query = {all = true}
reason = "it pages"
[limits]
time_budget = "20m"
in_flight = "${FLIGHT}"
request_timeout = 30
[safety]
level = "disposable"
"""


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schemas.published(name))


@pytest.mark.parametrize("name", schemas.SCHEMAS)
def test_published_schema_is_valid_and_generated_from_the_models(name: str) -> None:
    assert schemas.path(name).read_text(encoding="utf-8") == schemas.text(name), (
        "run `python -m conformance.cli.schemas`"
    )
    jsonschema_rs.meta.validate(schemas.published(name))


def test_published_schemas_belong_to_existing_formats() -> None:
    shipped = {path.name for path in schemas.path("spec").parent.glob("*.json")}
    assert shipped == {schemas.path(name).name for name in schemas.SCHEMAS}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(("name", "file"), [("spec", specification.SPEC), ("register", specification.REGISTER)])
def test_spec_and_register_of_the_suite_are_valid_by_their_schemas(system: str, name: str, file: str) -> None:
    path = SYSTEMS[system].specs / file
    validator(name).validate(specification.data(path.read_bytes(), path))


def misspelled(data: Any, *place: str | int, word: str) -> Any:
    copy = deepcopy(data)
    node = copy
    for part in place:
        node = node[part]
    node[word] = True
    return copy


def test_an_editor_reports_what_the_suite_refuses_in_a_spec() -> None:
    path = SYSTEMS["procesio"].specs / specification.SPEC
    data = specification.data(path.read_bytes(), path)
    keys = ("paths", "/api/ApiKey", "post")
    check = validator("spec")
    for place, word in [
        ((*keys, EXTENSION), "persnal"),
        ((*keys, EXTENSION, "name"), "pointr"),
        (("paths", "/api/DataTypes/{id}", "get", EXTENSION, "namesake", EXTENSION), "efect"),
        (("components", "parameters", "DataTypeName"), EXTENSION),
        ((*keys, "requestBody", "content", "application/json"), EXTENSION),
    ]:
        assert not check.is_valid(misspelled(data, *place, word=word)), (place, word)
    schema = {"type": "string", EXTENSION: {"volatle": True}}
    body = data["paths"]["/api/ApiKey"]["post"]["requestBody"]["content"]["application/json"]
    assert not check.is_valid({**data, "components": {"schemas": {"A": {"properties": {"a": schema}}}}})
    assert check.is_valid(misspelled(data, *keys, word="x-other"))
    assert EXTENSION not in body


@pytest.mark.parametrize("word", ["statment", "aspct", "fault"])
def test_an_editor_reports_what_the_suite_refuses_in_a_register(word: str) -> None:
    path = SYSTEMS["procesio"].specs / specification.REGISTER
    data = specification.data(path.read_bytes(), path)
    assert not validator("register").is_valid(misspelled(data, "requirements", 0, word=word))


def target_file(tmp_path: Path) -> Any:
    (tmp_path / "secret.txt").write_text("s3cret-value")
    (tmp_path / "clerk.txt").write_text("s3cret-clerk")
    (tmp_path / "spare.txt").write_text("s3cret-spare")
    env = {"SETTLE": "3", "PM3_PASSWORD": "s3cret-word", "FLIGHT": "2"}
    data = tomllib.loads(TARGET)
    target.parse(data, base=tmp_path, env=env)
    return data


def test_a_target_file_that_the_suite_reads_is_valid_by_the_schema(tmp_path: Path) -> None:
    validator("target-file").validate(target_file(tmp_path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('workspace = "workflow"', 'workspce = "workflow"'),
        ('username = "clerk"', 'usrname = "clerk"'),
        ('client_secret_file = "spare.txt"', ""),
        ('level = "disposable"', 'level = "disposible"'),
        ("request_timeout = 30", "request_timeout = true"),
        ("request_timeout = 30", "request_timeout = 0"),
        ("upload_max_filesize = 1000", "upload_max_filesize = 0"),
        ('reason = "it pages"', ""),
        ("[limits]", "[limitations]"),
        ('case = "c1"', "case = 7"),
        ('name = "staging"', ""),
    ],
)
def test_an_editor_reports_what_the_suite_refuses_in_a_target_file(old: str, new: str, tmp_path: Path) -> None:
    target_file(tmp_path)
    assert TARGET.count(old) == 1
    data = tomllib.loads(TARGET.replace(old, new))
    env = {"SETTLE": "3", "PM3_PASSWORD": "s3cret-word", "FLIGHT": "2"}
    with pytest.raises(target.TargetError):
        target.parse(data, base=tmp_path, env=env)
    assert not validator("target-file").is_valid(data)


def test_the_examples_of_the_page_have_no_key_that_the_schema_does_not_know() -> None:
    page = (Path(__file__).parents[2] / "docs" / "target-file.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert blocks
    optional = schemas.published("target-file")
    for item in (optional, *optional["$defs"].values()):
        for key in ("required", "allOf", "anyOf"):
            if "properties" in item:
                item.pop(key, None)
    for block in blocks:
        data = tomllib.loads(block.replace('"…"', '"${ANY}"'))
        jsonschema_rs.Draft202012Validator(optional).validate(data)


def test_a_baseline_is_valid_by_its_schema() -> None:
    entry = {"fingerprint": "0123456789abcdef", "requirement": "getProject:exists", "expires": "2030-12-31"}
    validator("baseline").validate({"deviation": [entry]})
    assert not validator("baseline").is_valid({"deviation": [{**entry, "reson": "x"}]})
    assert not validator("baseline").is_valid({"deviation": [{**entry, "fingerprint": "x"}]})


def test_command_prints_a_schema() -> None:
    printed = CliRunner().invoke(main, ["dev", "schema", "target-file"])
    assert printed.exit_code == exit_codes.OK
    assert printed.output == schemas.path("target-file").read_text(encoding="utf-8")
    refused = CliRunner().invoke(main, ["dev", "schema", "target"])
    assert refused.exit_code == exit_codes.USAGE
