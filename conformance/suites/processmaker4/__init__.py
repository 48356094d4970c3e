"""The tests for ProcessMaker 4."""
