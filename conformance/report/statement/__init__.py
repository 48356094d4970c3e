"""Conformance statement of a run: a page, badges and Markdown."""
