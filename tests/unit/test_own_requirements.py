"""A user's register adds requirements; errors name file, entry and key, all at once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.core.verdict import Level
from conformance.run.own_requirements import UnusableRegister, extended
from conformance.spec.specification import SYSTEMS, load

DIGEST = hashlib.sha256(b"handbook").hexdigest()
ENTRY: dict[str, Any] = {
    "id": "ACME-PROJECT-TITLE",
    "level": "must",
    "harm": "form",
    "operation": "createProject",
    "document": "acme-handbook.md",
    "section": "Titles",
    "lines": "12-14",
    "statement": "A project keeps its title.",
    "tried": "scenario",
}


def written(there: Path, *entries: dict[str, Any], name: str = "acme.yaml", **more: Any) -> Path:
    path = there / name
    documents = {"acme-handbook.md": {"sha256": DIGEST, "lines": 40}}
    path.write_text(yaml.safe_dump({"documents": documents, "requirements": list(entries), **more}))
    return path


def told(*paths: Path) -> list[str]:
    with pytest.raises(UnusableRegister) as caught:
        extended(paths)
    return str(caught.value).splitlines()


def test_own_requirement_is_added_to_those_of_the_suite(tmp_path: Path) -> None:
    added = extended([written(tmp_path, ENTRY)])
    assert list(added) == ["processmaker3"]
    spec, ours = added["processmaker3"], load("processmaker3")
    assert spec.requirements.keys() - ours.requirements.keys() == {"ACME-PROJECT-TITLE"}
    mine = spec.requirements["ACME-PROJECT-TITLE"]
    assert (mine.profile, mine.level, mine.system) == ("processmaker3/projects", Level.MUST, "processmaker3")
    assert spec.documents["acme-handbook.md"] == DIGEST
    assert "ACME-PROJECT-TITLE" in spec.words
    assert "ACME-PROJECT-TITLE" not in ours.requirements


def test_own_requirements_change_the_digest_of_a_run(tmp_path: Path) -> None:
    value = extended([written(tmp_path, ENTRY)])["processmaker3"].digest
    other = extended([written(tmp_path, {**ENTRY, "level": "may"})])["processmaker3"].digest
    assert len({value, other, load("processmaker3").digest}) == 3


def test_several_files_and_systems_add_up(tmp_path: Path) -> None:
    first = written(tmp_path, ENTRY, {**ENTRY, "id": "ACME-LIST", "operation": "listProcesses"})
    second = written(tmp_path, {**ENTRY, "id": "ACME-OTHER"}, name="more.yaml")
    added = extended([first, second])
    assert {"ACME-PROJECT-TITLE", "ACME-OTHER"} <= added["processmaker3"].requirements.keys()
    assert "ACME-LIST" in added["procesio"].requirements


def test_one_entry_may_apply_to_several_operations(tmp_path: Path) -> None:
    entry = {key: item for key, item in ENTRY.items() if key != "operation"} | {"each": ["getProject", "listProjects"]}
    added = extended([written(tmp_path, entry)])["processmaker3"].requirements
    assert {"ACME-PROJECT-TITLE-GET-PROJECT", "ACME-PROJECT-TITLE-LIST-PROJECTS"} <= added.keys()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": "acme-title"}, "acme-title: id: write it in capitals, digits and hyphens"),
        ({"id": "getProject:exists"}, "getProject:exists: id: write it in capitals"),
        (
            {"id": "PM3-PROJECT-DELETE-AGAIN"},
            "is the id of a requirement of ProcessMaker 3 already; give yours another",
        ),
        ({"level": "musst"}, "level: 'musst' is not an allowed value; did you mean must?"),
        (
            {"operation": "createProjekt"},
            "operation: there is no operation 'createProjekt'; did you mean createProject?",
        ),
        ({"operation": "x"}, "operation: there is no operation 'x'; `conformance operations` lists them"),
        ({"operation": "", "tried": "none"}, "operation: is empty; name the operation"),
        ({"operation": None}, "operation: is empty; name the operation"),
        ({"tried": "lifecycle", "aspect": "deleted-is-gone"}, "tried: lifecycle is how the suite tests its own"),
        ({"aspect": "token-opens"}, "aspect: an aspect is a step of the suite's own tests; leave the key out"),
        ({"faults": ["pm3-x"]}, "faults: faults are those of the suite's reference servers; leave the key out"),
        ({"tried": "none"}, "tried: none without untestable; add why it cannot be tested"),
        ({"profile": "processmaker3/project"}, "unknown profile 'processmaker3/project'; did you mean"),
        ({"document": "acme.md"}, "unknown document 'acme.md'"),
        ({"lines": "12-44"}, "line 44 of acme-handbook.md, which has 40 lines; correct it"),
        ({"lines": "some"}, "lines 'some' are not lines: must be like 8, 226-228"),
        ({"statement": "A title"}, "statement 'A title' is not a sentence; end it with a full stop"),
        ({"needs": ["cas"]}, "unknown key 'cas' of the target file; did you mean case?"),
        ({"titel": "x"}, "titel: is an unknown key"),
    ],
)
def test_invalid_entry_is_rejected(change: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    path = written(tmp_path, {**ENTRY, **change})
    (line,) = [value for value in told(path) if sentence in value]
    assert line.startswith(f"{path}: {change.get('id', ENTRY['id'])}: ")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            {"structural": {"createProject.201:status": ["x"]}},
            "structural: names faults of the suite's reference servers",
        ),
        ({"documents": {"acme-handbook.md": {"sha256": "x", "lines": 1}}}, "documents.acme-handbook.md.sha256"),
        ({"requirement": []}, "requirement: is an unknown key; did you mean requirements?"),
    ],
)
def test_other_keys_of_a_register_are_checked_too(more: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    assert any(sentence in line for line in told(written(tmp_path, ENTRY, **more)))


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    lines = told(written(tmp_path, {**ENTRY, "statement": "A title"}, {**ENTRY, "id": "ACME-B", "lines": "99"}))
    assert len(lines) == 2


def test_duplicate_id_is_rejected(tmp_path: Path) -> None:
    assert any("the id is given to two entries" in line for line in told(written(tmp_path, ENTRY, ENTRY)))
    first, second = written(tmp_path, ENTRY), written(tmp_path, ENTRY, name="again.yaml")
    (line,) = told(first, second)
    assert line.startswith(f"{second}: ACME-PROJECT-TITLE: is the id of a requirement")


def test_operations_of_an_entry_must_belong_to_one_system(tmp_path: Path) -> None:
    entry = {key: item for key, item in ENTRY.items() if key != "operation"} | {"each": ["getProject", "listProcesses"]}
    assert any("each: names operations of several systems" in line for line in told(written(tmp_path, entry)))


def test_document_of_the_suite_must_be_identical(tmp_path: Path) -> None:
    name, digest = next(iter(load("processmaker3").documents.items()))
    cited = {**ENTRY, "document": name, "lines": "1"}
    assert extended([written(tmp_path, cited)])
    wrong = {name: {"sha256": DIGEST, "lines": 3}}
    assert any(f"with another sha256 ({digest})" in line for line in told(written(tmp_path, cited, documents=wrong)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("requirements: [", "is not YAML"),
        ("- x\n", "is not a mapping"),
        ("requirements: " + "[" * 2000 + "]" * 2000, "nest"),
        ("a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
        ), "its aliases make more than 1,000,000 nodes"),
        ("#" * (5 * 1024 * 1024), "is longer than 4 MiB"),
    ],
    ids=["broken", "list", "deep", "aliases", "long"],
)  # fmt: skip
def test_file_that_is_not_a_register_is_rejected_within_bounds(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(text)
    (line,) = told(path)
    assert line.startswith(f"{path}: ")
    assert sentence in line


def test_missing_file_is_named(tmp_path: Path) -> None:
    (line,) = told(tmp_path / "none.yaml")
    assert line == f"{tmp_path / 'none.yaml'}: cannot be read (No such file or directory)"


def test_no_file_adds_nothing() -> None:
    assert extended([], SYSTEMS) == {}
