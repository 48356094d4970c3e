"""Test who may call an operation. Each refusal is compared with the same request by a user with permission."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind, Reason
from conformance.engine import checks
from conformance.engine.carried_out import Watch, watched
from conformance.engine.recorder import NotExercised
from conformance.engine.sampling import Sample, build_request
from conformance.engine.session import Session
from conformance.spec.register import user_of
from conformance.spec.specification import Operation, Requirement, Specification
from conformance.wire import gateways
from conformance.wire.call import ALTERED, MAIN, NOBODY, WRONG
from conformance.wire.credentials import token_of

WRONG_CREDENTIALS: Final = "wrong-credentials-refused"
REFUSED_USERS: Final = {
    "no-credentials-refused": NOBODY,
    WRONG_CREDENTIALS: WRONG,
}
UNKNOWN_TENANT: Final = "unknown-tenant-refused"
UNAUTHORIZED_ASPECTS: Final = ("no-credentials-refused", WRONG_CREDENTIALS, UNKNOWN_TENANT)
"""The aspects of callers that must be refused everywhere.

They have no credentials, a wrong token, or a tenant that does not exist: a constant of every path, such as a workspace.
"""
Compare = Callable[[Session, Requirement, Exchange, Exchange], None]
LACKS_PERMISSION: Final = "permission-refused"
PERMISSION_SUFFICES: Final = "permission-suffices"


def access_requirements(specification: Specification, by_hand: Container[str] = ()) -> list[tuple[Requirement, ...]]:
    """Group the register's requirements on access into tests, without those of the operations of `tenant_operations`.

    One test covers all unauthorized callers of an operation, so that they share one accepted request. `by_hand` are the
    operations that a suite tests itself: each of their requirements has its own test.
    """
    excluded = {
        requirement
        for operation in tenant_operations(specification)
        for requirement in unauthorized_requirements(specification, operation)
    }
    groups: dict[str, list[Requirement]] = {}
    for requirement in specification.requirements.values():
        if requirement.tried == "access" and requirement.id not in excluded:
            is_grouped = requirement.aspect in UNAUTHORIZED_ASPECTS and requirement.operation not in by_hand
            groups.setdefault(requirement.operation if is_grouped else requirement.id, []).append(requirement)
    return [tuple(group) for group in groups.values()]


def tenant_operations(specification: Specification) -> list[str]:
    """The operations that are tested with every kind of unauthorized caller, including one of an unknown tenant."""
    requirements = specification.requirements.values()
    return [
        requirement.operation
        for requirement in requirements
        if requirement.tried == "access" and requirement.aspect == UNKNOWN_TENANT
    ]


def unauthorized_requirements(specification: Specification, operation: str) -> list[str]:
    """The ids of the register's requirements that an operation refuses unauthorized callers."""
    requirements = (specification.aspect(operation, aspect) for aspect in UNAUTHORIZED_ASPECTS)
    return [requirement.id for requirement in requirements if requirement is not None]


def check_unauthorized(
    session: Session, operation_id: str, control: Exchange, undo: Callable[[], None] = lambda: None, **request: Any
) -> None:
    """Test an operation with every kind of unauthorized caller, after the accepted request `control`, which may be
    repeated.

    `undo` is called after each request that was accepted.
    """
    for requirement in _requirements(session, operation_id):
        exchange = _send_unauthorized(session, requirement, operation_id, request)
        if exchange is None:
            continue
        if exchange.response.ok:
            undo()
        _record(session, requirement, exchange, control)


def check_unauthorized_first(
    session: Session, operation_id: str, prepare: Callable[[Session, Operation], Sample] = build_request
) -> None:
    """Test an operation with every kind of unauthorized caller first, then with a user who has permission.

    An accepted request may have had its effect, so that the next caller gets a new request. Raises as `check_access`.
    """
    operation = session.operation(operation_id)
    request, attempts = prepare(session, operation).request(), []
    watch = watched(session, operation, request)
    for requirement in _requirements(session, operation_id):
        exchange = _send_unauthorized(session, requirement, operation_id, request)
        if exchange is None:
            continue
        if not exchange.response.ok and session.resources.clean_up_failed_create(operation, exchange):
            session.recorder.require(requirement.id, False, exchange, observed="it was refused but carried out")
            continue
        if _was_carried_out(session, requirement, operation, exchange, watch, request):
            request = prepare(session, operation).request()
            watch = watched(session, operation, request)
            continue
        attempts.append((requirement, exchange))
        if exchange.response.ok:
            if exchange.entry is not None:
                session.resources.resolve_id(operation, exchange)
            _record_deletion(session, operation, request)
            request = prepare(session, operation).request()
            watch = watched(session, operation, request)
    creates = operation.effect == "create"
    control = session.create(operation.id, **request).exchange if creates else session.call(operation.id, **request)
    _record_deletion(session, operation, request)
    for requirement, exchange in attempts:
        _record(session, requirement, exchange, control)


