"""What follows in a diagram from its elements follows in every body that the run makes, also in a varied one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from conformance.engine import corpus
from conformance.spec.specification import load
from conformance.suites.processmaker3.flows import consistent

CREATE = load("processmaker3").operations["createProject"]


def wrong(body: Any) -> list[str]:
    """What contradicts the table of flows, or the sense of a start and an end."""
    partial_list = []
    for diagram in body.get("diagrams", []):
        kinds = {item["act_uid"]: ("bpmnActivity", "") for item in diagram.get("activities", []) if "act_uid" in item}
        kinds |= {
            item["evn_uid"]: ("bpmnEvent", item["evn_type"]) for item in diagram.get("events", []) if "evn_uid" in item
        }
        for flow in diagram.get("flows", []):
            origin, dest = kinds[flow["flo_element_origin"]], kinds[flow["flo_element_dest"]]
            if (origin[0], dest[0]) != (flow["flo_element_origin_type"], flow["flo_element_dest_type"]):
                partial_list.append("a type without its element")
            if origin[1] == "END" or dest[1] == "START":
                partial_list.append("out of an end, or into a start")
            if flow["flo_element_origin"] == flow["flo_element_dest"]:
                partial_list.append("back to where it comes from")
    return partial_list


def test_generated_bodies_are_made_consistent() -> None:
    bodies = [consistent(body) for body in corpus.cases(CREATE, 0, corpus.PACKAGED_CASES)]
    assert [message for body in bodies for message in wrong(body)] == []
    assert any(diagram.get("flows") for body in bodies for diagram in body.get("diagrams", []))


@pytest.mark.parametrize("side", ["origin", "dest"])
@pytest.mark.parametrize("kind", ["bpmnEvent", "bpmnActivity"])
def test_a_type_that_is_varied_takes_an_element_of_that_type(side: str, kind: str) -> None:
    body = deepcopy(CREATE.body("application/json").examples["numbers"])  # type: ignore[union-attr]
    flows = body["diagrams"][0]["flows"]
    for flow in flows:
        flow[f"flo_element_{side}_type"] = kind
    made = consistent(body)
    assert wrong(made) == []
    assert {flow[f"flo_element_{side}_type"] for flow in made["diagrams"][0]["flows"]} == {kind}


def test_an_event_that_becomes_an_end_is_left_by_no_flow() -> None:
    body = deepcopy(CREATE.body("application/json").examples["diagram"])  # type: ignore[union-attr]
    body["diagrams"][0]["events"][0]["evn_type"] = "END"
    made = consistent(body)
    assert wrong(made) == []
    assert made["diagrams"][0]["events"][0]["evn_behavior"] == "THROW"


def test_a_consistent_body_stays_as_it_is_and_the_given_one_is_never_changed() -> None:
    for example in CREATE.body("application/json").examples.values():  # type: ignore[union-attr]
        before = deepcopy(example)
        assert consistent(example) == before
        assert example == before
