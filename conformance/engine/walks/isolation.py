"""Record verdicts of repeated steps separately, and limit the number of their requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.engine.recorder import Recorder
from conformance.engine.session import Session


@contextmanager
def separate_recorder(session: Session) -> Iterator[Recorder]:
    """Record the verdicts of a session in the yielded recorder, and not in that of the test."""
    before = session.recorder
    recorder = session.recorder = Recorder(session.specification)
    try:
        yield recorder
    finally:
        session.recorder = before


@contextmanager
def request_limit(session: Session, requests: int) -> Iterator[None]:
    """Limit the number of requests of a session: the next one raises NotExercised."""
    session.requester.last_request = session.client.sent + requests
    try:
        yield
    finally:
        session.requester.last_request = None
