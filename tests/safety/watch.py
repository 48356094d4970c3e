"""What a server sees of a run: how much there is at once, and how fast it comes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference import Reference

RELATIONS: Final = ("members",)


@dataclass
class Watch:
    """What a server sees of a run: when requests came, how many at once, and how much there was at the most."""

    reference: Reference
    times: list[float] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    most_there: int = 0
    before: int = 0

    def around(self, app: ASGIApp) -> ASGIApp:
        """The middleware."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            self.times.append(time.monotonic())
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            await app(scope, receive, send)
            self.under_way -= 1
            self.most_there = max(self.most_there, things(self.reference))

        return watched

    @property
    def most_in_a_second(self) -> int:
        """The largest number of requests within one second."""
        return max(sum(start <= number < start + 1 for number in self.times) for start in self.times)


def things(reference: Reference) -> int:
    """The number of resources of a reference, of any kind; group memberships are none."""
    kinds = {kind: held for kind, held in reference.snapshot().items() if kind not in RELATIONS}
    return sum(len(held) for held in kinds.values() if isinstance(held, dict | list))
