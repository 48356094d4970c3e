"""The structure that `docs/architecture.md` tells is that of the code."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "conformance"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
BROUGHT = {"allure_commons": "allure-pytest", "attr": "allure-pytest", "hypothesis": "schemathesis"}
IMPORTED_AS = {"allure-pytest": "allure", "pyyaml": "yaml"}
NOT_IMPORTED = {
    "pytest-xdist",  # an option of pytest
    "pytest-timeout",  # a setting of pytest
    "check-jsonschema",  # its command, and the schemas that it ships
    "hatchling",  # builds the wheel that a test reads
    "mypy",
    "ruff",
    "types-PyYAML",
    "types-defusedxml",
}


def modules() -> dict[str, Path]:
    """The modules of the package by their dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def shown(module: str) -> str:
    """A module as the page names it."""
    return MODULES[module].relative_to(PACKAGE).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, also late and for types only; of ours, the module and not its member."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def ours(path: Path) -> Iterator[str]:
    return (one for one in imported(path) if one.partition(".")[0] == "conformance")


def rows() -> list[list[str]]:
    """The patterns of each row of the table of modules."""
    section = PAGE.split("## Modules\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in lines]


def row_of(module: str) -> int:
    found = [number for number, patterns in enumerate(rows()) if any(fnmatch(shown(module), one) for one in patterns)]
    assert len(found) == 1, f"{shown(module)} stands in {len(found)} rows of docs/architecture.md"
    return found[0]


def test_every_module_has_one_row_and_every_row_a_module() -> None:
    filled = {row_of(module) for module in MODULES}
    assert filled == set(range(len(rows())))


def test_a_module_imports_only_from_rows_above_its_own() -> None:
    wrong = [
        f"{shown(module)} imports {shown(other)}"
        for module, path in MODULES.items()
        for other in ours(path)
        if other != module and row_of(other) > row_of(module)
    ]
    assert not wrong


def test_the_references_know_nothing_of_the_suite_and_only_the_command_knows_them() -> None:
    for module, path in MODULES.items():
        inside = module.startswith("conformance.reference")
        for other in ours(path):
            if inside:
                assert other.startswith("conformance.reference"), f"{module} imports {other}"
            elif other.startswith("conformance.reference"):
                assert module.startswith("conformance.cli"), f"{module} imports {other}"


def test_the_references_read_no_spec() -> None:
    for path in (PACKAGE / "reference").rglob("*.py"):
        assert not {"yaml", "schemathesis", "importlib.resources"} & set(imported(path)), path.name


def test_reports_know_the_record_verdicts_exchanges_and_exit_codes_only() -> None:
    known = ("reporting", "runrecord", "verdict", "exchange", "exitcodes")
    allowed = tuple(f"conformance.{one}" for one in known)
    for path in (PACKAGE / "reporting").rglob("*.py"):
        for other in ours(path):
            assert other.startswith(allowed), f"{path.name} imports {other}"


def test_suites_do_not_know_how_a_run_is_conducted_or_reported() -> None:
    hidden = {"assembly", "cli", "conduct", "plugin", "publication", "reporting", "runrecord", "worker"}
    for path in (PACKAGE / "suites").rglob("*.py"):
        for other in ours(path):
            assert other.split(".")[1] not in hidden, f"{path.name} imports {other}"


def declared() -> dict[str, list[str]]:
    """The names of what the package depends on: in use, and for tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    both = {"": project["dependencies"], "test": project["optional-dependencies"]["test"]}
    return {key: [re.split(r"[<>=!~\[ ;]", one)[0] for one in listed] for key, listed in both.items()}


def outside(*folders: str) -> set[str]:
    """The packages that the code in some folders imports."""
    local = {path.stem for folder in folders for path in (ROOT / folder).rglob("*.py")} | {"conformance", "tests"}
    names = {
        one.partition(".")[0] for folder in folders for path in (ROOT / folder).rglob("*.py") for one in imported(path)
    }
    return names - local - set(sys.stdlib_module_names)


def test_the_page_gives_a_reason_for_every_dependency() -> None:
    section = PAGE.split("## What it depends on\n")[1]
    told = re.findall(r"^\| ([\w-]+) \| (?!for \|).+ \|$", section, re.MULTILINE)
    assert [one for one in told if one != "package"] == [*declared()[""], *declared()["test"]]


def test_every_dependency_is_used() -> None:
    for key, folders in (("", ("conformance",)), ("test", ("conformance", "tests"))):
        used = outside(*folders)
        for name in declared()[key]:
            module = IMPORTED_AS.get(name, name.replace("-", "_"))
            assert name in NOT_IMPORTED or module in used, f"{name} is declared and not imported"


def test_everything_imported_is_declared_or_brought_by_what_is() -> None:
    everything = {*declared()[""]}
    known = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in everything} | {
        module for module, bringer in BROUGHT.items() if bringer in everything
    }
    assert outside("conformance") <= known
