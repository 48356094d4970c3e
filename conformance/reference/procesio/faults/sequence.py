"""The faults of the PROCESIO reference that show only in a sequence: each request alone is served well."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.faults import fault

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"


@dataclass(frozen=True, slots=True)
class Sequence:
    """The operations of things of one kind; without `update`, nothing changes them."""

    create: str
    read: str
    delete: str
    list: str
    update: str

    def lost_again(self, ref: Procesio) -> None:
        """Accept every change after the first, and drop it."""
        update, read = ref.operations[self.update], ref.operations[self.read]
        changed: set[str] = set()

        def once(body: dict[str, Any]) -> Any:
            if body.get("id") in changed:
                return {**read(body["id"]), **body}
            answer = update(body)
            changed.add(body["id"])
            return answer

        ref.operations[self.update] = once

    def hits_another(self, ref: Procesio) -> None:
        """Change what was changed before, instead of the requested one."""
        update, read = ref.operations[self.update], ref.operations[self.read]
        changed: list[str] = []

        def elsewhere(body: dict[str, Any]) -> Any:
            wanted = body.get("id")
            if wanted in changed and wanted != changed[-1]:
                with suppress(HTTPException):  # it may be deleted
                    read(changed[-1])
                    update({**body, "id": changed[-1]})
                    return {**read(wanted), **body}
            answer = update(body)
            changed.append(body["id"])
            return answer

        ref.operations[self.update] = elsewhere

    def takes_changed(self, ref: Procesio) -> None:
        """Delete what was changed last along with the named one."""
        update, delete = ref.operations[self.update], ref.operations[self.delete]
        changed: list[str] = []

        def remember(body: dict[str, Any]) -> Any:
            answer = update(body)
            changed.append(body["id"])
            return answer

        def greedy(identifier: str) -> Any:
            answer = delete(identifier)
            others = [value for value in changed if value != identifier]
            for other in others[-1:]:
                with suppress(HTTPException):  # it may be deleted
                    delete(other)
            return answer

        ref.operations[self.update] = remember
        ref.operations[self.delete] = greedy

    def unlists_older(self, ref: Procesio) -> None:
        """Leave what is older than something that was deleted out of the list."""
        create, delete, all_of_them = (ref.operations[name] for name in (self.create, self.delete, self.list))
        made: list[str] = []
        hidden: set[str] = set()

        def remember(body: dict[str, Any]) -> Any:
            answer = create(body)
            made.append(answer["id"])
            return answer

        def careless(identifier: str) -> Any:
            answer = delete(identifier)
            if identifier in made:
                hidden.update(made[: made.index(identifier)])
            return answer

        ref.operations[self.create] = remember
        ref.operations[self.delete] = careless
        ref.operations[self.list] = lambda: [item for item in all_of_them() if item["id"] not in hidden]


def _of(word: str, plural: str, *, update: bool = True) -> Sequence:
    return Sequence(
        create=f"create_{word}",
        read=f"read_{word}",
        delete=f"delete_{word}",
        list=f"list_{plural}",
        update=f"update_{word}" if update else "",
    )


PROCESS: Final = _of("process", "processes")
CREDENTIAL: Final = _of("credential", "credentials")
DATA_TYPE: Final = _of("data_type", "data_types")
SCHEDULE: Final = _of("schedule", "schedules")
ACTION: Final = _of("action", "actions", update=False)

for _name, _text, _apply in (
    ("pro-modify-credential-again-lost", "changes credentials once, and drops later changes", CREDENTIAL.lost_again),
    (
        "pro-modify-data-type-again-hits-another",
        "changes, instead of a data type that was changed before, the one that was changed last",
        DATA_TYPE.hits_another,
    ),
    (
        "pro-delete-schedule-takes-changed",
        "deletes the other schedule that was changed last along with the named one",
        SCHEDULE.takes_changed,
    ),
    (
        "pro-delete-process-unlists-older",
        "leaves processes out of the list that are older than one that was deleted",
        PROCESS.unlists_older,
    ),
    (
        "pro-delete-action-unlists-older",
        "leaves actions out of the list that are older than one that was deleted",
        ACTION.unlists_older,
    ),
):
    fault(_name, SYSTEM, _text)(_apply)
