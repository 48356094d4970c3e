"""Embedded references: reference servers on localhost in this process, with the text of their target file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from conformance.cli.references import reference_of
from conformance.reference.serving import Serving, target_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@contextmanager
def served(
    systems: Sequence[str],
    faults: Mapping[str, Sequence[str]] | None = None,
    port: int = 0,
    personality: str = "plain",
    login: str = "",
) -> Iterator[str]:
    """Serve a reference of each system; yields the TOML text of their target file.

    Each has its faults, and all have the personality and the login.

    Ports are consecutive from `port`, and any free ones when it is 0.

    Raises:
        UnknownPersonality: there is no such personality.
        UnknownLogin: a system has no such login.
        PortUnavailable: a port is in use or must not be opened.
    """
    references = [
        reference_of(system)(faults=(faults or {}).get(system, ()), personality=personality, login=login)
        for system in systems
    ]
    with Serving(references, port) as serving:
        yield target_toml(references, serving.urls)
