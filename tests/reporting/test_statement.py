"""The statement of a vendor: results of profiles, and runs that tested too little for one."""

from __future__ import annotations

import pytest

from conformance.core.verdict import Level, Outcome, Reason
from conformance.report.run_record import RunRecord, VerdictRecord
from conformance.report.statement import text as statement_text
from conformance.report.statement.statement import Conformance, NotEnoughData, Score, percent, state

from .sample import PRO, deviation, known, verdict
from .statements import CASES, PROJECTS, conforming, lacking, one, run


def standing(*verdicts: VerdictRecord) -> tuple[Conformance, str]:
    profile = state(run(*verdicts)).profiles[0]
    return profile.standing, profile.why


# -- results of profiles -----------------------------------------------------------------------------------------------


def test_profile_conforms_if_all_testable_requirements_were_tested_and_none_deviates() -> None:
    assert standing() == (Conformance.CONFORMS, "no deviation, and everything testable was tested")


@pytest.mark.parametrize(
    "mild",
    [
        one(Outcome.DEVIATES, level=Level.MAY),
        one(Outcome.NOT_EXERCISED, level=Level.MAY, reason=Reason.MISSING_FIXTURE),
        one(Outcome.NOT_APPLICABLE),
        one(Outcome.NOT_EXERCISED, reason=Reason.NEEDS_DATABASE),
        one(Outcome.NOT_EXERCISED, reason=Reason.CLIENT_SIDE),
        one(Outcome.NOT_EXERCISED, reason=Reason.UNDOCUMENTED_REQUEST),
        one(Outcome.NOT_EXERCISED, reason=Reason.INCONCLUSIVE),
    ],
    ids=lambda found: f"{found.level} {found.outcome} {found.reason}",
)
def test_optional_and_untestable_requirements_do_not_lower_a_profile(mild: VerdictRecord) -> None:
    assert standing(mild)[0] is Conformance.CONFORMS


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (one(Outcome.DEVIATES, level=Level.SHOULD), "1 requirement of level should failed"),
        (one(Outcome.BLOCKED, blocked_by="0" * 16), "1 requirement blocked by a deviation"),
        (one(Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE), "1 requirement not tested"),
        (
            one(Outcome.NOT_EXERCISED, reason=Reason.SAFETY_LEVEL),
            "1 requirement not tested at this safety level",
        ),
        (one(Outcome.UNSUPPORTED), "1 requirement not claimed"),
    ],
)
def test_profile_is_partial_if_a_should_deviates_or_something_was_not_tested(found: VerdictRecord, why: str) -> None:
    assert standing(found) == (Conformance.PARTIAL, why)


def test_deviation_from_a_must_affects_its_profile_and_the_whole_but_no_other_profile() -> None:
    made = state(run(*conforming(CASES), one(Outcome.DEVIATES, profile=CASES)))
    assert {each.profile: each.standing for each in made.profiles} == {
        PROJECTS: Conformance.CONFORMS,
        CASES: Conformance.DOES_NOT,
    }
    assert (made.standing, made.headline) == (Conformance.DOES_NOT, "does not conform")


def test_known_deviation_still_deviates_and_is_marked_as_known() -> None:
    accepted = known(deviation(1), "agreed until summer")
    made = state(run(verdict(accepted.requirement, Outcome.DEVIATES), deviations=[accepted]))
    assert made.standing is Conformance.DOES_NOT
    assert "known: agreed until summer" in statement_text.markdown(made)


def test_score_counts_claimed_and_testable_requirements_next_to_tested_ones() -> None:
    found = [
        verdict("A", Outcome.DEVIATES),
        verdict("B", Outcome.BLOCKED, blocked_by="0" * 16),
        verdict("C", Outcome.NOT_EXERCISED, reason=Reason.MISSING_FIXTURE),
        verdict("D", Outcome.NOT_EXERCISED, reason=Reason.NEEDS_DATABASE),
        verdict("E", Outcome.UNSUPPORTED),
        verdict("F", Outcome.DEVIATES, level=Level.MAY),
    ]
    made = state(run(*found))
    assert made.profiles[0].score == made.score == Score(reached=6, reachable=7, total=9)
    assert made.profiles[0].counts == {
        "must": {"conforms": 6, "deviates": 1, "blocked": 1, "not-exercised": 2, "unsupported": 1},
        "may": {"deviates": 1},
    }
    assert made.profiles[0].unexercised == {"missing fixture": 1, "needs the database": 1}
    assert "| 6 of 9 (66 %) | 7 (77 %) |" in statement_text.markdown(made)


