"""The baseline: what its file may hold, which deviations it covers, and how it is changed without touching the rest."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.core.verdict import Kind, Level, Outcome
from conformance.report.baseline import (
    HEAD,
    Baseline,
    BaselineError,
    EntryNotes,
    load,
    parse,
    updated,
)
from conformance.report.run_record import (
    BaselineEntry,
    RunRecord,
    SuiteInfo,
    TargetInfo,
    TestRecord,
    VerdictRecord,
)

from .sample import deviation

DAY = date(2030, 6, 15)
ONE, TWO, THREE = (letter * 16 for letter in "abc")


def entry(fingerprint: str, requirement: str = "R", **more: Any) -> BaselineEntry:
    return BaselineEntry(fingerprint=fingerprint, requirement=requirement, **more)


def verdict(requirement: str, outcome: Outcome) -> VerdictRecord:
    return VerdictRecord(
        requirement=requirement, system="s", profile="s/p", operation="o", level=Level.MUST, outcome=outcome
    )


def ran(name: str, outcome: str) -> TestRecord:
    return TestRecord(id=name, title=name, system="s", outcome=outcome, seconds=0)


def record(*numbers: int, **more: Any) -> RunRecord:
    found = [deviation(number) for number in numbers]
    details: dict[str, Any] = {
        "complete": True,
        "exit_code": 1,
        "target": TargetInfo(name="staging", systems=["s"]),
        "suite": SuiteInfo(version="1", specs={}),
        "environment": {},
        "started": "2030-06-15T03:00:00+00:00",
        "seconds": 1,
        "requests": 1,
        "deviations": found,
        "verdicts": [verdict(item.requirement, Outcome.DEVIATES) for item in found],
        **more,
    }
    return RunRecord(**details)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_an_entry_needs_a_fingerprint_and_a_requirement() -> None:
    text = f'[[deviation]]\nfingerprint = "{ONE}"\nrequirement = "R"\n'
    assert parse(text, "b.toml").entries == (entry(ONE),)
    assert parse("", "b.toml").entries == ()


GOOD = f'[[deviation]]\nfingerprint = "{ONE}"\nrequirement = "R"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[deviation]\n", "is not TOML: .*; fix that line"),
        ("[[deviations]]\n", r"deviations: is an unknown key; write each entry under \[\[deviation\]\]"),
        ("[deviation]\n", "deviation: is one table"),
        ("deviation = [3]\n", "entry 1: is not a table"),
        (GOOD + 'reasn = "x"\n', r"entry 1: reasn: is an unknown key; did you mean reason\?"),
        (GOOD + "reason = 3\n", "entry 1: reason: is not text; write it in quotes"),
        (GOOD + 'expires = "2030-01-01"\n', "entry 1: expires: is not a date: must be like 2030-12-31, without quotes"),
        (GOOD + "date = 2030-01-01T00:00:00\n", "entry 1: date: is not a date"),
        (GOOD + "expires = 2030-02-30\n", "is not TOML"),
        (GOOD.replace(ONE, "ABC"), "entry 1: fingerprint: is not 16 hexadecimal digits; copy it from run.json"),
        ('[[deviation]]\nrequirement = "R"\n', "entry 1: fingerprint: is missing"),
        (f'[[deviation]]\nfingerprint = "{ONE}"\n', "entry 1: requirement: is missing"),
        (GOOD + GOOD, f"entry 2: {ONE} is there twice; remove one of them"),
    ],
)
def test_invalid_baseline_is_rejected_with_place_and_advice(text: str, why: str) -> None:
    with pytest.raises(BaselineError, match=f"^b.toml: {why}"):
        parse(text, "b.toml")


def test_error_for_an_unreadable_file_says_how_to_create_one(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"absent.toml: cannot be read .*conformance baseline RUN --baseline"):
        load(tmp_path / "absent.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BaselineError, match="is not UTF-8"):
        load(tmp_path / "b.toml")


# -- what it covers ---------------------------------------------------------------------------------------------------


def test_an_entry_counts_until_the_end_of_its_last_day() -> None:
    baseline = Baseline((entry(ONE, expires=DAY), entry(TWO)))
    assert set(baseline.known(DAY)) == {ONE, TWO}
    assert set(baseline.known(DAY + timedelta(days=1))) == {TWO}


@pytest.mark.parametrize(
    ("outcome", "gone"),
    [
        (Outcome.CONFORMS, True),
        (Outcome.DEVIATES, True),
        (Outcome.BLOCKED, False),
        (Outcome.NOT_EXERCISED, False),
        (Outcome.UNSUPPORTED, False),
    ],
)
def test_entry_is_gone_only_if_its_requirement_was_tested(outcome: Outcome, gone: bool) -> None:
    report = Baseline((entry(ONE),)).report(DAY, {TWO}, [verdict("R", outcome)], [], complete=True)
    assert ([item.fingerprint for item in report.gone] == [ONE]) is gone
    assert ([item.fingerprint for item in report.unreached] == [ONE]) is not gone


def test_partial_run_does_not_decide_entries_of_tests_that_did_not_run() -> None:
    baseline = Baseline((entry(ONE, test="t1"), entry(TWO, test="t2"), entry(THREE, test="t3")))
    tests = [ran("t1", "passed"), ran("t2", "skipped")]
    said = [verdict("R", Outcome.CONFORMS)]
    part = baseline.report(DAY, set(), said, tests, complete=False)
    assert [item.fingerprint for item in part.gone] == [ONE]
    assert [item.fingerprint for item in part.unreached] == [TWO, THREE]
    whole = baseline.report(DAY, set(), said, tests, complete=True)
    assert len(whole.gone) == 3


def test_an_expired_entry_is_reported_where_it_still_occurs() -> None:
    yesterday = DAY - timedelta(days=1)
    baseline = Baseline((entry(ONE, expires=yesterday), entry(TWO, expires=yesterday)))
    report = baseline.report(DAY, {ONE}, [verdict("R", Outcome.DEVIATES)], [], complete=True)
    assert [item.fingerprint for item in report.expired] == [ONE]
    assert [item.fingerprint for item in report.gone] == [TWO]


# -- how it is changed ------------------------------------------------------------------------------------------------


def test_new_deviations_are_added_and_read_back() -> None:
    made = updated(HEAD, "b.toml", record(1, 2), DAY, EntryNotes("old server", "T-1", DAY))
    assert made.text.startswith(HEAD)
    first, second = parse(made.text, "b.toml").entries
    assert first == BaselineEntry(
        fingerprint=deviation(1).fingerprint,
        requirement="PM3-PRJ-001",
        title=deviation(1).title,
        test="test_a_project_has_every_documented_field",
        reason="old server",
        ticket="T-1",
        date=DAY,
        expires=DAY,
    )
    assert second.fingerprint == deviation(2).fingerprint
    again = updated(made.text, "b.toml", record(1, 2), DAY, EntryNotes("other"))
    assert again.text == made.text
    assert again.added == ()


def test_findings_are_added_only_on_request() -> None:
    finding = deviation(5, level=Level.MAY, kind=Kind.SERVER_ERROR)
    run = record(1, findings=[finding])
    assert len(updated("", "b", run, DAY, EntryNotes()).added) == 1
    assert [item.fingerprint for item in updated("", "b", run, DAY, EntryNotes(), findings=True).added] == [
        deviation(1).fingerprint,
        finding.fingerprint,
    ]


def test_title_from_a_server_cannot_escape_its_string() -> None:
    hostile = '"\n[[deviation]]\n\\ \x1b[31m \x7f ü'
    found = deviation(1, title=hostile)
    made = updated("", "b", record(deviations=[found]), DAY, EntryNotes('a "quoted" \\ reason'))
    (item,) = parse(made.text, "b").entries
    assert item.fingerprint == found.fingerprint
    assert "\x1b" not in made.text
    assert item.reason == 'a "quoted" \\ reason'


def file() -> str:
    item, two, three = (deviation(number) for number in (1, 2, 3))
    return f"""\
