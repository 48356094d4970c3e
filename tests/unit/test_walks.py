"""Walks without a target: the plans of a seed, and the shorter sequences that replace one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.engine.walks import plan, shrink
from conformance.engine.walks.contradiction import Look
from conformance.engine.walks.move import Crowd, Kind, Move
from conformance.engine.walks.plan import MAX_MOVES, MAX_STEPS, situations
from conformance.engine.walks.step import MAX_EXISTING, THINGS, Action, Plan, State, Step, is_possible
from conformance.spec.specification import load

EVERY = {
    "create after a deletion",
    "create beside 0",
    "create beside 1",
    "create beside 2",
    "delete after a deletion",
    "delete an updated one beside an updated one",
    "delete one beside an updated one",
    "delete one in between",
    "delete the newest",
    "delete the oldest",
    "update after a deletion",
    "update again",
    "update again after another",
    "update beside an updated one",
    "update one in between",
    "update the newest",
    "update the oldest",
}
UNCHANGED = {value for value in EVERY if "update" not in value}
MOVED = {
    "enter beside another",
    "enter while another place has users",
    "move away from another",
    "remove beside another",
    "remove while another place has users",
}


def steps(text: str) -> Plan:
    """The plan of a text such as `create 0, update 0`."""
    return tuple(Step.read(value) for value in text.split(", "))


def shortest(taken: str, things: set[int], look: Look = Look.OTHERS) -> list[str]:
    return [", ".join(map(str, pair)) for pair in shrink.shorter(steps(taken), things, look)]


@pytest.mark.parametrize("updates", [True, False])
def test_first_packaged_walk_covers_every_situation(updates: bool) -> None:
    (first,) = plan.plans(0, 1, updates=updates)
    assert situations(State(updates=updates), first) == (EVERY if updates else UNCHANGED)


def test_first_packaged_walk_of_users_covers_every_situation() -> None:
    (first,) = plan.moves(0, 1)
    assert situations(Crowd(), first) == MOVED


@pytest.mark.parametrize(
    "seed", [pytest.param(7), *(pytest.param(number, marks=pytest.mark.matrix) for number in range(25))]
)
def test_first_walk_of_a_seed_covers_every_situation(seed: int) -> None:
    assert situations(State(), plan.draw(State(), seed, 1, MAX_STEPS)[0]) == EVERY
    assert situations(Crowd(), plan.draw(Crowd(), seed, 1, MAX_MOVES)[0]) == MOVED


def test_equal_seeds_draw_equal_walks_and_others_draw_others() -> None:
    drawn = [plan.draw(Crowd(), seed, 4, MAX_MOVES) for seed in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_walks_are_possible_and_within_bounds() -> None:
    for updates in (True, False):
        for pair in plan.plans(0, plan.PACKAGED_PLANS, updates=updates):
            state = State(updates=updates)
            for step in pair:
                assert step in state.possible()
                state = state.after(step)
                assert len(state.there) <= MAX_EXISTING
            assert is_possible(pair)
            assert len(pair) <= MAX_STEPS
            assert sum(step.action is Action.CREATE for step in pair) <= THINGS


def test_walks_of_another_seed_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    drawn = plan.plans(5, 2, updates=False)
    monkeypatch.setattr(plan, "drawn", lambda *_: pytest.fail("drawn again"))
    assert plan.plans(5, 2, updates=False) == drawn
    (kept,) = tmp_path.rglob("*.json")
    assert json.loads(kept.read_text()).keys() == {"update", "no update", "move"}


@pytest.mark.parametrize(
    "text", ["update 0", "create 0, create 0", "create 0, delete 0, update 0", "create 0, delete 0, delete 0"]
)
def test_step_needs_its_resource(text: str) -> None:
    assert not is_possible(steps(text))


@pytest.mark.parametrize("text", ["remove 0", "update", "update one"])
def test_invalid_step_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"Action|unpack|int"):
        Step.read(text)


def test_a_user_is_in_one_place_until_he_moves_or_is_deleted() -> None:
    crowd = Crowd()
    for text in ("enter 0 0", "enter 1 0", "enter 0 1", "remove 1 0"):
        step = Move.read(text)
        assert step in crowd.possible()
        assert str(step) == text
        crowd = crowd.after(step)
    assert (crowd.inside(0), crowd.inside(1)) == ((), (0,))
    assert Move(Kind.REMOVE, 1) not in crowd.possible()


def test_minimal_sequence_is_replayed_first() -> None:
    taken = "create 0, create 1, update 1, create 2, update 0, update 0, update 2, delete 1, delete 0"
    assert shortest(taken, {0, 2})[0] == "create 0, create 2, update 0, update 2, delete 0"


def test_passed_sequences_are_not_replayed() -> None:
    taken = "create 0, update 0, create 1, update 1, update 0"
    assert "create 0, update 0" not in shortest(taken, {0}, Look.OWN)
    assert shortest(taken, {0}, Look.OWN)[0] == "create 0, update 0, update 0"


def test_lifecycle_sequences_are_not_replayed() -> None:
    taken = "create 0, create 1, update 0, update 1, delete 0"
    assert "create 0, create 1, delete 0" not in shortest(taken, {0, 1})
    assert "create 0, create 1, delete 0" in shortest(taken, {0, 1}, Look.LIST)


def test_replayed_sequences_are_possible_shorter_and_end_with_the_last_step() -> None:
    for pair in plan.plans(0, plan.PACKAGED_PLANS, updates=True):
        for end in range(2, len(pair) + 1):
            taken = pair[:end]
            for look in Look:
                for tried in shrink.shorter(taken, {taken[-1].thing}, look):
                    assert is_possible(tried)
                    assert len(tried) < len(taken)
                    assert tried[-1] == taken[-1]


def test_removed_step_is_never_a_create_or_the_last_step() -> None:
    found = shrink.fewer(steps("create 0, create 1, update 0, update 1, delete 0"))
    assert [", ".join(map(str, pair)) for pair in found] == [
        "create 0, create 1, update 1, delete 0",
        "create 0, create 1, update 0, delete 0",
    ]


def test_replay_costs_more_if_existing_resources_are_listed_before() -> None:
    documented = load("processmaker3").operations["createProject"]
    guessed = load("procesio").operations["createProcess"]
    plans = steps("create 0, create 1, update 0")
    assert shrink.cost(plans, Look.OTHERS, guessed) == shrink.cost(plans, Look.OTHERS, documented) + 2
