"""The tests that run against a target, by system."""
