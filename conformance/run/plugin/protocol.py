"""Protocol: gives each test a recorder, and derives its result from its verdicts. Registered with pytest."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Generator, Sequence
from typing import Any, Final, NoReturn

import pytest

from conformance.core.verdict import Outcome, Verdict
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.engine.session import Session
from conformance.run.plugin import allure_keys
from conformance.run.plugin.admission import Entrance
from conformance.run.plugin.items import TEST_ID, cited, fixtures, suite_of, system_of, title
from conformance.run.plugin.mistakes import takes_part
from conformance.run.plugin.process import RunProcess
from conformance.run.repetition import Repetition
from conformance.target import plan
from conformance.wire.guard import RequestRefused
from conformance.wire.journal import Unwritable

DEEPEST: Final = 6  # calls of a traceback that are shown: those nearest to the error
OURS: Final = "conformance"  # the mark of a report on a test of the suites, which survives the way from a worker
NEW: Final = "conformance_new"  # the fingerprints of new deviations on the report of a test that fails for them
SEED: Final = "seed"  # the fixture of the tests that send something else in every run


class TestProtocol:
    """What happens around each test about a system of the run; `entrance` is closed when no further test may begin."""

    __test__ = False

    def __init__(self, process: RunProcess, entrance: Entrance) -> None:
        self.process = process
        self.entrance = entrance
        self._recorder: Recorder | None = None
        self._session: Session | None = None
        self._test: dict[str, Any] = {}
        self._started = 0.0
        self._concluded = False
        self._new: list[str] = []  # the fingerprints of the deviations that fail the current test
        self._first: list[Verdict] | None = None  # those new deviations because of which it is repeated

    def _takes_part(self, item: pytest.Item) -> bool:
        """Whether a test is about a system of the run, and says so as it must."""
        return takes_part(item, self.process.systems)

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
        if self.process.assignment.problem:
            self.process.stopped = self.entrance.closed = True
            item.session.shouldfail = self.process.assignment.problem
            return (yield)
        self._first = None
        try:
            self._begin(item)
        except (OSError, Unwritable) as error:
            self.process.break_off(item.session, error)
            self.entrance.closed = True
            return (yield)
        try:
            result = yield
            self._store(item)
        except (OSError, Unwritable) as error:  # also when it was a reporter who could not write
            self.process.break_off(item.session, error)
            return True
        except Exception as error:  # pytest would print it as it is, and end
            self.process.worker.internal.append(f"after {item.stash[TEST_ID]}: {type(error).__name__}: {error}")
            item.session.shouldfail = "an internal error"
            return True
        return result

    def _begin(self, item: pytest.Item) -> None:
        """Give the test a recorder. Raises OSError and Unwritable."""
        system = system_of(item)
        self._concluded = False
        self._new = []
        deterministic = SEED not in fixtures(item) and self._first is None
        self._session, self._recorder = self.process.worker.begin(system, cited(item), deterministic=deterministic)
        self._test = {
            "id": item.stash[TEST_ID],
            "title": title(item),
            "system": system,
            "outcome": "passed",
            "seconds": 0.0,
            "requirements": cited(item),
            "message": "",
        }
        self._started = time.perf_counter()

    def _store(self, item: pytest.Item) -> None:
        """Write down what the test found; of a repetition what it confirms. Raises OSError and Unwritable."""
        assert self._session is not None
        assert self._recorder is not None
        self._test["seconds"] = round(time.perf_counter() - self._started, 4)
        passed_over = bool(suite_of(item)) and not self._concluded
        self.process.worker.end(
            self._session, self._recorder, self._test, passed_over=passed_over, repeats=self._first is not None
        )

    def is_recording(self, item: pytest.Item) -> bool:
        """Whether the test has a recorder."""
        return self._takes_part(item) and self._recorder is not None and not self.entrance.closed

    @property
    def deviates(self) -> bool:
        """Whether the current test has a deviation that the baseline does not cover."""
        return bool(self._new)

    def repeat(self, item: pytest.Item) -> None:
        """Write down what the test found, and make it ready to run once more. Raises OSError and Unwritable."""
        assert self._recorder is not None
        first = [one for one in self._counted(self._recorder.verdicts) if self._is_new(one)]
        self._store(item)
        self._first = first
        self._begin(item)

    @property
    def is_confirmed(self) -> bool:
        """Whether the repetition left one of the new deviations standing: it showed it, or could not tell."""
        assert self._recorder is not None
        again = Repetition.of(self._recorder.verdicts)
        return any(again.leaves(one) for one in self._first or ())

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, object, object]:
        """Reporters write down what a fixture raises, as it is: before they see it, secrets are taken out of it."""
        try:
            return (yield)
        except Exception as error:
            ours = isinstance(request.node, pytest.Item) and suite_of(request.node)
            if ours and not isinstance(error, Blocked | NotExercised):
                error.args = tuple(self.process.hidden(str(one)) for one in error.args)
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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """What a fixture of the user's finds while it cleans up counts as found by the test."""
        if not self._takes_part(item):
            return (yield)
        assert self._recorder is not None
        before = len(self._recorder.verdicts)
        with contextlib.suppress(Blocked, NotExercised):  # a deviation is recorded; else there is nothing to report
            yield
        self._fail_for(self._counted(self._recorder.verdicts[before:]))

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
        deviations = self._counted(self._recorder.verdicts)
        self._fail_for(deviations)
        if deviations:
            pytest.xfail("\n".join(map(self._told, deviations)))
        outcomes = {verdict.outcome for verdict in self._recorder.verdicts}
        open_ones = {Outcome.BLOCKED, Outcome.NOT_EXERCISED}
        if reason is not None or (outcomes & open_ones and Outcome.CONFORMS not in outcomes):
            pytest.skip(self.process.worker.redactor.text(str(reason)) if reason else "nothing of it could be tested")

    def _counted(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The deviations of level must or should among verdicts, from what the target claims to do."""
        assert self._recorder is not None
        spec = self._recorder.specification
        table = self.process.target.table(spec.system)
        return [
            one
            for one in self._recorder.deviations
            if one in verdicts
            and not plan.exempt(known := spec.requirements[one.requirement], table)
            and self.process.filter.selects(known.id, known)
        ]

    def _fail_for(self, deviations: Sequence[Verdict]) -> None:
        """Fail the test if one of the deviations is not in the baseline."""
        if new := [str(one.fingerprint) for one in deviations if self._is_new(one)]:
            self._new += new
            pytest.fail("\n".join(map(self._told, deviations)), pytrace=False)

    def _is_new(self, verdict: Verdict) -> bool:
        """Whether the baseline does not cover a deviation."""
        return self.process.assignment.known.isdisjoint((verdict.fingerprint, verdict.fingerprint_of_place))

    def _failed(self, item: pytest.Item, error: Exception) -> NoReturn:
        """An error that is none of the target's is one of the suite; whoever reports it sees no secret.

        In a test of somebody else's it is that test's own.
        """
        self._concluded = True
        if not suite_of(item) and not isinstance(error, Unwritable | RequestRefused):
            raise error
        if isinstance(error, Unwritable):
            self.process.break_off(item.session, error)
            pytest.fail(self.process.unwritable, pytrace=False)
        kind = "the guard refused a request" if isinstance(error, RequestRefused) else "an internal error"
        self.process.worker.internal.append(f"{item.stash[TEST_ID]}: {kind}: {type(error).__name__}: {error}")
        told = "".join(traceback.format_exception(error, limit=-DEEPEST))
        pytest.fail(self.process.worker.redactor.text(f"{kind}: {told}"), pytrace=False)

    def _told(self, verdict: Verdict) -> str:
        requirement = self._recorder.specification.requirements[verdict.requirement] if self._recorder else None
        cite = f" ({requirement.document}, {requirement.section}, {requirement.lines})" if requirement else ""
        return self.process.worker.redactor.text(
            f"{verdict.requirement}{cite}: expected {verdict.expected}; observed {verdict.observed}"
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the outcome; an error that is none of the target's is one of the suite."""
        report = yield
        ours = bool(suite_of(item))
        if ours or self._new:
            setattr(report, OURS, True)
        if report.failed and self._new:
            setattr(report, NEW, sorted(set(self._new)))
        if self._takes_part(item) and self._test:
            if report.outcome != "passed" and self._test["outcome"] == "passed":
                known = hasattr(report, "wasxfail")
                self._test["outcome"] = "xfailed" if known else report.outcome
                self._test["message"] = (
                    _skipped(report) if report.skipped and not known else str(report.longrepr)[:2000]
                )
            error = call.excinfo.value if call.excinfo else None
            if isinstance(error, KeyboardInterrupt):
                self.process.interrupted = True
            elif ours and error is not None and not isinstance(error, pytest.fail.Exception | pytest.skip.Exception):
                name = type(error).__name__  # where no test can catch it: between and after tests
                self.process.worker.internal.append(f"{item.stash[TEST_ID]}: an internal error: {name}: {error}")
        return report


def _skipped(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr or "")
