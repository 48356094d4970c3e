"""Other people's things: a reference is filled with them before a run, and must hold them unchanged after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.types import ASGIApp

from conformance.engine import sampling
from conformance.engine.session import Session
from conformance.reference import Reference, build
from conformance.reference.personality import PLAIN
from conformance.reference.serving import Serving, target_toml
from conformance.run.worker import Worker
from conformance.spec.specification import SYSTEMS, Operation, load
from conformance.target.system_table import urls
from conformance.target.target import Target
from conformance.target.target import load as load_target

Around = Callable[[str, ASGIApp], ASGIApp]

NAMES: Final = ("Orders", "conf 0a1b2c3d main 1 a1b2c3", "ORDERS", "conf", "Übersicht <b>2026</b>", "a'; DROP TABLE --")
"""What they are called: also like things of another run, and like nothing that a suite would think of."""


@dataclass(frozen=True)
class Filled:
    """Served references with other people's things in them, the target file that fits, and what was there before."""

    references: dict[str, Reference]
    file: Path
    made: dict[str, int]
    before: dict[str, Any]

    def snapshot(self) -> dict[str, Any]:
        """The whole state of every reference."""
        return {system: reference.snapshot() for system, reference in self.references.items()}


@contextmanager
def filled(
    directory: Path,
    things: int,
    level: str = "owned",
    around: Around = lambda _, app: app,
    personality: str = PLAIN,
) -> Iterator[Filled]:
    """Serve a reference of each system, with at least so many of other people's things of all kinds in them.

    `around` makes a middleware for each app, given its system.
    """
    references = {system: build(system, personality=personality) for system in SYSTEMS}
    for system, reference in references.items():
        reference.wrap(partial(around, system))
    with Serving(list(references.values())) as serving:
        file = directory / "target.toml"
        toml = target_toml(list(references.values()), serving.urls)
        file.write_text(toml.replace('level = "disposable"', f'level = "{level}"'), encoding="utf-8")
        made = fill(load_target(file), things)
        state = {system: reference.snapshot() for system, reference in references.items()}
        yield Filled(references, file, made, state)


def makers(system: str) -> list[Operation]:
    """The operations that create something of a name of its own from nothing but a JSON body."""
    return [
        operation
        for operation in load(system).operations.values()
        if operation.effect == "create" and operation.names and not operation.touches and not operation.path_parameters
        if operation.body("application/json") is not None
    ]


def fill(target: Target, things: int) -> dict[str, int]:
    """Create things of every kind until there are so many, round by round; returns how many of each kind."""
    worker = Worker(target, run="others")
    made: dict[str, int] = {}
    every = [(maker, worker.begin(system, ())[0]) for system in target.systems for maker in makers(system)]
    with httpx.Client(trust_env=False) as client:
        for number in count():
            for operation, session in every:
                _create(client, session, operation, number)
                made[operation.resource] = made.get(operation.resource, 0) + 1
            if sum(made.values()) >= things:
                break
    worker.close(sweep=False)
    return made


def _create(client: httpx.Client, session: Session, operation: Operation, number: int) -> None:
    """Create one thing as anybody would, not through the suite's door."""
    body = sampling.body(session, operation)
    for touch in operation.names:
        sampling.replace(body, touch.pointer, f"{NAMES[number % len(NAMES)]} {number}")
    shown = dict(session.credentials.headers(""))
    url = urls(session.table)[operation.server] + operation.path.format(
        workspace=getattr(session.table, "workspace", "")
    )
    answer = client.request(operation.method, url, json=body, headers=shown)
    assert answer.is_success, (operation.id, answer.status_code, answer.text)


def differences(before: Any, after: Any, place: str = "") -> list[str]:
    """Where something that was there before is there no more, or not the same. What came beside it is passed over."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            message
            for name, item in before.items()
            for message in (
                differences(item, after[name], f"{place}/{name}") if name in after else [f"{place}/{name} gone"]
            )
        ]
    return [] if before == after else [f"{place}: {before!r} is {after!r}"]


def without(state: Any, names: set[str], depth: int = 0) -> Any:
    """The state of references, by system and kind, without the things that have one of some names, or are one."""
    if not isinstance(state, dict):
        return state
    kept = {key: item for key, item in state.items() if depth < 2 or not _is_called(item, names)}
    return {key: without(item, names, depth + 1) for key, item in kept.items()}


def _is_called(item: Any, names: set[str]) -> bool:
    values = item.values() if isinstance(item, dict) else [item]
    return not names.isdisjoint(map(str, values))
