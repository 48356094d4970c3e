"""Tests of somebody's own, in a repository of theirs: verdict, exit code and message are as for those of the suites."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from tests.runs.support import served
from tests.samples import by_default

from .repository import Repository

pytestmark = pytest.mark.timeout(300)  # a process each, on a machine that may be busy

CALL = ("--target=target.toml", "--conformance-output=run", "--no-header")
REGISTER = """\
documents:
  acme-handbook.md:
    sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
    lines: 40
requirements:
  - id: ACME-PROJECT-TITLE
    level: must
    harm: form
    operation: createProject
    document: acme-handbook.md
    section: Titles
    lines: 12-14
    statement: The name of a project begins with the word Acme.
    tried: scenario
"""
PASSES = """\
import pytest
from conformance import Session

@pytest.mark.system("processmaker3")
@pytest.mark.requirement("PM3-PROJECT-CREATE-READABLE")
def test_a_project_is_read_under_its_name(session: Session) -> None:
    project = session.create("createProject", **session.build_request("createProject"))
    shown = session.call("getProject", path={"prj_uid": project.id})
    named = session.json(shown)["prj_name"] == project.name
    session.recorder.require("PM3-PROJECT-CREATE-READABLE", named, shown, project.exchange)
"""
DEVIATES = """\
import pytest
from conformance import Kind, Session

@pytest.fixture
def project(session):
    return session.create("createProject", **session.build_request("createProject"))

@pytest.mark.system("processmaker3")
@pytest.mark.requirement("ACME-PROJECT-TITLE")
def test_titles_begin_with_acme(session: Session, project) -> None:
    shown = session.call("getProject", path={"prj_uid": project.id})
    name = session.json(shown)["prj_name"]
    session.recorder.require(
        "ACME-PROJECT-TITLE",
        name.startswith("Acme"),
        shown,
        observed="a name that begins with something else",
        kind=Kind.VALUE,
        location="/prj_name",
    )
"""
FORGETS = """\
from conformance import Session

def test_projects_are_listed(session: Session) -> None:
    session.call("listProjects")
"""


@pytest.fixture
def target(repository: Repository) -> Iterator[Repository]:
    """A repository with the target file of a served reference."""
    with served("processmaker3") as (_, toml):
        repository.write("target.toml", toml)
        yield repository


def test_own_scenario_passes(target: Repository) -> None:
    target.write("test_acme.py", PASSES)
    ended = target.pytest(*CALL)
    record = target.record()
    assert ended.code == record.exit_code == exit_codes.OK, ended.printed
    (verdict,) = [item for item in record.verdicts if item.requirement == "PM3-PROJECT-CREATE-READABLE"]
    assert (verdict.outcome, verdict.tests) == ("conforms", ["test_acme.py::test_a_project_is_read_under_its_name"])
    assert verdict.evidence
    assert not (record.deviations)
    assert not (record.beside)
    assert not (record.leftovers)
    assert [test.outcome for test in record.tests] == ["passed"]


def test_own_requirement_can_deviate(target: Repository) -> None:
    target.write("test_acme.py", DEVIATES)
    target.write("acme.yaml", REGISTER)
    ended = target.pytest(*CALL, "--conformance-register", "acme.yaml")
    record = target.record()
    assert ended.code == record.exit_code == exit_codes.DEVIATIONS, ended.printed
    (deviation,) = record.deviations
    assert (deviation.requirement, deviation.kind, deviation.location) == ("ACME-PROJECT-TITLE", "value", "/prj_name")
    assert (deviation.document, deviation.section, deviation.lines) == ("acme-handbook.md", "Titles", "12-14")
    assert deviation.tests == ["test_acme.py::test_titles_begin_with_acme"]
    assert "createProject" in deviation.reproduce
    assert deviation.reproduce.endswith(")")
    assert record.suite.documents["acme-handbook.md"].startswith("5e8848")
    assert not record.beside
    assert "expected The name of a project begins with the word Acme." in ended.printed
    assert "observed a name that begins with something else" in ended.printed
    assert deviation.fingerprint in (target.path / "run" / "summary.md").read_text()


def test_missing_marker_is_an_error(target: Repository) -> None:
    target.write("test_acme.py", FORGETS)
    ended = target.pytest(*CALL)
    assert ended.code == exit_codes.DEVIATIONS, ended.printed
    assert "fixture 'session' not found: the test does not say which system it tests." in ended.printed
    assert 'Add @pytest.mark.system("processmaker3") to the test' in ended.printed
    assert not (target.path / "run").exists()  # nothing was sent


def test_cited_requirement_without_a_verdict_is_an_error(target: Repository) -> None:
    head = """\
import pytest
from conformance import NotExercised, Reason

