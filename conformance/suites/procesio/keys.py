"""Keys: API keys of the run's own, and how they are shown."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance.core.exchange import Exchange, NotJson
from conformance.core.json_walk import leaves
from conformance.core.verdict import Reason
from conformance.engine import sampling
from conformance.engine.checks import describe
from conformance.engine.recorder import NotExercised
from conformance.suites.procesio.target import Procesio
from conformance.wire import gateways
from conformance.wire.call import NOBODY
from conformance.wire.logins import refused_key
from conformance.wire.redact import KEY_FIELDS

if TYPE_CHECKING:
    from conformance.engine.session import Resource, Session


def new_key(session: Session) -> Resource:
    """An API key of the run's own."""
    maker = session.operation("createApiKey")
    return session.create(maker.id, **sampling.build_request(session, maker).request())


def shown(session: Session, key: Resource) -> dict[str, str]:
    """The headers that show a key. Raises NotExercised if its value or the workspace is not known."""
    assert isinstance(session.table, Procesio)
    if session.table.workspace_id is None:
        raise NotExercised(Reason.MISSING_FIXTURE, session.table.place("workspace_id"))
    value = next(value_in(key.exchange, key), "")
    if not value:
        raise NotExercised(Reason.INCONCLUSIVE, "the response to createApiKey does not contain the value of the key")
    return {"key": key.name, "value": value, "workspaceId": session.table.workspace_id}


def value_in(exchange: Exchange, key: Resource) -> Iterator[str]:
    """The possible value of a key in a response: a text in a member with a fitting name."""
    try:
        found = list(leaves(exchange.response.json))
    except NotJson:
        return
    for place, value in found:
        called_so = re.fullmatch(KEY_FIELDS, place.rpartition("/")[2], re.IGNORECASE)
        sendable = isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value)
        if called_so and sendable and value not in (key.name, key.id):
            yield value


def require_valid_key(session: Session, refusal: Exchange, request: dict[str, Any]) -> None:
    """Find out whether a refused API key of the target file is valid: a wrong one looks like a server that refuses all.

    A key of the run's own decides, where one can be created. The run goes on, and says at its end that the file is
    wrong.

    Raises:
        NotExercised: a key of the run's own is not refused as well, or there is none.
    """
    if refusal.response.status not in gateways.UNAUTHORIZED:
        return
    own = None
    with contextlib.suppress(NotExercised):  # at this safety level, for example
        headers = shown(session, new_key(session))
        own = session.send("runProcess", user=NOBODY, headers=headers, **request)
    if own is not None and not own.response.ok:
        if own.has_response and own.response.status in gateways.UNAUTHORIZED:
            return
        message = f"a run by a key of the run's own, which the server does not refuse as a key, fails: {describe(own)}"
        raise NotExercised(Reason.INCONCLUSIVE, message)
    session.fixtures.unknown["api_key"] = refused_key(session.table, refusal)
    raise NotExercised(Reason.MISSING_FIXTURE, session.fixtures.unknown["api_key"], refusal)
