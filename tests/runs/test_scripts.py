"""The command or script of each deviation, run by bash against a server with the fault, shows it again.

Against the unchanged reference it does not. A few faults by default; `-m matrix` adds all others.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from conformance.core.run_directory import RunDirectory
from conformance.report.run_record import DeviationRecord

from . import replay
from .faults import FAULTS, examples
from .replay import Shown
from .support import run, served

pytestmark = pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs bash, curl")

# One that needs a list to find what it created, one with a refusal, one after a removal, one single request, and one
# that only a sequence shows.
SAMPLE = (
    "pm3-update-ignored",
    "pm4-wrong-token-accepted",
    "pro-delete-keeps-process",
    "pm3-create-status-200",
    "pro-delete-action-unlists-older",
)
# The response is about another resource of the server than the requested one. Which one depends on what else exists.
SHOWS_ANOTHER = {"pm3-read-shows-another"}
MOST = 6  # deviations of a fault that are reproduced


@pytest.mark.parametrize(
    "fault",
    [pytest.param(value, marks=[] if value in SAMPLE else [pytest.mark.matrix]) for value in FAULTS],
)
def test_reproduction_command_shows_the_deviation_and_not_on_a_faultless_server(
    fault: str, deciding_tests: Callable[[str], str], tmp_path: Path
) -> None:
    system = FAULTS[fault]
    with served(system, [fault]) as (_, toml):
        target = tmp_path / "target.toml"
        target.write_text(toml)
        result = run(target, tmp_path / "run", *examples(fault), pytest_args=["-k", deciding_tests(fault)])
        here = replay.places(target, system)

    def seen(faults: Collection[str], deviation: DeviationRecord) -> list[Shown]:
        with served(system, faults) as (_, toml):
            place = tmp_path / "replay.toml"
            place.write_text(toml)
            command = deviation.reproduce
            for old, new in zip(here, replay.places(place, system), strict=True):
                command = command.replace(old, new)
            return replay.replayed(command, replay.variables(place, system))

    found = [*result.record.deviations, *result.record.findings][:MOST]
    assert found
    for record in found:
        stored = replay.recorded(result.output, record)
        assert stored, record
        again, plain = seen([fault], record), seen([], record)
        members = replay.members(record)
        agreeing = [place for place in stored if replay.agrees(stored[place], again[place], members)]
        assert agreeing == list(stored) or fault in SHOWS_ANOTHER, (record.reproduce, stored, again)
        seen_again, seen_plain = replay.numbered(again), replay.numbered(plain)
        assert any(seen_again[place] != seen_plain[place] for place in stored), record.reproduce
    for record in result.record.deviations:
        assert record.reproduce in RunDirectory(result.output).script(record.fingerprint).read_text()
