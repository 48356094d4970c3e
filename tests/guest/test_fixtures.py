"""The fixtures of the suite exist for its own tests and for those that ask for a system, and for nobody else."""

from __future__ import annotations

import pytest

from conformance.run.plugin.fixtures import FIXTURES, NO_TARGET
from tests.runs.support import served

from .repository import Repository

OURS = [*FIXTURES, "_within_budget"]


@pytest.mark.parametrize("name", FIXTURES)
def test_fixtures_are_invisible_to_other_tests(name: str, repository: Repository) -> None:
    repository.write("test_theirs.py", f"def test_theirs({name}):\n    pass\n")
    ended = repository.pytest()
    assert ended.code == 1
    assert f"fixture '{name}' not found" in ended.printed
    available = ended.printed.partition("available fixtures:")[2].partition("\n")[0]
    assert "tmp_path" in available
    assert not set(OURS) & set(available.replace(",", " ").split())


def test_fixtures_are_invisible_to_fixtures_of_other_tests(repository: Repository) -> None:
    repository.write("conftest.py", "import pytest\n@pytest.fixture\ndef mine(seed):\n    return seed\n")
    repository.write("test_theirs.py", "def test_theirs(mine):\n    pass\n")
    assert "fixture 'seed' not found" in repository.pytest().printed


def test_fixtures_are_invisible_to_tests_next_to_one_that_requests_a_system(repository: Repository) -> None:
    text = "import pytest\n@pytest.mark.system('procesio')\ndef test_ours(seed):\n    assert seed == 0\n"
    repository.write("test_both.py", f"{text}def test_theirs(seed):\n    pass\n")
    ended = repository.pytest()
    assert "1 passed, 1 error" in ended.printed
    assert "fixture 'seed' not found" in ended.printed


def test_nothing_of_the_suite_is_listed_or_set_up(repository: Repository) -> None:
    repository.write("test_theirs.py", "def test_theirs():\n    pass\n")
    listed = repository.pytest("--fixtures", "-v", "--no-header").printed
    assert "tmp_path" in listed
    assert "conformance" not in listed
    shown = repository.pytest("--setup-show", "--no-header").printed
    assert "1 passed" in shown
    assert "SETUP" not in shown


def test_fixture_of_the_same_name_in_a_repository_takes_precedence(repository: Repository) -> None:
    text = "import pytest\n@pytest.fixture(scope='session', params=[1, 2])\ndef session(request):\n"
    repository.write("conftest.py", f"{text}    return request.param\n")
    repository.write("test_theirs.py", "def test_theirs(session):\n    assert session in (1, 2)\n")
    assert "2 passed" in repository.pytest().printed


@pytest.mark.parametrize("marked", ["function", "class", "module"])
def test_test_with_the_marker_sees_the_fixtures(marked: str, repository: Repository) -> None:
    mark = "pytest.mark.system('processmaker4')"
    text = {
        "function": "@{}\n@pytest.mark.parametrize('n', [1, 2])\ndef test_ours(session, seed, examples, n): pass\n",
        "class": "@{}\nclass TestOurs:\n    def test_ours(self, session, seed, examples): pass\n",
        "module": "pytestmark = [{}]\ndef test_ours(request): request.getfixturevalue('session')\n",
    }[marked].format(mark)
    repository.write("test_ours.py", f"import pytest\n{text}")
    with served("processmaker4") as (_, toml):
        repository.write("target.toml", toml)
        ended = repository.pytest("--strict-markers", "--target=target.toml", "--conformance-output=run")
    assert ended.code == 0, ended.printed
    assert f"{1 + (marked == 'function')} passed" in ended.printed
    assert [test.system for test in repository.record().tests] == ["processmaker4"] * (1 + (marked == "function"))


def test_test_with_the_marker_can_call_its_system(repository: Repository) -> None:
    text = """
import pytest
@pytest.mark.system("processmaker4")
@pytest.mark.requirement("startRequest:label-of-curl-accepted")
def test_start(session):
    exchange = session.call("startRequest", path={"process_id": session.table.process_id}, json={})
    assert exchange.has_response

@pytest.mark.system("processmaker4")
def test_wrong(session):
    assert session is None, "a mistake of theirs"

@pytest.mark.system("procesio")
def test_elsewhere(session):
    raise RuntimeError

@pytest.mark.system("processmakr4")
def test_misspelled(session):
    raise RuntimeError
"""
    from conformance.spec.specification import load

    known = next(requirement for requirement in load("processmaker4").requirements if ":" in requirement)
    repository.write("test_ours.py", text.replace("startRequest:label-of-curl-accepted", known))
    with served("processmaker4") as (_, toml):
        repository.write("target.toml", toml)
        ended = repository.pytest("--target=target.toml", "--conformance-output=run", "-rs")
    record = repository.record()
    assert ended.code == record.exit_code == 1, ended.printed
    assert "a mistake of theirs" in ended.printed
    assert "the target file has no table [procesio]" in ended.printed
    assert "there is no such system; did you mean processmaker4?" in ended.printed
    assert record.requests == 1
    assert record.deviations == []
    assert set(record.beside) == {f"test_ours.py::test_{name}" for name in ("wrong", "elsewhere", "misspelled")}
    assert not record.complete  # the suites themselves did not run


def test_test_with_the_marker_fails_without_a_target(repository: Repository) -> None:
    repository.write(
        "test_ours.py", "import pytest\n@pytest.mark.system('procesio')\ndef test_ours(session):\n    pass\n"
    )
    ended = repository.pytest()
    assert ended.code == 1
    assert NO_TARGET in ended.printed
