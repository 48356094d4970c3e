"""Who may call the Web API: nobody without valid credentials (procesio-api.txt, lines 4 and 16)."""

from __future__ import annotations

from conformance.engine.engine_tests import stranger_tests

test_a_stranger_is_let_in_nowhere = stranger_tests("procesio")
