"""Reference servers: one small server per system that does what its documents say; faults and personalities."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from conformance.reference.base import Reference, UnknownLogin, now
from conformance.reference.faults import FAULTS, Fault, UnknownFault, nearest
from conformance.reference.personality import PERSONALITIES, PLAIN, UnknownPersonality

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conformance.reference.base import Clock

__all__ = [
    "FAULTS",
    "PERSONALITIES",
    "SYSTEMS",
    "Fault",
    "Reference",
    "UnknownFault",
    "UnknownLogin",
    "UnknownPersonality",
    "UnknownSystem",
    "build",
    "known_faults",
    "known_logins",
]

SYSTEMS: Final = {"processmaker3": "ProcessMaker3", "processmaker4": "ProcessMaker4", "procesio": "Procesio"}
"""The systems, each with the name of the class that its module `server` provides."""


class UnknownSystem(ValueError):
    """No such system; the message names the nearest one that exists."""


def build(
    system: str, faults: Collection[str] = (), clock: Clock = now, personality: str = PLAIN, login: str = ""
) -> Reference:
    """A new reference of `system` with faults, personality and login; only that system's modules are imported.

    Raises:
        UnknownSystem: there is no such system.
        UnknownFault: one of `faults` is not a fault of that system.
        UnknownPersonality: there is no such personality.
        UnknownLogin: there is no such login of that system.
    """
    return _load(system)(clock=clock, faults=faults, personality=personality, login=login)


def known_logins(system: str) -> Mapping[str, str]:
    """The logins of `system` beside the documented one, with what each is. Raises UnknownSystem."""
    return _load(system).logins


def known_faults(system: str | None = None) -> dict[str, Fault]:
    """The faults of `system`, or of all systems, by name.

    Raises:
        UnknownSystem: there is no such system.
    """
    for name in SYSTEMS if system is None else [system]:
        _load(name)
    return {name: fault for name, fault in FAULTS.items() if system in (None, fault.system)}


def _load(system: str) -> type[Reference]:
    if system not in SYSTEMS:
        raise UnknownSystem(f"there is no system {system!r}{nearest(system, SYSTEMS)}")
    found: type[Reference] = getattr(import_module(f"{__name__}.{system}.server"), SYSTEMS[system])
    return found
