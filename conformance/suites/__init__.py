"""The systems that come with the suite, one folder each: the tests that run against a target, and all code for that
system.
"""
