"""The faults of the PROCESIO reference that leave out of a read what the list has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"
DETAILS: Final = {
    "process": ("read_process", "description"),
    "action": ("read_action", "description"),
    "credential": ("read_credential", "description"),
    "data-type": ("read_data_type", "attributes"),
    "schedule": ("read_schedule", "startsOn"),
}
"""By the word for a kind: what reads a thing of it, and a member of it."""


def _without(read: str, member: str) -> Callable[[Procesio], None]:
    def apply(ref: Procesio) -> None:
        usual = ref.operations[read]

        def cut(identifier: str) -> dict[str, Any]:
            return {name: value for name, value in usual(identifier).items() if name != member}

        ref.operations[read] = cut

    return apply


for _words, (_read, _member) in DETAILS.items():
    fault(
        f"pro-read-{_words}-without-details",
        SYSTEM,
        f"returns no {_member} of a {_words.replace('-', ' ')}, though the list has it",
    )(_without(_read, _member))


LISTS: Final = {"process": "list_processes", "action": "list_actions", "credential": "list_credentials"}
"""By the word for a kind with descriptions: what lists things of it."""


def _last_description(listing: str) -> Callable[[Procesio], None]:
    def apply(ref: Procesio) -> None:
        usual = ref.operations[listing]

        def blurred() -> list[dict[str, Any]]:
            items = usual()
            return [{**item, "description": items[-1]["description"]} for item in items]

        ref.operations[listing] = blurred

    return apply


for _words, _list in LISTS.items():
    fault(
        f"pro-list-{_words}-last-description",
        SYSTEM,
        f"lists every {_words} with the description of the newest one",
    )(_last_description(_list))
