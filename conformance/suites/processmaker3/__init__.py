"""The tests for ProcessMaker 3."""
