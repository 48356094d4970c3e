"""Whatever a server returns, a test ends with a result about the target, in time, and writes no secret."""

from __future__ import annotations

import contextlib
import html
import importlib
import inspect
import pkgutil
import re
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest
from hypothesis import strategies as st

from conformance.engine import calls, sampling
from conformance.engine.lifecycle import Lifecycle, lifecycle_operations
from conformance.engine.recorder import Blocked, NotExercised
from conformance.engine.session import Session
from conformance.run.worker import Worker
from conformance.spec.specification import SYSTEMS, Operation, load
from conformance.target.network import Network
from conformance.target.target import Target
from conformance.target.target import load as load_target
from conformance.wire import retry, transport
from tests.hostile.server import Call, Hostile, fine
from tests.runs.support import edited, run, served

from . import odd
from .leaks import forms
from .test_odd_inputs import CODES, hidden, tried

FORMS: Final = frozenset().union(*map(forms, (odd.SECRET, odd.PASSWORD)))
MADE_FOR_IT: Final = ("importProject",)
"""What no example of the spec may be sent with: the suite makes a file that names the run's own."""
TOO_LONG: Final = re.compile(r"&#[0-9]{100,}")
Action = Callable[[Session], object]


@dataclass
class Plan:
    """The responses of a server in one example: some true ones, then the odd ones in turn."""

    true: int = 0
    answers: list[bytes] = field(default_factory=lambda: [b""])
    tokens: bool = False
    """Whether token requests get odd responses too."""
    every: int = 1
    """Only every so many-th of the requests then."""


