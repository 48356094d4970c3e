"""A run record that somebody else gives is untrusted: what is in it is shown, and is never an internal error."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.core import exit_codes
from conformance.report import record_file
from tests.reporting.sample import record

HOSTILE = "\x1b[31m\x9b2J\u202e</script><script>alert(1)</script>\r\n::error::x\n../../../x \ud800 $(x) `y`"


def put(*path: str | int) -> Callable[[dict[str, Any]], None]:
    """An edit that puts the hostile text at a place of a record."""

    def edit(data: dict[str, Any]) -> None:
        node: Any = data
        for value in path[:-1]:
            node = node[value]
        node[path[-1]] = HOSTILE

    return edit


PLACES = [
    ("target", "name"), ("target", "systems", 0), ("started",), ("shard",), ("problems",), ("suite", "version"),
    *(("deviations", 0, value) for value in ("title", "observed", "fingerprint", "system", "profile", "reproduce")),
    *(("verdicts", 0, value) for value in ("requirement", "profile", "system", "lines")),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(map(str, place)))
def test_a_hostile_record_is_refused_or_shown_as_text(place: tuple[str | int, ...], tmp_path: Path) -> None:
    good, odd, out = tmp_path / "good", tmp_path / "odd", tmp_path / "out"
    good.mkdir()
    odd.mkdir()
    record_file.write(record(), good)
    data = json.loads((good / "run.json").read_text(encoding="utf-8"))
    put(*place)(data)
    (odd / "run.json").write_text(json.dumps(data), encoding="utf-8")
    calls = [
        ["compare", str(odd), str(good)],
        ["statement", str(odd), "--product", "A", "--product-version", "1", "--output", str(out)],
        ["spec", "processmaker3", "--observed", str(odd)],
        ["baseline", str(odd), "--baseline", str(tmp_path / "known.toml")],
        ["merge", str(odd), str(good), "--output", str(tmp_path / "merged")],
        ["verify", str(odd), str(good)],
    ]
    for call in calls:
        result = CliRunner().invoke(main, call)
        assert result.exit_code in (exit_codes.OK, exit_codes.DEVIATIONS, exit_codes.USAGE), (call[0], result.output)
        assert all(value.isprintable() or value in "\n\t" for value in result.output), call[0]
        assert "\n::error" not in result.output
    for path in out.rglob("*.*"):
        assert "<script>alert" not in path.read_text(encoding="utf-8") or path.suffix == ".json"
    if (tmp_path / "known.toml").exists():
        tomllib.loads((tmp_path / "known.toml").read_text(encoding="utf-8"))
