"""The peers: how each is called, and how its findings are read."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import httpx

from conformance.report import exchanges, record_file

from .measured import Server

Findings = frozenset[str]
Command = Callable[[Server, str, Path], list[str]]
"""Makes the command for a server of a system, with an empty directory for what it writes."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to test a server.

    `findings` reads from its directory whatever it reported; None: it tests nothing. `alarms` are those reports that
    fail a run; by default all.
    """

    name: str
    command: Command
    findings: Callable[[Path], Findings] | None = None
    alarms: Callable[[Path], Findings] | None = None


def suite(*options: str) -> Command:
    """This suite."""

    def command(server: Server, _: str, directory: Path) -> list[str]:
        call = [sys.executable, "-m", "conformance.cli", "run", str(server.target), "--output", str(directory / "run")]
        return [*call, *options]

    return command


def deviations(directory: Path) -> Findings:
    """The fingerprints of deviations: they fail a run."""
    return frozenset(one.fingerprint for one in record_file.read(directory / "run").deviations)


def reports(directory: Path) -> Findings:
    """The fingerprints of deviations, and of findings, which contradict what the documentation states at level may."""
    record = record_file.read(directory / "run")
    return frozenset(one.fingerprint for one in (*record.deviations, *record.findings))


def schemathesis(*arguments: str) -> Command:
    """Schemathesis, with all phases and the token of the target file, in the workspace that is there."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"

    def command(server: Server, system: str, directory: Path) -> list[str]:
        table = tomllib.loads(server.target.read_text(encoding="utf-8"))[system]
        config = directory / "schemathesis.toml"
        workspace = table.get("workspace")
        config.write_text(f'[parameters]\n"path.workspace" = "{workspace}"\n' if workspace else "", encoding="utf-8")
        shown = [word for name, value in server.headers.items() for word in ("--header", f"{name}: {value}")]
        url = next(table[key] for key in ("url", "web_url") if key in table)
        return [
            *(program, "--config-file", str(config), arguments[0], str(server.directory / "openapi.json")),
            *("--url", url, *shown, "--report", "junit", "--report-junit-path", str(directory / "junit.xml")),
            *arguments[1:],
        ]

    return command


def failures(directory: Path) -> Findings:
    """The operations with the codes of the checks that failed. What a run that was cut off found is not known."""
    path = directory / "junit.xml"
    if not path.exists():
        return frozenset()
    cases = ElementTree.parse(path).iter("testcase")  # noqa: S314 - it was written by a program of ours
    return frozenset(
        f"{case.get('name')}: {failure.get('message')}" for case in cases for failure in case.iter("failure")
    )


def bare(recorded: Path) -> Command:
    """httpx alone: the requests that this suite sent at depth `standard`, one after the other."""

    def command(server: Server, system: str, _: Path) -> list[str]:
        return [sys.executable, "-m", "benchmarks.peers.bare", str(recorded / f"{system}.json"), str(server.directory)]

    return command


def write_requests(run: Path, file: Path) -> None:
    """Write the requests of a run that its report shows, as `benchmarks.peers.bare` sends them."""
    kept = ("content-type",)  # what else a client sends, it sends by itself
    found = [
        {
            "method": one.request.method,
            "path": httpx.URL(one.request.url).raw_path.decode("ascii"),
            "port": httpx.URL(one.request.url).port,
            "headers": {name: value for name, value in one.request.headers if name.lower() in kept},
            "body": one.request.body,
        }
        for one in exchanges.read_all(run)
    ]
    file.write_text(json.dumps(found), encoding="utf-8")
