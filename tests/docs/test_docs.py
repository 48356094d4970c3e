"""What the documents tell of commands, options, codes and files is so."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from conformance.cli import main, reference_page
from conformance.core import exit_codes
from conformance.suites.processmaker3.target import Fixtures

ROOT = Path(__file__).parents[2]
TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
PAGES = [
    *(ROOT / name for name in (*TOP, "changelog.d/README.md", "reports/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KNOWN = dict(reference_page.commands(main, click.Context(main, info_name="conformance")))
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def command(name: str) -> click.Command:
    assert name in KNOWN, f"unknown command {name}"
    return KNOWN[name].command


def options(name: str) -> set[str]:
    return {option for param in command(name).params if isinstance(param, click.Option) for option in param.opts}


def code(text: str) -> Iterator[str]:
    """The lines of code blocks, and the text in backticks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for block in blocks:
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def calls(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each call of the command in a page: the name of the command and its options."""
    for line in code(text):
        for part in line.split("&&"):
            found = re.match(r"(?:\S*/)?conformance ([a-z]+)(.*)", part.strip())
            if found:
                words = shlex.split(found[2], comments=True)
                ours = words[: words.index("--")] if "--" in words else words
                inner = " ".join([found[1], *words[:1]])
                name = inner if inner in KNOWN else found[1]
                yield name, [word.partition("=")[0] for word in ours if word.startswith("-")]


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the tables under a heading, without their heads."""
    section = re.split(rf"^#+ {re.escape(heading)}\n", text, flags=re.MULTILINE)[1]
    section = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if re.fullmatch(r"[|\- ]+", line)}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in heads and number - 1 not in heads
    ]


@pages
def test_commands_and_options_in_pages_exist(page: Path) -> None:
    for name, given in calls(page.read_text(encoding="utf-8")):
        assert name in KNOWN, f"{page.name}: conformance {name}"
        assert set(given) <= options(name), f"{page.name}: conformance {name}: {given}"


@pytest.mark.parametrize("name", KNOWN)
def test_command_page_lists_exactly_the_options_of_each_command(name: str) -> None:
    rows = table(COMMANDS_PAGE, f"conformance {name}")
    messages = {option for row in rows for option in re.findall(r"`(--?[\w-]+)`", row[0])}
    assert messages == options(name)


@pages
def test_links_have_targets(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [slug(heading) for heading in headings], f"{page.name}: {link}"


@pages
def test_pages_contain_no_local_path_or_host(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.}/])/(?:home|root|work|tmp|usr|opt|var|Users|mnt)/\S*", text)
    hosts = re.findall(r"https?://([^/\s\"`)>]+)", text)
    assert not [host for host in hosts if not re.fullmatch(r"([\w-]+\.)*example\.com(:\d+)?|127\.0\.0\.1:\d+", host)]


def test_exit_codes_of_the_readme_are_those_of_the_command() -> None:
    module = ast.parse(Path(exit_codes.__file__).read_text(encoding="utf-8"))
    documented = [
        (str(getattr(exit_codes, stmt.target.id)), following.value.value.rstrip("."))
        for stmt, following in zip(module.body, module.body[1:], strict=False)
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name)
        if isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
        and isinstance(following.value.value, str)
    ]
    assert [tuple(row) for row in table(README, "Exit codes")] == documented


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    shown = re.findall(r"^```\n(python3 -m venv [^\n]+)\n```", README, re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    run = re.findall(r'^part \w+ "(python3 -m venv [^\n]+)"$', script, re.MULTILINE)
    assert len(shown) == 2
    assert run == shown


def test_ci_is_a_script_that_bash_can_read() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_smallest_target_files_are_those_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, page in enumerate((README, (ROOT / "docs" / "target-file.md").read_text(encoding="utf-8"))):
        text = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
        for name in re.findall(r"\$\{(\w+)\}", text):
            monkeypatch.setenv(name, "secret")
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        assert main(["check", "--offline", str(path)], standalone_mode=False) == exit_codes.OK


def test_the_page_of_the_target_file_says_what_every_fixture_is_for() -> None:
    page = (ROOT / "docs" / "target-file.md").read_text(encoding="utf-8")
    cells = [row[0] for row in table(page, "More of each system")]
    messages = [key for cell in cells for key in re.findall(r"`(\w+)`", cell) if key in Fixtures.model_fields]
    assert sorted(messages) == sorted(set(Fixtures.model_fields) - {"may_change"})


def test_cited_readings_are_explained() -> None:
    explained = set(re.findall(r"^\| (A-\w+-\w+) \|", (ROOT / "docs" / "readings.md").read_text(), re.MULTILINE))
    for path in sorted((ROOT / "specs").rglob("*.yaml")):
        cited = set(readings(yaml.safe_load(path.read_text(encoding="utf-8"))))
        assert cited, path
        assert cited <= explained, f"{path.parent.name}/{path.name}: {sorted(cited - explained)}"


def readings(node: object) -> Iterator[str]:
    """Every code in a tree of data."""
    if isinstance(node, dict):
        for member in node.values():
            yield from readings(member)
    elif isinstance(node, list):
        for member in node:
            yield from readings(member)
    elif isinstance(node, str):
        yield from re.findall(r"\bA-(?:PM3|PM4|PRO|TIP)-\w+", node)
