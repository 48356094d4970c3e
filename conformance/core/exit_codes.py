"""Exit codes of the command: the contract with CI jobs, strongest first."""

from __future__ import annotations

from typing import Final

USAGE: Final = 4
"""A mistake in the command, the target file or another file, or Node.js is missing. Nothing was sent."""

INTERNAL: Final = 3
"""An internal error of the suite, or the guard refused one of its requests."""

INTERRUPTED: Final = 2
"""Interrupted by Ctrl-C or SIGTERM, or a shard is missing."""

UNAVAILABLE: Final = 6
"""The target, or one of its systems, could not be reached, refused the credentials, or went away."""

DEVIATIONS: Final = 1
"""At least one deviation that is not in the baseline."""

NOTHING_RUN: Final = 5
"""No test was run."""

OK: Final = 0
"""No new deviation."""
