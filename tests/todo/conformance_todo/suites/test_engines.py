"""What the engines of the suite test by the spec: the life of a task, who may call, and which bodies are accepted."""

from __future__ import annotations

from conformance.engine.engine_tests import access_tests, body_tests, lifecycle_tests

test_a_task_is_created_read_listed_updated_and_deleted = lifecycle_tests("todo")
test_access_is_as_documented = access_tests("todo")
test_documented_bodies_are_accepted = body_tests("todo")
