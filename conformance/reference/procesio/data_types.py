"""Data types: the service of the PROCESIO reference server that keeps them, and the primitive ones of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid4, uuid5

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    DataType = dict[str, Any]

NO_TYPE: Final = "There is no data type of this id."
NO_NAME: Final = "There is no data type of this name."
PRIMITIVE: Final = ("Text", "Integer", "Decimal", "Boolean", "DateTime", "File")


def _primitive(name: str) -> DataType:
    identifier = str(uuid5(NAMESPACE_URL, f"https://procesio.invalid/primary/{name}"))
    return {"id": identifier, "name": name, "isPrimary": True, "attributes": []}


class DataTypes:
    """The data types of a tenant; its public methods are the operations.

    One path reads by identifier and by name: the form of the value decides. Refusals raise HTTPException: 400 for what
    cannot be stored, 404 for what does not exist, 409 for a name that is taken and for changing a primitive type.
    """

    routes = (
        ("GET", "/api/DataTypes/primary/count", "count_primitive_types"),
        ("GET", "/api/DataTypes/primary", "list_primitive_types"),
        ("POST", "/api/DataTypes", "create_data_type"),
        ("PUT", "/api/DataTypes", "update_data_type"),
        ("GET", "/api/DataTypes", "list_data_types"),
        ("GET", "/api/DataTypes/{id:uuid}", "read_data_type"),
        ("DELETE", "/api/DataTypes/{id}", "delete_data_type"),
        ("GET", "/api/DataTypes/{value}", "find_data_type"),
    )
    with_body = frozenset({"create_data_type", "update_data_type"})
    public: frozenset[str] = frozenset()
    stores = ("types",)

    def __init__(self) -> None:
        self.types: dict[str, DataType] = {item["id"]: item for item in map(_primitive, PRIMITIVE)}

    def create_data_type(self, body: DataType) -> DataType:
        """Store a new data type; the id is chosen here, whatever the body says."""
        return self._store({"attributes": [], **body, "id": str(uuid4()), "isPrimary": False})

    def update_data_type(self, body: DataType) -> DataType:
        """Change the data type that the body names by `id`; members that it leaves out stay as they are."""
        if not isinstance(body.get("id"), str):
            raise HTTPException(400, "The body names no data type; give its id.")
        return self._store({**self._own(body["id"]), **body, "isPrimary": False})

    def list_data_types(self) -> list[DataType]:
        """All data types, the primitive ones first."""
        return list(self.types.values())

    def read_data_type(self, type_id: str) -> DataType:
        """The data type of an id."""
        found = self.types.get(type_id.lower())
        if found is None:
            raise HTTPException(404, NO_TYPE)
        return found

    def find_data_type(self, name: str) -> DataType:
        """The data type of a name."""
        found = next((kind for kind in self.types.values() if kind["name"] == name), None)
        if found is None:
            raise HTTPException(404, NO_NAME)
        return found

    def delete_data_type(self, type_id: str) -> dict[str, str]:
        """Remove a data type."""
        own = self._own(type_id)
        del self.types[own["id"]]
        return {"id": own["id"]}

    def list_primitive_types(self) -> list[DataType]:
        """The data types that the platform brings, a list."""
        return [kind for kind in self.types.values() if kind["isPrimary"]]

    def count_primitive_types(self) -> int:
        """How many data types the platform brings."""
        return len(self.list_primitive_types())

    def _own(self, type_id: str) -> DataType:
        found = self.read_data_type(type_id)
        if found["isPrimary"]:
            raise HTTPException(409, "A primitive data type stays as it is.")
        return found

    def _store(self, item: DataType) -> DataType:
        if not isinstance(item.get("name"), str) or not item["name"]:
            raise HTTPException(400, "A data type needs a name.")
        attributes = item["attributes"]
        if not isinstance(attributes, list) or not all(isinstance(each, dict) for each in attributes):
            raise HTTPException(400, "The member attributes is not a list of objects.")
        if any(other["name"] == item["name"] for other in self.types.values() if other["id"] != item["id"]):
            raise HTTPException(409, "There is a data type of this name.")
        self.types[item["id"]] = item
        return item
