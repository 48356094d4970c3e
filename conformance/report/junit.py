"""JUnit: the run as CI servers read it. A test suite is a profile, a test case is a requirement that was tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from conformance.core import exit_codes
from conformance.report import escape, words
from conformance.report.requirement_result import CONTRADICTED, TESTED, Status, requirement_results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.report.requirement_result import RequirementResult
    from conformance.report.run_record import DeviationRecord, RunRecord

RUN: Final = "run"
OWN_TESTS: Final = "tests that are not part of the suites"
_SHOWN: Final = (*TESTED, Status.BLOCKED)
_COUNTED: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def document(record: RunRecord) -> str:
    """The XML of a run. Text from the target is escaped, without control characters.

    A requirement fails if it deviates and the baseline does not cover all of it. Blocked and known ones, and findings,
    are skipped. A problem of the run itself is an error in a suite of its own.
    """
    root = Element("testsuites", name=_text(f"conformance: {record.target.name}"), time=f"{record.seconds:.2f}")
    profiles: dict[str, list[RequirementResult]] = {}
    for result in requirement_results(record):
        if result.status in _SHOWN:
            profiles.setdefault(result.verdict.profile, []).append(result)
    for profile, results in profiles.items():
        suite = SubElement(root, "testsuite", name=_text(profile), timestamp=record.started)
        for result in results:
            _case(suite, result)
    _run(root, record)
    for suite in root:
        _count(suite, list(suite))
    _count(root, list(root.iter("testcase")))
    indent(root, " ")
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(value: str) -> str:
    return escape.block(value)


def _count(element: Element, cases: list[Element]) -> None:
    element.set("tests", str(len(cases)))
    for attribute, tag in _COUNTED.items():
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def _case(suite: Element, result: RequirementResult) -> None:
    verdict = result.verdict
    group = ".".join(filter(None, (verdict.profile.replace("/", "."), verdict.operation)))
    case = SubElement(suite, "testcase", classname=_text(group), name=_text(verdict.requirement))
    place = ", ".join(filter(None, (verdict.document, verdict.section, verdict.lines and f"lines {verdict.lines}")))
    values = [
        ("level", verdict.level.value),
        *(("harm", harm) for harm in dict.fromkeys(deviation.harm.value for deviation in result.deviations)),
        ("statement", verdict.statement),
        ("document", verdict.document),
        ("lines", verdict.lines),
        *(("fingerprint", deviation.fingerprint) for deviation in result.deviations),
    ]
    properties = SubElement(case, "properties")
    for name, value in values:
        if value:
            SubElement(properties, "property", name=name, value=_text(value))
    text = next((deviation.text for deviation in result.deviations if deviation.text), "")
    message = "\n\n".join(filter(None, ("\n".join(map(_told, result.deviations)), verdict.statement, place, text)))
    match result.status:
        case Status.DEVIATES:
            kinds = ", ".join(dict.fromkeys(deviation.kind.value for deviation in result.deviations))
            failure = SubElement(case, "failure", type=kinds, message=_text(_titles(result)))
            failure.text = _text(message)
        case Status.KNOWN | Status.UNSTABLE | Status.FINDING:
            SubElement(case, "skipped", message=_text(f"{result.status}: {_titles(result)}")).text = _text(message)
        case Status.BLOCKED:
            SubElement(case, "skipped", message=_text(f"blocked by the deviation {verdict.blocked_by}"))
        case _:
            return
    commands = "\n\n".join(deviation.reproduce for deviation in result.deviations if deviation.reproduce)
    if commands and result.status in (*CONTRADICTED, Status.FINDING):
        SubElement(case, "system-out").text = _text(commands)


def _titles(result: RequirementResult) -> str:
    return "; ".join(deviation.title for deviation in result.deviations)


def _told(deviation: DeviationRecord) -> str:
    lines = (
        words.request(deviation),
        deviation.title,
        f"expected: {deviation.expected}",
        f"observed: {deviation.observed}",
    )
    return "\n".join(filter(None, lines))


def _run(root: Element, record: RunRecord) -> None:
    """Add the problems of the run itself, so that a CI server shows a broken run as broken."""
    if record.exit_code not in (exit_codes.OK, exit_codes.DEVIATIONS):
        suite = SubElement(root, "testsuite", name=RUN, timestamp=record.started)
        case = SubElement(suite, "testcase", classname=RUN, name=RUN)
        error = SubElement(case, "error", message=_text(words.headline(record)))
        error.text = _text("\n".join(record.problems))
    if record.beside:
        suite = SubElement(root, "testsuite", name=OWN_TESTS, timestamp=record.started)
        _failed(suite, record.beside)


def _failed(suite: Element, names: Iterable[str]) -> None:
    for name in names:
        case = SubElement(suite, "testcase", classname=OWN_TESTS, name=_text(name))
        SubElement(case, "failure", message="failed")
