"""Apart: what is recorded while something is tried that may be tried again, and how much may be sent for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.engine.recorder import Recorder
from conformance.engine.session import Session


@contextmanager
def apart(session: Session) -> Iterator[Recorder]:
    """Within, what a session records goes to the recorder that this gives, and not to that of the test."""
    before = session.recorder
    recorder = session.recorder = Recorder(session.specification)
    try:
        yield recorder
    finally:
        session.recorder = before


@contextmanager
def at_most(session: Session, requests: int) -> Iterator[None]:
    """Within, a session sends no more than so many requests: the next one raises NotExercised."""
    session.requester.last_request = session.client.sent + requests
    try:
        yield
    finally:
        session.requester.last_request = None
