"""A long and a short secret of a user, and a redactor that knows them."""

from __future__ import annotations

import pytest

from conformance.wire.redact import Redactor

LONG = 's3cr/t & pässwörd"'
SHORT = "admin"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor({"PM3_PASSWORD": SHORT, "PM3_CLIENT_SECRET": LONG, "EMPTY": ""})
