"""What the engines test by the spec: the life of a task, several tasks, who may call, and which bodies are accepted."""

from __future__ import annotations

from conformance.engine.engine_tests import access_tests, body_tests, lifecycle_tests, walk_tests

test_a_task_is_created_read_listed_updated_and_deleted = lifecycle_tests("todo")
test_each_of_several_tasks_is_as_it_was_last_made = walk_tests("todo")
test_access_is_as_documented = access_tests("todo")
test_documented_bodies_are_accepted = body_tests("todo")
