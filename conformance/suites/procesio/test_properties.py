"""What holds for every payload that a process of PROCESIO is run with."""

from __future__ import annotations

from conformance.engine.engine_tests import body_tests

test_documented_bodies_are_accepted = body_tests("procesio", generated_only=True)
