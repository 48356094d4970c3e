"""The faults that every service of PROCESIO can have: no credentials asked for, and lives that go wrong."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.faults import fault, override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"


def open_to_all(operations: Mapping[str, str]) -> None:
    """Register, for each operation with its description, the fault that it accepts requests without credentials."""
    for operation, words in operations.items():
        _open(operation, words)


def _open(operation: str, words: str) -> None:
    def apply(ref: Procesio) -> None:
        ref.anonymous.add(operation)

    fault(f"pro-{words}-without-token", SYSTEM, f"accepts a request without credentials ({words.replace('-', ' ')})")(
        apply
    )


def accept_any_token(ref: Procesio, careless: Callable[[str], bool]) -> None:
    """Accept any token, but not a request without one, for the operations whose names are `careless`."""

    def make(authorize: Callable[[Request, str], None]) -> Callable[[Request, str], None]:
        def by_any(request: Request, name: str) -> None:
            if not careless(name) or not request.headers.get("authorization"):
                authorize(request, name)

        return by_any

    override(ref, "_authorize", make)


def _plural(words: str) -> str:
    """Of the name of a kind of things."""
    return f"{words.replace('-', ' ')}{'es' if words.endswith('s') else 's'}"


@dataclass(frozen=True, slots=True)
class Life:
    """The operations of a thing that can be created, read and deleted, perhaps listed and updated, and words for it."""

    words: str
    create: str
    read: str
    delete: str
    list: str = ""
    update: str = ""

    def register(self) -> None:
        """Register what can go wrong in such a life, each step in a fault of its own."""
        value, plural = self.words.replace("-", " "), _plural(self.words)
        for possible, name, description, apply in (
            (self.list, f"pro-create-{self.words}-not-listed", f"leaves new {plural} out of the list", self._unlisted),
            (
                True,
                f"pro-create-{self.words}-unreadable",
                f"cannot read new {plural}",
                self._unreadable,
            ),
            (
                self.update,
                f"pro-modify-{self.words}-ignored",
                f"reports that it changed a {value}, but does not",
                self._unchanged,
            ),
            (True, f"pro-delete-keeps-{self.words}", f"reports that it deleted a {value}, but keeps it", self._kept),
            (self.list, f"pro-deleted-{self.words}-listed", f"still lists deleted {plural}", self._still_listed),
        ):
            if possible:
                fault(name, SYSTEM, description)(apply)
        self.register_more()

    def register_more(self) -> None:
        """Register what shows only in the content of an answer, or after an update."""
        value, plural = self.words.replace("-", " "), _plural(self.words)
        for possible, name, description, apply in (
            (self.list, f"pro-read-{self.words}-other", f"returns the same {value} for every identifier", self._other),
            (
                self.list and self.update,
                f"pro-modify-{self.words}-unlists",
                f"takes {plural} out of the list when they are modified",
                self._unlisted_after_update,
            ),
            (
                self.list and self.update,
                f"pro-modify-{self.words}-listed-as-before",
                f"lists modified {plural} as they were before",
                self._listed_as_before,
            ),
            (
                True,
                f"pro-delete-{self.words}-takes-another",
                f"deletes the newest other {value} along with the named one",
                lambda ref: takes_another(ref, self.create, self.delete),
            ),
            (
                self.update,
                f"pro-modify-{self.words}-changes-another",
                f"changes the oldest other {value} along with the named one",
                lambda ref: changes_another(ref, self.create, self.update),
            ),
        ):
            if possible:
                fault(name, SYSTEM, description)(apply)

    def _other(self, ref: Procesio) -> None:
        """Answer the same stranger for whatever was created and is still there."""
        created, read = self._created(ref), ref.operations[self.read]

        def stranger(identifier: str) -> Any:
            there = read(identifier)
            if identifier not in created:
                return there
            return {
                **there,
                "id": "6f1d2a5b-93c0-4e7d-8b62-0a4c7e9d1f35",
                "name": "Other",
                "description": "",
                "flows": [],
            }

        ref.operations[self.read] = stranger

    def _updated(self, ref: Procesio) -> dict[str, Any]:
        """What was changed, by identifier, as it was before the first change."""
        update, read = ref.operations[self.update], ref.operations[self.read]
        changed: dict[str, Any] = {}

        def remember(body: dict[str, Any]) -> Any:
            before = dict(read(body["id"]))
            answer = update(body)
            changed.setdefault(body["id"], before)
            return answer

        ref.operations[self.update] = remember
        return changed

    def _unlisted_after_update(self, ref: Procesio) -> None:
        changed, all_of_them = self._updated(ref), ref.operations[self.list]
        ref.operations[self.list] = lambda: [item for item in all_of_them() if item["id"] not in changed]

    def _listed_as_before(self, ref: Procesio) -> None:
        changed, all_of_them = self._updated(ref), ref.operations[self.list]
        ref.operations[self.list] = lambda: [changed.get(item["id"], item) for item in all_of_them()]

    def _created(self, ref: Procesio) -> set[str]:
        """The identifiers of what will be created."""
        create, created = ref.operations[self.create], set[str]()

        def remember(body: dict[str, Any]) -> Any:
            answer = create(body)
            created.add(answer["id"])
            return answer

        ref.operations[self.create] = remember
        return created

    def _unlisted(self, ref: Procesio) -> None:
        created, all_of_them = self._created(ref), ref.operations[self.list]
        ref.operations[self.list] = lambda: [item for item in all_of_them() if item["id"] not in created]

    def _unreadable(self, ref: Procesio) -> None:
        created = self._created(ref)

        def read(known: Callable[[str], Any]) -> Callable[[str], Any]:
            def unless_created(identifier: str) -> Any:
                if identifier in created:
                    raise HTTPException(404, "There is nothing of this id.")
                return known(identifier)

            return unless_created

        ref.operations[self.read] = read(ref.operations[self.read])

    def _unchanged(self, ref: Procesio) -> None:
        read = ref.operations[self.read]
        ref.operations[self.update] = lambda body: {**read(body["id"]), **body}

    def _kept(self, ref: Procesio) -> None:
        read = ref.operations[self.read]
        ref.operations[self.delete] = lambda identifier: {"id": read(identifier)["id"]}

    def _still_listed(self, ref: Procesio) -> None:
        read, all_of_them, delete = (ref.operations[name] for name in (self.read, self.list, self.delete))
        deleted: list[Any] = []

        def delete_visibly(identifier: str) -> Any:
            there = read(identifier)
            answer = delete(identifier)
            deleted.append(there)
            return answer

        ref.operations[self.delete] = delete_visibly
        ref.operations[self.list] = lambda: [*all_of_them(), *deleted]


def _made(ref: Procesio, create: str) -> list[str]:
    """The identifiers of what will be created, the oldest first."""
    usual, made = ref.operations[create], list[str]()

    def remember(body: dict[str, Any]) -> Any:
        answer = usual(body)
        made.append(answer["id"])
        return answer

    ref.operations[create] = remember
    return made


def takes_another(ref: Procesio, create: str, delete: str) -> None:
    """Delete the newest other thing of a kind along with the one that is named."""
    made, usual = _made(ref, create), ref.operations[delete]

    def greedy(identifier: str) -> Any:
        answer = usual(identifier)
        if identifier in made:
            made.remove(identifier)
        if made:
            with suppress(HTTPException):
                usual(made.pop())
        return answer

    ref.operations[delete] = greedy


def changes_another(ref: Procesio, create: str, update: str) -> None:
    """Change the oldest other thing of a kind along with the one that is named."""
    made, usual = _made(ref, create), ref.operations[update]

    def both(body: dict[str, Any]) -> Any:
        answer = usual(body)
        for other in made:
            if other != body["id"]:
                with suppress(HTTPException):  # it may be deleted
                    usual({**body, "id": other, "name": f"{body['name']} too"})
                    break
        return answer

    ref.operations[update] = both
