"""The to-do API: a system of the conformance suite."""