def _was_carried_out(
    session: Session,
    requirement: Requirement,
    operation: Operation,
    exchange: Exchange,
    watch: Watch | None,
    request: dict[str, Any],
) -> bool:
    """Record it if a refused update or deletion was carried out; returns whether it was."""
    if watch is None or not exchange.response.refused:
        return False
    try:
        message, after = watch.carried_out()
    except NotExercised:  # something in front of the API responded to the read, which then shows nothing
        if session.problem:
            raise
        return False
    if message:
        session.recorder.require(requirement.id, False, exchange, after, watch.before, observed=message)
        _record_deletion(session, operation, request)
    return bool(message)


def _record_deletion(session: Session, operation: Operation, request: dict[str, Any]) -> None:
    """Record that what an accepted deletion names no longer exists."""
    if operation.effect == "delete" and request.get("path"):
        session.ledger.gone(request["path"][operation.path_parameters[-1]], operation.resource)


def _requirements(session: Session, operation_id: str) -> list[Requirement]:
    specification = session.specification
    return [
        specification.requirements[requirement_id]
        for requirement_id in unauthorized_requirements(specification, operation_id)
    ]


def _send_unauthorized(
    session: Session, requirement: Requirement, operation_id: str, request: dict[str, Any]
) -> Exchange | None:
    """Send a request as the unauthorized caller of a requirement. For an unknown tenant, use the token of the main
    user.

    Returns None if something in front of the API responded: the requirement is then skipped, and the test goes on.
    """
    try:
        if requirement.aspect == WRONG_CREDENTIALS:
            return send_wrong(session, operation_id, **request)
        if requirement.aspect != UNKNOWN_TENANT:
            return session.send(operation_id, user=REFUSED_USERS[requirement.aspect or ""], **request)
        unknown = {name: session.ledger.made_up() for name in session.operation(operation_id).constants}
        path = {**(request.get("path") or {}), **unknown}
        elsewhere = {**request, "path": path, "headers": session.headers_of(MAIN)}
        return session.send(operation_id, user=NOBODY, may_redirect=True, **elsewhere)
    except NotExercised as not_exercised:
        if session.problem:
            raise
        session.recorder.skip(requirement.id, not_exercised.reason, not_exercised.detail)
        return None


def send_wrong(session: Session, operation_id: str, **request: Any) -> Exchange:
    """Send a request with a token that was never issued.

    A server may recognize a made-up one by its form alone. If that is refused, the main user's token follows with one
    character changed. What is returned is its response if that was accepted, otherwise the response to the made-up one.

    Raises:
        NotExercised: as `Session.send`.
    """
    exchange = session.send(operation_id, user=WRONG, **request)
    if exchange.response.status not in gateways.UNAUTHORIZED:
        return exchange
    try:
        closer = session.send(operation_id, user=ALTERED, **request)
    except NotExercised:  # something in front of the API responded, or a limit was reached
        if session.problem:
            raise
        return exchange
    return closer if closer.response.ok else exchange


def _record(session: Session, requirement: Requirement, exchange: Exchange, control: Exchange) -> None:
    """Record whether an unauthorized caller was refused. An unknown tenant may be refused with any status but 2xx."""
    if requirement.aspect == UNKNOWN_TENANT and exchange.has_response and not exchange.response.ok:
        session.recorder.require(requirement.id, True, exchange, control)
        return
    try:
        session.recorder.refused(requirement.id, exchange, control)
    except NotExercised as not_exercised:
        session.recorder.skip(requirement.id, not_exercised.reason, not_exercised.detail)


