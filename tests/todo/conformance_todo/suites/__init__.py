"""The tests for the to-do API."""
