"""Narrowing: the members of a documented body because of which it is refused are found in few requests."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest

from conformance.engine import narrowing
from conformance.spec.specification import load

CREATE = load("processmaker3").operations["createProject"]
PROCESS = load("processmaker3").operations["updateProcess"]


class Server:
    """A server that refuses a body as long as it has a member at one of some places."""

    def __init__(self, body: Any, *refused: str) -> None:
        self.body, self.refused, self.asked = body, refused, 0

    def accepts(self, places: Sequence[str]) -> bool:
        self.asked += 1
        shorter = narrowing.without(self.body, places)
        return all(narrowing.first(shorter, place) is None for place in self.refused)


def example(operation: Any, name: str) -> Any:
    return deepcopy(operation.body("application/json").examples[name])


@pytest.mark.parametrize(
    ("operation", "name", "refused"),
    [
        (PROCESS, "plain", ["/pro_parent"]),
        (PROCESS, "plain", ["/pro_unit_cost"]),
        (CREATE, "diagram", ["/prj_create_date"]),
        (CREATE, "diagram", ["/diagrams[]/activities[]/act_loop_type"]),
        (CREATE, "diagram", ["/diagrams[]/flows[]/flo_state"]),
        (CREATE, "diagram", ["/diagrams[]/dia_is_closable"]),
        (CREATE, "diagram", ["/diagrams[]/activities[]/bou_container", "/diagrams[]/events[]/bou_container"]),
        (CREATE, "diagram", ["/diagrams[]/events[]/bou_container"]),
    ],
)
def test_exactly_the_refused_members_are_found(operation: Any, name: str, refused: list[str]) -> None:
    body = example(operation, name)
    server = Server(body, *refused)
    before = deepcopy(body)
    assert sorted(narrowing.search(operation, body, server.accepts)) == sorted(refused)
    assert body == before
    assert server.asked <= narrowing.MAX_REQUESTS


def test_required_and_naming_members_are_never_left_out() -> None:
    body = example(CREATE, "minimal")
    assert narrowing.search(CREATE, body, Server(body, "/prj_name").accepts) == ()
    places = [place for level in narrowing.levels(PROCESS, example(PROCESS, "plain")) for place in level]
    assert not {"/pro_uid", "/pro_title"} & set(places)


def test_server_that_refuses_everything_gets_one_request() -> None:
    body = example(PROCESS, "plain")
    server = Server(body, "/pro_uid")
    assert narrowing.search(PROCESS, body, server.accepts) == ()
    assert server.asked == 1


def test_exhausted_requests_give_a_larger_set() -> None:
    body = example(CREATE, "diagram")
    server = Server(body, "/diagrams[]/activities[]/act_method")
    left = iter(range(4))
    found = narrowing.search(CREATE, body, lambda places: next(left, None) is not None and server.accepts(places))
    assert server.accepts(found)
    assert len(found) > 1
