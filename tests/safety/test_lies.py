"""A server that returns the identifiers of other people's resources on a create: at level owned they are not
changed.

By default one lie is used. `pytest tests/safety/test_lies.py -m matrix` uses each once, and lies in every way about
every create.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from conformance.core import exit_codes
from conformance.engine import sampling
from conformance.engine.session import Session
from conformance.run.worker import Worker
from conformance.spec.specification import Operation
from conformance.suites.processmaker3.requests import tracked
from conformance.target.target import Safety, SafetyTable
from conformance.target.target import load as load_target
from tests.runs.support import run
from tests.samples import by_default

from .foreign import differences, filled
from .lies import CREATES, KINDS, MAKERS, Liar

FEW: Final = [
    ("createCredential", "again"),
    ("createActionFolder", "everywhere"),
    ("createDepartment", "spelled"),
    ("createSchedule", "listed"),
    ("createActionTemplate", "read"),
    ("publishProcess", "answered"),
    ("createProject", "twin"),
    ("createUser", "several"),
    ("createDataType", "named"),
    ("createProcess", "second"),
]
SHORT: Final = (("createDataType", "named"),)
"""What runs by default."""
BY_NAME: Final = {create.id: create for create in [*CREATES, *MAKERS]}
UNCALLED: Final = ("createApiKey", "generateBpmnProject", "uploadInputDocument")
"""What a run does not call at level owned: it is personal, or would change a fixture."""
PERMITTED: Final = (exit_codes.OK, exit_codes.DEVIATIONS, exit_codes.UNAVAILABLE)


def others(file: Path, operation: Operation, number: int) -> list[str]:
    """Things of somebody else, made by an operation; returns their identifiers."""
    target = load_target(file)
    worker = Worker(target.model_copy(update={"safety": SafetyTable(level=Safety.DISPOSABLE)}), run="others")
    session, _ = worker.begin(operation.system, ())
    maker = BY_NAME["createProject"] if operation.resource == "project" else operation
    made = [_made(session, maker, at) for at in range(number)]
    worker.close(sweep=False)
    return made


def _made(session: Session, maker: Operation, at: int) -> str:
    """Something that an operation makes; every second one of what belongs to something else belongs to a new thing."""
    if maker.id == "createCaseTrackerObject":
        return sampling.make(session, maker, **tracked(session).request())
    request = sampling.build_request(session, maker).request()
    if maker.resource == "instance" and at % 2:
        process = session.operation("createProcess")
        request["path"] = {"id": session.create(process.id, **sampling.build_request(session, process).request()).id}
    return sampling.make(session, maker, **request)


def lied_to(operation: Operation, kind: str, directory: Path, options: Sequence[str] = ()) -> Liar:
    """Run against a server that lies about an operation, and see that what is somebody else's is as it was."""
    liar = Liar(operation, kind)
    with filled(directory, 24, around=liar.around) as there:
        foreign = others(there.file, operation, 3)
        state = there.snapshot()
        liar.foreign = foreign
        result = run(there.file, directory / "run", "--system", operation.system, "--max-examples", "1", *options)
        assert differences(state, there.snapshot()) == []
    assert liar.asked == []
    assert result.code in PERMITTED, result.printed
    assert result.record.problems == [], result.printed
    return liar


def test_each_lie_is_used_once() -> None:
    assert sorted(kind for _, kind in FEW) == sorted(KINDS)


@pytest.mark.parametrize(("operation", "kind"), by_default(FEW, *SHORT))
def test_resources_of_others_are_safe_from_a_lying_server(operation: str, kind: str, tmp_path: Path) -> None:
    liar = lied_to(BY_NAME[operation], kind, tmp_path, ["--profile", BY_NAME[operation].profile])
    assert liar.told > 0


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", [*CREATES, *MAKERS], ids=lambda item: item.id)
def test_lies_about_creates_harm_nobody(operation: Operation, kind: str, tmp_path: Path) -> None:
    liar = lied_to(operation, kind, tmp_path)
    assert (liar.creates > 0) == (operation.id not in UNCALLED)
    # What cannot be proved to be the run's may be created only once, so that there is no second one to lie about.
    assert liar.told > 0 or liar.creates == 0 or (kind, liar.creates) == ("second", 1)


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("operation", "kind"), FEW)
def test_lies_to_three_workers_harm_nobody(operation: str, kind: str, tmp_path: Path) -> None:
    liar = lied_to(BY_NAME[operation], kind, tmp_path, ["-n", "3"])
    assert liar.told > 0
