"""The grammar of requirement ids: what is made is read back, for every requirement of every spec."""

from __future__ import annotations

import pytest

from conformance.spec import requirement_ids
from conformance.spec.requirement_ids import StructuralId
from conformance.spec.specification import SYSTEMS, load

MADE = {
    requirement_ids.exists("op"): StructuralId("op", "exists"),
    requirement_ids.no_server_error("op"): StructuralId("op", "no-server-error"),
    requirement_ids.generated_accepted("op"): StructuralId("op", "generated-accepted"),
    requirement_ids.documented_form("op"): StructuralId("op", "documented-form"),
    requirement_ids.verbatim("op"): StructuralId("op", "verbatim"),
    requirement_ids.status("op", "200"): StructuralId("op", "status", "200"),
    requirement_ids.content_type("op", "4XX"): StructuralId("op", "content-type", "4XX"),
    requirement_ids.unwrapped("op", "200"): StructuralId("op", "unwrapped", "200"),
    requirement_ids.at_place("op", "200", "", "type"): StructuralId("op", "type", "200"),
    requirement_ids.at_place("op", "200", "/a[]/b.c:d", "present"): StructuralId("op", "present", "200", "/a[]/b.c:d"),
    requirement_ids.accepted("op", "/a"): StructuralId("op", "accepted", "request", "/a"),
    requirement_ids.required("op", "/a"): StructuralId("op", "required", "request", "/a"),
}


@pytest.mark.parametrize("identifier", MADE)
def test_id_round_trips(identifier: str) -> None:
    assert StructuralId.parse(identifier) == MADE[identifier]


@pytest.mark.parametrize("identifier", ["", "PM3-PROJECT-CREATE-NAME", "op", "op.200", "op.200./a", ":exists", "op:"])
def test_other_ids_are_not_structural(identifier: str) -> None:
    assert StructuralId.parse(identifier) is None


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_structural_ids_of_a_spec_are_those_that_the_grammar_reads(system: str) -> None:
    for requirement in load(system).requirements.values():
        structure = StructuralId.parse(requirement.id)
        assert (structure is not None) is requirement.structural, requirement.id
        if structure is not None:
            assert (structure.operation, structure.place) == (requirement.operation, requirement.place), requirement.id


@pytest.mark.parametrize(
    ("identifier", "status"), [("op.404:status", "404"), ("op:exists", ""), ("op.request./a:accepted", "")]
)
def test_a_status_is_that_of_a_response(identifier: str, status: str) -> None:
    structure = StructuralId.parse(identifier)
    assert structure is not None
    assert structure.status == status
