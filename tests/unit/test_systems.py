"""Systems: what installed packages register, and what is wrong with what cannot be used."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from conformance.core import systems
from conformance.core.systems import GROUP, SYSTEMS, System, Systems, UnusableSystem, part


def made(name: str, **more: Any) -> System:
    here = Path()
    values = {"title": name, "specs": here, "suites": here, "package": name, "profiles": (), "table": "", **more}
    return System(name=name, credentials=values.pop("credentials", ""), reference="", **values)


def registered(monkeypatch: pytest.MonkeyPatch, **named: Any) -> Systems:
    """The systems where installed packages register these values by their names."""
    for name, value in named.items():
        monkeypatch.setattr(systems, f"REGISTERED_{name}", value, raising=False)
    points = [EntryPoint(name, f"conformance.core.systems:REGISTERED_{name}", GROUP) for name in named]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [point for point in points if point.group == group]
    )
    return Systems()


def test_systems_are_listed_by_rank_and_then_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = registered(monkeypatch, b=made("b"), a=made("a"), z=made("z", rank=1))
    assert list(found) == ["z", "a", "b"]
    assert found["a"].placeholder == "A"
    assert made("a", prefix="X").placeholder == "X"


def test_those_of_the_suite_are_registered_first() -> None:
    assert list(SYSTEMS)[:3] == ["processmaker3", "processmaker4", "procesio"]


def test_missing_systems_are_reported_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnusableSystem, match=r"no system is registered .* install the package again with pip"):
        list(registered(monkeypatch))


@pytest.mark.parametrize("value", [None, "a", made("b")])
def test_an_entry_point_names_a_system_of_its_name(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    with pytest.raises(UnusableSystem, match="is not a System with the name 'a'; correct the entry point"):
        list(registered(monkeypatch, a=value))


def test_two_packages_cannot_register_one_system(monkeypatch: pytest.MonkeyPatch) -> None:
    registered(monkeypatch, a=made("a"))
    monkeypatch.setattr(systems, "OTHER", made("a", title="other"), raising=False)
    points = [EntryPoint("a", f"conformance.core.systems:{value}", GROUP) for value in ("REGISTERED_a", "OTHER")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    with pytest.raises(UnusableSystem, match=r"two installed packages register the system 'a' .*; uninstall one"):
        list(Systems())


@pytest.mark.parametrize("name", ["", "A", "a-b", "1a", "limits", "name"])
def test_a_name_that_the_target_file_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be that of a system"):
        made(name)


def test_a_profile_begins_with_the_name_of_its_system() -> None:
    with pytest.raises(ValueError, match="the profile 'b/things' must begin with a/"):
        made("a", profiles=("a/things", "b/things"))


@pytest.mark.parametrize("dotted", ["no_such_module:f", "conformance.core.systems:no_such_name", ""])
def test_a_part_that_cannot_be_loaded_is_named_with_its_reason(dotted: str) -> None:
    with pytest.raises(UnusableSystem, match=r"the credentials of the system 'a' .* cannot be loaded: "):
        part(made("a", credentials=dotted), "credentials")


def test_entry_points_are_loaded_on_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def entry_points(group: str) -> list[EntryPoint]:
        asked.append(group)
        return []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    found = Systems()
    assert asked == []
    with pytest.raises(UnusableSystem):
        len(found)
    assert asked == [GROUP]
