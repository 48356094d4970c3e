"""Access: who may call an operation. Each refusal is compared with the same request by a user with permission."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import Sample, build_request
from conformance.engine.session import Session
from conformance.spec.register import user_of
from conformance.spec.specification import Operation, Requirement, Specification
from conformance.wire.call import MAIN, NOBODY, WRONG
from conformance.wire.credentials import token_of

REFUSED: Final = {
    "no-credentials-refused": NOBODY,
    "wrong-credentials-refused": WRONG,
}
TENANT: Final = "unknown-tenant-refused"
STRANGERS: Final = ("no-credentials-refused", "wrong-credentials-refused", TENANT)
"""The aspects of who is let in nowhere: nobody, who shows a wrong token, and who asks for what is the same in every
request, such as a workspace, and does not exist.
"""
LACKS: Final = "permission-refused"
SUFFICES: Final = "permission-suffices"


def concerned(specification: Specification, by_hand: Container[str] = ()) -> list[tuple[Requirement, ...]]:
    """The register's requirements on access, by the tests that try them, but for those of `strange` operations.

    What an operation says of more than one kind of stranger is tried together, so that one accepted request serves for
    all of it. `by_hand` are the operations that a suite tests in its own way: each of their requirements is alone.
    """
    left_out = {one for operation in strange(specification) for one in strangers(specification, operation)}
    groups: dict[str, list[Requirement]] = {}
    for one in specification.requirements.values():
        if one.tried == "access" and one.id not in left_out:
            together = one.aspect in STRANGERS and one.operation not in by_hand
            groups.setdefault(one.operation if together else one.id, []).append(one)
    return [tuple(group) for group in groups.values()]


def strange(specification: Specification) -> list[str]:
    """The operations that are tried as every kind of stranger, of a tenant that does not exist too."""
    requirements = specification.requirements.values()
    return [one.operation for one in requirements if one.tried == "access" and one.aspect == TENANT]


def strangers(specification: Specification, operation: str) -> list[str]:
    """The ids of the register's requirements that an operation lets no stranger in."""
    found = (specification.aspect(operation, aspect) for aspect in STRANGERS)
    return [one.id for one in found if one is not None]


def try_strangers(
    session: Session, operation_id: str, control: Exchange, undo: Callable[[], None] = lambda: None, **request: Any
) -> None:
    """Try an operation as every kind of stranger, where its accepted request (`control`) may be made again.

    `undo` is called after each request that was accepted.
    """
    for requirement in _requirements(session, operation_id):
        exchange = _as_stranger(session, requirement, operation_id, request)
        if exchange is None:
            continue
        if exchange.response.ok:
            undo()
        _judge(session, requirement, exchange, control)


def try_no_stranger(
    session: Session, operation_id: str, prepare: Callable[[Session, Operation], Sample] = build_request
) -> None:
    """Try an operation as every kind of stranger, and then, unless one was let in, as who may. Raises as `try_access`.

    What is let in may have had its effect, so that the next one gets a request of its own.
    """
    operation = session.operation(operation_id)
    request, kept_out = prepare(session, operation).request(), []
    for requirement in _requirements(session, operation_id):
        exchange = _as_stranger(session, requirement, operation_id, request)
        if exchange is None:
            continue
        if not exchange.response.ok and session.resources.clean_up_failed_create(operation, exchange):
            session.recorder.require(requirement.id, False, exchange, observed="it was refused but carried out")
            continue
        kept_out.append((requirement, exchange))
        if exchange.response.ok:
            if exchange.entry is not None:
                session.resources.resolve_id(operation, exchange)
            _forget(session, operation, request)
            request = prepare(session, operation).request()
    made = operation.effect == "create"
    control = session.create(operation.id, **request).exchange if made else session.call(operation.id, **request)
    _forget(session, operation, request)
    for requirement, exchange in kept_out:
        _judge(session, requirement, exchange, control)


def _forget(session: Session, operation: Operation, request: dict[str, Any]) -> None:
    """What an accepted deletion names is not there any more."""
    if operation.effect == "delete" and request.get("path"):
        session.ledger.gone(request["path"][operation.path_parameters[-1]])


def _requirements(session: Session, operation_id: str) -> list[Requirement]:
    known = session.specification
    return [known.requirements[one] for one in strangers(known, operation_id)]


