"""What is sent and not read back is one deviation, whose fingerprint names no field; older baselines still know it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import pytest

from conformance.core.verdict import Kind, Outcome, Verdict, fingerprint
from conformance.report import baseline
from conformance.report.baseline import EntryNotes, fingerprints
from conformance.report.run_record import BaselineEntry, DeviationRecord

from . import sample

if TYPE_CHECKING:
    from collections.abc import Collection

REQUIREMENT, OPERATION = "PM3-PROJECT-UPDATE-READ-BACK", "updateProject"
TODAY = datetime.date(2030, 1, 2)


def verdict(place: str, kind: Kind = Kind.READ_BACK) -> Verdict:
    return Verdict(REQUIREMENT, OPERATION, Outcome.DEVIATES, ("e1",), kind, place, "a", "b")


def earlier(place: str) -> str:
    """The fingerprint that earlier versions of the suite gave a field that is not read back."""
    return fingerprint(REQUIREMENT, OPERATION, Kind.READ_BACK, place)


def deviation(places: Collection[str]) -> DeviationRecord:
    record = sample.deviation(1, requirement=REQUIREMENT, operation=OPERATION, kind=Kind.READ_BACK, location="")
    return record.model_copy(update={"places": sorted(places)})


def entries(*places: str) -> dict[str, BaselineEntry]:
    return {
        earlier(place): BaselineEntry(fingerprint=earlier(place), requirement=REQUIREMENT, title=place)
        for place in places
    }


def test_the_fingerprint_of_a_read_back_names_no_field() -> None:
    assert verdict("/a").fingerprint == verdict("/b").fingerprint == deviation(["/a"]).fingerprint
    assert verdict("/a", Kind.VALUE).fingerprint != verdict("/b", Kind.VALUE).fingerprint


def test_each_verdict_knows_its_fingerprint_of_earlier_versions() -> None:
    assert verdict("/a").fingerprint_of_place == earlier("/a")
    assert verdict("/a", Kind.VALUE).fingerprint_of_place == verdict("/a", Kind.VALUE).fingerprint


@pytest.mark.parametrize(
    ("there", "places", "covered"),
    [
        (("/a", "/b"), ("/a", "/b"), True),
        (("/a", "/b", "/c"), ("/a",), True),
        (("/a",), ("/a", "/b"), False),
        ((), ("/a",), False),
        (("/a",), (), False),
    ],
)
def test_entries_of_earlier_versions_cover_a_deviation_if_each_of_its_fields_has_one(
    there: tuple[str, ...], places: tuple[str, ...], covered: bool
) -> None:
    assert (deviation(places).covered_by(entries(*there)) is not None) is covered


def test_an_entry_of_this_version_covers_all_fields() -> None:
    record = deviation(["/a", "/b"])
    assert record.covered_by({record.fingerprint: sample.entry(record)}) == sample.entry(record)


def test_entries_of_earlier_versions_are_neither_gone_nor_added_again() -> None:
    item = deviation(["/a", "/b"])
    file = baseline.HEAD + "".join(
        f'\n[[deviation]]\nfingerprint = "{name}"\nrequirement = "{REQUIREMENT}"\n' for name in entries("/a", "/b")
    )
    record = sample.record(deviations=[item], findings=[], verdicts=[sample.verdict(REQUIREMENT, Outcome.DEVIATES)])
    update = baseline.updated(file, "file", record, TODAY, EntryNotes(), prune=True)
    assert (update.added, update.pruned, update.report.gone) == ((), (), [])
    assert update.text.strip() == file.strip()


def test_a_field_that_no_entry_of_an_earlier_version_names_is_added_as_one_entry() -> None:
    item = deviation(["/a", "/b"])
    (only,) = entries("/a").values()
    file = f'[[deviation]]\nfingerprint = "{only.fingerprint}"\nrequirement = "{REQUIREMENT}"\n'
    record = sample.record(deviations=[item], findings=[], verdicts=[sample.verdict(REQUIREMENT, Outcome.DEVIATES)])
    update = baseline.updated(file, "file", record, TODAY, EntryNotes())
    assert [each.fingerprint for each in update.added] == [item.fingerprint]
    assert fingerprints([item]) == {item.fingerprint, earlier("/a"), earlier("/b")}
