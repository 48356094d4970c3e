"""The exit code of a run, of one process or of several shards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from conformance.core import exit_codes
from conformance.core.verdict import Outcome

FAILED_IN_PYTEST: Final = 1
NOTHING_COLLECTED: Final = 5
HIGHEST_OF_PYTEST: Final = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """What determines the exit code of a run.

    `new_deviations`: some are not covered by the baseline, with `--strict` findings too. `stale_baseline`: an entry no
    longer occurs, and that fails the run. `tested_too_little` and `nothing_ran` are set for whole runs only: for
    shards, the merged run decides. `pytest_status` is pytest's own exit status.
    """

    internal: bool = False
    interrupted: bool = False
    unavailable: bool = False
    new_deviations: bool = False
    stale_baseline: bool = False
    tested_too_little: bool = False
    pytest_status: int = 0
    nothing_ran: bool = False


def exit_code(ending: Ending) -> int:
    """The code of the first condition that applies, in documented order."""
    if ending.internal:
        return exit_codes.INTERNAL
    if ending.interrupted:
        return exit_codes.INTERRUPTED
    if ending.unavailable:
        return exit_codes.UNAVAILABLE
    if ending.new_deviations or ending.stale_baseline or ending.tested_too_little:
        return exit_codes.DEVIATIONS
    # A test outside the suites failed, or a plugin ended the run with its own code.
    if ending.pytest_status == FAILED_IN_PYTEST or ending.pytest_status > HIGHEST_OF_PYTEST:
        return ending.pytest_status
    return exit_codes.NOTHING_RUN if ending.nothing_ran else exit_codes.OK


def is_empty(tests: Iterable[str], verdicts: Iterable[Outcome]) -> bool:
    """Whether nothing was tested, from the outcomes of the tests and of the requirements: a skipped test may have
    decided some requirements.
    """
    return all(outcome == "skipped" for outcome in tests) and Outcome.CONFORMS not in verdicts


def process_exit_code(record: int, pytest_status: int) -> int:
    """The exit code of the process: that of the record, otherwise pytest's own.

    pytest-xdist reports that nothing was collected if the last worker to report had left the suites to another one.
    """
    return record or (0 if pytest_status == NOTHING_COLLECTED else pytest_status)
