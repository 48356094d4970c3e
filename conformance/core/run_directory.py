"""Run directory: the name of a run's directory and the paths of its files. It is created on the first write."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

REPORTS: Final = Path("reports")
LONGEST_NAME: Final = 60  # characters of a target's name in that of a directory
RECORD: Final = "run.json"
SUMMARY: Final = "summary.md"
PAGE: Final = "report.html"
EXCHANGES: Final = "exchanges.ndjson"
JUNIT: Final = "junit.xml"
SCRIPTS: Final = "reproduce"
ALLURE_RESULTS: Final = "allure-results"
_LOGS: Final = "parts"
_ACCOUNT: Final = "account"
_JOURNAL: Final = ("ledger-", ".ndjson")
_LOCK: Final = "lock-"
_OURS: Final = re.compile(
    "|".join([*map(re.escape, (RECORD, SUMMARY, PAGE, EXCHANGES, SCRIPTS, _LOGS)), f"(?:{_JOURNAL[0]}|{_LOCK}).*"])
)


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A run's directory, which may not exist. Each worker has its own files, distinguished by name."""

    path: Path

    @classmethod
    def of(cls, run: Path) -> Self:
        """The directory of a run, given its directory or its record."""
        return cls(run if run.is_dir() else run.parent)

    @property
    def record(self) -> Path:
        """The run record, from which every report is made."""
        return self.path / RECORD

    @property
    def summary(self) -> Path:
        """The summary in Markdown."""
        return self.path / SUMMARY

    @property
    def page(self) -> Path:
        """The page that shows the run in a browser."""
        return self.path / PAGE

    @property
    def exchanges(self) -> Path:
        """The exchanges that verdicts cite, one JSON object per line."""
        return self.path / EXCHANGES

    @property
    def junit(self) -> Path:
        """The tested requirements as JUnit's XML."""
        return self.path / JUNIT

    @property
    def allure_results(self) -> Path:
        """The directory of Allure's results."""
        return self.path / ALLURE_RESULTS

    def script(self, fingerprint: str) -> Path:
        """The command or script that reproduces a deviation."""
        return self.path / SCRIPTS / f"{fingerprint}.sh"

    @property
    def logs(self) -> Path:
        """The directory of the workers' logs during the run; it does not exist afterwards."""
        return self.path / _LOGS

    @property
    def account(self) -> Path:
        """The directory in which all workers count their use of the limits."""
        return self.logs / _ACCOUNT

    def log(self, worker: str) -> Path:
        """The log of a worker."""
        return self.logs / f"{worker}.ndjson"

    def worker_logs(self) -> list[Path]:
        """The logs of all workers, sorted by name."""
        return sorted(path for path in self.logs.glob("*.ndjson") if not path.name.endswith(EXCHANGES))

    def worker_exchanges(self, worker: str) -> Path:
        """The exchanges of a worker, during the run."""
        return self.logs / f"{worker}-{EXCHANGES}"

    def all_worker_exchanges(self) -> list[Path]:
        """The exchanges of all workers, sorted by name."""
        return sorted(self.logs.glob(f"*-{EXCHANGES}"))

    def journal(self, worker: str) -> Path:
        """The journal of what a worker created. It is kept, so that the target can be swept later."""
        return self.path / worker.join(_JOURNAL)

    def journals(self) -> list[Path]:
        """The journals of all workers, sorted by name."""
        return sorted(self.path.glob("*".join(_JOURNAL)))

    def lock(self, worker: str) -> Path:
        """The lock that a worker holds as long as it lives."""
        return self.path / f"{_LOCK}{worker}"

    @property
    def is_killed(self) -> bool:
        """Whether a run was started here and ended without a record."""
        return (self.logs.is_dir() or bool(self.journals())) and not self.record.exists()

    def tidy(self) -> None:
        """Remove what only the workers needed: their logs and locks. The journals stay."""
        shutil.rmtree(self.logs, ignore_errors=True)
        for path in self.path.glob(f"{_LOCK}*"):
            path.unlink(missing_ok=True)

    def problem(self) -> str:
        """Why no run can be written here, as a sentence; empty if one can. Other files may be here."""
        try:
            held = [name for name in os.listdir(self.path) if _OURS.fullmatch(name)]
        except FileNotFoundError:
            return _unwritable_parent(self.path)
        except OSError as error:
            return f"{self.path}: cannot be written ({error.strerror}); choose another directory."
        if held:
            return (
                f"{self.path}: contains another run ({sorted(held)[0]}); choose another directory, or delete this one."
            )
        return "" if os.access(self.path, os.W_OK) else f"{self.path}: cannot be written; choose another directory."


def worker_of(journal: Path) -> str:
    """The name of the worker that wrote a journal."""
    return journal.stem.removeprefix(_JOURNAL[0])


def named_after(target: str, now: datetime, mark: str = "") -> Path:
    """The directory of a run against the target of that name: a single directory in `reports`, whatever the name.

    With the `mark` of a run it is unique.
    """
    word = re.sub(r"[^\w.-]+", "-", target)[:LONGEST_NAME].strip("-.") or "target"
    return REPORTS / "-".join(filter(None, (f"{now:%Y%m%d-%H%M%S}", word, mark)))


def fresh_directory(path: Path) -> Path:
    """Create a directory that did not exist: `path`, or `path-2` and so on if another run just created it.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    number, candidate = 1, path
    while True:
        try:
            candidate.mkdir()
        except FileExistsError:
            number += 1
            candidate = path.with_name(f"{path.name}-{number}")
        else:
            return candidate


def _unwritable_parent(directory: Path) -> str:
    above = next(path for path in directory.absolute().parents if os.path.lexists(path))
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK) and not os.path.lexists(directory):
        return ""
    return f"{directory}: cannot be created in {above}; choose another directory."
