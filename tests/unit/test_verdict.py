"""Verdicts: their required fields, which one wins, and the fingerprint of a defect."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
    fingerprint,
    stronger,
)


def test_a_fingerprint_is_the_same_in_every_run_and_on_every_machine() -> None:
    assert fingerprint("getProject.200./prj_uid:type", "getProject", Kind.TYPE, "/prj_uid") == "640b7c9814c5def6"


@pytest.mark.parametrize("place", range(4))
def test_a_fingerprint_depends_on_requirement_operation_kind_and_location(place: int) -> None:
    group: list[Any] = ["R", "op", Kind.TYPE, "/a"]
    other = [*group]
    other[place] = Kind.VALUE if place == 2 else other[place] + "x"
    assert fingerprint(*group) != fingerprint(*other)
    assert len(fingerprint(*group)) == 16


def test_a_fingerprint_does_not_confuse_the_borders_of_its_parts() -> None:
    assert fingerprint("R", "op", Kind.TYPE, "/a") != fingerprint("Ro", "p", Kind.TYPE, "/a")


def test_fingerprint_contains_no_value_or_evidence_of_a_run() -> None:
    verdict = Verdict("R", "op", Outcome.DEVIATES, ("e1",), Kind.TYPE, "/a", "integer", "string: x")
    other = Verdict("R", "op", Outcome.DEVIATES, ("e9", "e8"), Kind.TYPE, "/a", "integer", "string: y")
    assert verdict.fingerprint == other.fingerprint == fingerprint("R", "op", Kind.TYPE, "/a")


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict("R", "op", Outcome.CONFORMS, ("e",), kind=Kind.TYPE),
        Verdict("R", "op", Outcome.BLOCKED, blocked_by="f"),
        Verdict("R", "op", Outcome.NOT_EXERCISED, reason=Reason.INCONCLUSIVE),
        Verdict("R", "op", Outcome.UNSUPPORTED),
    ],
)
def test_only_a_deviation_has_a_fingerprint(verdict: Verdict) -> None:
    assert verdict.fingerprint is None


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"outcome": Outcome.CONFORMS}, "needs evidence"),
        ({"outcome": Outcome.DEVIATES, "kind": Kind.TYPE}, "needs evidence"),
        ({"outcome": Outcome.DEVIATES, "evidence": ("e",)}, "needs a kind"),
        ({"outcome": Outcome.NOT_EXERCISED}, "needs a reason"),
        ({"outcome": Outcome.BLOCKED}, "names the deviation"),
        ({"outcome": Outcome.BLOCKED, "blocked_by": ""}, "names the deviation"),
    ],
)
def test_incomplete_verdict_is_rejected(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Verdict("R", "op", **told)


STRENGTH = ["deviates", "conforms", "blocked", "unsupported", "not-applicable", "not-exercised"]


def test_strongest_outcome_counts() -> None:
    assert [outcome.value for outcome in Outcome] == STRENGTH
    for strong, weak in pairwise(Outcome):
        assert stronger(strong, weak) is stronger(weak, strong) is strong


def test_reasons_are_the_closed_list_of_the_run_record() -> None:
    assert [reason.value for reason in Reason] == [
        "missing fixture", "missing user", "undocumented request", "needs the database", "client side", "safety level",
        "time budget", "limit reached", "interrupted", "target unavailable", "missing shard", "inconclusive",
        "not selected", "unsupported operation",
    ]  # fmt: skip
