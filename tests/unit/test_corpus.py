"""Generation: the corpus that is replayed belongs to the spec, and its bodies are documented ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from conformance.engine import corpus as generation
from conformance.engine.properties import concerned
from conformance.spec.guidance import guided
from conformance.spec.specification import SYSTEMS, Operation, load

VARIED = [operation for system in SYSTEMS for operation in concerned(load(system))]
OPERATIONS = [operation for operation in VARIED if generation.generated(operation)]


def validator(operation: Operation) -> Any:
    body = operation.body("application/json")
    assert body is not None
    return jsonschema_rs.Draft202012Validator(guided(body.schema))


@pytest.mark.parametrize("system", SYSTEMS)
def test_packaged_corpus_matches_the_spec(system: str) -> None:
    path = SYSTEMS[system].corpus
    assert path is not None
    corpus = json.loads(path.read_text())
    assert corpus["spec"] == generation.digest(system), "run `python -m conformance.engine.corpus`"
    assert set(corpus["generators"]) == set(generation.GENERATORS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_the_bodies_of_the_corpus_are_different_and_documented(operation: Operation) -> None:
    bodies = list(generation.cases(operation, 0, generation.PACKAGED_CASES))
    assert len({json.dumps(body, sort_keys=True) for body in bodies}) == len(bodies) > 1
    assert all(validator(operation).is_valid(body) for body in bodies)


def test_whole_numbers_are_written_as_such_and_nothing_is_shared_with_the_spec() -> None:
    operation = load("processmaker3").operations["updateProcess"]
    before = json.dumps(load("processmaker3").source, sort_keys=True)
    made = [value for body in generation.generate(operation, 3, 20) for value in body.values()]
    assert [value for value in made if isinstance(value, float)] == []
    assert json.dumps(load("processmaker3").source, sort_keys=True) == before


def test_bodies_of_another_seed_are_generated_once_and_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    operation = load("processmaker4").operations["startRequest"]
    made = list(generation.cases(operation, 5, 3))
    (kept,) = (tmp_path / "conformance" / "corpus").iterdir()
    kept.write_text(json.dumps({"cases": [{"from": "the cache"}]}))
    assert len(made) == 3
    assert made != list(generation.cases(operation, 0, 3))
    assert list(generation.cases(operation, 5, 3)) == [{"from": "the cache"}]


def test_equal_seeds_make_equal_bodies() -> None:
    operation = load("procesio").operations["runProcess"]
    assert list(generation.generate(operation, 11, 4)) == list(generation.generate(operation, 11, 4))


def test_many_bodies_are_made_in_batches_of_which_the_first_is_packaged() -> None:
    operation = load("processmaker3").operations["createProject"]
    batches = generation.batches(operation, 0, 2 * generation.PACKAGED_CASES + 5)
    sizes = [generation.PACKAGED_CASES, generation.PACKAGED_CASES, 5]
    assert [(batch.number, batch.size) for batch in batches] == list(enumerate(sizes))
    assert batches[0].is_made


def test_a_body_of_two_batches_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation.Batch, "bodies", lambda batch: [{"of": "all"}, {"of": batch.number}])
    operation = load("procesio").operations["runProcess"]
    made = list(generation.cases(operation, 1, generation.PACKAGED_CASES + 1))
    assert made == [{"of": "all"}, {"of": 0}, {"of": 1}]
