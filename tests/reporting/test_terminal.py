"""The terminal shows the verdict in words, and nothing of the target can steer it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from conformance.core.verdict import Level, Outcome, Reason
from conformance.report import terminal, words

from . import sample


def shown(width: int = 110, directory: str = "reports/x", **changes: Any) -> str:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=False, no_color=True)
    terminal.show(sample.record(**changes), Path(directory), console)
    return output.getvalue()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exit_code": 1}, "3 new deviations, 1 known from 4 requirements; 45 of 57 requirements tested"),
        (
            {"exit_code": 1, "deviations": [sample.deviation(1), sample.deviation(2)]},
            "2 deviations from 2 requirements; 45 of 57 requirements tested",
        ),
        ({"exit_code": 0, "deviations": []}, "no deviation; 45 of 57 requirements tested"),
        (
            {"exit_code": 0, "deviations": [sample.known(sample.deviation(1))]},
            "no new deviation, 1 known from 1 requirement; 45 of 57 requirements tested",
        ),
        (
            {"exit_code": 0, "deviations": [], "complete": False},
            "no deviation; 45 of 57 requirements tested; the run is incomplete",
        ),
        (
            {"exit_code": 1, "deviations": []},
            "no deviation, but a strict option fails the run; 45 of 57 requirements tested",
        ),
        (
            {"exit_code": 2, "deviations": [sample.deviation(1)]},
            "interrupted (1 deviation from 1 requirement before that)",
        ),
        (
            {"exit_code": 6, "deviations": []},
            "incomplete: the target is unavailable or refused the credentials (no deviation before that)",
        ),
        (
            {"exit_code": 6, "deviations": [], "verdicts": []},
            "not tested: the target is unavailable or refused the credentials",
        ),
        ({"exit_code": 3, "deviations": []}, "internal error: do not rely on this run (no deviation before it)"),
        ({"exit_code": 4, "deviations": []}, "nothing was sent: the command or the target file is wrong"),
        ({"exit_code": 5, "deviations": []}, "no test was run"),
    ],
)
def test_the_verdict_is_the_first_line(changes: dict[str, Any], expected: str) -> None:
    assert shown(**changes).strip().splitlines()[0].rstrip() == f"staging: {expected}"


def test_no_control_character_of_the_target_reaches_the_terminal() -> None:
    text = shown(problems=[sample.HOSTILE], directory="reports/\x1b]0;x\x07")
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31mred" in text


def test_rich_markup_of_the_target_is_shown_literally() -> None:
    assert "[bold]|x|" in shown()


def test_every_word_is_explained_and_a_level_only_once() -> None:
    text = " ".join(shown(width=300).split())
    for meaning in (words.DEVIATION, words.KNOWN, words.FINDING, words.REQUIREMENT, words.LEFTOVER, words.RESIDUE):
        assert text.count(meaning) == 1
    for level in (Level.MUST, Level.SHOULD):
        assert text.count(words.LEVELS[level]) == 1
    assert text.index(words.DEVIATION) < text.index("Deviations (3)")


def test_each_deviation_has_its_place_and_observed_value() -> None:
    text = shown()
    assert "level: should (shown in an example, or clearly implied)" in text
    assert "operation: deleteProject, profile: processmaker3/projects" in text
    assert "expected: a refusal (4xx)" in text
    assert "observed: 200 OK" in text
    assert "blocks 2 requirements" in text


def test_many_deviations_do_not_scroll_the_verdict_away() -> None:
    text = shown(deviations=[sample.deviation(number) for number in range(100)])
    assert "… and 70 more" in text


def test_last_line_is_the_report_command_even_when_narrow() -> None:
    last = shown(width=40, directory="reports/a run/of a target").rstrip().splitlines()[-1]
    assert last == "Allure report: conformance report 'reports/a run/of a target'"


def test_sections_are_separated_by_empty_lines() -> None:
    lines = shown().splitlines()
    assert lines[0] == ""
    assert lines[lines.index("Deviations (3)") - 1] == ""


def test_unverified_tls_is_shown() -> None:
    target = sample.record().target.model_copy(update={"verify": False})
    assert "TLS certificates were not verified" in shown(target=target)


def test_vocabulary_covers_every_outcome_reason_and_level() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.REASONS) == set(Reason)
    assert set(words.LEVELS) == set(Level)


def test_deviations_and_findings_are_counted_separately() -> None:
    firm, hedged = sample.deviation(1), sample.deviation(2, level=Level.MAY)
    verdicts = [
        sample.verdict(deviation.requirement, Outcome.DEVIATES, level=deviation.level) for deviation in (firm, hedged)
    ]
    text = shown(deviations=[firm], findings=[hedged], verdicts=verdicts)
    assert "     1  deviate: the server does not do what the documentation says\n" in text
    assert "     1  with a finding: " in text
    assert "with a finding" not in shown(deviations=[firm], findings=[], verdicts=verdicts[:1])


def test_only_a_few_findings_are_named() -> None:
    text = shown(findings=[sample.deviation(number, level=Level.MAY) for number in range(20, 28)])
    assert "Findings (8): " in text
    assert text.count("lacks prj_description (2") == 5
    assert "  … and 3 more in summary.md\n" in text


def test_lines_have_no_trailing_blanks_and_wrapped_text_is_indented() -> None:
    lines = shown(width=60).splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    for start, hang in (("  1. ", 5), ("      40  conform: ", 10)):
        first = next(number for number, line in enumerate(lines) if line.startswith(start))
        assert lines[first + 1].startswith(" " * hang)
        assert lines[first + 1][hang] != " "


def test_first_deviations_are_shown_with_their_reproduction_command() -> None:
    many = [sample.deviation(number, title=f"number {number}") for number in range(10)]
    lines = shown(deviations=many).splitlines()
    assert sum("to reproduce, after eval " in line for line in lines) == 5
    files = [line.strip() for line in lines if "to reproduce: bash" in line]
    assert [value.endswith(f"/reproduce/{each.fingerprint}.sh") for value, each in zip(files, many[5:], strict=True)]
    at = next(number for number, line in enumerate(lines) if "to reproduce, after eval " in line)
    command = "\n".join(line.strip() for line in lines[at + 1 : at + 3])
    assert command == "\n".join(line.strip() for line in many[0].reproduce.splitlines())
