"""Control how a run ends, and what it writes. Registered with pytest if there is a target."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest
from rich.console import Console

from conformance.core import exit_codes
from conformance.core.streams import forgiving
from conformance.engine.corpus import PACKAGED_CASES
from conformance.report import github, terminal
from conformance.report.run_record import RunRecord
from conformance.run import aggregate, choice, inventory, sweep, write_reports
from conformance.run.context import RunContext
from conformance.run.exit_policy import process_exit_code
from conformance.run.plugin import allure_keys, assignment
from conformance.run.plugin.admission import Admission
from conformance.run.plugin.items import SUITES_PATH
from conformance.run.plugin.process import RunProcess
from conformance.run.plugin.protocol import OURS, TestProtocol
from conformance.spec import document_lines
from conformance.target.target import Safety
from conformance.wire.journal import Unwritable
from conformance.wire.limits import Account

CRASHED: Final = "???"  # the phase of a test in which an xdist worker died
MAX_FOREIGN: Final = 20  # maximal failed tests outside the suites that are named


class RunController:
    """The part of a run in one process of pytest: the controller, a worker, or both in one."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.process = RunProcess(config)
        self.admission = Admission(self.process.systems, lambda: self.process.within_budget())
        self.protocol = TestProtocol(self.process, self.admission)
        self.record: RunRecord | None = None
        self._beside: dict[str, None] = {}
        self._keys = allure_keys.register() if config.getoption("allure_report_dir", None) else None

    @pytest.hookimpl(tryfirst=True)  # before pytest-xdist creates its workers
    def pytest_sessionstart(self) -> None:
        """Wait for a server that is starting, and generate the bodies that are not cached yet."""
        if not self.process.is_controller or self.config.getoption("collectonly"):
            return
        if seconds := self.process.option("wait"):
            from conformance.run.waiting import wait  # opens connections, so only if it is needed

            wait(self.process.target, self.process.systems, seconds, self._print)
        self._generate()

    def _generate(self) -> None:
        """Generate bodies in processes of their own, if all tests are run: others may need none."""
        process = self.process
        packaged = process.option("seed") == 0 and process.examples <= PACKAGED_CASES
        narrowed = self.config.getoption("keyword") or self.config.getoption("markexpr")
        if packaged or narrowed or process.option("depth") == "quick":
            return
        from conformance.run import preparation  # starts processes, so only if it is needed

        missing = list(
            preparation.missing(
                process.target, process.systems, process.filter, process.option("seed"), process.examples
            )
        )
        if missing:
            preparation.generate(missing, quiet=process.option("quiet"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Handle Ctrl-C, or SIGTERM, which the command converts."""
        self.process.interrupted = True
        if self.process.is_controller and self.process.directory.logs.exists():
            self._print("Interrupted. Cleaning up what the run created …")
        # A signal between two lines leaves a frame without a line number, which pytest's report cannot handle.
        excinfo.traceback = excinfo.traceback.filter(lambda entry: entry.get_python_framesummary().lineno is not None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a failed test outside the suites: it fails the run as it fails pytest."""
        if not self.process.is_controller or not report.failed:
            return
        if str(report.when) == CRASHED:
            self.process.internal.append(f"a worker crashed in {report.nodeid}")
        elif not getattr(report, OURS, False):
            self._beside.setdefault(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Handle an error of pytest or a plugin: remove secrets from its message."""
        message = self.process.hidden(str(excrepr))
        excrepr.toterminal = lambda writer: writer.write(message)
        self.process.internal.append(f"internal error: {message[-500:]}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record an error while collecting the suites as internal. Other errors fail the run as they fail pytest."""
        if report.failed and self.process.is_controller and self._is_suite(report.nodeid):
            self.process.internal.append(
                f"collecting {report.nodeid}: {self.process.hidden(str(report.longrepr))[-500:]}"
            )

    def _is_suite(self, nodeid: str) -> bool:
        path = self.config.rootpath / nodeid.partition("::")[0]
        return Path(os.path.normpath(path)).is_relative_to(SUITES_PATH)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Clean up. The controller waits for the workers, cleans up after them, and writes the record."""
        if self.process.is_worker:
            self.config.workeroutput[assignment.KEY] = {  # type: ignore[attr-defined]
                "collected": list(self.process.selection.collected),
                "planned": list(self.process.selection.planned),
                "stopped": self.process.stopped,
            }
        try:
            if self.process.has_begun:
                self.process.worker.close()
        except Unwritable as error:
            self.process.stop_unwritable(session, error)
        except BaseException as error:  # a time limit or any other error: the run still ends with a record
            self.process.record_final_error(error)
        try:
            yield
        except OSError as error:  # of a reporter
            self.process.stop_unwritable(session, error)
        except pytest.exit.Exception:  # a plugin ends the run with its own exit status
            raise
        except BaseException as error:
            self.process.record_final_error(error)
            if not self.process.is_controller:
                raise
        finally:  # also if a plugin ends pytest here
            self.process.release()
            if self.process.is_controller and not self.config.getoption("collectonly"):
                self._finish(session)

    def pytest_unconfigure(self) -> None:
        """Restore Allure."""
        if self._keys is not None:
            allure_keys.unregister(self._keys)

    def _finish(self, session: pytest.Session) -> None:
        """Clean up after the workers and write the record, if the run has begun."""
        if self.process.stopped or self.process.distribution.stopped:
            self._print(f"conformance: {self.process.assignment.problem}")
            session.exitstatus = exit_codes.USAGE
            return
        begun = not self.process.assignment.problem and self.process.directory.logs.exists()
        if not (begun or self.process.unwritable or self.config.pluginmanager.hasplugin(choice.MARK)):
            return
        account = Account(self.process.directory.account if begun else None, "cleaning")
        try:
            sweep.clean(self.process.target, self.process.output, account=account)
        except BaseException as error:
            self.process.record_final_error(error)
        try:
            self._publish(session)
        except OSError as error:
            self.process.stop_unwritable(session, error)
        except BaseException as error:  # a time limit; a defect would occur again, and is raised
            if self.process.directory.record.exists():
                raise
            self.process.record_final_error(error)
            self._publish(session)
        if self.process.unwritable:
            advice = "The run was stopped; free some space, or choose another --output."
            self._print(f"conformance: {self.process.unwritable}. {advice}")
            session.exitstatus = exit_codes.INTERNAL

    def _print(self, sentence: str) -> None:
        with forgiving():
            Console(stderr=True, soft_wrap=True).print(sentence, markup=False, highlight=False)

    def _publish(self, session: pytest.Session) -> None:
        """Write the record and its views, and print the result of the run. Raises OSError."""
        # Files that the user requested from pytest itself are theirs, even in the directory of the run.
        asked = (self.config.getoption(value, None) for value in ("allure_report_dir", "xmlpath"))
        theirs = {Path(item).absolute() for item in asked if item}
        collected = self.process.distribution.collected | set(self.process.selection.collected)
        context = RunContext(
            started=self.process.began.isoformat(timespec="seconds"),
            seconds=time.time() - self.process.started,
            seed=self.process.option("seed"),
            depth=self.process.option("depth"),
            interrupted=self.process.interrupted or session.exitstatus == pytest.ExitCode.INTERRUPTED,
            crashed=session.exitstatus == pytest.ExitCode.INTERNAL_ERROR,
            selected=self.process.selection.narrowed or bool(session.shouldfail or session.shouldstop),
            shard=self.process.shard,
            division=self.process.selection.division,
            strict=self.process.option("strict"),
            baseline=self.process.baseline,
            baseline_strict=self.process.option("baseline_strict"),
            read_only=self.process.target.safety.level is Safety.READ_ONLY,
            internal=(*self.process.internal, *([self.process.unwritable] if self.process.unwritable else [])),
            planned=frozenset(self.process.distribution.planned | set(self.process.selection.planned)),
            uncollected=tuple(
                value for system in self.process.systems for value in self._uncollected(system, collected)
            ),
            status=int(session.exitstatus),
            beside=tuple(self._beside)[:MAX_FOREIGN],
            profiles=frozenset(self.process.option("profile")),
            filter=self.process.filter,
            min_tested=self.process.option("min_tested"),
            documents=self._documents(),
        )
        self.record = aggregate.aggregate(self.process.target, self.process.systems, self.process.output, context)
        allure = not self.process.option("no_allure")
        write_reports.write_reports(self.record, self.process.output, theirs, allure=allure)
        self.process.directory.tidy()
        with forgiving():
            as_json = self.process.option("format") == "json"
            if as_json:
                print(self.process.directory.record.read_text(encoding="utf-8"), end="")
            else:
                terminal.show(self.record, self.process.output, Console(), brief=self.process.option("quiet"))
            if os.environ.get(github.VARIABLE) == "true":
                for line in github.annotation_lines(self.record):
                    print(line, file=sys.stderr if as_json else sys.stdout)
        session.exitstatus = process_exit_code(self.record.exit_code, int(session.exitstatus))

    def _documents(self) -> document_lines.DocumentLines:
        """The user's copies of the documents. Prints which of them cannot be cited."""
        directory = self.process.documents
        if directory is None:
            return document_lines.NO_DOCUMENTS
        tables = map(self.process.target.table, self.process.systems)
        specs = [table.specification() for table in tables]
        digests = {name: digest for spec in specs for name, digest in spec.documents.items()}
        addresses = {name: url for spec in specs for name, url in spec.addresses.items()}
        documents = document_lines.read(directory, digests, addresses)
        for warning in documents.warnings:
            self._print(f"conformance: {warning}")
        return documents

    def _uncollected(self, system: str, collected: set[str]) -> list[str]:
        """The existing tests of a system that no process of the run collected."""
        try:
            target = self.process.target
            expected = inventory.inventory(target.table(system).specification(), target.safety.level)
        except ImportError as error:  # pytest could not collect it either
            return [f"{system}: {error}"]
        return inventory.absent(expected, collected)
