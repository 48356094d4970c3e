"""Harm: every requirement that is tested has one, by its entry, aspect or structure; lists show the worst first."""

from __future__ import annotations

import pytest

from conformance.core.verdict import Harm, Level
from conformance.report import words
from conformance.spec.harm import OF_ASPECTS, of_entry, of_structure
from conformance.spec.register import ASPECTS
from conformance.spec.specification import SYSTEMS, load
from tests.reporting import sample


@pytest.mark.parametrize(
    ("requirement", "harm"),
    [
        ("getProject:exists", Harm.MISSING),
        ("getProject.200./prj_name:present", Harm.MISSING),
        ("getProject.200./prj_name:type", Harm.FORM),
        ("createProject:verbatim", Harm.WRONG_DATA),
        ("createProject.201:status", Harm.FORM),
    ],
)
def test_harm_of_a_structural_requirement_follows_from_its_id(requirement: str, harm: Harm) -> None:
    assert of_structure(requirement) is harm
    assert load("processmaker3").requirements[requirement].harm is harm


def test_every_aspect_has_a_harm() -> None:
    assert set(OF_ASPECTS) == {aspect for aspects in ASPECTS.values() for aspect in aspects}


def test_an_entry_may_state_another_harm_than_that_of_its_aspect() -> None:
    assert of_entry(None, "permission-refused") is Harm.ACCESS
    assert of_entry(Harm.FORM, "permission-refused") is Harm.FORM


@pytest.mark.parametrize("system", SYSTEMS)
def test_access_without_credentials_is_the_worst_harm(system: str) -> None:
    aspects = {"no-credentials-refused", "wrong-credentials-refused"}
    found = [requirement for requirement in load(system).requirements.values() if requirement.aspect in aspects]
    assert found
    assert {requirement.harm for requirement in found} == {Harm.ACCESS}


def test_open_list_is_worse_than_a_wrong_form_of_any_level() -> None:
    form = sample.deviation(1, harm=Harm.FORM, level=Level.MUST)
    access = sample.deviation(2, harm=Harm.ACCESS, level=Level.SHOULD)
    known = sample.known(sample.deviation(3, harm=Harm.ACCESS))
    assert words.ordered([form, known, access]) == [access, form, known]


def test_every_harm_is_explained() -> None:
    assert set(words.HARMS) == set(Harm)
