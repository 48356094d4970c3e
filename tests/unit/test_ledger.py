"""The ledger: what a run created is known on the disk before it exists, and found again from there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conformance.wire import ledger
from conformance.wire.identifiers import digest
from conformance.wire.journal import Unwritable
from conformance.wire.ledger import Ledger, Ours

PM3 = "processmaker3"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger-gw0.ndjson"


@pytest.fixture
def book(path: Path) -> Ledger:
    return Ledger(path, "r1", "gw0")


def events(path: Path) -> list[str]:
    return [json.loads(line)["event"] for line in path.read_text().splitlines()]


def test_a_name_is_unique_and_carries_the_mark_of_the_run(book: Ledger) -> None:
    names = [book.name("label") for _ in range(100)]
    assert len(set(names)) == 100
    assert all(book.is_ours(name) and re.fullmatch(r"[A-Za-z0-9 ]+ label", name) for name in names)


@pytest.mark.parametrize("name", ["", "Orders", "conf r11 main 1 a", "conf  r1 main", "r1", "conf r1"])
def test_other_names_are_not_ours(book: Ledger, name: str) -> None:
    assert not book.is_ours(name)


def test_names_of_workers_and_runs_are_different() -> None:
    books = [Ledger(None, "r1", "gw0"), Ledger(None, "r1", "gw1"), Ledger(None, "r2", "gw0")]
    assert len({book.name() for book in books for _ in range(20)}) == 60
    assert not books[2].is_ours(books[0].name())
    assert books[1].is_ours(books[0].name())


def test_recently_created_resources_are_distinguished_from_others(
    book: Ledger,
) -> None:
    other, earlier = Ledger(None, "r1", "gw1"), book.name()
    book.remains("procesio", "instance", "i-1")
    moment = book.moment
    book.remains("procesio", "instance", "i-2")
    details = {text: book.made_since(moment, text) for text in (earlier, other.name(), "Ann's", "i-1", "i-2")}
    assert list(details.values()) == [False, False, None, None, True]
    assert book.made_since(moment, f"a copy of {earlier} as {book.name('copy')}")
    assert [book.mentions_ours(text) for text in details] == [True, True, False, True, True]


def test_made_up_identifiers_are_remembered_and_have_the_requested_form(book: Ledger) -> None:
    for length in (1, 12, 31, 32):
        made = book.made_up(length)
        assert re.fullmatch(rf"[0-9a-f]{{{length}}}", made)
        assert book.is_made_up(made)
    guid = book.made_up_guid()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", guid)
    assert book.is_made_up(guid)
    assert not book.is_made_up("f" * 32)
    assert not Ledger(None, "r1").is_made_up(guid)


def test_created_resource_is_open_until_it_is_gone(book: Ledger) -> None:
    entry = book.intend(PM3, "project", "createProject", "name")
    assert [item.identifier for item in book.open()] == [""]
    assert not book.owns("")
    book.created(entry, Ours("u1"))
    assert book.owns("u1")
    assert [(item.identifier, item.name, item.operation) for item in book.open()] == [("u1", "name", "createProject")]
    book.gone("u1")
    assert book.open() == []
    assert book.owns("u1")


def test_refused_create_is_withdrawn(book: Ledger, path: Path) -> None:
    book.withdrawn(book.intend(PM3, "project", "createProject", "name"))
    assert book.open() == []
    assert events(path) == ["intent", "withdrawn"]


def test_open_entries_are_newest_first_and_by_system(book: Ledger) -> None:
    for system, identifier in ((PM3, "a"), ("procesio", "b"), (PM3, "c")):
        book.created(book.intend(system, "thing", "op", identifier), Ours(identifier))
    assert [entry.identifier for entry in book.open()] == ["c", "b", "a"]
    assert [entry.identifier for entry in book.open(PM3)] == ["c", "a"]


def test_resource_is_gone_only_once(book: Ledger, path: Path) -> None:
    book.created(book.intend(PM3, "project", "createProject", "n"), Ours("u1"))
    book.gone("u1")
    book.gone("u1")
    book.gone("another")
    assert events(path) == ["intent", "created", "removed"]


def test_residue_is_counted_and_owned(book: Ledger) -> None:
    book.remains("processmaker4", "request", "17")
    book.remains("processmaker4", "request")
    assert book.residue["processmaker4", "request"] == 2
    assert book.owns("17")
    assert book.started_of(("processmaker4", "request")) == ["17"]
    assert book.open() == []


def test_the_journal_is_on_the_disk_line_by_line_and_only_for_its_owner(book: Ledger, path: Path) -> None:
    entry = book.intend(PM3, "project", "createProject", "name")
    assert events(path) == ["intent"]
    book.created(entry, Ours("u1"))
    assert events(path) == ["intent", "created"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_journal_is_read_back_as_written(book: Ledger, path: Path) -> None:
    first = book.created(book.intend(PM3, "project", "createProject", "one"), Ours("u1"))
    second = book.intend(PM3, "project", "importProject", "two")
    book.record_refused(second)
    book.withdrawn(book.intend(PM3, "project", "createProject", "three"))
    book.created(book.intend(PM3, "project", "createProject", "four"), Ours("u4"))
    book.gone("u4")
    book.remains("processmaker4", "request", "17")
    again = ledger.read(path)
    assert (again.run, again.worker) == ("r1", "gw0")
    assert again.open() == [second, first]
    assert again.refused == {second.key}
    assert again.owns("u1")
    assert again.owns("17")
    assert again.residue == book.residue
    assert again.is_ours(book.name())


def test_removal_after_reading_a_journal_is_journalled(book: Ledger, path: Path) -> None:
    book.created(book.intend(PM3, "project", "createProject", "one"), Ours("u1"))
    ledger.read(path).gone("u1")
    assert ledger.read(path).open() == []


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_line_cut_off_by_a_kill_is_ignored(book: Ledger, path: Path, cut: int) -> None:
    entry = book.intend(PM3, "project", "createProject", "one")
    book.created(entry, Ours("u1"))
    path.write_bytes(path.read_bytes()[:-cut])
    assert [item.name for item in ledger.read(path).open()] == ["one"]


def test_line_after_a_cut_off_line_is_kept(book: Ledger, path: Path) -> None:
    book.created(book.intend(PM3, "project", "createProject", "one"), Ours("u1"))
    book.created(book.intend(PM3, "project", "createProject", "two"), Ours("u2"))
    path.write_bytes(path.read_bytes()[:-5])
    ledger.read(path).gone("u1")
    assert [entry.name for entry in ledger.read(path).open()] == ["two"]


@pytest.mark.parametrize("line", ["[]", "5", '"event"', "{}", '{"event": "unheard of"}', "\ufffd"])
def test_unknown_lines_are_ignored(book: Ledger, path: Path, line: str) -> None:
    book.intend(PM3, "project", "createProject", "one")
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert [entry.name for entry in ledger.read(path).open()] == ["one"]


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    Ledger(None, "r1").intend(PM3, "project", "createProject", "one")
    assert list(tmp_path.iterdir()) == []


INTENT = {"event": "intent", "run": "r", "key": "k", "system": "s", "kind": "p", "operation": "o", "name": "n"}


@pytest.mark.parametrize(
    "line",
    [
        {"event": ["created"], "run": "r", "key": "main-1", "identifier": "x"},
        {"event": {}, "run": "r"},
        {"event": None, "run": "r"},
        {"event": "kept", "run": "r", "key": "main-9", "why": "w"},
        {**INTENT, "within": {"a": 1}},
        {**INTENT, "within": ["a"]},
    ],
)
def test_line_with_odd_values_is_ignored(tmp_path: Path, line: dict[str, Any]) -> None:
    path = tmp_path / "ledger-main.ndjson"
    path.write_text(json.dumps(line) + "\n")
    assert ledger.read(path).damaged == [1]


@pytest.mark.parametrize(
    "spelling", ["abcdé", "\uff41\uff42\uff43\uff44\uff45", "ABCDE", " abcde ", "{abcde}", "ab-cde", "abcde\u0301"]
)
def test_what_was_there_is_recognised_however_a_database_may_compare_it(spelling: str) -> None:
    assert digest("s", "k", spelling) == digest("s", "k", "abcde")


@pytest.mark.parametrize("spelling", ["7", "007", "+7", "7.0", "7 x", "\uff17", "7'"])
def test_a_number_that_was_there_is_recognised_in_any_form(spelling: str) -> None:
    assert digest("s", "k", spelling) == digest("s", "k", "7")


def test_identifiers_that_begin_with_digits_are_different() -> None:
    assert len({digest("s", "k", value) for value in ("7", "7a", "7b", "70")}) == 4


def test_entry_that_could_not_be_journalled_is_named_by_no_identifier(tmp_path: Path) -> None:
    book = Ledger(tmp_path, "r1")  # a directory, to which no line can be appended
    with pytest.raises(Unwritable):
        book.intend(PM3, "project", "createProject", "a name")
    assert book.name_of("") == ""
    assert book.with_identifier("") == []


def test_a_number_of_two_kinds_names_two_things(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger-main.ndjson", "r1")
    for kind, operation in (("process", "createProcess"), ("schedule", "createSchedule")):
        ledger.created(ledger.intend("procesio", kind, operation, ledger.name()), Ours("3"))
    ledger.keep("3", "still used", "schedule")
    ledger.gone("3", "process")
    assert [(entry.kind, entry.identifier) for entry in ledger.open()] == [("schedule", "3")]
    assert [why for why, _ in ledger.kept.values()] == ["still used"]
    assert ledger.name_of("3", "process") != ledger.name_of("3", "schedule")


@pytest.mark.parametrize(
    ("identifier", "random"),
    [
        ("7", False),
        ("0" * 31 + "7", False),
        ("00000000-0000-0000-0000-000000001234", False),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("0F8FAD5BD9CB469FA16570867728950E", True),
        ("0f8fad5b-d9cb-469f-a165-70867728950e7", False),
    ],
)
def test_only_a_random_identifier_names_one_resource_whatever_its_kind(identifier: str, random: bool) -> None:
    ledger = Ledger(None, "r1")
    ledger.created(ledger.intend("procesio", "process", "createProcess", "one"), Ours(identifier))
    assert ledger.owns(identifier)
    assert ledger.owns(identifier, "process")
    assert ledger.owns(identifier, "schedule") is random
