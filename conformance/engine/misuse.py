"""Mistakes of the author of a test, and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from conformance.core.hints import nearest


class Misuse(Exception):
    """A test uses its session in a way that cannot work. The message says what to write."""


class StaleSession(Misuse, RuntimeError):
    """A session, or its recorder, was used after its `test` had ended."""

    def __init__(self, test: str) -> None:
        super().__init__(
            f"{test} has ended, and its session with it; ask for the fixture 'session' in each test that uses one, "
            "and keep neither a session nor its recorder"
        )
        self.test = test


class UnknownRequirement(Misuse, LookupError):
    """A test names a requirement that neither the spec nor a register of the `system` has."""

    def __init__(self, requirement: str, system: str, known: Iterable[str]) -> None:
        close = nearest(requirement, known)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        super().__init__(
            f"{requirement}: {system} has no such requirement; {hint}`conformance requirements` lists those of the "
            "suite, and --conformance-register FILE adds your own"
        )


class UnknownOperation(Misuse, LookupError):
    """A test calls an operation that the spec of the `system` does not have."""

    def __init__(self, operation: str, system: str, known: Iterable[str]) -> None:
        close = nearest(operation, known)
        hint = (
            f"did you mean {' or '.join(close)}?" if close else f"`conformance operations --system {system}` lists them"
        )
        super().__init__(f"{operation}: {system} has no such operation; {hint}")


class MissingPathParameter(Misuse, LookupError):
    """A test calls an operation without a value for each parameter of its path."""

    def __init__(self, operation: str, missing: Collection[str], given: Collection[str]) -> None:
        example = ", ".join(f'"{name}": …' for name in missing)
        details = f", not {', '.join(given)}" if given else ""
        super().__init__(f"{operation}: the path needs {', '.join(missing)}{details}; write path={{{example}}}")


class MissingEvidence(Misuse, ValueError):
    """A test records a result for a requirement without an exchange that shows it."""

    def __init__(self, requirement: str) -> None:
        super().__init__(f"{requirement}: no exchange is given; add the one that shows it: require(…, holds, exchange)")
