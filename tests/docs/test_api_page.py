"""The public surface: exactly what docs/api.md documents, typed, loaded late, and with examples that run."""

from __future__ import annotations

import dataclasses
import doctest
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.cli import api_page
from conformance.cli.api_page import CONSTANTS, MEMBERS
from conformance.run.worker import Worker
from conformance.target.target import load
from tests.runs.support import served

WRITTEN = api_page.PAGE.read_text(encoding="utf-8")


def test_api_page_is_generated_from_the_docstrings() -> None:
    assert api_page.page() == WRITTEN, "run `python -m conformance.cli.documentation`"


def test_exported_names_are_documented() -> None:
    assert set(conformance.__all__) == {*MEMBERS, *CONSTANTS}
    assert sorted(re.findall(r"^## (\w+)$", WRITTEN, re.MULTILINE)) == sorted([*MEMBERS, "Constants"])


def test_every_exported_name_exists_and_no_other_does() -> None:
    for name in conformance.__all__:
        assert getattr(conformance, name) is not None
    assert set(conformance.__all__) <= set(dir(conformance))
    with pytest.raises(AttributeError, match="module 'conformance' has no attribute 'Judge'"):
        _ = conformance.Judge  # type: ignore[attr-defined]


def test_every_exported_name_is_imported_late_and_known_to_a_type_checker() -> None:
    source = inspect.getsource(conformance)
    checked = set(re.findall(r"\w+", source[source.index("if TYPE_CHECKING:") : source.index("__all__ = [")]))
    homes = {name for names in conformance._HOMES.values() for name in names}
    assert homes == set(conformance.__all__)
    assert homes <= checked
    code = "import conformance, sys\nassert not [one for one in sys.modules if one.startswith('conformance.')]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)


def test_every_member_on_the_page_exists() -> None:
    for name, members in MEMBERS.items():
        kind = getattr(conformance, name)
        fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
        assert not [member for member in members if member not in fields and not hasattr(kind, member)], name
        assert not [member for member in members if member.startswith("_")]


def documented() -> Iterator[tuple[str, Any]]:
    """Every class and method on the page, by name."""
    for name, members in MEMBERS.items():
        kind = getattr(conformance, name)
        yield name, kind
        for member in members:
            thing = inspect.getattr_static(kind, member, None)
            if inspect.isfunction(thing):
                yield f"{name}.{member}", thing


THINGS = dict(documented())


@pytest.mark.parametrize("name", THINGS)
def test_documented_members_have_an_example(name: str) -> None:
    assert ">>> " in (THINGS[name].__doc__ or "")


@pytest.mark.parametrize("name", [name for name, thing in THINGS.items() if not isinstance(thing, type)])
def test_docstrings_of_methods_state_parameters_results_and_exceptions(name: str) -> None:
    signature = inspect.signature(THINGS[name])
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(
        parameter.annotation is not inspect.Parameter.empty
        for key, parameter in signature.parameters.items()
        if key != "self"
    )
    assert "Raises:" in THINGS[name].__doc__ or "Raises nothing." in THINGS[name].__doc__


def test_every_attribute_of_a_class_on_the_page_is_explained() -> None:
    for row in re.findall(r"^\| `\w+` \| `[^|]+` \|([^|]*)\|$", WRITTEN, re.MULTILINE):
        assert row.strip(), WRITTEN


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker against the reference of the examples' system."""
    with served("processmaker3") as (_, toml):
        path = tmp_path_factory.mktemp("examples") / "target.toml"
        path.write_text(toml)
        worker = Worker(load(path), run="examples")
        yield worker
        worker.close()


@pytest.mark.parametrize("name", THINGS)
def test_examples_print_what_they_show(name: str, worker: Worker) -> None:
    given: tuple[conformance.Session, conformance.Recorder] = worker.begin("processmaker3", ())
    session, recorder = given
    known = {value: getattr(conformance, value) for value in conformance.__all__}
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    printed: list[str] = []
    for example in finder.find(THINGS[name], name, globs={**known, "session": session}):
        runner.run(example, out=printed.append)
    test = {"id": name, "title": name, "system": "processmaker3", "outcome": "passed", "seconds": 0.0, "message": ""}
    worker.end(session, recorder, test)
    assert runner.tries > 0
    assert not runner.failures, "".join(printed)


def test_the_package_is_typed() -> None:
    assert Path(conformance.__file__).with_name("py.typed").is_file()
