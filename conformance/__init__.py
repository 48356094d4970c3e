"""Conformance suite: tests whether a server behaves as its API documentation says."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("conformance")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
