"""Give each test a recorder, and derive its result from its verdicts. Registered with pytest."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Generator, Sequence
from typing import Any, Final, NoReturn

import pytest

from conformance.core.exchange import NotJson
from conformance.core.verdict import Outcome, Reason, Verdict
from conformance.engine.recorder import Blocked, NotExercised, Recorder
from conformance.engine.session import Session
from conformance.run.plugin import allure_keys
from conformance.run.plugin.admission import Admission
from conformance.run.plugin.items import TEST_ID, cited, fixtures, suite_of, system_of, title
from conformance.run.plugin.mistakes import takes_part
from conformance.run.plugin.process import RunProcess
from conformance.run.repetition import Repetition
from conformance.target import plan
from conformance.wire.guard import RequestRefused
from conformance.wire.journal import Unwritable

MAX_FRAMES: Final = 6  # frames of a traceback that are shown: those nearest to the error
OURS: Final = "conformance"  # the attribute of a report on a suite's test, which survives the transfer from a worker
NEW: Final = "conformance_new"  # the fingerprints of new deviations on the report of a test that fails for them
UNREACHED: Final = "conformance_unreached"  # the mark of one on a test whose system can no longer be tested
SEED: Final = "seed"  # the fixture of the tests that send something else in every run


class TestProtocol:
    """What happens around each test of a system of the run. `admission` is closed when no further test may start."""

    __test__ = False

    def __init__(self, process: RunProcess, admission: Admission) -> None:
        self.process = process
        self.admission = admission
        self._recorder: Recorder | None = None
        self._session: Session | None = None
        self._test: dict[str, Any] = {}
        self._started = 0.0
        self._concluded = False
        self._new: list[str] = []  # the fingerprints of the deviations that fail the current test
        self._undecided: list[str] = []  # what a user's own test cites and recorded no verdict on
        self._new_deviations: list[Verdict] | None = None  # the new deviations because of which it is repeated

    def _takes_part(self, item: pytest.Item) -> bool:
        """Whether a test belongs to a system of the run, and requests it correctly."""
        return takes_part(item, self.process.systems)

    @property
    def session(self) -> Session:
        """The session of the current test's system, with the recorder of this test."""
        assert self._session is not None
        return self._session

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Give the test a recorder, and store its verdicts at the end."""
        if not self._takes_part(item):
            return (yield)
        if self.process.assignment.problem:
            self.process.stopped = self.admission.closed = True
            item.session.shouldfail = self.process.assignment.problem
            return (yield)
        self._new_deviations = None
        try:
            self._begin(item)
        except (OSError, Unwritable) as error:
            self.process.stop_unwritable(item.session, error)
            self.admission.closed = True
            return (yield)
        try:
            result = yield
            self._store(item)
        except (OSError, Unwritable) as error:  # also if a reporter could not write
            self.process.stop_unwritable(item.session, error)
            return True
        except Exception as error:  # pytest would print it unredacted, and end
            self.process.worker.internal.append(f"after {item.stash[TEST_ID]}: {type(error).__name__}: {error}")
            item.session.shouldfail = "an internal error"
            return True
        return result

    def _begin(self, item: pytest.Item) -> None:
        """Give the test a recorder. Raises OSError and Unwritable."""
        system = system_of(item)
        self._concluded = False
        self._new = []
        self._undecided = []
        deterministic = SEED not in fixtures(item) and self._new_deviations is None
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
        """Store the verdicts of the test; of a repetition only what it confirms. Raises OSError and Unwritable."""
        assert self._session is not None
        assert self._recorder is not None
        self._test["seconds"] = round(time.perf_counter() - self._started, 4)
        passed_over = bool(suite_of(item)) and not self._concluded
        self.process.worker.end(
            self._session, self._recorder, self._test, passed_over=passed_over, repeats=self._new_deviations is not None
        )

    def is_recording(self, item: pytest.Item) -> bool:
        """Whether the test has a recorder."""
        return self._takes_part(item) and self._recorder is not None and not self.admission.closed

    @property
    def deviates(self) -> bool:
        """Whether the current test has a deviation that the baseline does not cover."""
        return bool(self._new)

    def repeat(self, item: pytest.Item) -> None:
        """Store the verdicts of the test, and prepare it to run once more. Raises OSError and Unwritable."""
        assert self._recorder is not None
        first = [verdict for verdict in self._counted(self._recorder.verdicts) if self._is_new(verdict)]
        self._store(item)
        self._new_deviations = first
        self._begin(item)

    @property
    def is_confirmed(self) -> bool:
        """Whether the repetition confirmed one of the new deviations: it occurred again, or was not decided."""
        assert self._recorder is not None
        again = Repetition.of(self._recorder.verdicts)
        return any(again.leaves(deviation) for deviation in self._new_deviations or ())

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, request: pytest.FixtureRequest) -> Generator[None, object, object]:
        """Remove secrets from exceptions of fixtures, before reporters write them."""
        try:
            return (yield)
        except Exception as error:
            ours = isinstance(request.node, pytest.Item) and suite_of(request.node)
            if ours and not isinstance(error, Blocked | NotExercised):
                error.args = tuple(self.process.hidden(str(item)) for item in error.args)
            raise

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Handle a fixture that ends the test as blocked or not exercised."""
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
        """Derive the result of a test from its verdicts."""
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
        """Count deviations that a user's fixture finds during its teardown for the test."""
        if not self._takes_part(item):
            return (yield)
        assert self._recorder is not None
        before = len(self._recorder.verdicts)
        undecided: list[str] = []
        with contextlib.suppress(Blocked, NotExercised):  # a deviation is recorded; there is nothing else to report
            yield
            decided = {verdict.requirement for verdict in self._recorder.verdicts[before:]}
            undecided = [value for value in self._undecided if value not in decided]
        self._fail_for(self._counted(self._recorder.verdicts[before:]))
        if undecided:
            advice = "record it with session.recorder.require, or raise NotExercised with the reason"
            pytest.fail(f"{', '.join(undecided)}: the test ended without a verdict on it; {advice}", pytrace=False)

    def _end(self, item: pytest.Item, error: Exception | None) -> None:
        """Set the result of a test. Called outside the handling of `error`, which reporters would show unredacted.

        That a response is not JSON is no mistake of a suite: what it shows is undecided.
        """
        if isinstance(error, NotJson) and suite_of(item):
            error = NotExercised(Reason.INCONCLUSIVE, f"a response is not JSON: {error}")
        if error is None or isinstance(error, Blocked | NotExercised):
            try:
                self._conclude(error, own=not suite_of(item))
                return
            except Exception as unexpected:  # outcomes of pytest are not Exceptions
                error = unexpected
        self._failed(item, error)

    def _conclude(self, reason: Blocked | NotExercised | None, *, own: bool) -> None:
        """Conclude all cited requirements; then fail, skip or pass. `own`: it is a user's own test."""
        assert self._recorder is not None
        self._concluded = True
        if own and reason is None:
            self._undecided = self._recorder.undecided()
        self._recorder.conclude(reason)
        deviations = self._counted(self._recorder.verdicts)
        self._fail_for(deviations)
        if deviations:
            pytest.xfail("\n".join(map(self._description, deviations)))
        outcomes = {verdict.outcome for verdict in self._recorder.verdicts}
        open_ones = {Outcome.BLOCKED, Outcome.NOT_EXERCISED}
        if reason is not None or (outcomes & open_ones and Outcome.CONFORMS not in outcomes):
            pytest.skip(self.process.worker.redactor.text(str(reason)) if reason else "nothing of it could be tested")

    def _counted(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The deviations of level must or should among verdicts, of what the target claims to support."""
        assert self._recorder is not None
        spec = self._recorder.specification
        table = self.process.target.table(spec.system)
        return [
            deviation
            for deviation in self._recorder.deviations
            if deviation in verdicts
            and not plan.exempt(known := spec.requirements[deviation.requirement], table)
            and self.process.filter.selects(known.id, known)
        ]

    def _fail_for(self, deviations: Sequence[Verdict]) -> None:
        """Fail the test if one of the deviations is not in the baseline."""
        if new := [str(deviation.fingerprint) for deviation in deviations if self._is_new(deviation)]:
            self._new += new
            pytest.fail("\n".join(map(self._description, deviations)), pytrace=False)

    def _is_new(self, verdict: Verdict) -> bool:
        """Whether the baseline does not cover a deviation."""
        return self.process.assignment.known.isdisjoint((verdict.fingerprint, verdict.fingerprint_of_place))

    def _failed(self, item: pytest.Item, error: Exception) -> NoReturn:
        """Record an unexpected error as internal, without secrets. In a user's test, it is raised as it is."""
        self._concluded = True
        if not suite_of(item) and not isinstance(error, Unwritable | RequestRefused):
            raise error
        if isinstance(error, Unwritable):
            self.process.stop_unwritable(item.session, error)
            pytest.fail(self.process.unwritable, pytrace=False)
        kind = "the guard refused a request" if isinstance(error, RequestRefused) else "an internal error"
        self.process.worker.internal.append(f"{item.stash[TEST_ID]}: {kind}: {type(error).__name__}: {error}")
        details = "".join(traceback.format_exception(error, limit=-MAX_FRAMES))
        pytest.fail(self.process.worker.redactor.text(f"{kind}: {details}"), pytrace=False)

    def _description(self, verdict: Verdict) -> str:
        requirement = self._recorder.specification.requirements[verdict.requirement] if self._recorder else None
        cite = f" ({requirement.document}, {requirement.section}, {requirement.lines})" if requirement else ""
        return self.process.worker.redactor.text(
            f"{verdict.requirement}{cite}: expected {verdict.expected}; observed {verdict.observed}"
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the outcome. An unexpected error is an error of the suite."""
        report = yield
        ours = bool(suite_of(item))
        if ours or self._new:
            setattr(report, OURS, True)
        if report.failed and self._new:
            setattr(report, NEW, sorted(set(self._new)))
        if ours and self._session is not None and self._session.problem:
            setattr(report, UNREACHED, True)
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
                name = type(error).__name__  # raised between and after tests, where no test can catch it
                self.process.worker.internal.append(f"{item.stash[TEST_ID]}: an internal error: {name}: {error}")
        return report


def _skipped(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr or "")
