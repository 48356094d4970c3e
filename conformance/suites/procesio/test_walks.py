"""Walks through the states of several resources that PROCESIO's operations create."""

from __future__ import annotations

from conformance.engine.engine_tests import walk_tests

test_each_of_several_things_is_as_it_was_last_made = walk_tests("procesio")
