"""The recorder: one test's verdicts, each on a requirement that exists, and a word about everything it promised."""

from __future__ import annotations

import pytest

from conformance.core.exchange import NO_RESPONSE, Exchange, Request, Response
from conformance.core.verdict import (
    Kind,
    Outcome,
    Reason,
    Verdict,
)
from conformance.engine.recorder import (
    Blocked,
    NotExercised,
    Recorder,
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
def recorder() -> Recorder:
    return Recorder(SPEC, [MUST, REGISTERED])


def test_a_test_may_only_cite_requirements_that_exist() -> None:
    with pytest.raises(UnknownRequirement, match="PM3-INVENTED"):
        Recorder(SPEC, ["PM3-INVENTED"])


def test_test_may_only_record_existing_requirements(recorder: Recorder) -> None:
    with pytest.raises(UnknownRequirement):
        recorder.require("PM3-INVENTED", True, exchange())
    with pytest.raises(UnknownRequirement):
        recorder.record([Verdict("PM3-INVENTED", "op", Outcome.UNSUPPORTED)])
    with pytest.raises(UnknownRequirement):
        recorder.skip("PM3-INVENTED", Reason.MISSING_USER)


def test_requirement_that_holds_conforms_with_its_evidence(recorder: Recorder) -> None:
    assert recorder.require(REGISTERED, True, exchange("e1"), exchange("e2"))
    (verdict,) = recorder.verdicts
    assert (verdict.outcome, verdict.evidence, verdict.operation) == (Outcome.CONFORMS, ("e1", "e2"), "deleteProject")


def test_a_requirement_that_does_not_hold_deviates_and_expects_its_statement(recorder: Recorder) -> None:
    assert not recorder.require(REGISTERED, False, exchange(), observed="still there", kind=Kind.ABSENT, location="/a")
    (verdict,) = recorder.verdicts
    assert verdict.outcome is Outcome.DEVIATES
    assert verdict.expected.startswith(SPEC.requirements[REGISTERED].statement[:100])
    assert (verdict.observed, verdict.kind, verdict.location) == ("still there", Kind.ABSENT, "/a")
    assert recorder.root_of(REGISTERED) == verdict.fingerprint


def test_verdict_needs_evidence(recorder: Recorder) -> None:
    for holds in (True, False):
        with pytest.raises(ValueError, match="no exchange is given"):
            recorder.require(REGISTERED, holds)


def test_refusal_cites_its_control(recorder: Recorder) -> None:
    assert recorder.refused(REGISTERED, exchange("e1", 403), exchange("e2"))
    assert not recorder.refused(REGISTERED, exchange("e3", 200), exchange("e4"))
    assert [verdict.evidence for verdict in recorder.verdicts] == [("e1", "e2"), ("e3", "e4")]


def test_missing_response_contradicts_nothing(recorder: Recorder) -> None:
    silent = Exchange("e1", "getProject", Request("GET", "http://t/"), NO_RESPONSE, error="connection lost")
    with pytest.raises(NotExercised, match="target unavailable: connection lost"):
        recorder.require(REGISTERED, False, exchange(), silent)
    for item, other in ((silent, exchange()), (exchange("e2", 403), silent)):
        with pytest.raises(NotExercised):
            recorder.refused(REGISTERED, item, other)
    assert recorder.verdicts == []


def test_requirement_without_a_deviation_has_no_root(recorder: Recorder) -> None:
    recorder.require(MUST, True, exchange())
    with pytest.raises(LookupError):
        recorder.root_of(MUST)


def test_only_must_and_should_are_deviations_of_a_test(recorder: Recorder) -> None:
    recorder.require(MAY, False, exchange(), kind=Kind.SERVER_ERROR)
    assert recorder.deviations == []
    recorder.require(MUST, False, exchange(), kind=Kind.STATUS)
    assert [deviation.requirement for deviation in recorder.deviations] == [MUST]


def test_every_cited_requirement_has_a_verdict_at_the_end(recorder: Recorder) -> None:
    recorder.require(MUST, True, exchange())
    assert recorder.undecided() == [REGISTERED]
    recorder.conclude(None)
    assert recorder.undecided() == []
    assert recorder.verdicts[-1].reason is Reason.INCONCLUSIVE


def test_open_requirements_of_a_blocked_test_have_the_same_root(recorder: Recorder) -> None:
    recorder.conclude(Blocked("f" * 16, "getProject"))
    assert [(verdict.outcome, verdict.blocked_by) for verdict in recorder.verdicts] == [(Outcome.BLOCKED, "f" * 16)] * 2


def test_open_requirements_of_an_unexercised_test_have_its_reason(recorder: Recorder) -> None:
    recorder.require(MUST, True, exchange())
    recorder.conclude(NotExercised(Reason.MISSING_USER, "outsider"))
    last = recorder.verdicts[-1]
    assert (last.requirement, last.reason, last.detail) == (REGISTERED, Reason.MISSING_USER, "outsider")


def test_the_reasons_of_an_end_are_readable() -> None:
    assert str(NotExercised(Reason.MISSING_USER, "outsider")) == "missing user: outsider"
    assert str(NotExercised(Reason.TIME_BUDGET, "")) == "time budget"
    assert str(Blocked("abc", "getProject")) == "blocked by abc: getProject"
