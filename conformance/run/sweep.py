"""Sweep: removes what is still on the target according to a run's journals, and nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from conformance.core.run_directory import RunDirectory, worker_of
from conformance.run.worker import Worker
from conformance.target.system_table import identity
from conformance.target.target import Target
from conformance.wire import ledger
from conformance.wire.ledger import Entry
from conformance.wire.limits import Account

PATIENCE: Final = 20.0  # seconds for a worker to finish its own cleaning up


class OtherTarget(Exception):
    """The target file names another server than the run's; the message names both. Nothing was sent."""


@dataclass
class Cleaning:
    """What a cleaning did: what was removed, what was not there, what is still there, and what kept it from more."""

    removed: list[Entry] = field(default_factory=list)
    gone: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reasons: dict[Entry, str] = field(default_factory=dict)
    """Why something is still there, where that is known."""
    damaged: list[str] = field(default_factory=list)
    """Lines of journals that no run would have written, and that were left out."""
    unproved: dict[Entry, str] = field(default_factory=dict)
    """What was created and not proved to be the run's own, with the reason: it stays."""


def clean(target: Target, directory: Path, *, doubting: bool = False, account: Account | None = None) -> Cleaning:
    """Remove what the journals in `directory` leave open. Waits for workers that are still alive.

    With `doubting` the journals are not believed: something is removed only if it carries the mark of the run.
    `account` is what the run used of its limits, which hold here as well; else there is one for all journals.

    Raises:
        OtherTarget: what was created is on another server than the target file names.
    """
    done, place = Cleaning(), RunDirectory(directory)
    account = account or Account(worker="sweep")
    for path in place.journals():
        with locked(place.lock(worker_of(path))):
            _see_that_it_is_there(target, path)
    for path in place.journals():
        with locked(place.lock(worker_of(path))):
            journal = ledger.read(path)
            done.damaged += [f"{path.name}, line {number}" for number in journal.damaged]
            done.unproved.update({journal.entries[key]: why for key, (_, why) in journal.doubtful.items()})
            before = journal.open()
            if not before:
                continue
            cleaner = Worker(target, run=journal.run, name=f"{worker_of(path)}-sweep", shared=account)
            journal.hide = cleaner.redactor.text
            for system in {entry.system for entry in before}:
                if system in target.systems:
                    cleaner.session(system, journal).resources.ledger_untrusted = doubting
            cleaner.close()
            left = journal.open()
            done.kept.extend(left)
            done.reasons.update({one: journal.kept[one.key][0] for one in left if one.key in journal.kept})
            keys = {entry.key for entry in before} - {entry.key for entry in left}
            settled = [entry for entry in journal.entries.values() if entry.key in keys]
            done.removed.extend(entry for entry in settled if entry.key not in journal.absent)
            done.gone.extend(entry for entry in settled if entry.key in journal.absent)
            done.problems.extend([*cleaner.internal, *cleaner.problems])
    return done


def _see_that_it_is_there(target: Target, path: Path) -> None:
    """See that the target file names the server on which the journal's things are. Raises OtherTarget."""
    journal = ledger.read(path)
    opened = {entry.system for entry in journal.open()}
    for system in sorted({*opened, *journal.targets}):
        known = journal.targets.get(system)
        if system not in target.systems:
            if system in opened:
                raise OtherTarget(
                    f"the run created something on {system}, and the target file has no [{system}]."
                    " Use the target file of that run."
                )
            continue
        named = identity(target.table(system))
        if known is None:
            raise OtherTarget(f"{path}: does not say on which server of {system} it created something.")
        if system in journal.elsewhere:
            other = _shown(journal.elsewhere[system])
            raise OtherTarget(
                f"{path}: names two servers of {system}: {_shown(known)} and {other}. Nothing is removed."
            )
        if known != named:
            raise OtherTarget(
                f"the run created its resources on {_shown(known)}, and the target file names {_shown(named)} for"
                f" {system}. Use the target file of that run."
            )


def _shown(identity: Mapping[str, str]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in sorted(identity.items()))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a worker: wait until it has ended, but not for ever."""
    lock = FileLock(path, thread_local=False)
    with contextlib.suppress(Timeout):
        lock.acquire(timeout=PATIENCE, poll_interval=0.1)
    try:
        yield
    finally:
        lock.release()
