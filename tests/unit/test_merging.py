"""Merging: several shards say together what one run would have said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.core import exit_codes
from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Reason,
)
from conformance.report.run_record import (
    BaselineEntry,
    BaselineReport,
    DeviationRecord,
    Residue,
    RunRecord,
    Shape,
    SuiteInfo,
    TargetInfo,
    TestRecord,
    VerdictRecord,
)
from conformance.run.merge import Unmergeable, merge


def verdict(outcome: Outcome, *tests: str, requirement: str = "R", **more: Any) -> VerdictRecord:
    if outcome is Outcome.NOT_EXERCISED:
        more = {"reason": Reason.MISSING_SHARD, **more}
    return VerdictRecord(
        requirement=requirement, system="s", profile="s/p", operation="o", level=Level.MUST, outcome=outcome,
        tests=list(tests), **more,
    )  # fmt: skip


def deviation(*tests: str, **more: Any) -> DeviationRecord:
    details = {
        "fingerprint": "f" * 16, "requirement": "R", "system": "s", "profile": "s/p", "operation": "o",
        "level": Level.MUST, "kind": Kind.STATUS, "location": "", "title": "t", "expected": "200", "observed": "500",
        "document": "d", "section": "1", "occurrences": len(tests), "tests": list(tests), "evidence": [f"e-{tests[0]}"],
        **more,
    }  # fmt: skip
    return DeviationRecord(**details)


def shard(number: int, of: int = 2, **more: Any) -> RunRecord:
    details: dict[str, Any] = {
        "complete": False, "exit_code": exit_codes.OK, "target": TargetInfo(name="staging", systems=["s"]),
        "suite": SuiteInfo(version="1", specs={"s": "d"}), "environment": {"python": "3.11"},
        "started": f"2030-01-02T03:04:0{number}+00:00", "seconds": 2.0 + number, "requests": 10 * number,
        "shard": f"{number}/{of}", "division": "cut", "tests": [ran(f"t{number}")], **more,
    }  # fmt: skip
    return RunRecord(**details)


def ran(name: str, outcome: str = "passed") -> TestRecord:
    return TestRecord(id=name, title=name, system="s", outcome=outcome, seconds=1.0)


def merged(*said: VerdictRecord, of: int = 2) -> VerdictRecord:
    (record,) = merge(shard(number, of, verdicts=[item]) for number, item in enumerate(said, 1)).verdicts
    return record


SILENT = verdict(Outcome.NOT_EXERCISED)


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        (Outcome.CONFORMS, Outcome.DEVIATES),
        (Outcome.BLOCKED, Outcome.CONFORMS),
        (Outcome.NOT_EXERCISED, Outcome.BLOCKED),
    ],
)
def test_the_stronger_outcome_wins_and_all_tests_are_reported(weaker: Outcome, stronger: Outcome) -> None:
    for said in ((weaker, stronger), (stronger, weaker)):
        record = merged(*(verdict(outcome, outcome.value) for outcome in said))
        assert (record.outcome, record.tests) == (stronger, sorted([weaker.value, stronger.value]))


def test_result_of_a_test_takes_precedence_over_a_missing_one() -> None:
    said = verdict(Outcome.NOT_EXERCISED, "t", reason=Reason.INCONCLUSIVE)
    assert merged(verdict(Outcome.BLOCKED, blocked_by="f" * 16), said).reason is Reason.INCONCLUSIVE
    assert merged(verdict(Outcome.BLOCKED, blocked_by="f" * 16), SILENT).outcome is Outcome.BLOCKED


def test_untested_requirement_may_belong_to_a_missing_shard() -> None:
    assert (merged(SILENT, SILENT).reason, merged(SILENT, SILENT).detail) == (
        Reason.INCONCLUSIVE, "the field or case never appeared in a response",
    )  # fmt: skip
    assert (merged(SILENT, SILENT, of=3).reason, merged(SILENT, SILENT, of=3).detail) == (
        Reason.MISSING_SHARD, "shard 3/3",
    )  # fmt: skip
    lacking = verdict(Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE)
    assert merged(lacking, lacking, of=3).reason is Reason.MISSING_FIXTURE
    assert merged(SILENT, verdict(Outcome.NOT_EXERCISED, reason=Reason.INTERRUPTED)).reason is Reason.INTERRUPTED


def test_all_shards_together_are_complete_and_one_missing_is_named() -> None:
    whole = merge([shard(2), shard(1)])
    assert (whole.complete, whole.exit_code, whole.shard, whole.problems) == (True, exit_codes.OK, None, [])
    assert (whole.started, whole.seconds, whole.requests) == ("2030-01-02T03:04:01+00:00", 4.0, 30)
    assert [test.id for test in whole.tests] == ["t1", "t2"]
    part = merge([shard(1, 3), shard(3, 3)])
    assert (part.complete, part.exit_code) == (False, exit_codes.INTERRUPTED)
    assert part.problems == ["shard 2/3 is missing; run it, and merge again"]


def test_defect_in_two_shards_is_one_deviation() -> None:
    both = merge([shard(1, deviations=[deviation("a")]), shard(2, deviations=[deviation("b", observed="501")])])
    (record,) = both.deviations
    assert (record.occurrences, record.tests, record.evidence, record.observed) == (
        2,
        ["a", "b"],
        ["e-a", "e-b"],
        "500",
    )
    assert both.exit_code == exit_codes.DEVIATIONS


@pytest.mark.parametrize(
    "other",
    [
        {"target": TargetInfo(name="production", systems=["s"])},
        {"suite": SuiteInfo(version="2", specs={"s": "d"})},
        {"suite": SuiteInfo(version="1", specs={"s": "e"})},
        {"suite": SuiteInfo(version="1", specs={"s": "d"}, seed=1)},
        {"suite": SuiteInfo(version="1", specs={"s": "d"}, depth="deep")},
        {"shard": "2/3"},
        {"shard": "1/2"},
        {"shard": None},
        {"division": "otherwise"},
    ],
)
def test_unrelated_shards_are_rejected(other: Mapping[str, Any]) -> None:
    with pytest.raises(Unmergeable, match=r"\.$"):
        merge([shard(1), shard(2, **other)])


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((3, 2), 3), ((2, 6), 2), ((6, 1), 6), ((0, 5), 0), ((5, 5), 0), ((0, 1), 0)],
)
def test_the_exit_code_is_that_of_a_run(codes: tuple[int, int], expected: int) -> None:
    assert merge(shard(number, exit_code=code) for number, code in enumerate(codes, 1)).exit_code == expected


def test_strictness_of_the_shards_holds_for_the_merged_run() -> None:
    finding: dict[str, Any] = {"findings": [deviation("a", level=Level.MAY)]}
    assert merge([shard(1, **finding), shard(2)]).exit_code == exit_codes.OK
    assert merge([shard(1, **finding, exit_code=1), shard(2)]).exit_code == exit_codes.DEVIATIONS
    skipped = [shard(number, tests=[ran("t", "skipped")]) for number in (1, 2)]
    assert merge(skipped).exit_code == exit_codes.NOTHING_RUN


def test_baseline_entry_of_one_shard_is_not_gone() -> None:
    entry = BaselineEntry(fingerprint="f" * 16, requirement="R")
    first = shard(1, baseline=BaselineReport(entries=1, gone=[entry]), verdicts=[verdict(Outcome.CONFORMS, "t1")])
    met = [deviation("t2", baseline=entry)]
    second = shard(2, baseline=BaselineReport(entries=1), deviations=met, verdicts=[verdict(Outcome.DEVIATES, "t2")])
    report = merge([first, second]).baseline
    assert report == BaselineReport(entries=1)
    alone = shard(2, baseline=BaselineReport(entries=1, unreached=[entry]), verdicts=[SILENT])
    report = merge([first, alone]).baseline
    assert report == BaselineReport(entries=1, gone=[entry])


def test_shapes_durations_and_residue_are_merged() -> None:
    def seen(headers: list[str], **fields: Any) -> dict[str, dict[str, Shape]]:
        places = {"": {"types": ["object"]}, **{f"/{name}": item for name, item in fields.items()}}
        return {"o": {"200": Shape.model_validate({"headers": headers, "fields": places})}}

    text, null = {"types": ["string"]}, {"types": ["null"]}
    took = {"tests": {}, "operations": {"o": 1.0}, "medians": {"o": 1.0}, "calls": {"o": 1.0}}
    took |= {"fastest": {"o": 1.0}, "slowest": {"o": 1.0}}
    longer = {"tests": {"t": 2.0}, "operations": {"o": 4.0}, "medians": {"o": 3.0}, "calls": {"o": 2.0}}
    longer |= {"fastest": {"o": 0.5}, "slowest": {"o": 7.5}}
    left = [Residue(system="s", kind="token", count=2, identifiers=["a"])]
    record = merge(
        [
            shard(1, shapes=seen(["a", "b"], x=null, y=text), durations=took, residue=left),
            shard(2, shapes=seen(["b"], x=text), durations=longer, residue=left),
        ]
    )
    shape = record.shapes["o"]["200"]
    assert shape.headers == ["b"]
    assert shape.fields["/x"].types == ["null", "string"]
    assert (shape.fields["/x"].always, shape.fields["/y"].always, shape.fields[""].always) == (True, False, True)
    extremes = {"fastest": {"o": 0.5}, "slowest": {"o": 7.5}}
    means = {"operations": {"o": 3.0}, "medians": {"o": 3.0}, "calls": {"o": 3.0}}
    assert record.durations == {"tests": {"t": 2.0}, **means, **extremes}
    assert [(residue.count, residue.identifiers) for residue in record.residue] == [(4, ["a", "a"])]
