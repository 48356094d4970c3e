"""Who may call the Web API: nobody without valid credentials (procesio-api.txt, lines 4 and 16)."""

from __future__ import annotations

from conformance.engine.engine_tests import access_tests

test_access_is_as_documented = access_tests("procesio")
