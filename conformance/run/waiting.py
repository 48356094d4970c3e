"""Wait for a server that is starting, by a read without credentials, until it responds."""

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
    """Return when every system responds, or after `seconds`: then the run reports what is wrong.

    An error of a gateway is not a response. `tell` is called once with a message for each system that has to be waited
    for.
    """
    end = time.monotonic() + seconds
    limits = target.limits.model_copy(update={"request_timeout": min(target.limits.request_timeout, max(seconds, 0.1))})
    restricted = {"safety": SafetyTable(level=Safety.READ_ONLY), "limits": limits}
    worker = Worker(target.model_copy(update=restricted), run="0" * 8)
    try:
        for system in systems:
            session = worker.session(system)
            calls = list(_calls(session.table, session.specification.operations.values()))
            announced = False
            while not all(_responds(session.client.send(call)) for call in calls):
                if not announced:
                    tell(f"Waiting up to {seconds:g} s until {system} responds.")
                    announced = True
                remaining = end - time.monotonic()
                if remaining <= 0:
                    return
                time.sleep(min(PAUSE, remaining))
    finally:
        worker.close(sweep=False)


def _responds(exchange: Exchange) -> bool:
    return exchange.has_response and not gateways.is_gateway_error(exchange)


def _calls(table: SystemTable, operations: Collection[Operation]) -> Iterator[Call]:
    """For each API of a system, a call without credentials that only reads, or only requests a path."""
    by_api: dict[str, list[Operation]] = {}
    for operation in operations:
        by_api.setdefault(operation.server, []).append(operation)
    for group in by_api.values():
        reads = plain_reads(group)
        for operation in [*reads[:1], *(replace(item, method="GET") for item in group)]:
            path = {name: table.fixture(operation.fixtures.get(name, "")) for name in operation.path_parameters}
            if all(path.values()):
                yield Call(operation, user=NOBODY, path=path)
                break
