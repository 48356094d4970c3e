"""Entry: one thing that the run created or meant to create, as the ledger knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that the run created or meant to create.

    `identifier` is empty as long as it is unknown; then the thing can be told by its `name` alone. `within` holds the
    path parameters of the create: what the thing is a part of, and cannot be addressed without.
    """

    key: str
    system: str
    kind: str
    operation: str
    name: str
    identifier: str = ""
    within: Mapping[str, str] = field(default_factory=dict, hash=False)
