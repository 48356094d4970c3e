"""Lifecycles of what ProcessMaker 3's operations create, by the links of the spec."""

from __future__ import annotations

from conformance.engine.engine_tests import lifecycle_tests

test_a_life_goes_as_documented = lifecycle_tests("processmaker3")
