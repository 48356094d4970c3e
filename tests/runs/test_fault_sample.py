"""The faults that are run by default represent all."""

from __future__ import annotations

from conformance.reference import known_faults

from .fault_sample import Make, cover, makes, sample
from .faults import FAULTS

FILES = 3


def test_cover_contains_every_make_with_few_members_in_any_order() -> None:
    members: dict[str, set[Make]] = {"a": {("1",)}, "b": {("2",), ("3",)}, "c": {("1",), ("2",)}, "d": {("4",)}}
    assert cover(members) == ["b", "a", "d"]
    assert cover(dict(reversed(members.items()))) == ["b", "a", "d"]


def test_excluded_fault_is_used_only_if_no_other_shows_its_make() -> None:
    alone = "pm4-wrong-token-accepted"
    assert makes(alone) <= {make for fault in sample(without=[alone]) for make in makes(fault)}
    assert sample(without=list(FAULTS)) == frozenset(cover({fault: makes(fault) for fault in FAULTS}))


def test_sample_includes_every_fault_file_and_is_much_smaller_than_all() -> None:
    chosen = sample(without=())
    known = known_faults()
    assert {known[value].apply.__module__ for value in chosen} == {fault.apply.__module__ for fault in known.values()}
    assert len(chosen) < len(FAULTS) / FILES
