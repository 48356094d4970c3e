"""Generated request bodies (the corpus), made by schemathesis and stored in files.

Generating a body costs a hundred times what sending it does, so a run replays stored ones. The corpus of seed 0 is
packaged with the system. What else a run needs is generated once, before its tests, and cached in the user's cache
directory.
`python -m conformance.engine.corpus` regenerates the packaged ones after a spec was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from conformance.core import user_cache
from conformance.core.systems import SYSTEMS
from conformance.spec import requirement_ids
from conformance.spec.guidance import guided, guided_document
from conformance.spec.specification import Operation, load

PACKAGED_CASES: Final = 60  # cases of each operation in the packaged corpus
GENERATORS: Final = ("schemathesis", "hypothesis")
FOLDER: Final = "corpus"  # of the cache
MEMBERS: Final = ("cases",)


def generated(operation: Operation) -> bool:
    """Whether bodies are generated for an operation: a requirement of its spec says so."""
    return requirement_ids.generated_accepted(operation.id) in load(operation.system).requirements


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the generated bodies of one operation and seed: the one with this number, of up to `size` bodies.

    Bodies are generated in batches, because Hypothesis remembers every example of a batch, and a batch can be made in
    any process. The first batch of seed 0 is packaged.
    """

    system: str
    operation: str
    seed: int
    number: int
    size: int

    def bodies(self) -> list[Any]:
        """The bodies: packaged, cached, or generated now."""
        packaged = self._packaged()
        if packaged is not None:
            return packaged
        return list(user_cache.remembered(FOLDER, self._key(), MEMBERS, self._made)["cases"])

    def make(self) -> None:
        """Generate the bodies, and cache them."""
        self.bodies()

    @property
    def is_made(self) -> bool:
        """Whether nothing has to be generated."""
        return self._packaged() is not None or user_cache.kept(FOLDER, self._key(), MEMBERS) is not None

    def _packaged(self) -> list[Any] | None:
        corpus = SYSTEMS[self.system].corpus
        if self.seed != 0 or self.number != 0 or corpus is None:
            return None
        packaged = user_cache.read_object(corpus)
        if not packaged or packaged["spec"] != digest(self.system):
            return None
        return list(packaged["cases"].get(self.operation, []))[: self.size]

    def _key(self) -> list[Any]:
        versions = (version(name) for name in GENERATORS)
        return [digest(self.system), self.operation, self.seed, self.number, self.size, *versions]

    def _made(self) -> dict[str, Any]:
        seed = self.seed
        if self.number:
            seed = int.from_bytes(hashlib.sha256(f"{seed}-{self.number}".encode()).digest()[:6])
        return {"cases": list(generate(load(self.system).operations[self.operation], seed, self.size))}


def batches(operation: Operation, seed: int, count: int) -> list[Batch]:
    """The batches with up to `count` bodies of an operation."""
    sizes = [*(count // PACKAGED_CASES * (PACKAGED_CASES,)), count % PACKAGED_CASES]
    return [Batch(operation.system, operation.id, seed, number, size) for number, size in enumerate(sizes) if size]


def cases(operation: Operation, seed: int, count: int) -> Iterator[Any]:
    """Up to `count` different documented bodies of an operation, batch by batch."""
    seen: set[bytes] = set()
    for batch in batches(operation, seed, count):
        for body in batch.bodies():
            known = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
            if known not in seen:
                seen.add(known)
                yield body


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
