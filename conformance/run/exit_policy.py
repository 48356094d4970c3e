"""The exit policy: with which code a run ends, of one process or of several shards. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.core import exit_codes

FAILED_IN_PYTEST: Final = 1
NOTHING_COLLECTED: Final = 5
HIGHEST_OF_PYTEST: Final = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """What decides over the exit code of a run.

    `new_deviations` are those that no baseline entry covers, with `--strict` findings too. `stale_baseline` is an entry
    that no longer occurs, where that fails the run. `tested_too_little` and `nothing_ran` are known of whole runs only:
    of a shard, the merged run can tell. `pytest_status` is what pytest would end with.
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
    """The code of the first that applies, in the order of the contract."""
    if ending.internal:
        return exit_codes.INTERNAL
    if ending.interrupted:
        return exit_codes.INTERRUPTED
    if ending.unavailable:
        return exit_codes.UNAVAILABLE
    if ending.new_deviations or ending.stale_baseline or ending.tested_too_little:
        return exit_codes.DEVIATIONS
    # A test beside the suites failed, or a plugin ended the run with a code of its own.
    if ending.pytest_status == FAILED_IN_PYTEST or ending.pytest_status > HIGHEST_OF_PYTEST:
        return ending.pytest_status
    return exit_codes.NOTHING_RUN if ending.nothing_ran else exit_codes.OK


def process_exit_code(record: int, pytest_status: int) -> int:
    """The code of the process: that of the record, else pytest's own.

    pytest-xdist says that nothing was collected where the last worker to report had left the suites to another.
    """
    return record or (0 if pytest_status == NOTHING_COLLECTED else pytest_status)
