"""The judge: one test's verdicts, each on a requirement that exists, and a word about everything it promised."""

from __future__ import annotations

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
)
from conformance.engine.recorder import (
    Blocked,
    Judge,
    NotExercised,
    UnknownRequirement,
)
from conformance.spec import specification

MUST = "getProject.200:status"
MAY = "getProject:no-server-error"
REGISTERED = "PM3-PROJECT-DELETE-GONE"
SPEC = specification.load("processmaker3")


def exchange(name: str = "e1", status: int = 200) -> Exchange:
    return Exchange(name, "getProject", Request("GET", "http://t/"), Response(status))


@pytest.fixture
def judge() -> Judge:
    return Judge(SPEC, [MUST, REGISTERED])


def test_a_test_may_only_cite_requirements_that_exist() -> None:
    with pytest.raises(UnknownRequirement, match="PM3-INVENTED"):
        Judge(SPEC, ["PM3-INVENTED"])


def test_a_test_may_only_speak_of_requirements_that_exist(judge: Judge) -> None:
    with pytest.raises(UnknownRequirement):
        judge.require("PM3-INVENTED", True, exchange())
    with pytest.raises(UnknownRequirement):
        judge.say([Verdict("PM3-INVENTED", "op", Outcome.UNSUPPORTED)])
    with pytest.raises(UnknownRequirement):
        judge.skip("PM3-INVENTED", Reason.MISSING_USER)


def test_a_requirement_that_holds_conforms_on_the_evidence_given(judge: Judge) -> None:
    assert judge.require(REGISTERED, True, exchange("e1"), exchange("e2"))
    (verdict,) = judge.verdicts
    assert (verdict.outcome, verdict.evidence, verdict.operation) == (Outcome.CONFORMS, ("e1", "e2"), "deleteProject")


def test_a_requirement_that_does_not_hold_deviates_and_expects_its_statement(judge: Judge) -> None:
    assert not judge.require(REGISTERED, False, exchange(), observed="still there", kind=Kind.ABSENT, location="/a")
    (verdict,) = judge.verdicts
    assert verdict.outcome is Outcome.DEVIATES
    assert verdict.expected.startswith(SPEC.requirements[REGISTERED].statement[:100])
    assert (verdict.observed, verdict.kind, verdict.location) == ("still there", Kind.ABSENT, "/a")
    assert judge.root_of(REGISTERED) == verdict.fingerprint


def test_nothing_is_said_without_evidence(judge: Judge) -> None:
    for holds in (True, False):
        with pytest.raises(ValueError, match="without evidence"):
            judge.require(REGISTERED, holds)


def test_a_refusal_stands_beside_its_control(judge: Judge) -> None:
    assert judge.refused(REGISTERED, exchange("e1", 403), exchange("e2"))
    assert not judge.refused(REGISTERED, exchange("e3", 200), exchange("e4"))
    assert [one.evidence for one in judge.verdicts] == [("e1", "e2"), ("e3", "e4")]


def test_silence_contradicts_nothing(judge: Judge) -> None:
    silent = Exchange("e1", "getProject", Request("GET", "http://t/"), None, error="connection lost")
    with pytest.raises(NotExercised, match="target unavailable: connection lost"):
        judge.require(REGISTERED, False, exchange(), silent)
    for one, other in ((silent, exchange()), (exchange("e2", 403), silent)):
        with pytest.raises(NotExercised):
            judge.refused(REGISTERED, one, other)
    assert judge.verdicts == []


def test_there_is_no_root_where_nothing_deviates(judge: Judge) -> None:
    judge.require(MUST, True, exchange())
    with pytest.raises(LookupError):
        judge.root_of(MUST)


def test_only_must_and_should_are_deviations_of_a_test(judge: Judge) -> None:
    judge.require(MAY, False, exchange(), kind=Kind.SERVER_ERROR)
    assert judge.deviations == []
    judge.require(MUST, False, exchange(), kind=Kind.STATUS)
    assert [one.requirement for one in judge.deviations] == [MUST]


def test_every_cited_requirement_gets_a_word_at_the_end(judge: Judge) -> None:
    judge.require(MUST, True, exchange())
    assert judge.undecided() == [REGISTERED]
    judge.conclude(None)
    assert judge.undecided() == []
    assert judge.verdicts[-1].reason is Reason.INCONCLUSIVE


def test_what_a_blocked_test_left_open_is_blocked_by_the_same_root(judge: Judge) -> None:
    judge.conclude(Blocked("f" * 16, "getProject"))
    assert [(one.outcome, one.blocked_by) for one in judge.verdicts] == [(Outcome.BLOCKED, "f" * 16)] * 2


def test_what_an_unexercised_test_left_open_has_its_reason(judge: Judge) -> None:
    judge.require(MUST, True, exchange())
    judge.conclude(NotExercised(Reason.MISSING_USER, "outsider"))
    last = judge.verdicts[-1]
    assert (last.requirement, last.reason, last.detail) == (REGISTERED, Reason.MISSING_USER, "outsider")


def test_the_reasons_of_an_end_are_readable() -> None:
    assert str(NotExercised(Reason.MISSING_USER, "outsider")) == "missing user: outsider"
    assert str(NotExercised(Reason.TIME_BUDGET, "")) == "time budget"
    assert str(Blocked("abc", "getProject")) == "blocked by abc: getProject"
