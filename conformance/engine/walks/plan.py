"""Plan: the walks of a seed. Hypothesis draws sequences of steps, of which those are taken that lead farthest.

A plan names no system, so that the plans of seed 0 come with the package; those of any other seed are made once and
kept in the user's cache directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

from conformance.core import user_cache
from conformance.engine.walks.move import Crowd, Move
from conformance.engine.walks.step import Plan, State, Step

S = TypeVar("S")

PACKAGED: Final = Path(__file__).parent / "plans.json"
KEPT: Final = 4
"""How many plans of seed 0 come with the package."""
LONGEST: Final = 16
"""Steps of a walk."""
MOVES: Final = 7
"""Steps of a walk over users and places."""
MANNER: Final = 1
"""Another number for each change in how plans are drawn: those that are kept were drawn in the manner of this one."""
DRAWN: Final = 300
"""How many sequences are drawn, of which a few are walked."""


class Walked(Protocol[S]):
    """A state in which some steps can come next."""

    def possible(self) -> tuple[S, ...]:
        """The steps that can come next."""
        ...

    def after(self, step: S) -> Self:
        """The state after a step."""
        ...

    def situations(self, step: S) -> frozenset[str]:
        """What is special about a step that comes next: a server may be right in one situation and wrong in another."""
        ...


def plans(seed: int, count: int, *, updates: bool) -> tuple[Plan, ...]:
    """Up to `count` walks of a seed; without `updates` they change nothing that is there.

    The first one meets every situation that a walk can meet, as far as the drawn ones do.
    """
    texts = _texts(seed, count, "update" if updates else "no update")
    return tuple(tuple(map(Step.read, plan)) for plan in texts)


def moves(seed: int, count: int) -> tuple[tuple[Move, ...], ...]:
    """Up to `count` walks of a seed over users and the places they are in."""
    return tuple(tuple(map(Move.read, plan)) for plan in _texts(seed, count, "move"))


def drawn(seed: int, count: int) -> dict[str, Any]:
    """The plans of a seed as data; equal seeds give equal plans."""
    found: dict[str, Iterable[Iterable[Any]]] = {
        "update": draw(State(), seed, count, LONGEST),
        "no update": draw(State(updates=False), seed, count, LONGEST),
        "move": draw(Crowd(), seed, count, MOVES),
    }
    return {kind: [[str(step) for step in plan] for plan in made] for kind, made in found.items()}


def draw(start: Walked[S], seed: int, count: int, longest: int) -> tuple[tuple[S, ...], ...]:
    """Draw plans of `longest` steps at the most, and choose `count` different ones that together lead farthest."""
    import hypothesis
    from hypothesis import strategies

    found: dict[tuple[S, ...], None] = {}

    @strategies.composite
    def walks(pick: Any) -> tuple[S, ...]:
        state, met = start, frozenset[str]()
        plan: list[S] = []
        while len(plan) < longest and (possible := state.possible()):
            # A step that leads to a new situation is more likely than one that does not.
            new = [one for one in possible if state.situations(one) - met]
            step = pick(strategies.sampled_from(new or possible))
            met |= state.situations(step)
            plan.append(step)
            state = state.after(step)
        return tuple(plan)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=DRAWN,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(plan=walks())
    def collect(plan: tuple[S, ...]) -> None:
        found[plan] = None

    collect()
    return chosen({plan: situations(start, plan) for plan in found}, count)


def situations(start: Walked[S], plan: Iterable[S]) -> frozenset[str]:
    """All that is special about the steps of a plan."""
    found, state = frozenset[str](), start
    for step in plan:
        found |= state.situations(step)
        state = state.after(step)
    return found


def chosen(met: Mapping[tuple[S, ...], frozenset[str]], count: int) -> tuple[tuple[S, ...], ...]:
    """Those of some plans that lead farthest, the best first; of equals the shortest. Later ones add situations.

    `met` are the situations of each.
    """
    left, seen = list(met), frozenset[str]()
    taken: list[tuple[S, ...]] = []
    while left and len(taken) < count:
        best = max(left, key=lambda plan: (len(met[plan] - seen), len(met[plan]), -len(plan)))
        taken.append(best)
        left.remove(best)
        seen |= met[best]
    return tuple(taken)


def _texts(seed: int, count: int, kind: str) -> list[list[str]]:
    """The plans of a kind: from the package, else as they are kept, else drawn."""
    if seed == 0 and count <= KEPT and (packaged := user_cache.read_object(PACKAGED)) is not None:
        return list(packaged[kind])[:count]
    drawing = max(count, KEPT)
    depends = [MANNER, DRAWN, LONGEST, MOVES, seed, drawing, version("hypothesis")]
    kept = user_cache.remembered("walks", depends, [kind], lambda: drawn(seed, drawing))
    return list(kept[kind])[:count]


def main() -> None:
    """Draw the plans that come with the package."""
    PACKAGED.write_text(json.dumps(drawn(0, KEPT), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
