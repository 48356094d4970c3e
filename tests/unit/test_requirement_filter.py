"""A requirement filter selects by patterns of ids, operations and profiles; one that matches nothing is a mistake."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest

from conformance.run.requirement_filter import RequirementFilter, Unmatched


@dataclass(frozen=True)
class One:
    profile: str = "todo/tasks"
    operation: str = "getTask"


NAMES = ("todo/tasks", "getTask", "listTasks", "getTask.200./notes[]/id:present", "TODO-TASK-KEPT")


def selected(identifier: str = "TODO-TASK-KEPT", include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> bool:
    return RequirementFilter(include, exclude).selects(identifier, One())


def test_without_patterns_everything_is_selected() -> None:
    assert selected()
    assert not RequirementFilter()


@pytest.mark.parametrize("pattern", ["getTask", "todo/tasks", "TODO-TASK-KEPT", "get*", "todo/*", "*KEPT", "getTas?"])
def test_a_pattern_selects_by_id_operation_or_profile(pattern: str) -> None:
    assert selected(include=(pattern,))
    assert selected(include=("nothing", pattern))
    assert not selected(exclude=(pattern,))
    assert not selected(include=("*",), exclude=(pattern,))


@pytest.mark.parametrize("pattern", ["Task", "gettask", "getTask?", "todo", "get.ask", "[g]etTask"])
def test_pattern_matches_the_whole_name_with_two_wildcards_only(pattern: str) -> None:
    assert not selected(include=(pattern,))
    assert selected(exclude=(pattern,))


def test_brackets_in_a_pattern_are_literal() -> None:
    place = "getTask.200./notes[]/id:present"
    assert selected(place, include=(place,))
    assert selected(place, include=("getTask.200./notes[]*",))
    assert not selected("getTask.200./notes/id:present", include=("getTask.200./notes[]*",))


@pytest.mark.parametrize("pattern", ["*" * 20_000, "?*" * 100 + "x", "*a" * 100 + "b", "[" * 20_000])
def test_many_wildcards_take_no_long_time(pattern: str) -> None:
    """Otherwise one of these takes longer than a test may."""
    name = "a" * 60
    assert selected(name, include=(pattern,)) is (set(pattern) == {"*"})
    with contextlib.suppress(Unmatched):
        RequirementFilter((pattern,)).check([name, "-" * 60])


def test_a_test_without_requirements_is_selected_by_its_profile() -> None:
    assert RequirementFilter(("todo/*",)).selects_profiles({"todo/tasks"})
    assert not RequirementFilter(("getTask",)).selects_profiles({"todo/tasks"})
    assert not RequirementFilter(exclude=("todo/*",)).selects_profiles({"todo/tasks"})


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("getTsk", "did you mean getTask?"),
        ("*TASK-KEEPT", "did you mean TODO-TASK-KEPT?"),
        ("task-kept", "did you mean TODO-TASK-KEPT?"),
        ("zzz", "`conformance operations` and `conformance requirements` list them."),
        ("", "`conformance operations` and `conformance requirements` list them."),
    ],
)
def test_unmatched_pattern_is_an_error_with_suggestions(pattern: str, told: str) -> None:
    for option in ("include", "exclude"):
        with pytest.raises(Unmatched) as error:
            RequirementFilter(**{option: ("getTask", pattern)}).check(NAMES, "--conformance-")
        what = f"--conformance-{option} {pattern}: matches no operation, profile or requirement"
        assert str(error.value) == f"{what}; {told}"
    RequirementFilter(("get*",), ("todo/*",)).check(NAMES)
