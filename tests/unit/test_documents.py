"""Documents: what people write is read within bounds, with a byte order mark or without."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.report import baseline, record_file
from conformance.report.baseline import BaselineError
from conformance.report.record_file import UnreadableRun
from conformance.spec import yaml_file
from conformance.target.target import TargetError, load
from tests.reporting.sample import write_run

PM4 = '[processmaker4]\nurl = "http://h"\naccess_token = "t"\nprocess_id = 7\n'
DEEP = "x = " + "[" * 5000 + "]" * 5000
TABLES = "[" + ".".join("a" * 400) + "]\nb = 1\n"
BAD = {
    "nested 5,000 deep": (DEEP, "is nested more than 50 levels deep"),
    "tables in tables": (TABLES, "is nested more than 50 levels deep"),
    "an integer of 5,000 digits": ("x = " + "7" * 5000, "contains a number that is too long"),
    "longer than any": ("#" * (5 * 1024 * 1024), "is longer than 4 MiB"),
    "no TOML": ("x =", "is not TOML"),
}


@pytest.mark.parametrize("name", BAD)
def test_oversized_target_file_or_baseline_is_rejected_in_one_message(name: str, tmp_path: Path) -> None:
    text, message = BAD[name]
    path = tmp_path / "file.toml"
    path.write_text(text)
    with pytest.raises(TargetError) as target:
        load(path, {})
    with pytest.raises(BaselineError) as known:
        baseline.load(path)
    for error in (target, known):
        assert str(error.value).startswith(f"{path}: {message}")
        assert str(error.value).endswith(".")


def test_endless_target_file_is_rejected() -> None:
    with pytest.raises(TargetError, match="is longer than 4 MiB"):
        load("/dev/zero", {})


def test_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_text('name = "t"\n' + PM4, encoding="utf-8-sig")
    assert load(path, {}).name == "t"
    path.write_text('[[deviation]]\nfingerprint = "0123456789abcdef"\nrequirement = "r"\n', encoding="utf-8-sig")
    assert len(baseline.load(path).entries) == 1
    (tmp_path / "token").write_text("secret-token\n", encoding="utf-8-sig")
    path.write_text('name = "t"\n' + PM4.replace('access_token = "t"', 'access_token_file = "token"'))
    assert load(path, {}).secrets()["PM4_TOKEN"] == "secret-token"


def test_byte_order_mark_of_a_record_or_register_is_ignored(tmp_path: Path) -> None:
    write_run(tmp_path)
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    (tmp_path / "run.json").write_text(text, encoding="utf-8-sig")
    assert record_file.read(tmp_path).verdicts
    (tmp_path / "register.yaml").write_text("requirements: []\n", encoding="utf-8-sig")
    assert yaml_file.bounded(tmp_path / "register.yaml") == {"requirements": []}


def test_deeply_nested_record_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(UnreadableRun):
        record_file.read(tmp_path)
