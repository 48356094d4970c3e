"""A suite that is sabotaged on purpose: its tests try to change what is not theirs, and the guard lets nothing out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import conformance
from conformance.core import exit_codes
from conformance.reference.processmaker3.server import STARTED
from conformance.report import record_file
from conformance.suites import data
from tests.runs.support import served

from .leaks import leaks

HEAD: Final = '''
"""Tests that want to do harm."""

import httpx
import pytest

FOREIGN = "{foreign}"

{tests}

def body(session):
    from conformance.engine.sampling import body
    return body(session, session.operation("createProject"))
'''
TEST: Final = """
@pytest.mark.profile("processmaker3/projects")
def test_harm_{number}(session):
    own = session.create("createProject", json=body(session)).id
    url = session.table.url + "/api/1.0/" + session.table.workspace + "/project/"
    headers = session.credentials.headers("")
    door = session.client._http
    {harm}

"""
HARM: Final = {
    "by its operation": 'session.send("deleteProject", path={"uid": FOREIGN})',
    "by an update": 'session.send("updateProject", path={"uid": FOREIGN}, json=body(session))',
    "by a path of its own": 'session.send("deleteProject", template=f"/api/1.0/workflow/project/{FOREIGN}")',
    "by an odd path": 'session.send("deleteProject", template=f"/api/1.0/workflow//project/x/../{FOREIGN}/")',
    "through an encoded slash": 'session.send("deleteProject", path={"uid": f"{own}/../{FOREIGN}"})',
    "in a batch with an own one": (
        'items = [{"type": "bpmn", "prj_uid": one} for one in (own, FOREIGN)]\n'
        '    session.send("bulkDeleteProjects", json={"data": [{"action": "delete", "data": items}]})'
    ),
    "by an import that overwrites": (
        'text = f"<ProcessMaker-Project><meta key=\'uid\'>{FOREIGN}</meta></ProcessMaker-Project>"\n'
        '    files = {"project_file": ("p.pmx", text.encode())}\n'
        '    session.send("importProject", params={"option": "OVERWRITE"}, files=files)'
    ),
    "past the operations": 'door.delete(url + FOREIGN, headers=headers)',
    "on the wire only": (
        'target = httpx.URL(url + FOREIGN).raw_path\n'
        '    door.send(door.build_request("DELETE", url + own, headers=headers, extensions={"target": target}))'
    ),
    "by another method in a header": 'door.get(url + FOREIGN, headers={**headers, "X-HTTP-Method-Override": "DELETE"})',
    "by another method in the query": 'door.post(url + FOREIGN, headers=headers, params={"_method": "DELETE"})',
    "on another host": 'door.delete(url.replace("127.0.0.1", "localhost") + FOREIGN, headers=headers)',
}  # fmt: skip


def sabotaged(directory: Path, harms: Iterable[str]) -> Path:
    """A copy of the package with one more test for each harm; returns where it is to be imported from."""
    top = directory / "copy"
    package = Path(conformance.__file__).parent
    shutil.copytree(package, top / "conformance", ignore=shutil.ignore_patterns("__pycache__"))
    if not (top / "conformance" / "suites" / "_specs").exists():
        shutil.copytree(data.specs(), top / "conformance" / "suites" / "_specs")
    test = top / "conformance" / "suites" / "processmaker3" / "test_sabotage.py"
    tests = "".join(TEST.replace("{number}", str(at)).replace("{harm}", harm) for at, harm in enumerate(harms))
    test.write_text(HEAD.replace("{foreign}", STARTED).replace("{tests}", tests), encoding="utf-8")
    return top


def attempted(harms: Iterable[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the sabotaged suite against a reference, in which nothing may change but by the run's own doing."""
    top = sabotaged(directory, harms)
    target = directory / "target.toml"
    with served("processmaker3") as (reference, toml):
        before = reference.snapshot()
        lines = toml.replace('level = "disposable"', 'level = "owned"').splitlines(keepends=True)
        target.write_text("".join(line for line in lines if STARTED not in line))  # it is nobody's but its owner's
        done = subprocess.run(
            [
                *(sys.executable, "-m", "conformance.cli", "run", str(target)),
                *("--output", str(directory / "run"), "--", "-k", "test_harm"),
            ],
            env={**os.environ, "PYTHONPATH": str(top)},
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert reference.snapshot() == before
    return done


def test_every_harmful_test_is_refused_and_fails_the_run_with_a_clear_message(tmp_path: Path) -> None:
    done = attempted(HARM.values(), tmp_path)
    assert done.returncode == exit_codes.INTERNAL, done.stdout + done.stderr
    assert "the guard refused a request" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    record = record_file.read(tmp_path / "run")
    refused = [problem for problem in record.problems if "the guard refused a request" in problem]
    harmless = [way for at, way in enumerate(HARM) if not any(f"::test_harm_{at}: " in value for value in refused)]
    assert harmless == []
    assert len(refused) == len(HARM)
    assert (record.leftovers, record.deviations) == ([], [])


def test_harmless_test_passes(tmp_path: Path) -> None:
    done = attempted(['session.call("deleteProject", path={"uid": own})'], tmp_path)
    assert done.returncode == exit_codes.OK, done.stdout + done.stderr


def test_an_error_of_the_suite_is_reported_without_a_secret(tmp_path: Path) -> None:
    done = attempted(["raise ValueError(session.table.password.get_secret_value(), headers)"], tmp_path)
    assert done.returncode == exit_codes.INTERNAL, done.stdout + done.stderr
    messages = [path for path in (tmp_path / "run").rglob("*") if path.is_file() and b"ValueError" in path.read_bytes()]
    assert {path.name for path in messages} >= {"run.json", "junit.xml"}
    assert leaks(tmp_path / "run", ["admin-password"]) == []
    assert "admin-password" not in done.stdout + done.stderr