@pytest.fixture
def later(session):
    yield
    session.recorder.require("ACME-PROJECT-TITLE", True, session.call("listProjects"))

@pytest.mark.system("processmaker3")
@pytest.mark.requirement("ACME-PROJECT-TITLE")
"""
    target.write("test_silent.py", head + 'def test_is_silent(session):\n    session.call("listProjects")\n')
    target.write("test_late.py", head + "def test_records_it_at_the_end(later):\n    pass\n")
    reason = 'raise NotExercised(Reason.MISSING_FIXTURE, "a project")'
    target.write("test_says_why.py", head + f"def test_says_why(session):\n    {reason}\n")
    target.write("acme.yaml", REGISTER)
    ended = target.pytest(*CALL, "--conformance-register=acme.yaml")
    record = target.record()
    assert ended.code == record.exit_code == exit_codes.DEVIATIONS, ended.printed
    assert "2 skipped, 1 error" in ended.printed
    assert "ACME-PROJECT-TITLE: the test ended without a verdict on it; record it with" in ended.printed
    assert list(record.beside) == ["test_silent.py::test_is_silent"]
    assert not record.deviations


@pytest.mark.matrix
def test_baseline_can_accept_a_deviation_from_an_own_requirement(target: Repository) -> None:
    target.write("test_acme.py", DEVIATES)
    target.write("acme.yaml", REGISTER)
    call = ("--target=target.toml", "--conformance-register=acme.yaml", "--no-header", "-n", "2")
    assert target.pytest(*call, "--conformance-output=first").code == exit_codes.DEVIATIONS
    known = target.path / "baseline.toml"
    main(["baseline", str(target.path / "first"), "--baseline", str(known), "--reason", "later"], standalone_mode=False)
    ended = target.pytest(*call, "--conformance-output=second", "--conformance-baseline=baseline.toml")
    record = target.record("second")
    assert ended.code == record.exit_code == exit_codes.OK, ended.printed
    assert [test.outcome for test in record.tests] == ["xfailed"]


MISTAKES = {
    "names_no_system": ("@pytest.mark.system()\n", "pass", "@pytest.mark.system must name one system; write it like"),
    "misspells_it": ("@pytest.mark.system('processmakr3')\n", "pass", "there is no such system; did you mean"),
    "asks_for_another": (
        "@pytest.mark.system('procesio')\n", "pass", "target.toml: the target file has no table [procesio]; add it",
    ),
    "cites_what_is_not_there": (
        "@pytest.mark.system('processmaker3')\n@pytest.mark.requirement('ACME-PROJECT-TITEL')\n", "pass",
        "processmaker3 has no such requirement; did you mean ACME-PROJECT-TITLE?",
    ),
    "misspells_the_depth": (
        "@pytest.mark.system('processmaker3')\n@pytest.mark.depth('standart')\n", "pass",
        "@pytest.mark.depth must name one depth: quick, standard, deep",
    ),
    "cites_without_a_system": (
        "@pytest.mark.requirement('ACME-PROJECT-TITLE')\n", "pass", "add @pytest.mark.system('processmaker3')",
    ),
    "asks_through_a_fixture": ("", "project", "fixture 'session' not found: the test does not say which system"),
    "keeps_the_session": ("@pytest.mark.system('processmaker3')\n", "kept.append(session)", ""),
    "uses_it_later": ("", "kept[0].call('listProjects')", "has ended, and its session with it;"),
    "records_later": (
        "@pytest.mark.system('processmaker3')\n", "kept[1].skip('ACME-PROJECT-TITLE', Reason.INCONCLUSIVE)",
        "keeps_the_recorder has ended, and its session with it;",
    ),
    "keeps_the_recorder": ("@pytest.mark.system('processmaker3')\n", "kept.append(session.recorder)", ""),
    "calls_what_is_not_there": (
        "@pytest.mark.system('processmaker3')\n", "session.call('getProjekt')",
        "getProjekt: processmaker3 has no such operation; did you mean getProject?",
    ),
    "leaves_out_the_path": (
        "@pytest.mark.system('processmaker3')\n", "session.call('getProject', path={'uid': 'x'})",
        "getProject: the path needs prj_uid, not uid; write path=",
    ),
    "speaks_of_what_is_not_there": (
        "@pytest.mark.system('processmaker3')\n", "session.recorder.require('ACME-PROJECT-TITEL', True)",
        "ACME-PROJECT-TITEL: processmaker3 has no such requirement; did you mean ACME-PROJECT-TITLE?",
    ),
    "shows_nothing": (
        "@pytest.mark.system('processmaker3')\n", "session.recorder.require('ACME-PROJECT-TITLE', True)",
        "ACME-PROJECT-TITLE: no exchange is given; add the one that shows it",
    ),
}  # fmt: skip
HEAD = """\
import pytest
from conformance import Reason

