"""Remove what still exists on the target according to a run's journals, and nothing else."""

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

CLEANUP_TIMEOUT: Final = 20.0  # seconds for a worker to finish its own clean-up


class OtherTarget(Exception):
    """The target file names another server than the run's. The message names both; nothing was sent."""


@dataclass
class Cleaning:
    """The result of a sweep: what was removed, was gone already, still exists, and the problems."""

    removed: list[Entry] = field(default_factory=list)
    gone: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    reasons: dict[Entry, str] = field(default_factory=dict)
    """Why something still exists, if that is known."""
    damaged: list[str] = field(default_factory=list)
    """Invalid lines of journals, which were ignored."""
    unproved: dict[Entry, str] = field(default_factory=dict)
    """What was created without proof that it is the run's, with the reason. It stays."""


def clean(
    target: Target, directory: Path, *, untrusted_journals: bool = False, account: Account | None = None
) -> Cleaning:
    """Remove what is open in the journals in `directory`. Waits for workers that are still alive.

    With `untrusted_journals`, a resource is removed only if it has the mark of the run. `account` has the counts of the
    run, whose limits apply here too; without it, one is made for all journals.

    Raises:
        OtherTarget: the resources are on another server than that of the target file.
    """
    done, place = Cleaning(), RunDirectory(directory)
    account = account or Account(worker="sweep")
    for path in place.journals():
        with locked(place.lock(worker_of(path))):
            _require_same_server(target, path)
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
                    resources = cleaner.session(system, journal).resources
                    resources.ledger_untrusted = untrusted_journals
                    # The run may have been killed while it waited for the response to a deletion.
                    resources.removal.absence.requested |= {
                        entry.identifier for entry in before if entry.system == system and entry.identifier
                    }
            cleaner.close()
            left = journal.open()
            done.kept.extend(left)
            done.reasons.update({item: journal.kept[item.key][0] for item in left if item.key in journal.kept})
            keys = {entry.key for entry in before} - {entry.key for entry in left}
            settled = [entry for entry in journal.entries.values() if entry.key in keys]
            done.removed.extend(entry for entry in settled if entry.key not in journal.absent)
            done.gone.extend(entry for entry in settled if entry.key in journal.absent)
            done.problems.extend([*cleaner.internal, *cleaner.problems])
    return done


def _require_same_server(target: Target, path: Path) -> None:
    """Check that the target file names the server of the journal's resources. Raises OtherTarget."""
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
    """Hold the lock of a worker. Waits for its end, but not forever."""
    lock = FileLock(path, thread_local=False)
    with contextlib.suppress(Timeout):
        lock.acquire(timeout=CLEANUP_TIMEOUT, poll_interval=0.1)
    try:
        yield
    finally:
        lock.release()
