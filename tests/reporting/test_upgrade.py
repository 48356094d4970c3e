"""The comparison of two runs: what is new, fixed, lost and changed, which advice follows, and when there is none."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from rich.console import Console

from conformance.cli import schemas
from conformance.core.verdict import (
    Kind,
    Level,
    Outcome,
    Reason,
)
from conformance.report.run_record import (
    FieldShape,
    RunRecord,
    Shape,
    SuiteInfo,
    TargetInfo,
    TestRecord,
)
from conformance.report.upgrade import allure, comparison
from conformance.report.upgrade import page as upgrade_page
from conformance.report.upgrade import text as upgrade_text
from conformance.report.upgrade.comparison import (
    Advice,
    Comparison,
    NotComparable,
    compare,
)
from conformance.report.upgrade.effect import Effect, effect
from conformance.report.upgrade.shape_changes import What, changes

from . import sample
from .sample import HOSTILE, deviation, known, verdict

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.report.run_record import DeviationRecord

TRIED = ["PM3-PRJ-001", "PM3-PRJ-002", "PM3-PRJ-003"]


def run(*deviations: DeviationRecord, **changes: Any) -> RunRecord:
    deviating = {record.requirement for record in deviations}
    verdicts = [verdict(value, Outcome.DEVIATES if value in deviating else Outcome.CONFORMS) for value in TRIED]
    return sample.record(**{"deviations": list(deviations), "findings": [], "verdicts": verdicts, **changes})


def shaped(**changes: Any) -> RunRecord:
    """A run that saw one operation answer 200 and 404."""
    values: dict[str, Any] = {
        "fields": {"": ["object"], "/a": ["string"], "/n": ["integer"], "/l": ["array"], "/l[]": ["object"]},
        "error": {"": ["object"], "/error": ["string"]},
        "statuses": ("200", "404"),
        "headers": ["content-type", "x-total"],
        "type": "application/json",
        **changes,
    }
    content = {"content_types": [values["type"]], "headers": values["headers"]}
    bodies = {status: values["fields"] if status[0] == "2" else values["error"] for status in values["statuses"]}
    shapes = {status: Shape(fields=fields(body), **content) for status, body in bodies.items()}
    return run(shapes={"getProject": shapes})


def fields(body: dict[str, Any]) -> dict[str, FieldShape]:
    return {place: item if isinstance(item, FieldShape) else FieldShape(types=item) for place, item in body.items()}


def having(**more: Any) -> RunRecord:
    """The run of `shaped` with other fields; None takes one away."""
    base = {"": ["object"], "/a": ["string"], "/n": ["integer"], "/l": ["array"], "/l[]": ["object"]}
    body = base | {f"/{name.replace('_', '/')}": item for name, item in more.items()}
    return shaped(fields={place: item for place, item in body.items() if item is not None})


def seen(before: RunRecord, after: RunRecord) -> list[tuple[What, str, str, str]]:
    return [(change.what, change.place, change.before, change.after) for change in changes(before, after)]


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


# -- changes that the documents allow ---------------------------------------------------------------------------------


EMPTY_LIST = shaped(fields={"": ["object"], "/a": ["string"], "/n": ["integer"], "/l": ["array"]})
NO_TOTAL = (What.HEADER, "x-total", "in every response", "not in every response")


def uid(*formats: str, values: tuple[Any, ...] = (), always: bool = True) -> FieldShape:
    return FieldShape(types=["string"], formats=list(formats), values=list(values), always=always)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (having(), having(), []),
        (having(), having(a=None), [(What.FIELD_GONE, "/a", "string", "absent")]),
        (having(), having(b=["null"]), [(What.FIELD_NEW, "/b", "absent", "null")]),
        (having(), having(n=["string"]), [(What.RETYPED, "/n", "integer", "string")]),
        (having(), having(n=uid("integer")), [(What.RETYPED, "/n", "integer", "string (integer)")]),
        (having(), having(n=["number"]), []),
        (having(n=["integer", "string"]), having(n=["string"]), []),
        (having(), having(a=["null", "string"]), [(What.NULLABLE, "/a", "string", "null, string")]),
        (having(a=["null", "string"]), having(), []),
        (having(a=uid("uid")), having(a=uid("uuid")), [(What.FORMAT, "/a", "uid", "uuid")]),
        (having(a=uid("text", "empty")), having(a=uid("uid")), []),
        (having(a=uid("uid")), having(a=uid("uid", "empty")), []),
        (having(a=uid(values=("A",))), having(a=uid(values=("A", "B"))), [(What.VALUES, "/a", "A", "A, B")]),
        (having(a=uid()), having(a=uid(always=False)), [(What.FIELD_GONE, "/a", "always there", "sometimes absent")]),
        (shaped(), EMPTY_LIST, []),
        (shaped(), shaped(type="text/json"), [(What.CONTENT_TYPE, "", "application/json", "text/json")] * 2),
        (shaped(), shaped(headers=["content-type"]), [NO_TOTAL] * 2),
        (shaped(), shaped(headers=["content-type", "x-total", "server", "date"]), []),
        (shaped(), shaped(statuses=("200", "409")), [(What.STATUS, "", "404", "409")]),
        (shaped(), shaped(statuses=("200", "404", "503")), []),
        (shaped(), shaped(statuses=("200",)), []),
        (shaped(), shaped(error={"": ["object"], "/error": ["object"]}), [(What.ERROR, "/error", "string", "object")]),
        (
            shaped(),
            shaped(statuses=("200", "409"), error={"": ["object"], "/message": ["string"]}),
            [
                (What.STATUS, "", "404", "409"),
                (What.ERROR, "/error", "string", "absent"),
                (What.ERROR, "/message", "absent", "string"),
            ],
        ),
    ],
)  # fmt: skip
def test_shape_change_has_one_entry(before: RunRecord, after: RunRecord, expected: list[Any]) -> None:
    assert seen(before, after) == expected


def test_members_of_a_removed_object_are_not_listed_separately() -> None:
    before = shaped(fields={"": ["object"], "/o": ["object"], "/o/x": ["string"], "/o/*": ["string"]})
    assert [place for _, place, _, _ in seen(before, shaped(fields={"": ["object"]}))] == ["/o"]
    retyped = seen(before, shaped(fields={"": ["object"], "/o": ["string"]}))
    assert [(what, place) for what, place, _, _ in retyped] == [(What.RETYPED, "/o")]


@pytest.mark.parametrize(
    ("old", "new", "calls", "told"),
    [(0.1, 0.5, 9, True), (0.1, 0.5, 4, False), (0.01, 0.2, 9, False), (1.0, 2.0, 9, False), (0.5, 0.1, 9, False)],
)
def test_times_are_reported_by_ratio_floor_and_number_of_calls(old: float, new: float, calls: int, told: bool) -> None:
    def timed(seconds: float) -> RunRecord:
        return run(durations={"medians": {"getProject": seconds}, "calls": {"getProject": calls}})

    assert ([change.what for change in changes(timed(old), timed(new))] == [What.SLOWER]) is told


def test_one_change_at_many_responses_is_one_entry() -> None:
    told = compare(shaped(), shaped(type="text/json"))
    (change,) = told.noticed
    assert change.answers == ["getProject 200", "getProject 404"]
    assert told.reason == "no new deviation, but 1 change that breaks clients"


@pytest.mark.parametrize(
    ("kind", "location", "after", "noticed"),
    [
        (Kind.MISSING_FIELD, "/a", having(a=None), False),
        (Kind.MISSING_FIELD, "/n", having(a=None), True),
        (Kind.TYPE, "/l", having(l=["string"]), False),
        (Kind.TYPE, "", having(a=["integer"]), False),
        (Kind.REFUSED, "", shaped(statuses=("200", "404", "422")), False),
        (Kind.NOT_REFUSED, "", shaped(statuses=("200", "409")), True),
        (Kind.NOT_REFUSED, "", shaped(statuses=("200", "204", "404")), False),
        (Kind.EFFECT, "", having(a=None), True),
        (Kind.CONTENT_TYPE, "", shaped(type="text/html"), False),
        (Kind.ERROR_OBJECT, "", shaped(error={"": ["object"]}), False),
    ],
)
def test_a_change_that_a_deviation_explains_is_not_reported_twice(
    kind: Kind, location: str, after: RunRecord, noticed: bool
) -> None:
    found = deviation(1, kind=kind, location=location)
    other = deviation(2, kind=kind, location=location, operation="listProjects")
    assert bool(compare(shaped(), after.model_copy(update={"deviations": [found]})).noticed) is noticed
    assert compare(shaped(), after.model_copy(update={"deviations": [other]})).noticed


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


# -- how it is shown --------------------------------------------------------------------------------------------------


def much() -> Comparison:
    worst = [deviation(n, title=HOSTILE, observed=HOSTILE, expected=HOSTILE) for n in range(1, 400)]
    verdicts = [verdict(record.requirement, Outcome.CONFORMS) for record in worst]
    body = {"": ["object"], f"/{HOSTILE}": ["string"]}
    before = shaped().model_copy(update={"verdicts": verdicts})
    after = shaped(fields=body).model_copy(update={"deviations": worst, "verdicts": verdicts})
    return compare(before, after)


def test_text_of_a_server_cannot_control_a_terminal_or_a_page() -> None:
    out = io.StringIO()
    upgrade_text.show(much(), Console(file=out, force_terminal=False, width=100))
    assert not set(out.getvalue()) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert [line for line in out.getvalue().splitlines() if line != line.rstrip()] == []
    text = upgrade_text.markdown(much())
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert "<script" not in text
    assert "@everyone" not in text


def test_markdown_fits_a_comment_and_counts_omitted_entries() -> None:
    text = upgrade_text.markdown(much())
    assert len(text) < 65_536
    assert "more in the JSON" in text
    assert text.startswith("## staging: STOP: 399 new deviations; ")
    for heading in ("### New deviations (399)", "### Breaks clients (3)"):
        assert heading in text


def test_json_follows_the_shipped_schema() -> None:
    schema = schemas.published("comparison")
    data = json.loads(comparison.to_json(much()))
    jsonschema_rs.Draft202012Validator(schema).validate(data)
    for item in (schema, *schema["$defs"].values()):
        assert item["description"]


def test_allure_has_a_result_for_each_entry_under_its_heading(tmp_path: Path) -> None:
    told = compare(run(deviation(1), **_shapes(shaped())), run(deviation(2), **_shapes(having(a=None))))
    allure.write(told, tmp_path)
    results = [json.loads(path.read_text()) for path in tmp_path.glob("*-result.json")]
    assert sorted((suite(result), result["status"]) for result in results) == [
        ("1. New deviations", "failed"),
        ("2. Breaks clients", "broken"),
        ("3. Fixed", "passed"),
    ]
    assert "STOP" in (tmp_path / "environment.properties").read_text()


def _shapes(of: RunRecord) -> dict[str, Any]:
    return {"shapes": of.shapes}


def suite(result: dict[str, Any]) -> str:
    (found,) = [label["value"] for label in result["labels"] if label["name"] == "parentSuite"]
    return str(found)


# -- what changes do to clients ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (having(), having(a=None), [Effect.BREAKS]),
        (having(), having(n=["string"]), [Effect.BREAKS]),
        (having(a=uid()), having(a=uid(always=False)), [Effect.BREAKS]),
        (having(a=uid(always=False)), having(a=None), [Effect.MAY_BREAK]),
        (shaped(statuses=("200",)), shaped(statuses=("201",)), [Effect.BREAKS]),
        (shaped(statuses=("200",)), shaped(statuses=("200", "201")), [Effect.MAY_BREAK]),
        (shaped(), shaped(statuses=("200", "409")), [Effect.MAY_BREAK]),
        (shaped(statuses=("200",)), shaped(statuses=("200",), type="text/json"), [Effect.BREAKS]),
        (shaped(statuses=("404",)), shaped(statuses=("404",), type="text/json"), [Effect.MAY_BREAK]),
        (having(), having(a=["null", "string"]), [Effect.MAY_BREAK]),
        (having(a=uid("uid")), having(a=uid("uuid")), [Effect.MAY_BREAK]),
        (having(a=uid(values=("A",))), having(a=uid(values=("A", "B"))), [Effect.MAY_BREAK]),
        (shaped(statuses=("200",)), shaped(statuses=("200",), headers=["content-type"]), [Effect.MAY_BREAK]),
        (shaped(), shaped(error={"": ["object"], "/error": ["object"]}), [Effect.MAY_BREAK]),
        (having(), having(b=["string"]), [Effect.ADDITION]),
        (shaped(statuses=("200",), headers=[]), shaped(statuses=("200",), headers=["x-total"]), [Effect.ADDITION]),
    ],
)
def test_change_is_breaking_possibly_breaking_or_additive(
    before: RunRecord, after: RunRecord, expected: list[Effect]
) -> None:
    assert [effect(change) for change in changes(before, after)] == expected


def test_additions_alone_are_safe() -> None:
    told = compare(having(), having(b=["string"]))
    assert (told.verdict, told.reason.endswith("; 1 addition")) == (Advice.SAFE, True)


def test_changes_are_grouped_by_request_and_common_ones_are_listed_once() -> None:
    def answering(*names: str, **more: Any) -> RunRecord:
        shapes = {name: having(**more).shapes["getProject"] for name in names}
        return run(shapes=shapes, calls={name: f"GET /{name}" for name in names})

    everywhere = compare(answering("a", "b", "c"), answering("a", "b", "c", a=None, n=["string"]))
    (section,) = [item for item in upgrade_text.sections(everywhere) if item.title == "Breaks clients"]
    assert section.entries == (
        (
            "3 requests: GET /a, GET /b, GET /c",
            "field gone /a: string → absent",
            "field retyped /n: integer → string",
        ),
    )
    assert section.heading == "Breaks clients (2)"
    alone = compare(answering("a"), answering("a", a=None))
    (section,) = upgrade_text.sections(alone)
    assert section.entries == (("GET /a", "200 field gone /a: string → absent"),)


def test_first_ten_are_shown_and_the_rest_is_folded() -> None:
    found = [deviation(number) for number in range(1, 15)]
    conform = [verdict(record.requirement, Outcome.CONFORMS) for record in found]
    many = compare(run(verdicts=conform), run(*found))
    text = upgrade_text.markdown(many)
    shown, folded = text.split("<details><summary>4 more</summary>")
    assert [value.count("lacks prj") for value in (shown, folded)] == [10, 4]
    page = upgrade_page.render(many)
    shown, folded = page.split("<details><summary>4 more</summary>")
    assert [value.count("<li><p") for value in (shown, folded)] == [10, 4]
    out = io.StringIO()
    upgrade_text.show(many, Console(file=out, force_terminal=False, width=100))
    assert "… and 4 more" in out.getvalue()


def test_text_of_a_server_is_escaped_on_the_page() -> None:
    page = upgrade_page.render(much())
    assert "<script" not in page
    assert not set(page) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert "http" not in page.replace("http-equiv", "")


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
