"""An entry of the ledger: one resource that the run created or intended to create."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource that the run created or intended to create.

    `identifier` is empty while it is unknown; then only the `name` identifies the resource. `within` are the path
    parameters of the create: the parent, which is needed to address the resource.
    """

    key: str
    system: str
    kind: str
    operation: str
    name: str
    identifier: str = ""
    within: Mapping[str, str] = field(default_factory=dict, hash=False)
