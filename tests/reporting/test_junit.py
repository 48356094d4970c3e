"""JUnit: a profile is a suite, a requirement that was tested is a case, and only new deviations are red."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from conformance.core.verdict import Level, Outcome, Reason
from conformance.report import junit

from . import sample

if TYPE_CHECKING:
    from conformance.report.run_record import RunRecord


def parsed(record: RunRecord) -> ElementTree.Element:
    return ElementTree.fromstring(junit.document(record))


def run(**changes: Any) -> RunRecord:
    deviation, accepted, finding = (
        sample.deviation(1),
        sample.known(sample.deviation(2)),
        sample.deviation(3, level=Level.MAY),
    )
    verdicts = [
        sample.verdict("A", Outcome.CONFORMS, lines="3-4"),
        sample.verdict(deviation.requirement, Outcome.DEVIATES, profile="processmaker3/cases"),
        sample.verdict(accepted.requirement, Outcome.DEVIATES),
        sample.verdict(finding.requirement, Outcome.DEVIATES, level=Level.MAY),
        sample.verdict("B", Outcome.BLOCKED, blocked_by=deviation.fingerprint),
        sample.verdict("C", Outcome.NOT_EXERCISED, reason=Reason.INCONCLUSIVE),
        sample.verdict("D", Outcome.NOT_EXERCISED, reason=Reason.CLIENT_SIDE),
    ]
    details = {
        "verdicts": verdicts,
        "deviations": [deviation, accepted],
        "findings": [finding],
        "exit_code": 1,
        **changes,
    }
    return sample.record(**details)


def cases(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {str(case.get("name")): case for case in root.iter("testcase")}


def test_one_suite_per_profile_and_one_case_per_tested_requirement() -> None:
    root = parsed(run())
    details = {suite.get("name"): [case.get("name") for case in suite.iter("testcase")] for suite in root}
    assert details == {
        "processmaker3/projects": ["A", "PM3-PRJ-002", "PM3-PRJ-003", "B"],
        "processmaker3/cases": ["PM3-PRJ-001"],
    }
    assert [root.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["5", "1", "3", "0"]
    counts = [[suite.get(name) for name in ("tests", "failures", "skipped")] for suite in root]
    assert counts == [["4", "0", "3"], ["1", "1", "0"]]


def test_new_deviation_fails_with_actionable_details() -> None:
    deviation = sample.deviation(1, call="GET /project/{prj_uid}")
    case = cases(parsed(run(deviations=[deviation])))[deviation.requirement]
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == deviation.title
    messages = str(failure.text).splitlines()
    assert messages[:4] == [
        deviation.call,
        deviation.title,
        f"expected: {deviation.expected}",
        f"observed: {deviation.observed}",
    ]
    assert case.findtext("system-out") == deviation.reproduce
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties == {"level": "must", "harm": "form", "fingerprint": deviation.fingerprint}


def test_known_blocked_and_finding_cases_are_skipped_with_a_reason() -> None:
    record = run()
    details = {
        name: skipped.get("message") for name, case in cases(parsed(record)).items() for skipped in case.iter("skipped")
    }
    assert details == {
        "PM3-PRJ-002": f"known: {sample.deviation(2).title}",
        "PM3-PRJ-003": f"finding: {sample.deviation(3).title}",
        "B": f"blocked by the deviation {sample.deviation(1).fingerprint}",
    }


def test_requirement_fails_while_one_of_its_deviations_is_new() -> None:
    new, known = sample.deviation(1, location="/a"), sample.known(sample.deviation(1, location="/b"))
    case = cases(parsed(run(deviations=[known, new])))["PM3-PRJ-001"]
    assert case.find("failure") is not None
    fingerprints = [each.get("value") for each in case.iter("property") if each.get("name") == "fingerprint"]
    assert sorted(map(str, fingerprints)) == sorted([new.fingerprint, known.fingerprint])


def test_incomplete_run_is_an_error_with_its_problems() -> None:
    root = parsed(run(exit_code=6, problems=["the login was refused"]))
    error = cases(root)["run"].find("error")
    assert error is not None
    assert error.text == "the login was refused"
    assert root.get("errors") == "1"


def test_failed_tests_of_the_user_are_separate_failures() -> None:
    root = parsed(run(beside=["tests/test_mine.py::test_it"]))
    assert cases(root)["tests/test_mine.py::test_it"].find("failure") is not None


def test_text_of_a_server_contains_no_control_characters() -> None:
    deviation = sample.deviation(1, title=sample.HOSTILE, observed=f"]]>{sample.HOSTILE}\ufffe\ud800")
    text = junit.document(run(deviations=[deviation]))
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "]]>" in str(cases(ElementTree.fromstring(text))[deviation.requirement].findtext("failure"))
