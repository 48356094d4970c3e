"""Requests to ProcessMaker 3 that differ from a documented one in one thing."""

from __future__ import annotations

from conformance.engine.engine_tests import case_tests
from conformance.suites.processmaker3.flows import consistent
from conformance.suites.processmaker3.unusual import fresh, prepare

test_an_unusual_request_is_done_as_a_whole_or_not_at_all = case_tests("processmaker3", prepare, fresh, consistent)