kept = []

@pytest.fixture
def project(session):
    return session
"""


def test_error_says_what_to_write_for_every_mistake(target: Repository) -> None:
    text, last = HEAD, ("uses_it_later", "records_later")
    for name in [*(mistake for mistake in MISTAKES if mistake not in last), *last]:
        markers, body, _ = MISTAKES[name]
        asked = "project" if body == "project" else "session" if "session" in body else ""
        text += f"\n{markers}def test_{name}({asked}):\n    {body}\n"
    target.write("test_acme.py", text)
    target.write("acme.yaml", REGISTER)
    ended = target.pytest(*CALL, "--conformance-register=acme.yaml", "--junitxml=junit.xml")
    record = target.record()
    assert ended.code == record.exit_code == exit_codes.DEVIATIONS, ended.printed
    for name, (_, _, sentence) in MISTAKES.items():
        assert (f"test_acme.py::test_{name}" in record.beside) is bool(sentence), name
        assert sentence in ended.printed, name
    assert "requester.py" not in ended.printed  # the line of the test is shown, not those of the suite below it
    assert "recorder.py" not in ended.printed
    assert not record.deviations


def test_deviation_found_in_fixture_teardown_counts(target: Repository) -> None:
    text = """\
import pytest
from conformance import NotExercised, Reason

@pytest.fixture
def project(session):
    project = session.create("createProject", **session.build_request("createProject"))
    yield project
    shown = session.call("getProject", path={"prj_uid": project.id})
    session.recorder.require("ACME-PROJECT-TITLE", False, shown, observed="another name")

@pytest.fixture
def report(session):
    yield
    raise NotExercised(Reason.INCONCLUSIVE, "no report")

@pytest.mark.system("processmaker3")
def test_deviates(project):
    pass

@pytest.mark.system("processmaker3")
def test_is_done(report):
    pass
"""
    target.write("test_acme.py", text)
    target.write("acme.yaml", REGISTER)
    ended = target.pytest(*CALL, "--conformance-register=acme.yaml")
    record = target.record()
    assert ended.code == record.exit_code == exit_codes.DEVIATIONS, ended.printed
    assert [deviation.requirement for deviation in record.deviations] == ["ACME-PROJECT-TITLE"]
    assert "2 passed, 1 error" in ended.printed
    assert not record.beside
    assert not record.leftovers


@pytest.mark.parametrize("workers", by_default([[], ["-n", "2"]], []))
def test_invalid_register_ends_pytest_before_any_request(workers: list[str], repository: Repository) -> None:
    text = 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "t"\nprocess_id = 1\n'
    repository.write("target.toml", text)
    repository.write("acme.yaml", REGISTER.replace("lines: 12-14", "lines: 12-44"))
    repository.write("test_acme.py", PASSES)
    ended = repository.pytest(*CALL, *workers, "--conformance-register=acme.yaml")
    assert ended.code == exit_codes.USAGE, ended.printed
    assert "acme.yaml: ACME-PROJECT-TITLE: line 44 of acme-handbook.md, which has 40 lines; correct it" in ended.printed
    assert not (repository.path / "run").exists()


def test_tests_of_a_deselected_system_are_skipped(repository: Repository) -> None:
    text = 'name = "t"\n[processmaker4]\nurl = "http://127.0.0.1:9"\naccess_token = "t"\nprocess_id = 1\n'
    repository.write("target.toml", text)
    repository.write("test_acme.py", PASSES)
    ended = repository.pytest(*CALL, "--conformance-system=processmaker4", "-rs")
    assert ended.code == exit_codes.OK, ended.printed
    assert "1 skipped" in ended.printed
    assert "the run does not test processmaker3: it is not among the systems that --conformance-system" in ended.printed


def test_profile_selects_tests_by_citations_or_by_marker(repository: Repository) -> None:
    text = 'name = "t"\n[processmaker3]\nurl = "http://127.0.0.1:9"\nworkspace = "w"\naccess_token = "t"\n'
    repository.write("target.toml", text)
    text = 'import pytest\npytestmark = pytest.mark.system("processmaker3")\n'
    for name, marker in (
        ("cites", 'requirement("PM3-PROJECT-CREATE-READABLE")'),
        ("says", 'profile("processmaker3/projects")'),
        ("other", 'profile("processmaker3/users")'),
    ):
        text += f"\n@pytest.mark.{marker}\ndef test_{name}(): pass\n"
    repository.write("test_acme.py", text)
    ended = repository.pytest(*CALL, "--conformance-profile=processmaker3/projects", "--collect-only", "-q")
    assert ended.code == exit_codes.OK, ended.printed
    assert "test_cites" in ended.printed
    assert "test_says" in ended.printed
    assert "test_other" not in ended.printed
