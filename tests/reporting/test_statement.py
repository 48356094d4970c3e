"""The statement of a vendor: results of profiles, runs that tested too little, and what a reader sees."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from conformance.cli import main, schemas
from conformance.core import exit_codes
from conformance.core.verdict import Level, Outcome, Reason
from conformance.report import escape, words
from conformance.report.record_file import write
from conformance.report.run_record import (
    BaselineReport,
    RunRecord,
    TargetInfo,
    VerdictRecord,
)
from conformance.report.statement import badges as statement_badges
from conformance.report.statement import page as statement_page
from conformance.report.statement import text as statement_text
from conformance.report.statement.statement import (
    Conformance,
    NotEnoughData,
    Score,
    Statement,
    percent,
    state,
    to_json,
)

from . import sample
from .sample import HOSTILE, PM3, PRO, deviation, known, verdict

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = schemas.published("statement")
PROJECTS, CASES = f"{PM3}/projects", f"{PM3}/cases"


def conforming(profile: str = PROJECTS, number: int = 6) -> list[VerdictRecord]:
    return [verdict(f"{profile}-{n}", Outcome.CONFORMS, profile=profile) for n in range(number)]


def one(outcome: Outcome, **changes: Any) -> VerdictRecord:
    return verdict("ONE", outcome, **changes)


def run(*verdicts: VerdictRecord, **changes: Any) -> RunRecord:
    quiet = {"deviations": [], "findings": [], "accommodations": [], "exit_code": 0}
    return sample.record(**{**quiet, "verdicts": [*conforming(), *verdicts], **changes})


def lacking(number: int, detail: str = "case", reason: Reason = Reason.MISSING_FIXTURE) -> list[VerdictRecord]:
    return [
        verdict(f"L{reason}{n}", Outcome.NOT_EXERCISED, profile=CASES, reason=reason, detail=detail)
        for n in range(number)
    ]


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


# -- how it is shown --------------------------------------------------------------------------------------------------


def hostile() -> Statement:
    """A statement in which every string that may come from elsewhere is one of a hostile server."""
    base = sample.record()
    deviations = [
        each.model_copy(update={"title": HOSTILE, "expected": HOSTILE, "observed": HOSTILE}) for each in base.deviations
    ]
    accommodations = [each.model_copy(update={"reason": HOSTILE}) for each in base.accommodations]
    gone = BaselineReport(entries=2, gone=[sample.entry(deviation(9, title=HOSTILE), HOSTILE)])
    record = run(
        one(Outcome.DEVIATES),
        verdict("U", Outcome.UNSUPPORTED),
        *conforming(f"{PM3}/other"),
        deviations=deviations,
        accommodations=accommodations,
        baseline=gone,
        target=TargetInfo(name=HOSTILE, systems=[PM3], urls={PM3: "http://10.1.2.3"}, versions={PM3: HOSTILE}),
    )
    return state(record)


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_statement_page_has_no_script_and_loads_nothing() -> None:
    page = statement_page.page(hostile())
    found = Tags(page)
    assert not found.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a"}
    assert not found.attributes & {"src", "href", "onload", "onclick", "action"}
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import", page)


def test_text_of_a_server_is_no_markup_and_cannot_mislead_a_reader() -> None:
    made = hostile()
    texts = [statement_page.page(made), statement_text.markdown(made), *statement_badges.badges(made).values()]
    for text in texts:
        assert not set(text) & {"\x1b", "\x9b", "\u202e", "\r"}
        assert "<script" not in text


def test_address_of_the_server_is_not_shown() -> None:
    made = hostile()
    for text in (to_json(made), statement_page.page(made), statement_text.markdown(made)):
        assert not re.search(r"10\.1\.2\.3|127\.0\.0\.1|curl", text)


def test_the_statement_carries_the_digests_and_the_command_that_repeats_it() -> None:
    made = state(run(suite=run().suite.model_copy(update={"documents": {"a.txt": "ab" * 32}})))
    text = statement_text.markdown(made)
    for message in ("ab" * 32, "conformance run TARGET --system processmaker3 --system procesio"):
        assert message in text
        assert message in re.sub(r"</?span[^>]*>", "", statement_page.page(made))


def test_text_begins_with_what_was_compared_and_how_to_read_a_score() -> None:
    made = state(run())
    text = statement_text.markdown(made)
    assert text.index("against the API documentation of processmaker3, procesio") < text.index("Result")
    assert statement_text.READ in text
    assert f"conformance {made.suite.version}, depth" in text
    assert "6 of 6 (100 %) met, 6 (100 %) tested" in text


def test_the_page_begins_with_the_product_its_result_a_sentence_and_the_day() -> None:
    made = state(run(*conforming(CASES), one(Outcome.DEVIATES, profile=CASES)), "Flow", "7.1")
    page = statement_page.page(made)
    head = page[page.index("<header") : page.index("</header>")]
    message = (
        "Flow 7.1 meets 12 of 13 (92 %) of the requirements in the API documentation of ProcessMaker 3. "
        "In 1 of 2 areas, a must requirement is not met."
    )
    for part in (
        "<h1>Flow 7.1</h1>",
        "Does not conform",
        message,
        statement_page.day(made.date),
        'class="mark does-not"',
    ):
        assert part in head
    good = statement_page.page(state(run(), "Flow", "7.1"))
    assert "Flow 7.1 does what the API documentation of ProcessMaker 3 says, in all that was tested: 6 of 6" in good


def test_page_shows_readable_names_and_no_internal_ids() -> None:
    base = sample.record()
    oauth = verdict("T", Outcome.CONFORMS, profile=f"{PM3}/oauth")
    page = statement_page.page(state(run(one(Outcome.DEVIATES), oauth, deviations=base.deviations)))
    shown = page[page.index("<body>") : page.index("<h2>Details</h2>")]
    for name in ("OAuth tokens", "Projects"):
        assert f"<td>{name}</td>" in shown
    assert len(re.findall("<th[ >]", shown[: shown.index("</tr>")])) == 5
    ids = [text for each in base.deviations for text in (each.fingerprint, each.requirement, each.operation)]
    assert not [text for text in [*ids, PROJECTS, f"{PM3}/oauth"] if text in shown]
    assert all(escape.line(each.title) in html.unescape(shown) for each in base.deviations)
    assert "anything on the target" not in page


def test_system_that_is_not_installed_is_shown_by_its_name() -> None:
    assert words.area("other/big-things") == ("other", "Big things")
    assert words.joined(["a"]) == "a"
    assert words.joined(["a", "b", "c"]) == "a, b and c"


def test_no_option_of_the_command_breaks_after_its_dashes() -> None:
    assert '<span class="option">--safety</span> owned' in statement_page.page(state(run()))


def test_badge_exists_for_the_whole_and_for_each_profile() -> None:
    made = state(run(*conforming(CASES), one(Outcome.DEVIATES, profile=CASES)), "Flow", "7.1")
    badges = statement_badges.badges(made)
    labels = {name: ElementTree.fromstring(text).get("aria-label") for name, text in badges.items()}
    month, name = made.date[:7], "Flow 7.1"
    assert labels == {
        "overall.svg": f"{name} API: does not conform, 92 %, {month}",
        "processmaker3-projects.svg": f"{name} Projects: conforms, 100 %, {month}",
        "processmaker3-cases.svg": f"{name} Cases: does not conform, 85 %, {month}",
    }
    assert len({colour for text in badges.values() for colour in re.findall(r'fill="(#\w{6})"', text)}) == 2


def test_badge_is_well_formed_for_any_product_name() -> None:
    for text in statement_badges.badges(hostile()).values():
        ElementTree.fromstring(text)


def test_the_shipped_schema_describes_every_member() -> None:
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, member in part.get("properties", {}).items():
            assert member.get("description") or "$ref" in member, f"{part['title']}: {name}"


@pytest.mark.parametrize("made", [hostile(), state(run())])
def test_a_statement_follows_its_schema(made: Statement) -> None:
    jsonschema_rs.Draft202012Validator(SCHEMA).validate(json.loads(to_json(made)))


# -- the command ------------------------------------------------------------------------------------------------------


def test_command_writes_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(run(), tmp_path)
    call = ["statement", str(tmp_path), "--product", "Flow", "--product-version", "7.1"]
    assert main(call, standalone_mode=False) == exit_codes.OK
    assert "processmaker3/projects: conforms (" in capsys.readouterr().out
    made = tmp_path / "statement"
    assert {path.name for path in made.iterdir()} == {"statement.json", "statement.md", "index.html", "badges"}
    assert json.loads((made / "statement.json").read_text())["product"] == {"name": "Flow", "version": "7.1"}
    assert (made / "statement.md").read_text().startswith("# Flow 7.1: conforms\n")
    assert (made / "badges" / "overall.svg").is_file()


def test_statement_replaces_an_earlier_statement_and_no_other_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, call = tmp_path / "statement", ["statement", str(tmp_path)]
    write(run(*conforming(CASES)), tmp_path)
    assert main(call, standalone_mode=False) == exit_codes.OK
    write(run(), tmp_path)
    assert main([*call, "--product", "Flow"], standalone_mode=False) == exit_codes.OK
    assert (made / "statement.md").read_text().startswith("# Flow ")
    assert {path.name for path in (made / "badges").iterdir()} == {"overall.svg", "processmaker3-projects.svg"}
    for foreign, kept in (("notes.txt", "statement.json"), ("index.html", "index.html")):
        other = tmp_path / foreign
        other.mkdir()
        for name in {foreign, kept}:
            (other / name).write_text("theirs")
        assert main([*call, "--output", str(other)], standalone_mode=False) == exit_codes.USAGE
        assert "not empty" in capsys.readouterr().err
        assert (other / foreign).read_text() == "theirs"


def test_command_rejects_a_run_that_tested_too_little(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(run(*lacking(3)), tmp_path)
    assert main(["statement", str(tmp_path)], standalone_mode=False) == exit_codes.USAGE
    assert f"not enough for a statement:\n  {CASES}: 0 of 3 must" in capsys.readouterr().err
    assert not (tmp_path / "statement").exists()
    assert main(["statement", str(tmp_path / "absent")], standalone_mode=False) == exit_codes.USAGE


# -- what others do with it -------------------------------------------------------------------------------------------


def stated(directory: Path, record: RunRecord, *options: str) -> Path:
    """The directory of a run with its statement."""
    directory.mkdir()
    write(record, directory)
    assert main(["statement", str(directory), *options], standalone_mode=False) == exit_codes.OK
    return directory


def test_statement_that_matches_its_run_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = stated(tmp_path / "run", run(one(Outcome.DEVIATES)), "--product", "Flow")
    for name in (made / "statement", made / "statement" / "statement.json"):
        assert main(["verify", str(name), str(made)], standalone_mode=False) == exit_codes.OK
    assert "The checksums of specs and documents match." in capsys.readouterr().out


def claimed(name: str, value: object) -> Any:
    """A change of one member of a statement's data, named by its place."""

    def change(data: Any) -> None:
        *outer, last = name.split(".")
        for key in outer:
            data = data[int(key)] if isinstance(data, list) else data[key]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (claimed("standing", "conforms"), "result: the statement says conforms, the run does not"),
        (claimed("score.reached", 7), "score: the statement says 7 of 7, the run 6 of 7"),
        (claimed("date", "2020-01-01T00:00:00+00:00"), "date: the statement says 2020-01-01"),
        (claimed("conditions.safety", "disposable"), "safety level: the statement says disposable"),
        (claimed("profiles.0.standing", "conforms"), f"{PROJECTS}: the statement says conforms, 6 of 7"),
        (
            claimed("profiles.0.counts", {}),
            f"{PROJECTS}: the statement says does not, 6 of 7, the run does not, 6 of 7",
        ),
        (claimed("profiles", []), f"{PROJECTS}: missing in the statement"),
        (claimed("deviations", []), "missing in the statement: "),
        (claimed("suite.documents", {"x.txt": "00"}), "checksum of the document x.txt: differs"),
        (claimed("run_sha256", "0" * 64), "run.json: the statement is about another file (SHA-256 0000000000000000…"),
    ],
)
def test_statement_that_differs_from_its_run_is_rejected(
    change: Any, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = sample.record().deviations[:1]
    made = stated(tmp_path / "run", run(one(Outcome.DEVIATES), deviations=base))
    path = made / "statement" / "statement.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    capsys.readouterr()
    assert main(["verify", str(path), str(made)], standalone_mode=False) == exit_codes.DEVIATIONS
    *found, last = capsys.readouterr().out.splitlines()
    assert told in "\n".join(found)
    assert last == f"{path} does not say what {made} says."


def test_gallery_shows_one_column_per_product_and_what_it_does_not_claim(tmp_path: Path) -> None:
    first = stated(tmp_path / "a", run(*conforming(CASES), one(Outcome.DEVIATES)), "--product", "Zeta")
    other = stated(tmp_path / "b", run(), "--product", "Alpha <b>", "--product-version", "2")
    page = tmp_path / "gallery.html"
    call = ["gallery", str(first / "statement"), str(other / "statement" / "statement.json"), "--output", str(page)]
    assert main(call, standalone_mode=False) == exit_codes.OK
    text = page.read_text(encoding="utf-8")
    assert text.index("Alpha &lt;b&gt; 2") < text.index("Zeta")
    assert text.count('<span class="soft">not claimed</span>') == 1
    rows = re.findall(r"<tr><td>(\w+)</td>(.*?)</tr>", text)
    assert [(name, re.findall(r'standing ([\w-]+)"', cells)) for name, cells in rows] == [
        ("Projects", ["conforms", "does-not"]),
        ("Cases", ["conforms"]),
    ]
    found = Tags(text)
    assert not found.tags & {"script", "link", "img", "iframe", "b"} - {"b"}
    assert not found.attributes & {"src", "href"}


def test_a_gallery_replaces_an_earlier_one_and_no_other_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = stated(tmp_path / "run", run())
    call = ["gallery", str(made / "statement"), "--output", str(tmp_path / "page.html")]
    assert main(call, standalone_mode=False) == exit_codes.OK
    assert main(call, standalone_mode=False) == exit_codes.OK
    capsys.readouterr()
    for other in (made / "statement" / "statement.json", made / "statement" / "index.html", tmp_path):
        before = other.read_bytes() if other.is_file() else b""
        assert main([*call[:-1], str(other)], standalone_mode=False) == exit_codes.USAGE
        assert f"{other}: exists, and is not a gallery" in capsys.readouterr().err
        assert (other.read_bytes() if other.is_file() else b"") == before


def test_statement_with_an_invalid_date_is_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = stated(tmp_path / "run", run()) / "statement" / "statement.json"
    path.write_text(path.read_text(encoding="utf-8").replace(run().started, "some day"), encoding="utf-8")
    assert main(["gallery", str(path)], standalone_mode=False) == exit_codes.USAGE
    assert "date is not one of ISO 8601" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1}', "[" * 100_000, '{"schema": "\x1b[2J"}', "\xff"])
def test_file_that_is_not_a_statement_is_rejected(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "statement.json"
    path.write_bytes(text.encode("latin-1"))
    write(run(), tmp_path)
    for call in (["verify", str(path), str(tmp_path)], ["gallery", str(path)], ["gallery", str(tmp_path / "absent")]):
        assert main(call, standalone_mode=False) == exit_codes.USAGE
        message = capsys.readouterr().err
        assert "statement.json" in message or "absent" in message
        assert "\x1b" not in message