def check_access(
    session: Session,
    requirement: Requirement,
    prepare: Callable[[Session, Operation], Sample] = build_request,
    compare: Compare = lambda *_: None,
) -> None:
    """Test one requirement on access. `prepare` builds a documented request for the operation.

    `compare` gets the response to another user with permission, and that to the main user: only where a document says
    so must they be alike.

    Raises:
        Blocked, NotExercised: the request could not be built, a user is missing, or the control was not accepted.
    """
    operation = session.operation(requirement.operation)
    request = prepare(session, operation).request()
    if requirement.aspect == PERMISSION_SUFFICES:
        user = user_of(PERMISSION_SUFFICES, session.specification.users)
        control = session.call(operation.id, **request)

        def look() -> tuple[bool, Exchange]:
            exchange = _send(session, operation, user, request)
            return exchange.response.ok or operation.effect != "read", exchange

        _, exchange = session.eventually(look)  # what was just created may not be visible to others yet
        session.recorder.require(
            requirement.id,
            exchange.response.ok,
            exchange,
            control,
            observed=checks.describe(exchange),
            kind=Kind.REFUSED,
        )
        if exchange.response.ok:
            compare(session, requirement, exchange, control)
        return
    refusals = []
    watch = watched(session, operation, request)
    for user in refused_users(session, requirement):
        before = session.resources.ids_before(operation) if operation.effect == "create" else None
        exchange = _send(session, operation, user, request)
        if exchange.response.ok:  # it may have had its effect, so a control would prove nothing
            session.recorder.refused(requirement.id, exchange, exchange)
            if exchange.entry is not None:
                session.resources.resolve_id(operation, exchange, before)
            return
        if session.resources.clean_up_failed_create(operation, exchange):
            session.recorder.require(requirement.id, False, exchange, observed="it was refused but carried out")
            return
        if _was_carried_out(session, requirement, operation, exchange, watch, request):
            return
        refusals.append(exchange)
    creates = operation.effect == "create"
    control = session.create(operation.id, **request).exchange if creates else session.call(operation.id, **request)
    for exchange in refusals:
        session.recorder.refused(requirement.id, exchange, control)


def check_login(session: Session, requirement: str, exchange: Exchange, control: Exchange) -> bool:
    """Record whether a login with one wrong value (`exchange`) got no token, compared with the correct login
    (`control`); returns it.

    The documents do not state the status of a refusal, nor that it is refused by a status, so only the token counts.

    Raises:
        NotExercised: the response does not decide it: there is none, or the server failed or was busy.
    """
    if not exchange.has_response:
        raise NotExercised(Reason.TARGET_UNAVAILABLE, exchange.error)
    if not (exchange.response.ok or exchange.response.refused or 300 <= exchange.response.status < 400):
        raise NotExercised(Reason.INCONCLUSIVE, f"{exchange.operation}: status {exchange.response.status}")
    got_token = exchange.response.ok and (bool(token_of(exchange)) or not token_of(control))
    message = f"a token: {checks.describe(exchange)}"
    return session.recorder.require(
        requirement, not got_token, exchange, control, observed=message, kind=Kind.NOT_REFUSED
    )


def _send(session: Session, operation: Operation, user: str, request: dict[str, Any]) -> Exchange:
    """Send a request as another user. A refusal because a name is taken does not count as a refusal of the user."""
    send = session.until_free if operation.effect == "create" else session.send
    return send(operation.id, user=user, **request)


def refused_users(session: Session, requirement: Requirement) -> list[str]:
    """The users that test a refusal, including users of the target file with other permissions than the required one.

    A user without any permission may be refused by a gateway, whatever the operation itself checks.
    """
    if requirement.aspect == WRONG_CREDENTIALS:
        return [WRONG, ALTERED]
    if requirement.aspect != LACKS_PERMISSION:
        return [REFUSED_USERS[requirement.aspect or ""]]
    users, wanted = session.specification.users, set(session.operation(requirement.operation).permission)
    lacking = [name for name, permissions in users.items() if permissions and wanted and wanted.isdisjoint(permissions)]
    return [*(name for name in lacking if session.table.gives(f"users.{name}")), user_of(LACKS_PERMISSION, users)]