# ours, do not delete

# of one
[[deviation]]
fingerprint = "{item.fingerprint}"  # keep
requirement = '{item.requirement}'
reason = \"\"\"
two
lines\"\"\"

# of two: first line
# second line
[[deviation]] # two
requirement = "{two.requirement}"
fingerprint = "{two.fingerprint}"

# of three
[[deviation]]
fingerprint = "{three.fingerprint}"
requirement = "{three.requirement}"
# the end
"""


def reached(*numbers: int) -> list[VerdictRecord]:
    return [verdict(deviation(number).requirement, Outcome.CONFORMS) for number in numbers]


def test_pruning_removes_an_entry_with_its_comment_and_keeps_all_other_lines() -> None:
    made = updated(file(), "b", record(1, 3, verdicts=reached(1, 2, 3)), DAY, EntryNotes(), prune=True)
    assert [item.fingerprint for item in made.pruned] == [deviation(2).fingerprint]
    head, _, rest = file().partition("# of two")
    assert made.text == head + rest[rest.index("# of three") :]


def test_without_prune_nothing_is_removed() -> None:
    made = updated(file(), "b", record(verdicts=reached(1, 2, 3)), DAY, EntryNotes())
    assert made.text == file()
    assert len(made.report.gone) == 3


def test_entries_that_the_run_did_not_reach_are_not_pruned() -> None:
    made = updated(file(), "b", record(verdicts=reached(1, 3)), DAY, EntryNotes(), prune=True)
    assert [item.requirement for item in parse(made.text, "b").entries] == [deviation(2).requirement]
    assert made.text.startswith("# ours, do not delete\n")
    assert "# second line" in made.text


def test_file_header_is_kept_when_the_first_entry_is_removed() -> None:
    text = f"# head\n{GOOD}"
    made = updated(text, "b", record(verdicts=[verdict("R", Outcome.CONFORMS)]), DAY, EntryNotes(), prune=True)
    assert made.text == "# head\n"


@pytest.mark.parametrize(
    "text",
    [
        f'deviation = [{{fingerprint = "{ONE}", requirement = "R"}}]\n',
        GOOD + 'reason = """\n[[deviation]]\n"""\n',
    ],
)
def test_file_in_another_format_is_not_changed(text: str) -> None:
    with pytest.raises(BaselineError, match="cannot be updated; rewrite it with these"):
        updated(text, "b", record(verdicts=[verdict("R", Outcome.CONFORMS)]), DAY, EntryNotes(), prune=True)


def test_new_entry_that_would_break_the_toml_is_rejected() -> None:
    text = f'deviation = [{{fingerprint = "{ONE}", requirement = "R"}}]\n'
    with pytest.raises(BaselineError, match="cannot be updated; rewrite it with these"):
        updated(text, "b", record(1), DAY, EntryNotes())
