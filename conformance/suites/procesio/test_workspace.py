"""Operations on the whole workspace (procesio-api.txt, line 55), tested last: one may delete every API key."""

from __future__ import annotations

import pytest

from conformance.engine.sampling import build_request
from conformance.engine.session import Session
from conformance.wire.call import NOBODY


@pytest.mark.requirement("PRO-KEYS-DELETE-NO-TOKEN")
def test_nobody_deletes_the_keys_of_a_workspace(session: Session) -> None:
    request = build_request(session, session.operation("deleteApiKeys")).request()
    refused = session.send("deleteApiKeys", user=NOBODY, **request)
    if refused.response.ok:  # it may have had its effect, so a control would prove nothing
        session.recorder.refused("PRO-KEYS-DELETE-NO-TOKEN", refused, refused)
        return
    session.recorder.refused("PRO-KEYS-DELETE-NO-TOKEN", refused, session.call("deleteApiKeys", **request))
