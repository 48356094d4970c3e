"""The comparison of two runs: what is new, fixed and lost, which advice follows, and when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.verdict import Kind, Level, Outcome, Reason
from conformance.report.run_record import RunRecord, SuiteInfo, TargetInfo, TestRecord
from conformance.report.upgrade.comparison import Advice, Comparison, NotComparable, compare
from conformance.report.upgrade.shape_changes import What

from .sample import deviation, known, verdict
from .shaped_runs import having, run, shaped

if TYPE_CHECKING:
    from conformance.report.run_record import DeviationRecord


# -- deviations and verdicts ------------------------------------------------------------------------------------------


def test_equal_runs_are_safe() -> None:
    told = compare(run(deviation(1)), run(deviation(1)))
    assert told.verdict is Advice.SAFE
    assert told.exit_code_for(Advice.LOOK) == 0
    assert len(told.remaining) == 1


def test_a_new_deviation_stops_and_a_fixed_one_is_reported() -> None:
    told = compare(run(deviation(1)), run(deviation(2)))
    assert (told.verdict, told.exit_code_for(Advice.STOP)) == (Advice.STOP, 1)
    assert told.reason == "1 new deviation; 1 fixed"
    assert [record.requirement for record in told.new] == ["PM3-PRJ-002"]
    assert [record.requirement for record in told.fixed] == ["PM3-PRJ-001"]


def test_a_second_defect_of_one_requirement_is_new() -> None:
    told = compare(run(deviation(1)), run(deviation(1), deviation(1, location="200./other")))
    assert [record.location for record in told.new] == ["200./other"]


def test_new_deviation_in_the_baseline_needs_a_look() -> None:
    told = compare(run(), run(known(deviation(1))))
    assert told.verdict is Advice.LOOK
    assert "1 new deviation that the baseline covers" in told.reason


def test_deviation_of_an_earlier_untested_requirement_is_not_called_new() -> None:
    told = compare(run(verdicts=[verdict("PM3-PRJ-001", Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE)]),
                   run(deviation(1)))  # fmt: skip
    assert (told.new, len(told.unseen)) == ([], 1)
    assert told.verdict is Advice.LOOK


def test_requirement_that_is_no_longer_tested_is_lost_and_not_fixed() -> None:
    lost = [
        verdict("PM3-PRJ-001", Outcome.NOT_EXERCISED, reason=Reason.MISSING_USER, detail="outsider"),
        verdict("PM3-PRJ-002", Outcome.BLOCKED, blocked_by=deviation(3).fingerprint),
    ]
    told = compare(run(deviation(1)), run(deviation(3), verdicts=[*lost, verdict("PM3-PRJ-003", Outcome.DEVIATES)]))
    assert told.fixed == []
    assert [(move.requirement, move.why) for move in told.unexercised] == [("PM3-PRJ-001", "missing user: outsider")]
    assert [(move.requirement, move.why) for move in told.blocked] == [("PM3-PRJ-002", deviation(3).title)]
    assert told.reason == "1 new deviation; 1 requirement newly blocked; 1 requirement no longer tested"


def blocked_after(*deviations: DeviationRecord, **changes: Any) -> Comparison:
    """The comparison where what the last one of some deviations or findings blocks was tested before."""
    root = [*deviations, *changes.get("findings", [])][-1]
    lost = verdict("PM3-PRJ-001", Outcome.BLOCKED, blocked_by=root.fingerprint)
    return compare(run(), run(*deviations, verdicts=[lost, verdict(root.requirement, Outcome.DEVIATES)], **changes))


def test_requirement_that_a_finding_blocks_is_no_longer_tested_and_stops_nothing() -> None:
    finding = deviation(2, level=Level.MAY)
    told = blocked_after(findings=[finding])
    assert told.verdict is Advice.LOOK
    assert told.reason == "no new deviation, but 1 requirement no longer tested; 1 new finding"
    why = f"blocked by a finding: {finding.title}"
    assert (told.blocked, [(move.requirement, move.why) for move in told.unexercised]) == ([], [("PM3-PRJ-001", why)])


def test_requirement_that_a_known_or_unstable_deviation_blocks_needs_a_look() -> None:
    known_before = known(deviation(2))
    for root in (known_before, deviation(2, unstable=True)):
        told = blocked_after(root)
        assert (told.verdict, len(told.blocked)) == (Advice.LOOK, 1)
        assert "1 requirement no longer tested" in told.reason
    lost = verdict("PM3-PRJ-001", Outcome.BLOCKED, blocked_by=known_before.fingerprint)
    still = verdict("PM3-PRJ-002", Outcome.DEVIATES)
    told = compare(run(known_before), run(known_before, verdicts=[lost, still]))
    assert told.verdict is Advice.LOOK
    assert blocked_after(deviation(2)).verdict is Advice.STOP


def test_lost_requirement_alone_needs_a_look() -> None:
    after = run(verdicts=[verdict("PM3-PRJ-001", Outcome.UNSUPPORTED, detail="the target file says so")])
    told = compare(run(verdicts=[verdict("PM3-PRJ-001", Outcome.CONFORMS)]), after)
    assert told.verdict is Advice.LOOK
    assert told.reason == "no new deviation, but 1 requirement no longer tested"


def test_new_finding_needs_a_look_unless_a_shape_change_shows_it() -> None:
    finding = deviation(5, level=Level.MAY, kind=Kind.OTHER_READING, location="/n")
    assert compare(run(), run(findings=[finding])).verdict is Advice.LOOK
    after = having(n=["string"]).model_copy(update={"findings": [finding]})
    told = compare(shaped(), after)
    assert told.findings == []
    assert [change.what for change in told.noticed] == [What.RETYPED]


def test_verdict_look_fails_on_request() -> None:
    look = compare(run(), run(known(deviation(1))))
    assert [look.exit_code_for(value) for value in (Advice.LOOK, Advice.STOP)] == [1, 0]


def test_unstable_deviation_needs_a_look_and_its_absence_fixes_nothing() -> None:
    once = deviation(1).model_copy(update={"unstable": True})
    told = compare(run(), run(once))
    assert (told.verdict, "1 unstable deviation" in told.reason) == (Advice.LOOK, True)
    assert compare(run(once), run(verdicts=[verdict("PM3-PRJ-001", Outcome.CONFORMS)])).fixed == []


def test_read_backs_of_an_earlier_version_are_converted() -> None:
    now = deviation(1, kind=Kind.READ_BACK, location="", places=["/a", "/b"])
    then = [deviation(1, kind=Kind.READ_BACK, location=place) for place in ("/a", "/b")]
    told = compare(run(*then), run(now))
    assert (told.new, told.fixed, told.verdict) == ([], [], Advice.SAFE)
    assert [record.fingerprint for record in told.remaining] == [now.fingerprint]
    worse = compare(run(then[0]), run(now))
    assert ([record.fingerprint for record in worse.new], worse.fixed) == ([now.fingerprint], [])


# -- runs that cannot be compared -------------------------------------------------------------------------------------

LEFT_OUT = [verdict("R", Outcome.NOT_EXERCISED, reason=Reason.NOT_SELECTED)]


def ran(name: str) -> TestRecord:
    return TestRecord(id=name, title=name, system="processmaker3", outcome="passed", seconds=1)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (run(exit_code=2), "AFTER was interrupted"),
        (run(exit_code=3), "AFTER ended with an internal error"),
        (run(exit_code=6), "AFTER could not reach its target"),
        (run(exit_code=5), "AFTER ran nothing"),
        (
            run(verdicts=[verdict("R", Outcome.NOT_EXERCISED, reason=Reason.TIME_BUDGET)]),
            r"AFTER is incomplete \(time budget\)",
        ),
        (run(verdicts=LEFT_OUT, tests=[ran("t1")]), "they tested different parts"),
        (run(shard="1/2"), "they tested different parts"),
        (run(target=TargetInfo(name="x", systems=["procesio"])), "they tested different systems"),
        (
            run(suite=SuiteInfo(version="0.2.0", specs={"processmaker3": "other"})),
            "different specs of processmaker3, by suite 0.1.0 and 0.2.0",
        ),
    ],
)
def test_incomparable_runs_are_rejected(after: RunRecord, why: str) -> None:
    with pytest.raises(NotComparable, match=why):
        compare(run(), after)


def test_two_runs_with_the_same_selection_can_be_compared() -> None:
    part = run(verdicts=LEFT_OUT, tests=[ran("t1")], complete=False)
    assert compare(part, part).verdict is Advice.SAFE
    less = [*LEFT_OUT, verdict("PM3-PRJ-001", Outcome.BLOCKED, blocked_by=deviation(2).fingerprint)]
    more = [*LEFT_OUT, verdict("PM3-PRJ-001", Outcome.CONFORMS)]
    told = compare(part.model_copy(update={"verdicts": more}), part.model_copy(update={"verdicts": less}))
    assert len(told.blocked) == 1


def test_caveats_are_listed() -> None:
    before = run(started="2025-03-05T00:00:00Z", suite=run().suite.model_copy(update={"depth": "deep"}))
    assert compare(before, run()).notes == [
        "different depths: deep and standard",
        "AFTER is older than BEFORE: did you swap them?",
    ]
