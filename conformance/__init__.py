"""Conformance suite for servers that claim to be ProcessMaker 3, ProcessMaker 4 or PROCESIO."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("conformance")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
