"""The views of a statement: what a reader sees on its page, in its text and on its badges, and no markup of others."""

from __future__ import annotations

import html
import json
import re
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from conformance.cli import schemas
from conformance.core.verdict import Outcome
from conformance.report import escape, words
from conformance.report.statement import badges as statement_badges
from conformance.report.statement import page as statement_page
from conformance.report.statement import text as statement_text
from conformance.report.statement.statement import Statement, state, to_json

from . import sample
from .sample import PM3, verdict
from .statements import CASES, PROJECTS, conforming, hostile, one, run
from .tags import Tags

SCHEMA = schemas.published("statement")


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
