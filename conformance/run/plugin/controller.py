"""Conduct: how a run goes from its first test to its record. Registered with pytest when there is a target."""

from __future__ import annotations

import fcntl
import math
import os
import time
import traceback
from collections.abc import Generator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
from rich.console import Console

from conformance.core import exit_codes
from conformance.core.shard import Shard
from conformance.core.streams import forgiving
from conformance.core.verdict import Outcome, Reason, Verdict
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.engine.session import Session
from conformance.report import baseline, run_record, terminal
from conformance.run import (
    aggregate,
    choice,
    directory,
    inventory,
    sweep,
    worker_log,
    write_reports,
)
from conformance.run.plugin import allure_keys, assignment
from conformance.run.plugin.admission import Entrance
from conformance.run.plugin.assignment import Assignment, Distribution
from conformance.run.plugin.items import (
    SUITES_PATH,
    TEST_ID,
    cited,
    fixtures,
    suite_of,
    system_of,
    title,
)
from conformance.run.plugin.selection import Selection
from conformance.run.worker import PARTS, Share, Worker
from conformance.target import plan
from conformance.target.target import (
    Safety,
    SafetyTable,
    Target,
    TargetError,
    load,
)
from conformance.wire.credentials import PUBLIC
from conformance.wire.guard import Refused
from conformance.wire.ledger import Unwritable
from conformance.wire.limits import DIRECTORY, Account
from conformance.wire.logins import basic_secrets
from conformance.wire.redact import Redactor

DEEPEST: Final = 6  # calls of a traceback that are told: those nearest to the error
CRASHED: Final = "???"  # the step of a test in which a worker of xdist died
BESIDE: Final = 20  # failed tests beside the suites that are named
OURS: Final = "conformance"  # the mark of a report on a test of the suites, which survives the way from a worker
SEED: Final = "seed"  # the fixture of the tests that send something else in every run

Wrapper = Generator[None, Any, Any]


