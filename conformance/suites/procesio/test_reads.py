"""Read existing resources at level read-only: nothing is created, and no value is stored."""

from __future__ import annotations

from conformance.engine.engine_tests import read_tests

test_what_is_there_is_read_as_documented = read_tests("procesio")
