"""Waiting: for a server that is starting, by a request that reads, without credentials, until it is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.core.exchange import Exchange
from conformance.run.worker import Worker
from conformance.spec.operation import Operation
from conformance.target.system_table import SystemTable
from conformance.target.target import Safety, SafetyTable, Target
from conformance.wire import gateways
from conformance.wire.call import NOBODY, Call
from conformance.wire.logins import plain_reads

PAUSE: Final = 1.0  # seconds between two requests


def wait(target: Target, systems: Sequence[str], seconds: float, tell: Callable[[str], None]) -> None:
    """Return as soon as every system responds, at the latest after so many seconds: then a run says what is wrong.

    A gateway that says that nobody is there is no response. `tell` is called once with each system that is waited for.
    """
    end = time.monotonic() + seconds
    limits = target.limits.model_copy(update={"request_timeout": min(target.limits.request_timeout, max(seconds, 0.1))})
    careful = {"safety": SafetyTable(level=Safety.READ_ONLY), "limits": limits}
    worker = Worker(target.model_copy(update=careful), run="0" * 8)
    try:
        for system in systems:
            session = worker.session(system)
            calls = list(_calls(session.table, session.specification.operations.values()))
            told = False
            while not all(_responds(session.client.send(call)) for call in calls):
                if not told:
                    tell(f"Waiting up to {seconds:g} s until {system} responds.")
                    told = True
                left = end - time.monotonic()
                if left <= 0:
                    return
                time.sleep(min(PAUSE, left))
    finally:
        worker.close(sweep=False)


def _responds(exchange: Exchange) -> bool:
    return exchange.has_response and not gateways.is_gateway_error(exchange)


def _calls(table: SystemTable, operations: Collection[Operation]) -> Iterator[Call]:
    """For each API of a system a call without credentials that reads, or that only looks for a path."""
    by_api: dict[str, list[Operation]] = {}
    for one in operations:
        by_api.setdefault(one.server, []).append(one)
    for group in by_api.values():
        reads = plain_reads(group)
        for one in [*reads[:1], *(replace(one, method="GET") for one in group)]:
            path = {name: table.fixture(one.fixtures.get(name, "")) for name in one.path_parameters}
            if all(path.values()):
                yield Call(one, user=NOBODY, path=path)
                break