class Conduct:
    """One process of a run as pytest sees it: the controller, a worker, or both in one."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        given = assignment.received(config)
        self.is_worker = given is not None
        self.is_controller = given is None
        self.started = time.time()
        self.interrupted = False
        self.internal: list[str] = []
        self.unwritable = ""
        self.record: run_record.RunRecord | None = None
        self._recorder: Recorder | None = None
        self._session: Session | None = None
        self._test: dict[str, Any] = {}
        self._concluded = False
        self._deviates = False  # whether the verdicts fail the current test
        self._beside: dict[str, None] = {}
        self._stopped = False
        self._lock: int | None = None
        self._keys = allure_keys.register() if config.getoption("allure_report_dir", None) else None
        self.target = self._load()
        self.baseline = None if self.is_worker else self._baseline()
        self.systems = self._chosen()
        self.selection = Selection(config, self.target, self.systems, holder=given is None or given.holder)
        self.assignment = given or self._assignment()
        self.distribution = Distribution(lambda: self.assignment)
        self.entrance = Entrance(self.systems, lambda: self.within_budget())

    def _chosen(self) -> list[str]:
        """The systems of the run."""
        try:
            return choice.chosen(self.target, self._option("system"), self._option("profile"), choice.PLUGIN)
        except choice.Unavailable as error:
            raise pytest.UsageError(str(error)) from None

    def _assignment(self) -> Assignment:
        """What this process, and each worker that it makes, is told of the run."""
        mark = assignment.new_mark()
        named = self._option("output")
        path = Path(named) if named else directory.named_after(self.target.name, datetime.now(), mark)
        return Assignment(
            run=mark,
            output=path.absolute(),
            until=time.monotonic() + self._budget(),
            obstacle=directory.obstacle(path),
            known=frozenset(self.baseline.known(self._began.date())) if self.baseline else frozenset(),
        )

    def _option(self, name: str) -> Any:
        return self.config.getoption(f"conformance_{name}")

    def _load(self) -> Target:
        try:
            target = load(Path(self.config.getoption("conformance_target")))
        except TargetError as error:
            raise pytest.UsageError(str(error)) from None
        changes: dict[str, Any] = {}
        if level := self._option("safety"):
            changes["safety"] = SafetyTable(level=Safety(level))
        if in_flight := self._option("in_flight"):
            changes["limits"] = target.limits.model_copy(update={"in_flight": in_flight})
        return target.model_copy(update=changes)

    def _baseline(self) -> baseline.Baseline | None:
        """The baseline, which the controller alone reads: its workers are told what is known."""
        named = self._option("baseline")
        if self._option("baseline_strict") and not named:
            raise pytest.UsageError(baseline.STRICT_ALONE)
        if not named:
            return None
        try:
            return baseline.load(Path(named))
        except baseline.BaselineError as error:
            raise pytest.UsageError(str(error)) from None

    @property
    def _began(self) -> datetime:
        return datetime.fromtimestamp(self.started, UTC).astimezone()

    @property
    def output(self) -> Path:
        """The directory of the run, which is made when the first test begins."""
        return self.assignment.output

    @cached_property
    def worker(self) -> Worker:
        """The worker of this process, made when the first test needs it. Raises OSError."""
        told = self.assignment
        worker = Worker(
            self.target,
            run=told.run,
            name=self._name(told.worker),
            output=told.output,
            share=Share(told.workers, self.shard, tuple(self.systems), self.selection.starting),
            until=told.until,
            tokens=told.tokens,
        )
        self._lock = os.open(self.output / f"lock-{worker.name}", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return worker

    @property
    def _has_begun(self) -> bool:
        """Whether this process has begun a test of the run."""
        return "worker" in self.__dict__

    @property
    def shard(self) -> Shard:
        """Which part of the run this is."""
        return self.selection.shard

    def _name(self, worker: str) -> str:
        """What a worker is called in journals, names and exchanges, which are joined with those of other shards."""
        return worker if self.shard.whole else f"s{self.shard.index}{worker}"

    # -- one test -------------------------------------------------------------------------------------------------

    def _takes_part(self, item: pytest.Item) -> bool:
        """Whether a test is about a system of the run."""
        return system_of(item) in self.systems

    def within_budget(self) -> None:
        """Begin nothing new when the time budget is used up. Raises NotExercised."""
        if time.monotonic() > self.assignment.until:
            raise NotExercised(Reason.TIME_BUDGET, f"{self._budget():g} seconds")

    def _budget(self) -> float:
        """The time budget in seconds; infinite when there is none."""
        return float(self._option("time_budget") or self.target.limits.time_budget or math.inf)

    @property
    def session(self) -> Session:
        """The session of the current test's system, with the recorder of this test."""
        assert self._session is not None
        return self._session

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Give the test a recorder, and write down at the end what it found."""
        if not self._takes_part(item):
            return (yield)
        if self.assignment.obstacle:
            self._stopped = self.entrance.closed = True
            item.session.shouldfail = self.assignment.obstacle
            return (yield)
        system = system_of(item)
        self._concluded = self._deviates = False
        try:
            self._session, self._recorder = self.worker.begin(system, cited(item), steady=SEED not in fixtures(item))
        except (OSError, Unwritable) as error:
            self._break_off(item.session, error)
            self.entrance.closed = True
            return (yield)
        self._test = {
            "id": item.stash[TEST_ID],
            "title": title(item),
            "system": system,
            "outcome": "passed",
            "seconds": 0.0,
            "requirements": cited(item),
            "message": "",
        }
        started = time.perf_counter()
        try:
            result = yield
            self._test["seconds"] = round(time.perf_counter() - started, 4)
            passed_over = bool(suite_of(item)) and not self._concluded
            self.worker.end(self._session, self._recorder, self._test, passed_over=passed_over)
        except (OSError, Unwritable) as error:  # also when it was a reporter who could not write
            self._break_off(item.session, error)
            return True
        except Exception as error:  # pytest would print it as it is, and end
            self.worker.internal.append(f"after {item.stash[TEST_ID]}: {type(error).__name__}: {error}")
            item.session.shouldfail = "an error of the suite"
            return True
        return result

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, object, object]:
        """Reporters write down what a fixture raises, as it is: before they see it, secrets are taken out of it."""
        try:
            return (yield)
        except Exception as error:
            ours = isinstance(request.node, pytest.Item) and suite_of(request.node)
            if ours and not isinstance(error, Blocked | NotExercised):
                error.args = tuple(self._hidden(str(one)) for one in error.args)
            raise

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """A fixture may find that nothing behind it can be tried."""
        if not self._takes_part(item):
            return (yield)
        allure_keys.label(item.stash[TEST_ID], system_of(item))
        try:
            return (yield)
        except Exception as error:
            ended_by = error
        return self._end(item, ended_by)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """The result of a test is what its verdicts say."""
        if not self._takes_part(item):
            return (yield)
        ended_by: Exception | None = None
        try:
            yield
        except Exception as error:
            ended_by = error
        self._end(item, ended_by)

    def _end(self, item: pytest.Item, error: Exception | None) -> None:
        """Settle the result of a test; not within the handling of `error`, which reporters would show as it is."""
        if error is None or isinstance(error, Blocked | NotExercised):
            try:
                self._conclude(error)
                return
            except Exception as unexpected:  # outcomes of pytest are none
                error = unexpected
        self._failed(item, error)

    def _conclude(self, reason: Blocked | NotExercised | None) -> None:
        """Say of everything cited what became of it; then fail, skip or pass."""
        assert self._recorder is not None
        self._concluded = True
        self._recorder.conclude(reason)
        table = self.target.table(self._recorder.specification.system)
        deviations = [
            one
            for one in self._recorder.deviations
            if not plan.exempt(self._recorder.specification.requirements[one.requirement], table)
        ]
        told = "\n".join(self._told(one) for one in deviations)
        if any(one.fingerprint not in self.assignment.known for one in deviations):
            self._deviates = True
            pytest.fail(told, pytrace=False)
        if deviations:
            pytest.xfail(told)
        outcomes = {verdict.outcome for verdict in self._recorder.verdicts}
        open_ones = {Outcome.BLOCKED, Outcome.NOT_EXERCISED}
        if reason is not None or (outcomes & open_ones and Outcome.CONFORMS not in outcomes):
            pytest.skip(self.worker.redactor.text(str(reason)) if reason else "nothing of it could be tried")

    def _failed(self, item: pytest.Item, error: Exception) -> NoReturn:
        """An error that is none of the target's is one of the suite; whoever reports it sees no secret.

        In a test of somebody else's it is that test's own.
        """
        self._concluded = True
        if not suite_of(item) and not isinstance(error, Unwritable | Refused):
            raise error
        if isinstance(error, Unwritable):
            self._break_off(item.session, error)
            pytest.fail(self.unwritable, pytrace=False)
        kind = "the guard refused a request" if isinstance(error, Refused) else "an error of the suite"
        self.worker.internal.append(f"{item.stash[TEST_ID]}: {kind}: {type(error).__name__}: {error}")
        told = "".join(traceback.format_exception(error, limit=-DEEPEST))
        pytest.fail(self.worker.redactor.text(f"{kind}: {told}"), pytrace=False)

    def _told(self, verdict: Verdict) -> str:
        requirement = self._recorder.specification.requirements[verdict.requirement] if self._recorder else None
        cite = f" ({requirement.document}, {requirement.section}, {requirement.lines})" if requirement else ""
        return self.worker.redactor.text(
            f"{verdict.requirement}{cite}: expected {verdict.expected}; observed {verdict.observed}"
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the outcome; an error that is none of the target's is one of the suite."""
        report = yield
        ours = bool(suite_of(item))
        if ours or self._deviates:
            setattr(report, OURS, True)
        if self._takes_part(item) and self._test:
            if report.outcome != "passed" and self._test["outcome"] == "passed":
                known = hasattr(report, "wasxfail")
                self._test["outcome"] = "xfailed" if known else report.outcome
                self._test["message"] = (
                    _skipped(report) if report.skipped and not known else str(report.longrepr)[:2000]
                )
            error = call.excinfo.value if call.excinfo else None
            if isinstance(error, KeyboardInterrupt):
                self.interrupted = True
            elif ours and error is not None and not isinstance(error, pytest.fail.Exception | pytest.skip.Exception):
                name = type(error).__name__  # where no test can catch it: between and after tests
                self.worker.internal.append(f"{item.stash[TEST_ID]}: an error of the suite: {name}: {error}")
        return report

    # -- the end --------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C, or SIGTERM that the command made into one."""
        self.interrupted = True
        # Between two lines a signal meets code that has no line, on which pytest's own report would break down.
        excinfo.traceback = excinfo.traceback.filter(lambda entry: entry.get_python_framesummary().lineno is not None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A failed test that is none of the suites' fails the run as it fails pytest."""
        if not self.is_controller or not report.failed:
            return
        if str(report.when) == CRASHED:
            self.internal.append(f"a worker crashed in {report.nodeid}")
        elif not getattr(report, OURS, False):
            self._beside.setdefault(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """An error of pytest or of a plugin: whoever prints it next sees no secret."""
        told = self._hidden(str(excrepr))
        excrepr.toterminal = lambda writer: writer.write(told)
        self.internal.append(f"internal error: {told[-500:]}")

    def _hidden(self, text: str) -> str:
        """A text without the secrets that this process knows."""
        if self._has_begun:
            return self.worker.redactor.text(text)
        return Redactor({**self.target.secrets(), **basic_secrets(self.target)}, PUBLIC).text(text)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """An error while collecting the suites is one of theirs; others fail the run as they fail pytest."""
        if report.failed and self.is_controller and self._is_suite(report.nodeid):
            self.internal.append(f"collecting {report.nodeid}: {self._hidden(str(report.longrepr))[-500:]}")

    def _is_suite(self, nodeid: str) -> bool:
        path = self.config.rootpath / nodeid.partition("::")[0]
        return Path(os.path.normpath(path)).is_relative_to(SUITES_PATH)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Clean up; the controller waits for the workers, cleans up after them, and writes the record."""
        if self.is_worker:
            self.config.workeroutput[assignment.KEY] = {  # type: ignore[attr-defined]
                "collected": list(self.selection.collected),
                "planned": list(self.selection.planned),
                "stopped": self._stopped,
            }
        try:
            if self._has_begun:
                self.worker.close()
        except Unwritable as error:
            self._break_off(session, error)
        except BaseException as error:  # a time limit, or whatever else: the run ends with a record all the same
            self._ended_badly(error)
        try:
            yield
        except OSError as error:  # of a reporter
            self._break_off(session, error)
        except pytest.exit.Exception:  # a plugin ends the run with a code of its own
            raise
        except BaseException as error:
            self._ended_badly(error)
            if not self.is_controller:
                raise
        finally:  # also when a plugin ends pytest here
            if self._lock is not None:
                os.close(self._lock)
            if self.is_controller and not self.config.getoption("collectonly"):
                self._finish(session)

    def _ended_badly(self, error: BaseException) -> None:
        """Note what went wrong at the end of a run; an interrupt is none of the suite's errors."""
        if isinstance(error, KeyboardInterrupt):
            self.interrupted = True
        else:
            self.internal.append(self._hidden(f"at the end of the run: {type(error).__name__}: {error}")[:500])

    def _break_off(self, session: pytest.Session, error: OSError | Unwritable) -> None:
        """The directory of the run can no longer be written, so that nothing more can be found out."""
        if isinstance(error, OSError):
            error = Unwritable(Path(error.filename or self.output), error)
        self.unwritable = self.unwritable or str(error)
        session.shouldfail = self.unwritable

    def pytest_unconfigure(self) -> None:
        """Leave Allure as it was."""
        if self._keys is not None:
            allure_keys.unregister(self._keys)

    def _finish(self, session: pytest.Session) -> None:
        """Clean up after the workers and write the record, if there is anything to say of a run."""
        if self._stopped or self.distribution.stopped:
            self._print(f"conformance: {self.assignment.obstacle}")
            session.exitstatus = exit_codes.USAGE
            return
        begun = not self.assignment.obstacle and (self.output / PARTS).exists()
        if not (begun or self.unwritable or self.config.pluginmanager.hasplugin(choice.MARK)):
            return
        account = Account((self.output / PARTS / DIRECTORY) if begun else None, "cleaning")
        try:
            sweep.clean(self.target, self.output, account=account)
        except BaseException as error:
            self._ended_badly(error)
        try:
            self._publish(session)
        except OSError as error:
            self._break_off(session, error)
        except BaseException as error:  # a time limit; a defect comes again, and goes to who reports defects
            if (self.output / run_record.FILE_NAME).exists():
                raise
            self._ended_badly(error)
            self._publish(session)
        if self.unwritable:
            advice = "The run was broken off; make room, or name another --output."
            self._print(f"conformance: {self.unwritable}. {advice}")
            session.exitstatus = exit_codes.INTERNAL

    def _print(self, sentence: str) -> None:
        with forgiving():
            Console(stderr=True, soft_wrap=True).print(sentence, markup=False, highlight=False)

    def _publish(self, session: pytest.Session) -> None:
        """Write the record and its views, and show the end of the run. Raises OSError."""
        allure_directory = self.config.getoption("allure_report_dir", None)
        collected = self.distribution.collected | set(self.selection.collected)
        told = worker_log.Circumstances(
            started=self._began.isoformat(timespec="seconds"),
            seconds=time.time() - self.started,
            seed=self._option("seed"),
            depth=self._option("depth"),
            interrupted=self.interrupted or session.exitstatus == pytest.ExitCode.INTERRUPTED,
            crashed=session.exitstatus == pytest.ExitCode.INTERNAL_ERROR,
            selected=self.selection.narrowed or bool(session.shouldfail or session.shouldstop),
            shard=self.shard,
            division=self.selection.division,
            strict=self._option("strict"),
            baseline=self.baseline,
            baseline_strict=self._option("baseline_strict"),
            read_only=self.target.safety.level is Safety.READ_ONLY,
            internal=(*self.internal, *([self.unwritable] if self.unwritable else [])),
            planned=frozenset(self.distribution.planned | set(self.selection.planned)),
            uncollected=tuple(one for system in self.systems for one in self._uncollected(system, collected)),
            status=int(session.exitstatus),
            beside=tuple(self._beside)[:BESIDE],
            profiles=frozenset(self._option("profile")),
            min_tested=self._option("min_tested"),
        )
        self.record = aggregate.assemble(self.target, self.systems, self.output, told)
        write_reports.publish(self.record, self.output, Path(allure_directory or self.output / "allure-results"))
        worker_log.tidy(self.output)
        with forgiving():
            terminal.show(self.record, self.output, Console())
        # pytest-xdist says that nothing was collected where the last worker to report had left the suites to another.
        kept = 0 if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED else session.exitstatus
        session.exitstatus = self.record.exit_code or kept

    def _uncollected(self, system: str, collected: set[str]) -> list[str]:
        """The tests of a system that exist, and that no process of the run found."""
        try:
            expected = inventory.inventory(self.target.table(system).specification())
        except ImportError as error:  # pytest could not collect it either
            return [f"{system}: {error}"]
        return inventory.absent(expected, collected)


def _skipped(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr or "")
