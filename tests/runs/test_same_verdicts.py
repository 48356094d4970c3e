"""The command that compares the verdicts of two commits."""

from __future__ import annotations

from typing import Any

from .same_verdicts import against, differing


def facts(**changed: Any) -> dict[str, Any]:
    same = {"code": 1, "verdicts": {"A": ["conforms", None, None]}, "deviations": [], "findings": []}
    return {**same, "problems": 0, "leftovers": 0, **changed}


def test_files_with_the_same_facts_do_not_differ() -> None:
    assert differing({"fault": facts()}, {"fault": facts()}) == []


def test_differing_exit_code_verdict_and_extra_fault_are_listed() -> None:
    before = {"code": facts(), "verdict": facts(), "gone": facts()}
    after = {"code": facts(code=0), "verdict": facts(verdicts={"A": ["deviates", None, None]})}
    assert differing(before, after) == [
        "gone: only in one of both",
        "code: code 1 -> 0",
        "verdict: A ['conforms', None, None] -> ['deviates', None, None]",
    ]


def test_the_facts_of_a_run_are_its_verdicts_and_deviations() -> None:
    found, record = against("processmaker4", ["pm4-empty-refusal"], "test_start_request")
    assert found["code"] == 1
    assert [requirement for _, requirement in found["deviations"]] == [
        deviation.requirement for deviation in record.deviations
    ]
    assert found["deviations"]
    assert found["verdicts"]
