"""Greeting: whether a system answers and takes the credentials. Asks for tokens and reads; changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from conformance.calls import AWAY
from conformance.reporting import escape
from conformance.specification import Operation
from conformance.systems import ProcessMaker3, ProcessMaker4
from conformance.target import Safety, SafetyTable, Target
from conformance.wire.client import MAIN
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.worker import Worker

REFUSALS: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class Greeting:
    """What came of one attempt: who or what was tried, whether it works, and what is to be told of it."""

    what: str
    works: bool
    told: str
    unsure: bool = False
    """It answers, and whether it works nobody can tell yet."""


def greet(target: Target, system: str) -> Iterator[Greeting]:
    """Try each user of a system, and one read with the main one."""
    cautious = target.model_copy(update={"safety": SafetyTable(level=Safety.READ_ONLY)})
    worker = Worker(cautious, run="0" * 8)
    try:
        for greeting in _greetings(worker, system):
            yield replace(greeting, told=escape.line(worker.redactor.text(greeting.told)))
    finally:
        worker.close(sweep=False)


def _greetings(worker: Worker, system: str) -> Iterator[Greeting]:
    table = worker.target.table(system)
    users = [name for name, user in table.users if user is not None] if isinstance(table, ProcessMaker3) else []
    for user in (MAIN, *users):
        what = f"user {user}" if user else "user"
        try:
            worker.session(system).credentials.headers(user)
        except (Unavailable, NoToken, Missing) as reason:
            yield Greeting(what, False, str(reason))
            if user == MAIN:
                return
            continue
        if user == MAIN:
            yield _opened(worker, system)
        else:
            yield Greeting(what, True, "gets a token")


def _opened(worker: Worker, system: str) -> Greeting:
    """What a read answers to the main user."""
    session = worker.session(system)
    table, operation = session.table, _harmless(session.specification.operations.values())
    path = {"process_id": str(table.process_id)} if isinstance(table, ProcessMaker4) else {}
    exchange = session.client.send(operation, path=path, headers=session.credentials.headers(MAIN))
    status = exchange.answer.status
    if exchange.response is None:
        works, told = False, f"{exchange.error}. Is the URL right and the server running?"
    elif status in REFUSALS:
        works, told = False, f"refused the token (status {status}). Correct the credentials in the target file."
    elif status in AWAY:
        works, told = False, f"status {status}. Does the server work?"
    else:
        works, told = True, f"status {status}"
        if not exchange.answer.ok:
            told += "; only a run shows whether it takes the credentials"
    unsure = works and not exchange.answer.ok
    return Greeting("user", works, f"{operation.method} {exchange.request.url}: {told}", unsure)


def _harmless(operations: Collection[Operation]) -> Operation:
    """A read that needs nothing to be there; else a GET of the path of what has an effect only when it is posted to."""
    for one in operations:
        required = any(parameter.get("required") and parameter["in"] == "query" for parameter in one.parameters)
        if one.effect == "read" and not (one.path_parameters or one.anonymous or required):
            return one
    return replace(next(iter(operations)), method="GET")
