"""Generated request bodies (the corpus), made by schemathesis and stored in files.

Generating a body costs a hundred times what sending it does, so a run replays stored ones. The corpus of seed 0 is
packaged with the system. That of any other seed is generated once and cached in the user's cache directory.
`python -m conformance.engine.corpus` regenerates the packaged ones after a spec was changed.
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

PACKAGED_CASES: Final = 60  # cases of each operation in the packaged corpus
GENERATORS: Final = ("schemathesis", "hypothesis")


def generated(operation: Operation) -> bool:
    """Whether bodies are generated for an operation: a requirement of its spec says so."""
    return requirement_ids.generated_accepted(operation.id) in load(operation.system).requirements


def cases(operation: Operation, seed: int, count: int) -> list[Any]:
    """Up to `count` different documented bodies of an operation: from the corpus, or generated and cached."""
    corpus = SYSTEMS[operation.system].corpus
    if seed == 0 and count <= PACKAGED_CASES and corpus is not None:
        packaged = user_cache.read_object(corpus)
        if packaged and packaged["spec"] == digest(operation.system):
            return list(packaged["cases"].get(operation.id, []))[:count]
    key = [digest(operation.system), operation.id, seed, count, *(version(name) for name in GENERATORS)]
    cached = user_cache.remembered("corpus", key, ["cases"], lambda: {"cases": list(generate(operation, seed, count))})
    return list(cached["cases"])


def generate(operation: Operation, seed: int, count: int) -> Iterator[Any]:
    """Generate up to `count` different bodies that match the guided request schema; equal seeds give equal bodies."""
    import hypothesis
    import schemathesis
    from schemathesis import GenerationMode

    spec = load(operation.system)
    schema = schemathesis.openapi.from_dict(guided_document(spec.source))
    strategy = schema.find_operation_by_id(operation.id).as_strategy(generation_mode=GenerationMode.POSITIVE)
    bodies: dict[str, Any] = {}

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
        if len(bodies) < count and isinstance(case.body, dict):
            body = _as_sent(case.body)
            bodies.setdefault(json.dumps(body, sort_keys=True), body)

    collect()
    yield from bodies.values()


def _as_sent(value: Any) -> Any:
    """A generated value as a client would write it: JSON Schema accepts 15.0 as an integer, the documents do not.

    The result shares no objects with the spec, whose examples a generator may return.
    """
    if isinstance(value, dict):
        return {name: _as_sent(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_as_sent(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def digest(system: str) -> str:
    """The key of a corpus: a checksum of the schemas of its bodies."""
    bodies = {
        operation.id: guided(body.schema)
        for operation in load(system).operations.values()
        if generated(operation) and (body := operation.body("application/json")) is not None
    }
    return hashlib.sha256(json.dumps(bodies, sort_keys=True).encode()).hexdigest()


def main() -> None:
    """Regenerate the packaged corpora."""
    for system, known in SYSTEMS.items():
        if known.corpus is None:
            continue
        bodies = {
            operation.id: list(generate(operation, 0, PACKAGED_CASES))
            for operation in load(system).operations.values()
            if generated(operation)
        }
        corpus = {
            "spec": digest(system),
            "seed": 0,
            "generators": {name: version(name) for name in GENERATORS},
            "cases": bodies,
        }
        text = json.dumps(corpus, ensure_ascii=True, separators=(",", ":"))
        known.corpus.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
