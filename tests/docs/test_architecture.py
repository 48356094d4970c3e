"""The structure that `docs/architecture.md` describes is that of the code."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "conformance"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
BROUGHT = {
    "allure_commons": "allure-pytest",
    "attr": "allure-pytest",
    "hypothesis": "schemathesis",
    "markupsafe": "jinja2",
}
IMPORTED_AS = {"allure-pytest": "allure", "pyyaml": "yaml"}
NOT_IMPORTED = {
    "pytest-xdist",  # an option of pytest
    "pytest-timeout",  # a setting of pytest
    "check-jsonschema",  # its command, and the schemas that it ships
    "coverage",  # its command
    "import-linter",  # its command
    "pre-commit",  # its command
    "towncrier",  # its command
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


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file imports, also late and for types only; of ours, the module and not its member."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def packages() -> list[str]:
    """The packages in the order of the page's table."""
    return re.findall(r"^\| `(\w+)/` \|", PAGE.split("## Packages\n")[1].split("\n## ")[0], re.MULTILINE)


def linted(directory: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the package in a directory, by the contracts of this project."""
    environment = {**os.environ, "PYTHONPATH": str(directory)}
    call = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    call += ["--no-cache", "--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(call, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_architecture_page_lists_each_package_in_import_order() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    there = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert packages() == [*layers, "reference"]
    assert set(packages()) == there


def test_imports_follow_the_contracts() -> None:
    ended = linted(ROOT)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("core/verdict.py", "from conformance.wire import guard"),
        ("report/words.py", "from conformance.target import target"),
        ("suites/procesio/answers.py", "from conformance.run import worker"),
        ("reference/base.py", "from conformance.core import verdict"),
        ("engine/checks.py", "from conformance.reference import base"),
    ],
)
def test_a_wrong_import_breaks_a_contract(tmp_path: Path, module: str, line: str) -> None:
    shutil.copytree(PACKAGE, tmp_path / "conformance", ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    with (tmp_path / "conformance" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    ended = linted(tmp_path)
    assert ended.returncode == 1
    assert "BROKEN" in ended.stdout


def test_package_has_at_most_twelve_entries() -> None:
    assert len([path for path in PACKAGE.iterdir() if path.name != "__pycache__"]) <= 12


@pytest.mark.parametrize("folder", ["conformance", "tests", "benchmarks"])
def test_no_file_is_long(folder: str) -> None:
    files = (ROOT / folder).rglob("*.py")
    long = {path.name: lines for path in files if (lines := len(path.read_text("utf-8").splitlines())) >= 400}
    assert not long, long


def test_the_references_read_no_spec() -> None:
    for path in (PACKAGE / "reference").rglob("*.py"):
        assert not {"yaml", "schemathesis", "importlib.resources"} & set(imported(path)), path.name


def code_of(path: Path) -> str:
    """The code of a module without its comments and docstrings: what it does, not what it explains."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            messages = [item for item in body if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)]
            node.body = [item for item in body if item not in messages] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


OF_ONE_SYSTEM = re.compile(
    r"processmaker|procesio|\bpm[34]|\bpm_[a-z]|A-(PM[34]|PRO|TIP)-|\btodo\b"  # names, and what the names are short for
    r"|'_uid'|'_name'|endswith\('description'|'outsider'|'workspace'|apiKeyName",  # and what is found in one alone
    re.IGNORECASE,
)


@pytest.mark.parametrize("package", [value for value in packages() if value not in ("suites", "reference")])
def test_a_package_names_no_system(package: str) -> None:
    named = {
        f"{path.relative_to(PACKAGE)}: {found[0]}"
        for path in (PACKAGE / package).rglob("*.py")
        if (found := OF_ONE_SYSTEM.search(path.stem) or OF_ONE_SYSTEM.search(code_of(path)))
    }
    assert not named


def test_system_names_are_found_in_code_but_not_in_documentation(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""PROCESIO."""\nNAME = 1\n"""ProcessMaker 3."""\ndef f():\n    """PM3."""  # procesio\n')
    assert OF_ONE_SYSTEM.search(code_of(path)) is None
    path.write_text('def f(system):\n    return system == "procesio"\n')
    assert OF_ONE_SYSTEM.search(code_of(path)) is not None


def declared() -> dict[str, list[str]]:
    """The names of what the package depends on: in use, and for tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = {"": project["dependencies"], **project["optional-dependencies"]}
    return {key: [re.split(r"[<>=!~\[ ;]", item)[0] for item in listed] for key, listed in lists.items()}


def outside(*folders: str) -> set[str]:
    """The packages that the code in some folders imports."""
    local = {"conformance", "tests"}
    names = {
        value.partition(".")[0]
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for value in imported(path)
    }
    return names - local - set(sys.stdlib_module_names)


def test_architecture_page_gives_a_reason_for_every_dependency() -> None:
    section = PAGE.split("## What it depends on\n")[1]
    messages = re.findall(r"^\| ([\w-]+) \| (?!for \|).+ \|$", section, re.MULTILINE)
    lists = declared()
    assert set(lists) == {"", "test", "report", "docs"}
    expected = [name for key in ("", "test", "report", "docs") for name in lists[key]]
    assert [item for item in messages if item != "package"] == expected


def test_every_dependency_is_used() -> None:
    for key, folders in (("", ("conformance",)), ("test", ("conformance", "tests"))):
        used = outside(*folders)
        for name in declared()[key]:
            module = IMPORTED_AS.get(name, name.replace("-", "_"))
            assert name in NOT_IMPORTED or module in used, f"{name} is declared and not imported"


def test_imported_packages_are_dependencies_or_brought_by_them() -> None:
    everything = {*declared()[""]}
    known = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in everything} | {
        module for module, bringer in BROUGHT.items() if bringer in everything
    }
    assert outside("conformance") <= known
