"""The user's cache saves time, and costs nothing else where it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.core.user_cache import remembered


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "cache"))
    return []


def making(made: list[int]) -> Callable[[], dict[str, int]]:
    def make() -> dict[str, int]:
        made.append(len(made))
        return {"a": 7}

    return make


def test_cached_value_is_not_computed_again(made: list[int]) -> None:
    assert [remembered("folder", [1, "a"], ["a"], making(made)) for _ in range(3)] == [{"a": 7}] * 3
    assert len(made) == 1


def test_changed_dependency_is_computed_again(made: list[int]) -> None:
    for depends in ([1], [2]):
        remembered("folder", depends, ["a"], making(made))
    assert len(made) == 2


@pytest.mark.parametrize("text", ["", "{", "[7]", "{}", '{"b": 7}'])
def test_damaged_file_is_replaced(text: str, made: list[int], tmp_path: Path) -> None:
    remembered("folder", [1], ["a"], making(made))
    (file,) = (tmp_path / "cache" / "folder").iterdir()
    file.write_text(text)
    assert remembered("folder", [1], ["a"], making(made)) == {"a": 7}
    assert remembered("folder", [1], ["a"], making(made)) == {"a": 7}
    assert len(made) == 2


def test_unwritable_cache_costs_only_time(made: list[int], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the directory would be")
    assert [remembered("folder", [1], ["a"], making(made)) for _ in range(2)] == [{"a": 7}] * 2
    assert len(made) == 2
