"""The main user's token opens nothing only if every read that needs only a user treats it as a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.core.exchange import Exchange, Request, Response
from conformance.core.verdict import Reason
from conformance.engine.main_token import MainToken
from conformance.engine.recorder import NotExercised, Recorder
from conformance.spec import specification
from conformance.wire.logins import plain_reads

SPEC = specification.load("processmaker3")
READS = [operation.id for operation in plain_reads(SPEC.operations.values())]


def refused(operation: str, **_: Any) -> Exchange:
    return Exchange(operation, operation, Request("GET", "http://t/"), Response(401))


def failing(names: list[str], reason: Reason, times: int = 1000) -> Callable[..., Exchange]:
    left = [times]

    def ask(operation: str, **more: Any) -> Exchange:
        if operation in names and left[0]:
            left[0] -= 1
            raise NotExercised(reason, "no response")
        return refused(operation, **more)

    return ask


def test_refusal_from_every_read_is_one_deviation() -> None:
    token, recorder = MainToken(SPEC, refused), Recorder(SPEC)
    assert not token.opens_anything()
    token.record_nothing_opened(recorder)
    (verdict,) = recorder.verdicts
    assert f"from each of {len(READS)} operations" in verdict.observed


@pytest.mark.parametrize("read", [READS[0], READS[-1]])
def test_read_that_failed_is_asked_again(read: str) -> None:
    token = MainToken(SPEC, failing([read], Reason.INCONCLUSIVE, times=1))
    with pytest.raises(NotExercised):
        token.opens_anything()
    recorder = Recorder(SPEC)
    assert not token.opens_anything()
    token.record_nothing_opened(recorder)
    assert f"from each of {len(READS)} operations" in recorder.verdicts[0].observed


def test_unsupported_read_shows_nothing_and_the_others_decide() -> None:
    token, recorder = MainToken(SPEC, failing(READS[:1], Reason.UNSUPPORTED)), Recorder(SPEC)
    assert not token.opens_anything()
    token.record_nothing_opened(recorder)
    assert f"from each of {len(READS) - 1} operations" in recorder.verdicts[0].observed


def test_without_any_read_nothing_is_said_of_the_token() -> None:
    assert MainToken(SPEC, failing(READS, Reason.UNSUPPORTED)).opens_anything()
