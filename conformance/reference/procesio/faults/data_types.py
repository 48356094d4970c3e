"""The faults of the PROCESIO reference in its data types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.faults import fault
from conformance.reference.procesio.faults.common import Life, open_to_all

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"

open_to_all(
    {
        "create_data_type": "create-data-type",
        "update_data_type": "modify-data-type",
        "list_data_types": "list-data-types",
        "read_data_type": "read-data-type",
        "delete_data_type": "delete-data-type",
        "find_data_type": "find-data-type",
        "list_primitive_types": "list-primitive-types",
        "count_primitive_types": "count-primitive-types",
    }
)

Life(
    "data-type",
    create="create_data_type",
    read="read_data_type",
    list="list_data_types",
    update="update_data_type",
    delete="delete_data_type",
).register()


@fault("pro-find-data-type-other", SYSTEM, "returns the newest data type for every name")
def find_data_type_other(ref: Procesio) -> None:
    """Find the last one."""
    find = ref.operations["find_data_type"]

    def newest(name: str) -> Any:
        find(name)
        return ref.data_types.list_data_types()[-1]

    ref.operations["find_data_type"] = newest


@fault("pro-primitive-types-no-list", SYSTEM, "returns a text instead of the list of primitive data types")
def primitive_types_no_list(ref: Procesio) -> None:
    """Answer their names in one text."""
    types = ref.operations["list_primitive_types"]
    ref.operations["list_primitive_types"] = lambda: " ".join(kind["name"] for kind in types())


@fault("pro-primitive-count-in-words", SYSTEM, "counts the primitive data types in words")
def primitive_count_in_words(ref: Procesio) -> None:
    """Answer no number."""
    ref.operations["count_primitive_types"] = lambda: "several"


@fault("pro-primitive-count-doubled", SYSTEM, "counts each primitive data type twice")
def primitive_count_doubled(ref: Procesio) -> None:
    """Count twice as many."""
    count = ref.operations["count_primitive_types"]
    ref.operations["count_primitive_types"] = lambda: 2 * count()


@fault("pro-data-type-found-by-old-name", SYSTEM, "finds a renamed data type by every name that it had")
def data_type_found_by_old_name(ref: Procesio) -> None:
    """Forget no name."""
    find, update, former = ref.operations["find_data_type"], ref.operations["update_data_type"], dict[str, str]()

    def remember(body: dict[str, Any]) -> Any:
        before = ref.data_types.read_data_type(str(body.get("id")))["name"]
        answer = update(body)
        former[before] = answer["id"]
        return answer

    def find_by_any(name: str) -> Any:
        known = former.get(name)
        there = known is not None and known in ref.data_types.types
        return ref.data_types.read_data_type(str(known)) if there else find(name)

    ref.operations["update_data_type"], ref.operations["find_data_type"] = remember, find_by_any


@fault("pro-find-data-type-any-case", SYSTEM, "finds the first data type whose name differs in case at most")
def find_data_type_any_case(ref: Procesio) -> None:
    """Compare in lower case."""

    def find(name: str) -> Any:
        for kind in ref.data_types.types.values():
            if kind["name"].lower() == name.lower():
                return kind
        raise HTTPException(404, "There is no data type of this name.")

    ref.operations["find_data_type"] = find
