"""What a process of a run gets from the controller, and how the controller manages xdist workers.

Each worker runs pytest with the arguments of the controller. What all workers must agree on is decided once, in the
controller, and sent with the worker's input.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.wire.tokens import Tokens, TokenServer

KEY: Final = "conformance"
EACH: Final = "each"  # the distribution mode in which every worker runs every test
ELSEWHERE: Final = (
    "the workers of pytest-xdist must be processes of this machine, because they share the limits of the run: use -n, "
    "or --tx popen; --conformance-shard splits a run over machines."
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One process of a run.

    `until` is when the time budget is used up, on the monotonic clock, which all processes of a machine share.
    `problem` is why nothing can be written into `output`, or empty. A process that is not the `holder` leaves the
    suites to the one that is, so that they run once even if every worker runs everything. `known` are the fingerprints
    in the baseline.
    """

    run: str
    output: Path
    until: float
    problem: str = ""
    known: frozenset[str] = frozenset()
    worker: str = "main"
    workers: int = 1
    holder: bool = True
    tokens: Tokens | None = None

    def as_input(self) -> dict[str, Any]:
        """The assignment as pytest-xdist can send it."""
        return {
            "run": self.run,
            "output": str(self.output),
            "until": repr(self.until),
            "problem": self.problem,
            "known": sorted(self.known),
            "holder": self.holder,
            "tokens": (self.tokens.address, self.tokens.key) if self.tokens else None,
        }


def received(config: pytest.Config) -> Assignment | None:
    """The assignment of this process, if it is a worker of a run."""
    given: dict[str, Any] = getattr(config, "workerinput", {})
    as_input = given.get(KEY)
    if as_input is None:
        return None
    return Assignment(
        run=as_input["run"],
        output=Path(as_input["output"]),
        until=float(as_input["until"]),
        problem=as_input["problem"],
        known=frozenset(as_input["known"]),
        worker=given["workerid"],
        workers=given["workercount"],
        holder=as_input["holder"],
        tokens=Tokens(*as_input["tokens"]) if as_input["tokens"] else None,
    )


def new_mark() -> str:
    """The mark of a run: it is in the name of every resource that the run creates."""
    return secrets.token_hex(4)


class Distribution:
    """Exchange data with the workers. Registered with pytest in the controller.

    `assignment` makes what all workers get, when the first of them is created. Workers report the ids of the tests that
    they `collected` and of those that were `planned`, and whether one was `stopped` by the problem.
    """

    def __init__(self, assignment: Callable[[], Assignment]) -> None:
        self.collected: set[str] = set()
        self.planned: set[str] = set()
        self.stopped = False
        self._assignment = assignment
        self._tokens: TokenServer | None = None
        self._holder: str | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send a worker its assignment."""
        if not node.gateway.spec.popen:
            raise pytest.UsageError(ELSEWHERE)
        each = node.config.getoption("dist") == EACH
        if each and self._holder is None:
            self._holder = node.gateway.id
        holder = not each or node.gateway.id == self._holder
        assignment = replace(self._assignment(), holder=holder, tokens=self._shared())
        node.workerinput[KEY] = assignment.as_input()

    def _shared(self) -> Tokens | None:
        if self._tokens is None:
            with contextlib.suppress(OSError):  # then each worker requests its own
                self._tokens = TokenServer()
        return Tokens(self._tokens.address, self._tokens.key) if self._tokens is not None else None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Receive from a worker which tests it collected and planned. One that crashed reports nothing."""
        if node.gateway.id == self._holder:
            self._holder = None  # the worker that replaces it takes over
        as_input: dict[str, Any] = (getattr(node, "workeroutput", None) or {}).get(KEY, {})
        self.collected.update(as_input.get("collected", ()))
        self.planned.update(as_input.get("planned", ()))
        self.stopped = self.stopped or bool(as_input.get("stopped"))

    def pytest_unconfigure(self) -> None:
        """Discard the tokens."""
        if self._tokens is not None:
            self._tokens.close()
