"""One process of a run, with its assignment, target, tests, worker and errors."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from conformance.core import run_directory
from conformance.core.run_directory import RunDirectory
from conformance.core.shard import Shard
from conformance.core.verdict import Reason
from conformance.engine.recorder import NotExercised
from conformance.report import baseline
from conformance.run import choice, own_requirements
from conformance.run.plugin import assignment
from conformance.run.plugin.assignment import Assignment, Distribution
from conformance.run.plugin.selection import Selection
from conformance.run.quota import WorkerQuota
from conformance.run.requirement_filter import RequirementFilter
from conformance.run.worker import Worker
from conformance.target.target import Safety, SafetyTable, Target, TargetError, load
from conformance.wire.credentials import PUBLIC
from conformance.wire.journal import Unwritable
from conformance.wire.logins import derived_secrets
from conformance.wire.redact import Redactor


class RunProcess:
    """One process of a run: the controller, a worker, or both in one.

    Raises:
        pytest.UsageError: the options, the target file or a register are wrong.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        given = assignment.received(config)
        self.is_worker = given is not None
        self.is_controller = given is None
        self.started = time.time()
        self.interrupted = False
        self.internal: list[str] = []
        self.unwritable = ""
        self.stopped = False  # whether a problem kept a test from starting
        self._lock: FileLock | None = None
        self.target = self._load()
        self.baseline = None if self.is_worker else self._baseline()
        if not self.is_worker:
            _ = self.documents  # a wrong one is an error before anything is sent
        self.systems = self._chosen()
        self.filter = self._filter()
        self.selection = Selection(config, self.target, self.systems, self.filter, holder=given is None or given.holder)
        self.assignment = given or self._assignment()
        self.distribution = Distribution(lambda: self.assignment)

    def _chosen(self) -> list[str]:
        """The systems of the run."""
        try:
            return choice.chosen(self.target, self.option("system"), self.option("profile"), choice.PLUGIN)
        except choice.Unavailable as error:
            raise pytest.UsageError(str(error)) from None

    def _filter(self) -> RequirementFilter:
        """The filter of the requirements that the run tests."""
        try:
            patterns = self.option("include"), self.option("exclude")
            return choice.filtered(self.target, self.systems, *patterns, choice.PLUGIN)
        except choice.Unavailable as error:
            raise pytest.UsageError(str(error)) from None

    def _assignment(self) -> Assignment:
        """The assignment of this process, and of the workers that it creates."""
        mark = assignment.new_mark()
        named = self.option("output")
        path = Path(named) if named else run_directory.named_after(self.target.name, datetime.now(), mark)
        return Assignment(
            run=mark,
            output=path.absolute(),
            until=time.monotonic() + self._budget(),
            problem=RunDirectory(path).problem(),
            known=frozenset(self.baseline.known(self.began.date())) if self.baseline else frozenset(),
        )

    def option(self, name: str) -> Any:
        """The value of the option `--conformance-NAME`."""
        return self.config.getoption(f"conformance_{name}")

    @property
    def examples(self) -> int:
        """The number of bodies to generate for an operation, by the options."""
        from conformance.engine.properties import EXAMPLES_BY_DEPTH

        return int(self.option("max_examples") or EXAMPLES_BY_DEPTH[self.option("depth")])

    def _load(self) -> Target:
        try:
            target = load(Path(self.config.getoption("conformance_target")))
        except TargetError as error:
            raise pytest.UsageError(str(error)) from None
        if registers := self.option("register"):
            try:
                target = target.with_specifications(own_requirements.extended(map(Path, registers), target.systems))
            except own_requirements.UnusableRegister as error:
                raise pytest.UsageError(str(error)) from None
        changes: dict[str, Any] = {}
        if level := self.option("safety"):
            changes["safety"] = SafetyTable(level=Safety(level))
        if in_flight := self.option("in_flight"):
            changes["limits"] = target.limits.model_copy(update={"in_flight": in_flight})
        return target.model_copy(update=changes)

    def _baseline(self) -> baseline.Baseline | None:
        """The baseline. Only the controller reads it, and sends its workers the known fingerprints."""
        named = self.option("baseline")
        if self.option("baseline_strict") and not named:
            raise pytest.UsageError(baseline.STRICT_ALONE)
        if not named:
            return None
        try:
            return baseline.load(Path(named))
        except baseline.BaselineError as error:
            raise pytest.UsageError(str(error)) from None

    @property
    def documents(self) -> Path | None:
        """The directory with the user's copies of the documents. Raises pytest.UsageError if it does not exist."""
        named = self.option("documents")
        if named and not Path(named).is_dir():
            raise pytest.UsageError(
                f"--conformance-documents {named}: no such directory; name the one with the documents."
            )
        return Path(named) if named else self.target.documents

    @property
    def began(self) -> datetime:
        """When this process began."""
        return datetime.fromtimestamp(self.started, UTC).astimezone()

    @property
    def output(self) -> Path:
        """The directory of the run, which is created when the first test starts."""
        return self.assignment.output

    @property
    def directory(self) -> RunDirectory:
        """The files of the run."""
        return RunDirectory(self.output)

    @cached_property
    def worker(self) -> Worker:
        """The worker of this process, created when the first test needs it. Raises OSError."""
        assignment = self.assignment
        worker = Worker(
            self.target,
            run=assignment.run,
            name=self._name(assignment.worker),
            output=assignment.output,
            quota=WorkerQuota(assignment.workers, self.shard, tuple(self.systems), self.selection.starting),
            until=assignment.until,
            tokens=assignment.tokens,
        )
        self._lock = FileLock(self.directory.lock(worker.name), thread_local=False)
        self._lock.acquire()
        return worker

    @property
    def has_begun(self) -> bool:
        """Whether this process has started a test of the run."""
        return "worker" in self.__dict__

    @property
    def shard(self) -> Shard:
        """The part of the run that this is."""
        return self.selection.shard

    def _name(self, worker: str) -> str:
        """The name of a worker in journals, names and exchanges, which is unique among all shards."""
        return worker if self.shard.whole else f"s{self.shard.index}{worker}"

    def within_budget(self) -> None:
        """Start nothing new if the time budget is used up. Raises NotExercised."""
        if time.monotonic() > self.assignment.until:
            raise NotExercised(Reason.TIME_BUDGET, f"{self._budget():g} seconds")

    def _budget(self) -> float:
        """The time budget in seconds; infinite if there is none."""
        return float(self.option("time_budget") or self.target.limits.time_budget or math.inf)

    def hidden(self, text: str) -> str:
        """A text without the secrets that this process knows."""
        if self.has_begun:
            return self.worker.redactor.text(text)
        return Redactor({**self.target.secrets(), **derived_secrets(self.target)}, PUBLIC).text(text)

    # -- errors

    def record_final_error(self, error: BaseException) -> None:
        """Record an error at the end of a run. An interrupt is not an internal error."""
        if isinstance(error, KeyboardInterrupt):
            self.interrupted = True
        else:
            self.internal.append(self.hidden(f"at the end of the run: {type(error).__name__}: {error}")[:500])

    def stop_unwritable(self, session: pytest.Session, error: OSError | Unwritable) -> None:
        """Stop the run: its directory can no longer be written, so that no result could be stored."""
        if isinstance(error, OSError):
            error = Unwritable(Path(error.filename or self.output), error)
        self.unwritable = self.unwritable or str(error)
        session.shouldfail = self.unwritable

    def release(self) -> None:
        """Release the lock that shows that this process is alive."""
        if self._lock is not None:
            self._lock.release()
