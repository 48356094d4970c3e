"""Requests to PROCESIO that differ from a documented one in one thing."""

from __future__ import annotations

from conformance.engine.engine_tests import case_tests

test_an_unusual_request_is_done_as_a_whole_or_not_at_all = case_tests("procesio")
