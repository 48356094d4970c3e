"""The commands of a statement: it is written, verified against its run, and compared with others in a gallery."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cli import main
from conformance.core import exit_codes
from conformance.core.verdict import Outcome
from conformance.report.record_file import write
from conformance.report.run_record import RunRecord

from . import sample
from .statements import CASES, PROJECTS, conforming, lacking, one, run
from .tags import Tags

if TYPE_CHECKING:
    from pathlib import Path


# -- the command ------------------------------------------------------------------------------------------------------


def test_command_writes_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(run(), tmp_path)
    call = ["statement", str(tmp_path), "--product", "Flow", "--product-version", "7.1"]
    assert main(call, standalone_mode=False) == exit_codes.OK
    assert "processmaker3/projects: conforms (" in capsys.readouterr().out
    made = tmp_path / "statement"
    assert {path.name for path in made.iterdir()} == {"statement.json", "statement.md", "index.html", "badges"}
    assert json.loads((made / "statement.json").read_text())["product"] == {"name": "Flow", "version": "7.1"}
    assert (made / "statement.md").read_text().startswith("# Flow 7.1: conforms\n")
    assert (made / "badges" / "overall.svg").is_file()


def test_statement_replaces_an_earlier_statement_and_no_other_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, call = tmp_path / "statement", ["statement", str(tmp_path)]
    write(run(*conforming(CASES)), tmp_path)
    assert main(call, standalone_mode=False) == exit_codes.OK
    write(run(), tmp_path)
    assert main([*call, "--product", "Flow"], standalone_mode=False) == exit_codes.OK
    assert (made / "statement.md").read_text().startswith("# Flow ")
    assert {path.name for path in (made / "badges").iterdir()} == {"overall.svg", "processmaker3-projects.svg"}
    for foreign, kept in (("notes.txt", "statement.json"), ("index.html", "index.html")):
        other = tmp_path / foreign
        other.mkdir()
        for name in {foreign, kept}:
            (other / name).write_text("theirs")
        assert main([*call, "--output", str(other)], standalone_mode=False) == exit_codes.USAGE
        assert "not empty" in capsys.readouterr().err
        assert (other / foreign).read_text() == "theirs"


def test_command_rejects_a_run_that_tested_too_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(run(*lacking(3)), tmp_path)
    assert main(["statement", str(tmp_path)], standalone_mode=False) == exit_codes.USAGE
    assert f"not enough for a statement:\n  {CASES}: 0 of 3 must" in capsys.readouterr().err
    assert not (tmp_path / "statement").exists()
    assert main(["statement", str(tmp_path / "absent")], standalone_mode=False) == exit_codes.USAGE


# -- what others do with it -------------------------------------------------------------------------------------------


def stated(directory: Path, record: RunRecord, *options: str) -> Path:
    """The directory of a run with its statement."""
    directory.mkdir()
    write(record, directory)
    assert main(["statement", str(directory), *options], standalone_mode=False) == exit_codes.OK
    return directory


def test_statement_that_matches_its_run_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = stated(tmp_path / "run", run(one(Outcome.DEVIATES)), "--product", "Flow")
    for name in (made / "statement", made / "statement" / "statement.json"):
        assert main(["verify", str(name), str(made)], standalone_mode=False) == exit_codes.OK
    assert "The checksums of specs and documents match." in capsys.readouterr().out


def claimed(name: str, value: object) -> Any:
    """A change of one member of a statement's data, named by its place."""

    def change(data: Any) -> None:
        *outer, last = name.split(".")
        for key in outer:
            data = data[int(key)] if isinstance(data, list) else data[key]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (claimed("standing", "conforms"), "result: the statement says conforms, the run does not"),
        (claimed("score.reached", 7), "score: the statement says 7 of 7, the run 6 of 7"),
        (claimed("date", "2020-01-01T00:00:00+00:00"), "date: the statement says 2020-01-01"),
        (claimed("conditions.safety", "disposable"), "safety level: the statement says disposable"),
        (claimed("profiles.0.standing", "conforms"), f"{PROJECTS}: the statement says conforms, 6 of 7"),
        (
            claimed("profiles.0.counts", {}),
            f"{PROJECTS}: the statement says does not, 6 of 7, the run does not, 6 of 7",
        ),
        (claimed("profiles", []), f"{PROJECTS}: missing in the statement"),
        (claimed("deviations", []), "missing in the statement: "),
        (claimed("suite.documents", {"x.txt": "00"}), "checksum of the document x.txt: differs"),
        (claimed("run_sha256", "0" * 64), "run.json: the statement is about another file (SHA-256 0000000000000000…"),
    ],
)
def test_statement_that_differs_from_its_run_is_rejected(
    change: Any, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = sample.record().deviations[:1]
    made = stated(tmp_path / "run", run(one(Outcome.DEVIATES), deviations=base))
    path = made / "statement" / "statement.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    capsys.readouterr()
    assert main(["verify", str(path), str(made)], standalone_mode=False) == exit_codes.DEVIATIONS
    *found, last = capsys.readouterr().out.splitlines()
    assert told in "\n".join(found)
    assert last == f"{path} does not say what {made} says."


def test_gallery_shows_one_column_per_product_and_what_it_does_not_claim(tmp_path: Path) -> None:
    first = stated(tmp_path / "a", run(*conforming(CASES), one(Outcome.DEVIATES)), "--product", "Zeta")
    other = stated(tmp_path / "b", run(), "--product", "Alpha <b>", "--product-version", "2")
    page = tmp_path / "gallery.html"
    call = ["gallery", str(first / "statement"), str(other / "statement" / "statement.json"), "--output", str(page)]
    assert main(call, standalone_mode=False) == exit_codes.OK
    text = page.read_text(encoding="utf-8")
    assert text.index("Alpha &lt;b&gt; 2") < text.index("Zeta")
    assert text.count('<span class="soft">not claimed</span>') == 1
    rows = re.findall(r"<tr><td>(\w+)</td>(.*?)</tr>", text)
    assert [(name, re.findall(r'standing ([\w-]+)"', cells)) for name, cells in rows] == [
        ("Projects", ["conforms", "does-not"]),
        ("Cases", ["conforms"]),
    ]
    found = Tags(text)
    assert not found.tags & {"script", "link", "img", "iframe", "b"} - {"b"}
    assert not found.attributes & {"src", "href"}


def test_a_gallery_replaces_an_earlier_one_and_no_other_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = stated(tmp_path / "run", run())
    call = ["gallery", str(made / "statement"), "--output", str(tmp_path / "page.html")]
    assert main(call, standalone_mode=False) == exit_codes.OK
    assert main(call, standalone_mode=False) == exit_codes.OK
    capsys.readouterr()
    for other in (made / "statement" / "statement.json", made / "statement" / "index.html", tmp_path):
        before = other.read_bytes() if other.is_file() else b""
        assert main([*call[:-1], str(other)], standalone_mode=False) == exit_codes.USAGE
        assert f"{other}: exists, and is not a gallery" in capsys.readouterr().err
        assert (other.read_bytes() if other.is_file() else b"") == before


def test_statement_with_an_invalid_date_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stated(tmp_path / "run", run()) / "statement" / "statement.json"
    path.write_text(path.read_text(encoding="utf-8").replace(run().started, "some day"), encoding="utf-8")
    assert main(["gallery", str(path)], standalone_mode=False) == exit_codes.USAGE
    assert "date is not one of ISO 8601" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', "[" * 100_000, '{"schema": "\x1b[2J"}', "\xff"])
def test_file_that_is_not_a_statement_is_rejected(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "statement.json"
    path.write_bytes(text.encode("latin-1"))
    write(run(), tmp_path)
    for call in (["verify", str(path), str(tmp_path)], ["gallery", str(path)], ["gallery", str(tmp_path / "absent")]):
        assert main(call, standalone_mode=False) == exit_codes.USAGE
        message = capsys.readouterr().err
        assert "statement.json" in message or "absent" in message
        assert "\x1b" not in message
