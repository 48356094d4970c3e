"""The systems that come with the suite, a folder each: the tests that run against a target, and what is of it alone."""