def test_score_of_100_percent_means_everything() -> None:
    assert [percent(999, 1000), percent(3, 3), percent(0, 0)] == ["99 %", "100 %", "0 %"]


def test_a_profile_that_is_not_claimed_is_listed_separately_and_in_the_headline() -> None:
    without = [verdict(f"C{n}", Outcome.UNSUPPORTED, profile=CASES, operation="getCase") for n in range(3)]
    made = state(run(*without))
    assert [each.profile for each in made.profiles] == [PROJECTS]
    assert [(each.profile, each.whole, each.operations, each.requirements) for each in made.unsupported] == [
        (CASES, True, ["getCase"], 3)
    ]
    assert made.headline == "conforms in 1 of 2 profiles"


def test_profile_without_firm_requirements_is_not_stated() -> None:
    hedged = verdict("M", Outcome.CONFORMS, profile=f"{PRO}/version", level=Level.MAY)
    assert [each.profile for each in state(run(hedged)).profiles] == [PROJECTS]


# -- of which runs there is none --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (run(exit_code=2, complete=False), "the run was interrupted"),
        (run(exit_code=3), "the run ended with an internal error"),
        (run(exit_code=6), "the run could not reach its target"),
        (run(exit_code=5), "the run ran nothing"),
        (run(shard="2/8"), "shard 2/8 of a run"),
        (run(*lacking(9), shard="2/8"), "shard 2/8 of a run: merge the shards.$"),
        (run(complete=False), "did not test everything that applies: run it again, whole"),
        (
            run(one(Outcome.NOT_EXERCISED, reason=Reason.NOT_SELECTED), complete=False),
            r"did not test everything that applies \(1 requirement not selected\)",
        ),
        (run(verdicts=[]), "the run tested no requirement"),
    ],
)
def test_interrupted_run_makes_no_statement(record: RunRecord, why: str) -> None:
    with pytest.raises(NotEnoughData, match=why) as raised:
        state(record)
    assert "\n" not in str(raised.value)


def test_two_thirds_of_the_musts_of_each_claimed_profile_are_needed() -> None:
    assert state(run(*conforming(CASES, 4), *lacking(2))).profiles[1].standing is Conformance.PARTIAL
    with pytest.raises(NotEnoughData) as raised:
        state(run(*conforming(CASES, 4), *lacking(3)))
    assert str(raised.value).startswith(
        f"{CASES}: 4 of 7 must requirements tested, 5 are needed (3 missing fixture: case); add what is "
        "missing to the target file"
    )


def test_requirements_that_the_safety_level_forbids_are_listed_and_not_demanded() -> None:
    forbidden = lacking(9, reason=Reason.SAFETY_LEVEL)
    made = state(run(*conforming(CASES, 4), *forbidden))
    profile = made.profiles[1]
    assert (profile.standing, profile.why) == (
        Conformance.PARTIAL,
        "9 requirements not tested at this safety level",
    )
    assert profile.score == Score(reached=4, reachable=4, total=13)
    assert profile.unexercised == {"safety level": 9}
    with pytest.raises(NotEnoughData) as raised:
        state(run(*conforming(CASES, 3), *lacking(2), *forbidden))
    assert f"{CASES}: 3 of 5 must requirements that safety level owned allows tested, 4 are" in str(raised.value)
    with pytest.raises(NotEnoughData) as raised:
        state(run(*forbidden, verdict("S", Outcome.CONFORMS, profile=CASES, level=Level.SHOULD)))
    assert str(raised.value).startswith(f"{CASES}: safety level owned allows none of 9 must requirements to be tested")


def test_each_missing_key_is_named_once() -> None:
    with pytest.raises(NotEnoughData, match=CASES) as raised:
        state(run(*lacking(2, "[p] case, [p] trigger"), *lacking(1, "[p] case")))
    assert "(3 missing fixture: [p] case, [p] trigger)" in str(raised.value)


def test_blocked_requirement_counts_as_tested() -> None:
    blocked = [verdict(f"B{n}", Outcome.BLOCKED, profile=CASES, blocked_by="0" * 16) for n in range(5)]
    assert state(run(*blocked)).profiles[1].standing is Conformance.PARTIAL
