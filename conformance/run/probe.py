"""Test whether a system responds and accepts the credentials. Requests tokens and reads; changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

from conformance.core.exchange import Exchange
from conformance.core.messages import described
from conformance.engine.session import Session
from conformance.report import escape
from conformance.run.worker import Worker
from conformance.spec.specification import Operation
from conformance.target.target import Safety, SafetyTable, Target
from conformance.wire import gateways
from conformance.wire.api_search import no_api
from conformance.wire.call import MAIN, Call
from conformance.wire.credentials import Missing, NoToken, Unavailable
from conformance.wire.deadline import with_advice
from conformance.wire.gateways import GATEWAY_STATUSES, UNAUTHORIZED
from conformance.wire.logins import lacks_permission, plain_reads, refused_key, refused_token, unknown_token


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of one attempt: what was tested, whether it works, and the message."""

    what: str
    works: bool
    message: str
    unsure: bool = False
    """It responds, and whether it works cannot be decided yet."""


def probe(target: Target, system: str) -> Iterator[ProbeResult]:
    """Test each user of a system, and one read with the main user."""
    cautious = target.model_copy(update={"safety": SafetyTable(level=Safety.READ_ONLY)})
    worker = Worker(cautious, run="0" * 8)
    try:
        for result in _results(worker, system):
            yield replace(result, message=escape.line(worker.redactor.text(result.message)))
    finally:
        worker.close(sweep=False)


def _results(worker: Worker, system: str) -> Iterator[ProbeResult]:
    session = worker.session(system)
    for user in (MAIN, *session.table.further_users):
        what = f"user {user}" if user else "user"
        try:
            session.credentials.headers(user)
        except (Unavailable, NoToken, Missing) as reason:
            yield ProbeResult(what, False, str(reason))
            if user == MAIN:
                return
            continue
        if user != MAIN:
            yield _other_user(session, user, what)
            continue
        try:
            opened = _main_user(session)
        except (Unavailable, NoToken, Missing) as reason:  # where a token of the target file had to be replaced
            opened = ProbeResult(what, False, str(reason))
        yield opened
        if not opened.works:
            return
    yield from _fixtures(session)


def _other_user(session: Session, user: str, what: str) -> ProbeResult:
    """Whether a further user is let in: by a token that was just given, or by one of the target file."""

    def send(operation: Operation, as_user: str) -> Exchange:
        return session.client.send(Call(operation, headers=session.credentials.headers(as_user)))

    if not session.credentials.given(user):
        held = session.specification.users.get(user)
        for read in _reads(session) if held is not None else ():
            if (
                read.permission
                and set(read.permission).isdisjoint(held or ())
                and (seen := send(read, user)).response.ok
            ):
                message = f"gets a token, and {read.method} {seen.request.url} accepts it, which needs"
                advice = "if the user has that permission, choose another user, or the run reports it as a deviation"
                return ProbeResult(what, True, f"{message} {' or '.join(read.permission)}: {advice}", unsure=True)
        return ProbeResult(what, True, "gets a token")

    refusal = unknown_token(send, _reads(session), user)
    if refusal is not None:
        return ProbeResult(what, False, refused_token(session.table.system, refusal, user))
    return ProbeResult(what, True, "has a token that the server accepts")


def _fixtures(session: Session) -> Iterator[ProbeResult]:
    """For each fixture of the target file that a read can show, whether the server knows it."""
    for key, value in session.table.things.items():
        if not session.fixtures.readable(key):
            continue
        sentence = session.fixtures.look(key)
        if sentence or key in session.fixtures.known:
            message = sentence or f"{value} exists"
            yield ProbeResult(key, not sentence, message)
        else:
            yield ProbeResult(key, True, f"{value}: only a run can show whether it exists", unsure=True)


def _main_user(session: Session) -> ProbeResult:
    """The response of a read to the main user."""
    table, operation = session.table, _harmless(session.specification.operations.values())
    path = {name: table.fixture(operation.fixtures[name]) for name in operation.path_parameters}
    exchange = _ask(session, Call(operation, path=path))
    replaced = ""
    if exchange.response.status in UNAUTHORIZED and getattr(table, "access_token", None) and _renewed(session):
        exchange = _ask(session, Call(operation, path=path))
        replaced = "; the server refuses access_token, and a run requests another token"
    status = exchange.response.status
    answered = f"status {status}" if exchange.response.ok else described(exchange.response)
    if not exchange.has_response:
        works, message = False, with_advice(exchange.error, _place(session, operation))
    elif status in UNAUTHORIZED:
        works, message = _refused(session, operation, exchange, answered)
    elif found := no_api(operation, exchange, _reads(session), partial(_ask, session)):
        works, message = False, f"{found}. Correct {_place(session, operation)} in the target file."
    elif status in GATEWAY_STATUSES:
        works, message = False, f"{answered}. Is the server working?"
    elif gateways.redirects(exchange):
        key = _place(session, operation).partition(" = ")[0]
        works, message = False, gateways.describe_redirect(exchange, key)
    elif gateways.is_outside(operation, exchange):
        place = _place(session, operation)
        works, message = False, f"{answered}: an HTML page. Is {place} the URL of the API?"
    else:
        works, message = True, answered
        message += replaced
        if not exchange.response.ok:
            message += "; only a run can show whether it accepts the credentials"
            if status == 404 and not _reads(session):
                message += f", and whether {_place(session, operation)} is right"
    unsure = works and not exchange.response.ok
    return ProbeResult("user", works, f"{operation.method} {exchange.request.url}: {message}", unsure)


def _renewed(session: Session) -> bool:
    """Whether the main user's token was dropped, since another one can be requested."""
    if session.credentials.renewable(MAIN):
        session.credentials.renew(MAIN)
        return True
    return False


def _place(session: Session, operation: Operation) -> str:
    """Where the target file has the URL of an operation, with its value."""
    return session.table.setting(operation.server)


def _refused(session: Session, operation: Operation, exchange: Exchange, answered: str) -> tuple[bool, str]:
    """What a refusal of a token or a key means: whether a run can work nevertheless, and the key to correct."""
    table = session.table
    match session.credentials.given(MAIN):
        case "api_key":
            if any(_ask(session, Call(read)).response.ok for read in _reads(session)):
                return True, f"{answered}; the API key works for other operations"
            if table.key_opens_in_a_run:
                return True, f"{answered}; only a run can show whether the API key runs the process"
            return False, refused_key(table, exchange).partition(": ")[2]
        case "access_token":
            return False, refused_token(table.system, exchange).partition(": ")[2]
    return False, lacks_permission(table, operation, exchange).partition(": ")[2]


def _ask(session: Session, call: Call) -> Exchange:
    """The response of a call to the main user."""
    return session.client.send(replace(call, headers=session.credentials.headers(MAIN)))


def _reads(session: Session) -> list[Operation]:
    return plain_reads(session.specification.operations.values())


def _harmless(operations: Collection[Operation]) -> Operation:
    """A read without parameters; otherwise a GET of the path of an operation that has an effect only on POST."""
    return next(iter(plain_reads(operations)), None) or replace(next(iter(operations)), method="GET")
