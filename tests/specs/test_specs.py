"""The specs and registers of the suite: they keep to every rule, and are found wherever the suite is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conformance.reference import known_faults
from conformance.spec import specification
from conformance.spec.lint import lint
from conformance.spec.specification import SYSTEMS
from conformance.suites import data
from conformance.target.system_table import keys, table_of

from .documented import READINGS, TOP


@pytest.mark.parametrize("system", SYSTEMS)
def test_spec_and_register_follow_every_rule(system: str) -> None:
    directory = data.specs() / system
    others = {
        operation: name for name in SYSTEMS if name != system for operation in specification.load(name).operations
    }
    found = lint(
        system,
        directory / specification.SPEC,
        directory / specification.REGISTER,
        elsewhere=others,
        profiles=SYSTEMS[system].profiles,
        keys=keys(table_of(system)),
        faults=known_faults(system),
        readings=READINGS,
    )
    assert [str(problem) for problem in found] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_tested_requirement_has_a_deviation_title(system: str) -> None:
    tested = [
        requirement for requirement in specification.load(system).requirements.values() if requirement.tried != "none"
    ]
    assert tested
    assert [
        requirement.id
        for requirement in tested
        if not requirement.deviation[:1].islower() or requirement.deviation.endswith(".")
    ] == []
    assert [requirement.id for requirement in tested if not requirement.request] == []


def test_the_specs_of_a_checkout_are_those_at_its_top() -> None:
    assert data.specs() == TOP / "specs"


def test_the_specs_of_a_wheel_are_those_inside_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-c", f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"]
    made = subprocess.run(build, cwd=TOP, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(tmp_path / made.stdout.split()[-1]) as wheel:
        wheel.extractall(tmp_path / "installed")
    ask = "\n".join(
        (
            "from conformance.spec import specification as s",
            "from conformance.suites import data",
            "print(data.specs())",
            "[s.load(one) for one in s.SYSTEMS]",
        )
    )
    asked = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path / "installed", capture_output=True, text=True, check=True
    )
    assert Path(asked.stdout.strip()) == tmp_path / "installed/conformance/suites/_specs"
    assert (tmp_path / "installed/conformance/py.typed").is_file()