class Odd(Hostile):
    """A server in front of a reference that responds by a plan."""

    plan = Plan()

    def begin(self, plan: Plan) -> None:
        self.plan = plan
        self.asked.clear()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError), connection:
            asked = self._read(connection)
            if asked is None:
                return
            call = Call(asked, self, connection)
            number = asked.number - self.plan.true - 1
            if (
                number < 0
                or number % self.plan.every
                or (not self.plan.tokens and re.search("oauth2/token|Authentication", asked.path))
            ):
                fine(call)
            else:
                call.say(self.plan.answers[number // self.plan.every % len(self.plan.answers)])


@dataclass(frozen=True)
class There:
    """The odd server of a system, its target, and what may be done there, by name."""

    server: Odd
    file: Path
    target: Target
    actions: dict[str, Action]
    examples: list[Any]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits: time passes at once."""
    monkeypatch.setattr(calls, "RETRY_DELAY", 0.0)
    clock = Clock()
    monkeypatch.setattr(transport, "RetryTransport", partial(retry.RetryTransport, sleep=clock.sleep, clock=clock))


def actions(system: str) -> dict[str, Action]:
    """Every call, every life, and every test of the suite that needs nothing but a session."""
    spec = load(system)

    def called(operation: Operation) -> Action:
        return lambda session: session.call(operation.id, **sampling.build_request(session, operation).request())

    def lived(operation: Operation) -> Action:
        return lambda session: Lifecycle(session, operation).run()

    callable_ones = [item for item in spec.operations.values() if item.id not in MADE_FOR_IT]
    found: dict[str, Action] = {f"call {item.id}": called(item) for item in callable_ones}
    found |= {f"life {item.id}": lived(item) for item in lifecycle_operations(spec)}
    package = importlib.import_module(f"conformance.suites.{system}")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("test_"):
            held = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
            for name, item in held.items():
                if name.startswith("test_") and list(inspect.signature(item).parameters) == ["session"]:
                    found[f"{module.name} {name}"] = item
    return found


@contextlib.contextmanager
def there(system: str, directory: Path) -> Iterator[There]:
    with served(system) as (_, toml):
        url = re.findall(r'"(http://127\.0\.0\.1:\d+)"', toml)

        def change(data: dict[str, Any]) -> None:
            data["network"] = {"headers": {"X-One": odd.SECRET, "X-Other": odd.PASSWORD}}
            data["limits"] = {"request_timeout": 5}

        with contextlib.ExitStack() as servers:
            text = edited(toml, change)
            fronts = {item: Odd("odd", item) for item in dict.fromkeys(url)}
            for item, front in fronts.items():
                servers.enter_context(front)
                text = text.replace(item, front.url)
            path = directory / f"{system}.toml"
            path.write_text(text)
            last = list(fronts.values())[-1]
            examples = [
                example
                for operation in load(system).operations.values()
                for a in operation.responses
                for example in a.examples
            ]
            yield There(last, path, load_target(path), actions(system), examples or [{}])


@st.composite
def plans(draw: st.DrawFn, place: There) -> tuple[str, Plan]:
    name = draw(st.sampled_from(sorted(place.actions)))
    true = draw(st.sampled_from(place.examples))
    found = draw(st.lists(odd.answers(true), min_size=1, max_size=2))
    return name, Plan(draw(st.sampled_from([0, 0, 1, 2, 3, 5, 8, 13])), found, draw(st.integers(0, 9)) == 0)


@st.composite
def whole_runs(draw: st.DrawFn, place: There) -> Plan:
    """A run in which some of the responses are odd, of every kind."""
    true = draw(st.sampled_from(place.examples))
    found = draw(st.lists(odd.answers(true), min_size=40, max_size=40))
    every = draw(st.sampled_from([1, 2, 3, 5, 9]))
    return Plan(draw(st.sampled_from([0, 1, 5, 20])), found, draw(st.integers(0, 3)) == 0, every)


class Clock:
    """Time that passes only while somebody waits: a server may ask for any pause."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 <= seconds <= retry.LONGEST_WAIT
        self.now += seconds


def shown(directory: Path) -> list[str]:
    """The files in which a secret is, also behind one escape."""
    found = []
    for path in directory.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            unescaped = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
            marked_up = html.unescape(TOO_LONG.sub("", text))  # which fails on numbers of thousands of digits
            readings = {value.encode("utf-8", "replace") for value in (text, marked_up, unquote(text), unescaped)}
            if any(form in reading for form in FORMS for reading in readings):
                found.append(path.name)
    return found


def one_test(place: There, name: str, directory: Path) -> Worker:
    """One test of one worker, ended as a run ends it. Raises whatever a run would call an internal error."""
    system = place.target.systems[0]
    worker = Worker(place.target, run="0a1b2c3d", output=directory)
    session, recorder = worker.begin(system, ())
    reason: Blocked | NotExercised | None = None
    try:
        place.actions[name](session)
    except (Blocked, NotExercised) as error:
        reason = error
    recorder.conclude(reason)
    worker.end(session, recorder, {"id": name, "message": str(reason or ""), "outcome": "passed"})
    worker.close()
    assert worker.internal == []
    return worker


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    "number", [pytest.param(25, id="some"), pytest.param(3400, id="3400", marks=pytest.mark.matrix)]
)
@pytest.mark.timeout(3600)
def test_odd_response_causes_no_internal_error(
    system: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    trusted = Network().context()
    monkeypatch.setattr(Network, "context", lambda _: trusted)  # reading them costs more than all the rest
    output = tmp_path / "run"

    with there(system, tmp_path) as place:

        def check(example: tuple[str, Plan]) -> None:
            name, plan = example
            shutil.rmtree(output, ignore_errors=True)
            output.mkdir()
            place.server.begin(plan)
            one_test(place, name, output)
            assert shown(output) == []

        tried(number, plans(place), check)


@pytest.mark.parametrize(
    ("system", "number"),
    [
        pytest.param("processmaker4", 2, id="some"),
        *(pytest.param(system, 12, id=system, marks=pytest.mark.matrix) for system in SYSTEMS),
    ],
)
@pytest.mark.timeout(3600)
def test_whole_run_of_odd_responses_ends_in_order(system: str, number: int, tmp_path: Path, impatient: None) -> None:
    output = tmp_path / "run"

    with there(system, tmp_path) as place:

        def check(plan: Plan) -> None:
            shutil.rmtree(output, ignore_errors=True)
            place.server.begin(plan)
            done = run(place.file, output)
            assert done.code in CODES, done.printed[-2000:]
            assert not hidden(done.printed)
            assert shown(output) == []
            assert done.record.exit_code == done.code

        tried(number, whole_runs(place), check)


def test_the_checks_of_these_tests_can_fail(tmp_path: Path) -> None:
    for number, text in enumerate((odd.SECRET, "".join(f"\\u{ord(value):04x}" for value in odd.SECRET))):
        (tmp_path / f"{number}.json").write_text(text)
    assert sorted(shown(tmp_path)) == ["0.json", "1.json"]
    with there("processmaker4", tmp_path) as place:
        place.server.begin(Plan(true=100))
        worker = one_test(place, "call startRequest", tmp_path)
    assert worker.sessions["processmaker4"].client.sent
    assert len(actions("processmaker3")) > 60
