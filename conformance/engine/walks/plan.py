"""Draw the walks of a seed. Hypothesis draws sequences of steps, and those that cover the most situations are used.

A plan names no system, so that the plans of seed 0 are packaged. Those of any other seed are drawn once, and cached in
the user's cache directory.
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
PACKAGED_PLANS: Final = 4
"""The number of packaged plans of seed 0."""
MAX_STEPS: Final = 16
"""The maximal number of steps of a walk."""
MAX_MOVES: Final = 7
"""The maximal number of steps of a walk over users and places."""
METHOD_VERSION: Final = 1
"""The version of the drawing method; a cached plan of another version is not used."""
DRAWN_SEQUENCES: Final = 300
"""The number of sequences drawn, of which a few are walked."""


class Walked(Protocol[S]):
    """A state with possible next steps."""

    def possible(self) -> tuple[S, ...]:
        """The steps that can come next."""
        ...

    def after(self, step: S) -> Self:
        """The state after a step."""
        ...

    def situations(self, step: S) -> frozenset[str]:
        """The situations that a next step meets: a server may be right in one situation and wrong in another."""
        ...


def plans(seed: int, count: int, *, updates: bool) -> tuple[Plan, ...]:
    """Up to `count` walks of a seed; without `updates` they only create and delete.

    The first one covers every situation that the drawn ones cover.
    """
    texts = _texts(seed, count, "update" if updates else "no update")
    return tuple(tuple(map(Step.read, plan)) for plan in texts)


def moves(seed: int, count: int) -> tuple[tuple[Move, ...], ...]:
    """Up to `count` walks of a seed over users and places."""
    return tuple(tuple(map(Move.read, plan)) for plan in _texts(seed, count, "move"))


def drawn(seed: int, count: int) -> dict[str, Any]:
    """The plans of a seed as data; equal seeds give equal plans."""
    found: dict[str, Iterable[Iterable[Any]]] = {
        "update": draw(State(), seed, count, MAX_STEPS),
        "no update": draw(State(updates=False), seed, count, MAX_STEPS),
        "move": draw(Crowd(), seed, count, MAX_MOVES),
    }
    return {kind: [[str(step) for step in plan] for plan in made] for kind, made in found.items()}


def draw(start: Walked[S], seed: int, count: int, longest: int) -> tuple[tuple[S, ...], ...]:
    """Draw plans of up to `longest` steps, and choose `count` different ones that together cover the most
    situations.
    """
    import hypothesis
    from hypothesis import strategies

    found: dict[tuple[S, ...], None] = {}

    @strategies.composite
    def walks(pick: Any) -> tuple[S, ...]:
        state, met = start, frozenset[str]()
        plan: list[S] = []
        while len(plan) < longest and (possible := state.possible()):
            # a step with a new situation is preferred
            new = [s for s in possible if state.situations(s) - met]
            step = pick(strategies.sampled_from(new or possible))
            met |= state.situations(step)
            plan.append(step)
            state = state.after(step)
        return tuple(plan)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=DRAWN_SEQUENCES,
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
    """All situations that the steps of a plan meet."""
    met, state = frozenset[str](), start
    for step in plan:
        met |= state.situations(step)
        state = state.after(step)
    return met


def chosen(met: Mapping[tuple[S, ...], frozenset[str]], count: int) -> tuple[tuple[S, ...], ...]:
    """Choose the plans that cover the most situations, the best first, the shortest of equals. Each adds situations.

    `met` are the situations of each.
    """
    remaining, seen = list(met), frozenset[str]()
    chosen_plans: list[tuple[S, ...]] = []
    while remaining and len(chosen_plans) < count:
        best = max(remaining, key=lambda plan: (len(met[plan] - seen), len(met[plan]), -len(plan)))
        chosen_plans.append(best)
        remaining.remove(best)
        seen |= met[best]
    return tuple(chosen_plans)


def _texts(seed: int, count: int, kind: str) -> list[list[str]]:
    """The plans of a kind: the packaged ones, otherwise cached ones, otherwise newly drawn ones."""
    if seed == 0 and count <= PACKAGED_PLANS and (packaged := user_cache.read_object(PACKAGED)) is not None:
        return list(packaged[kind])[:count]
    drawing = max(count, PACKAGED_PLANS)
    key = [METHOD_VERSION, DRAWN_SEQUENCES, MAX_STEPS, MAX_MOVES, seed, drawing, version("hypothesis")]
    cached = user_cache.remembered("walks", key, [kind], lambda: drawn(seed, drawing))
    return list(cached[kind])[:count]


def main() -> None:
    """Draw the packaged plans."""
    PACKAGED.write_text(json.dumps(drawn(0, PACKAGED_PLANS), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
