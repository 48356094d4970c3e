"""References: the reference server of each registered system, imported on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.core.systems import SYSTEMS, part
from conformance.reference import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.reference import Fault, Reference


def reference_of(system: str) -> type[Reference]:
    """The class of a system's reference. Raises UnusableSystem."""
    found: type[Reference] = part(SYSTEMS[system], "reference")
    return found


def known_logins(system: str) -> Mapping[str, str]:
    """The logins of a system's reference beside the documented one, with what each is."""
    return reference_of(system).logins


def known_faults(systems: Iterable[str]) -> dict[str, Fault]:
    """The faults of the references of some systems, by name."""
    wanted = [system for system in systems if reference_of(system)]
    return {name: fault for name, fault in FAULTS.items() if fault.system in wanted}


def demonstrated(systems: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The faults for a demonstration, by system; a system may have none."""
    return {system: reference_of(system).demonstrated for system in systems}
