"""Exit codes of the command: the contract with CI jobs, strongest first."""

from __future__ import annotations

from typing import Final

USAGE: Final = 4
"""Usage or configuration: nothing was sent."""

INTERNAL: Final = 3
"""An internal error, an error while collecting, or a request of the suite's own that the guard refused."""

INTERRUPTED: Final = 2
"""Interrupted by Ctrl-C or SIGTERM."""

UNAVAILABLE: Final = 6
"""The target, or a system of it, could not be reached, refused the credentials, or went away."""

DEVIATIONS: Final = 1
"""At least one deviation that no baseline entry covers."""

NOTHING_RUN: Final = 5
"""Nothing was run."""

OK: Final = 0
"""Nothing of the above."""
