"""Read back: records that a value which was sent is read with another value."""

from __future__ import annotations

from conformance.core.exchange import Exchange
from conformance.core.verdict import Kind
from conformance.engine import checks
from conformance.engine.comparison import Difference
from conformance.engine.recorder import Recorder


def record_difference(
    recorder: Recorder, requirement: str, difference: Difference, *exchanges: Exchange, detail: str = ""
) -> None:
    """Record that a requirement does not hold because one value did not come back as it was sent.

    The place of the value in the body is that of the deviation. `exchanges` are the evidence, the read first.

    Raises:
        NotExercised, LookupError: as `Recorder.require`.
    """
    recorder.require(
        requirement,
        False,
        *exchanges,
        expected=checks.quoted(difference.sent),
        observed=checks.quoted(difference.read),
        kind=Kind.READ_BACK,
        location=difference.place,
        detail=detail,
    )
