"""The page: built by Allure, in one file, calling nobody; and what is said when it cannot be built."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.core.run_directory import ALLURE_RESULTS
from conformance.core.verdict import Outcome
from conformance.report import words
from conformance.report.allure import node
from conformance.report.allure import page as allure_page
from conformance.report.allure.results import GROUPS
from conformance.report.requirement_result import Status, totals
from conformance.report.upgrade import allure as upgrade_allure
from conformance.report.upgrade import comparison
from conformance.report.upgrade import text as upgrade_text

from . import sample

if TYPE_CHECKING:
    from conformance.report.run_record import VerdictRecord


def run_in(directory: Path, **changes: Any) -> Path:
    sample.write_run(directory, sample.record(**changes))
    return directory


def program(directory: Path, name: str, script: str) -> None:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_missing_run_is_an_error() -> None:
    with pytest.raises(node.ReportError, match="No run was given"):
        allure_page.build([])


def test_missing_node_is_reported_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(node.ReportError, match=r"Node.js is not installed; .*'\.\[report\]', or Node.js 20"):
        allure_page.build([run_in(tmp_path / "run")])


def test_old_node_is_reported_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "echo v16.20.1")
    program(tmp_path / "bin", "npx", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(node.ReportError, match=r"v16.20.1 is too old for Allure; .* or Node.js 20"):
        allure_page.build([run_in(tmp_path / "run")])


@pytest.mark.parametrize("installed", ["none", "old"])
@pytest.mark.parametrize(("binaries", "modules"), [("bin", "lib"), (".", ".")], ids=["unix", "windows"])
def test_the_node_of_the_extra_is_used_where_none_is_installed_that_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str, binaries: str, modules: str
) -> None:
    wheel = tmp_path / "site" / node.WHEEL
    wheel.mkdir(parents=True)
    (wheel / "__init__.py").touch()
    program(wheel / binaries, "node", 'command -v node; echo "$@"')
    npx = wheel / modules / "node_modules" / "npm" / "bin" / "npx-cli.js"
    npx.parent.mkdir(parents=True)
    npx.touch()
    if installed == "old":
        program(tmp_path / "bin", "node", "echo v16.20.1")
        program(tmp_path / "bin", "npx", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    started, words = node.find().run("allure@1", ["generate"], tmp_path).splitlines()
    assert Path(started) == wheel / binaries / "node"  # what npx starts finds it as well
    assert words == f"{npx} --yes --prefer-offline allure@1 generate"


def test_a_new_node_of_the_user_is_used_before_that_of_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "node", "echo v22.1.0")
    program(tmp_path / "bin", "npx", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(node, "_of_the_wheel", lambda: pytest.fail("not needed"))
    assert node.find() == node.Node((str(tmp_path / "bin" / "npx"),))


def test_a_failing_npx_is_quoted_without_control_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "echo v22.1.0")
    program(tmp_path / "bin", "npx", "printf 'npm warn x\\n\\033[31mENOTFOUND\\n' >&2; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(node.ReportError, match=r"allure@.* failed: \\x1b\[31mENOTFOUND\. Check that npm"):
        allure_page.build([run_in(tmp_path / "run")])


def test_page_that_loads_something_is_discarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = '<meta charset="utf-8"><script src="https://evil.example/x.js"></script>'
    made = f"""mkdir -p page; echo '{page}' > page/index.html"""
    program(tmp_path / "bin", "node", "echo v22.1.0")
    program(tmp_path / "bin", "npx", f"PATH=/bin:/usr/bin; {made}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    run = run_in(tmp_path / "run")
    with pytest.raises(node.ReportError, match=r"wants to fetch https://evil.example/x.js"):
        allure_page.build([run])
    assert not (run / "report").exists()


def test_resources_that_a_page_would_load_are_found() -> None:
    page = '<a href="https://a.example">a</a><LINK HREF=" //b.example/x.css"><img src="data:,"><script src=HTTP://c>'
    assert [address.strip() for address in allure_page.outside(page)] == ["//b.example/x.css", "HTTP://c"]


@pytest.fixture(scope="module")
def allure() -> None:
    npx = shutil.which("npx")
    if npx is None:
        pytest.skip("npx is not installed")
    command = [npx, "--yes", "--prefer-offline", allure_page.PACKAGE, "--version"]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=300)
    except subprocess.SubprocessError:
        pytest.skip(f"{allure_page.PACKAGE} cannot be had here")


def data(page: str) -> dict[str, Any]:
    """The JSON files inside of the page, by path."""
    found = re.findall(r'd\("([^"]+\.json)","([A-Za-z0-9+/=]*)"\)', page)
    return {path: json.loads(base64.b64decode(text)) for path, text in found}


@pytest.mark.page
@pytest.mark.usefixtures("allure")
def test_page_of_the_last_run_is_one_safe_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "allurerc.json").write_text('{"name": "of the user"}')
    fixed = sample.deviation(9, title="fixed in the meantime")
    before = run_in(tmp_path / "before", deviations=[sample.deviation(1), fixed], started="2025-03-03T00:00:00Z")
    after = run_in(tmp_path / "after")
    output = allure_page.build([before, after])
    assert output == after / "report" / "index.html"
    assert [path.name for path in output.parent.iterdir()] == ["index.html"]
    page = output.read_text(encoding="utf-8")
    assert re.search(rf"<title>\s*staging: {re.escape(words.headline(sample.record()))}\s*</title>", page)
    assert allure_page.outside(page) == []
    assert "googletagmanager" not in page
    assert "gtag(" not in page
    assert "Content-Security-Policy" in page
    results = {r["name"]: r for path, r in data(page).items() if path.startswith("data/test-results/")}
    record = sample.record()
    assert set(results) == {verdict.requirement for verdict in record.verdicts}
    tree = data(page)["widgets/tree.json"]
    groups = [tree["groupsById"][group]["name"] for group in tree["root"]["groups"]]
    assert groups == [group for status, group in GROUPS.items() if status is not Status.UNSTABLE]  # there is none
    assert results[sample.deviation(4).requirement]["resolution"] == "accepted"
    charts = {chart["type"]: chart["data"] for chart in data(page)["widgets/charts.json"]["general"].values()}
    numbers = totals(record)
    messages = [point["statistic"] for point in charts["statusDynamics"]]
    assert [item["total"] for item in messages] == [numbers.testable] * 2
    assert (messages[-1]["failed"], messages[-1]["passed"]) == (numbers.deviating, numbers.conforming)


@pytest.mark.matrix
@pytest.mark.page
@pytest.mark.usefixtures("allure")
def test_earlier_pages_are_stored_next_to_the_runs(tmp_path: Path) -> None:
    deviation, held = sample.deviation(1), sample.deviation(7)

    def verdicts(second: Outcome) -> list[VerdictRecord]:
        return [sample.verdict(deviation.requirement, Outcome.DEVIATES), sample.verdict(held.requirement, second)]

    first = run_in(
        tmp_path / "first", deviations=[deviation], verdicts=verdicts(Outcome.CONFORMS), started="2025-03-03T00:00:00Z"
    )
    alone = data(allure_page.build([first]).read_text(encoding="utf-8"))
    assert {result.get("transition") for path, result in alone.items() if "/test-results/" in path} == {None}
    second = run_in(tmp_path / "second", deviations=[deviation, held], verdicts=verdicts(Outcome.DEVIATES))
    for _ in range(2):  # a page that is made again is still compared with the night before
        found = data(allure_page.build([second]).read_text(encoding="utf-8"))
        details = {each["name"]: each.get("transition") for path, each in found.items() if "/test-results/" in path}
        assert details[deviation.requirement] is None
        assert details[held.requirement] == "regressed"
    assert len((tmp_path / "history-staging.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.matrix
@pytest.mark.page
@pytest.mark.usefixtures("allure")
def test_a_comparison_has_a_page_with_its_verdict_on_top(tmp_path: Path) -> None:
    before, after = sample.record(deviations=[sample.deviation(1)]), sample.record(deviations=[sample.deviation(2)])
    told = comparison.compare(*(record.model_copy(update={"exit_code": 1}) for record in (before, after)))
    (tmp_path / ALLURE_RESULTS).mkdir()
    upgrade_allure.write(told, tmp_path / ALLURE_RESULTS)
    page = allure_page.build_comparison(tmp_path, upgrade_text.headline(told)).read_text(encoding="utf-8")
    assert allure_page.outside(page) == []
    assert re.search(rf"<title>\s*staging: {told.verdict.value.upper()}: ", page)
    tree = data(page)["widgets/tree.json"]
    groups = [tree["groupsById"][group]["name"] for group in tree["root"]["groups"]]
    assert groups == [f"{n}. {section.title}" for n, section in enumerate(upgrade_text.sections(told), 1)]


def test_report_generator_sends_no_statistics(tmp_path: Path) -> None:
    program(tmp_path / "bin", "npx", 'echo "$ALLURE_NO_ANALYTICS"')
    assert node.Node((str(tmp_path / "bin" / "npx"),)).run("allure@1", [], tmp_path).strip() == "1"