def _as_stranger(
    session: Session, requirement: Requirement, operation_id: str, request: dict[str, Any]
) -> Exchange | None:
    """Make a request as the stranger of a requirement; the token of the main user is right, elsewhere.

    None where something in front of the API responded: then that is said of the requirement, and the test goes on.
    """
    try:
        if requirement.aspect != TENANT:
            return session.send(operation_id, user=REFUSED[requirement.aspect or ""], **request)
        unknown = {name: session.ledger.made_up() for name in session.operation(operation_id).constants}
        path = {**(request.get("path") or {}), **unknown}
        elsewhere = {**request, "path": path, "headers": session.headers_of(MAIN)}
        return session.send(operation_id, user=NOBODY, may_redirect=True, **elsewhere)
    except NotExercised as untried:
        if session.problem:
            raise
        session.recorder.skip(requirement.id, untried.reason, untried.detail)
        return None


def _judge(session: Session, requirement: Requirement, exchange: Exchange, control: Exchange) -> None:
    """Say whether a stranger was kept out. How an unknown tenant is refused is not said: by any status but 2xx."""
    if requirement.aspect == TENANT and exchange.has_response and not exchange.response.ok:
        session.recorder.require(requirement.id, True, exchange, control)
        return
    try:
        session.recorder.refused(requirement.id, exchange, control)
    except NotExercised as untried:
        session.recorder.skip(requirement.id, untried.reason, untried.detail)


def try_access(
    session: Session, requirement: Requirement, prepare: Callable[[Session, Operation], Sample] = build_request
) -> None:
    """Try one requirement on access. `prepare` makes a documented request for the operation.

    Raises:
        Blocked, NotExercised: the request could not be made, a user is missing, or the control was not accepted.
    """
    operation = session.operation(requirement.operation)
    request = prepare(session, operation).request()
    if requirement.aspect == SUFFICES:
        user = user_of(SUFFICES, session.specification.users)
        control = session.call(operation.id, **request)
        exchange = _sent(session, operation, user, request)
        session.recorder.require(
            requirement.id,
            exchange.response.ok,
            exchange,
            control,
            observed=checks.describe(exchange),
            kind=Kind.REFUSED,
        )
        return
    refusals = []
    for user in refused_users(session, requirement):
        before = session.resources.ids_before(operation) if operation.effect == "create" else None
        exchange = _sent(session, operation, user, request)
        if exchange.response.ok:  # it may have had its effect, so that a control would prove nothing
            session.recorder.refused(requirement.id, exchange, exchange)
            if exchange.entry is not None:
                session.resources.resolve_id(operation, exchange, before)
            return
        if session.resources.clean_up_failed_create(operation, exchange):
            session.recorder.require(requirement.id, False, exchange, observed="it was refused but carried out")
            return
        refusals.append(exchange)
    made = operation.effect == "create"
    control = session.create(operation.id, **request).exchange if made else session.call(operation.id, **request)
    for exchange in refusals:
        session.recorder.refused(requirement.id, exchange, control)


def try_login(session: Session, requirement: str, exchange: Exchange, control: Exchange) -> None:
    """Say whether a login with one thing wrong (`exchange`) got no token, beside the right one (`control`).

    By which status it is refused no document says, nor that it is by a status: what counts is the token.

    Raises:
        NotExercised: the response says neither yes nor no: there is none, or the server failed or has no time.
    """
    if not exchange.has_response:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if not (exchange.response.ok or exchange.response.refused or 300 <= exchange.response.status < 400):
        raise NotExercised(Reason.INCONCLUSIVE, f"{exchange.operation}: status {exchange.response.status}")
    given = exchange.response.ok and (bool(token_of(exchange)) or not token_of(control))
    message = f"a token: {checks.describe(exchange)}"
    session.recorder.require(requirement, not given, exchange, control, observed=message, kind=Kind.NOT_REFUSED)


def _sent(session: Session, operation: Operation, user: str, request: dict[str, Any]) -> Exchange:
    """Send a request as another user. That a name is taken neither keeps him out nor passes for his being kept out."""
    send = session.until_free if operation.effect == "create" else session.send
    return send(operation.id, user=user, **request)


def refused_users(session: Session, requirement: Requirement) -> list[str]:
    """By whom a refusal is tested: also by users of the target file that have other permissions than it takes.

    Who has no permission at all may be turned away by a gate in front, whatever the operation itself looks at.
    """
    if requirement.aspect != LACKS:
        return [REFUSED[requirement.aspect or ""]]
    users, wanted = session.specification.users, set(session.operation(requirement.operation).permission)
    lacking = [name for name, permissions in users.items() if permissions and wanted and wanted.isdisjoint(permissions)]
    return [*(one for one in lacking if session.table.gives(f"users.{one}")), user_of(LACKS, users)]
