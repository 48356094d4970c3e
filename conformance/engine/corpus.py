"""Corpus: generated request bodies, made by schemathesis and kept in files.

Generating a body costs a hundred times what sending it does, so a run replays: the corpus of seed 0 comes with
the system, that of any other seed is made once and kept in the user's cache directory.

`python -m conformance.engine.corpus` makes the corpora of the systems anew, after a spec was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

from conformance.core import user_cache
from conformance.core.systems import SYSTEMS
from conformance.spec import requirement_ids
from conformance.spec.guidance import guided, guided_document
from conformance.spec.specification import Operation, load

KEPT: Final = 60  # cases of each operation in the packaged corpus
GENERATORS: Final = ("schemathesis", "hypothesis")


def generated(operation: Operation) -> bool:
    """Whether bodies are generated for an operation: its spec says so by a requirement of its own."""
    return requirement_ids.generated_accepted(operation.id) in load(operation.system).requirements


def cases(operation: Operation, seed: int, count: int) -> list[Any]:
    """Up to `count` different documented bodies of an operation: from the corpus, else generated and kept."""
    corpus = SYSTEMS[operation.system].corpus
    if seed == 0 and count <= KEPT and corpus is not None:
        packaged = user_cache.read_object(corpus)
        if packaged and packaged["spec"] == digest(operation.system):
            return list(packaged["cases"].get(operation.id, []))[:count]
    depends = [digest(operation.system), operation.id, seed, count, *(version(name) for name in GENERATORS)]
    made = user_cache.remembered(
        "corpus", depends, ["cases"], lambda: {"cases": list(generate(operation, seed, count))}
    )
    return list(made["cases"])


def generate(operation: Operation, seed: int, count: int) -> Iterator[Any]:
    """Make up to `count` different bodies that follow the guided request schema; equal seeds make equal bodies."""
    import hypothesis
    import schemathesis
    from schemathesis import GenerationMode

    spec = load(operation.system)
    schema = schemathesis.openapi.from_dict(guided_document(spec.source))
    strategy = schema.find_operation_by_id(operation.id).as_strategy(generation_mode=GenerationMode.POSITIVE)
    found: dict[str, Any] = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count * 3,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=strategy)
    def collect(case: Any) -> None:
        if len(found) < count and isinstance(case.body, dict):
            body = _plain(case.body)
            found.setdefault(json.dumps(body, sort_keys=True), body)

    collect()
    yield from found.values()


def _plain(value: Any) -> Any:
    """A generated value as a client would write it: JSON Schema takes 15.0 for an integer, the documents do not.

    What it gives shares nothing with the spec, from which a generator may take whole examples.
    """
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digest(system: str) -> str:
    """The key of a corpus: what the spec says of the bodies in it."""
    bodies = {
        operation.id: guided(body.schema)
        for operation in load(system).operations.values()
        if generated(operation) and (body := operation.body("application/json")) is not None
    }
    return hashlib.sha256(json.dumps(bodies, sort_keys=True).encode()).hexdigest()


def main() -> None:
    """Make the packaged corpus anew."""
    for system, known in SYSTEMS.items():
        if known.corpus is None:
            continue
        made = {
            operation.id: list(generate(operation, 0, KEPT))
            for operation in load(system).operations.values()
            if generated(operation)
        }
        corpus = {
            "spec": digest(system),
            "seed": 0,
            "generators": {name: version(name) for name in GENERATORS},
            "cases": made,
        }
        text = json.dumps(corpus, ensure_ascii=True, separators=(",", ":"))
        known.corpus.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
