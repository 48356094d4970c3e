"""PM tables and report tables of a ProcessMaker 3 reference."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from conformance.reference.answers import Answer, json_object
from conformance.reference.processmaker3.diagram import new_uid
from conformance.reference.processmaker3.fields import (
    Refused,
    integer,
    objects,
    optional_text,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.routes import Call, Operation

SETUP: Final = frozenset({"PM_SETUP"})

OPERATIONS: Final[Sequence[Operation]] = (
    ("create_table", "POST", "/pmtable", SETUP),
    ("delete_table", "DELETE", "/pmtable/{pmt_uid}", SETUP),
    ("read_data", "GET", "/pmtable/{pmt_uid}/data", SETUP),
)


@dataclass(frozen=True)
class Table:
    """One table: its columns by name with their kinds, and its rows, with values as the database has them."""

    uid: str
    name: str
    description: str
    columns: dict[str, str]
    rows: list[Data] = field(default_factory=list)


class Tables:
    """The tables, and the operations on them."""

    operations = OPERATIONS

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}

    def snapshot(self) -> Data:
        """The state as JSON data."""
        return {uid: asdict(table) for uid, table in self.tables.items()}

    def add(self, table: Table) -> Table:
        """A table that is there from now on."""
        self.tables[table.uid] = table
        return table

    def find(self, uid: str) -> Table:
        """The table `uid`. Raises Refused."""
        if uid not in self.tables:
            raise Refused("There is no such table.")
        return self.tables[uid]

    def make(self, data: Data) -> Table:
        """A new table without rows. Raises Refused."""
        name = title("pmt_tab_name", data.get("pmt_tab_name"))
        if any(table.name == name for table in self.tables.values()):
            raise Refused(f"There is a table {name} already.")
        columns = {}
        for column in objects("fields", data.get("fields")):
            integer("fields/fld_size", column.get("fld_size", 0))
            columns[title("fields/fld_name", column.get("fld_name"))] = title("fields/fld_type", column.get("fld_type"))
        if not columns:
            raise Refused("`fields` must not be empty.")
        description = optional_text("pmt_tab_dsc", data.get("pmt_tab_dsc")) or ""
        return self.add(Table(new_uid(), name, description, columns))

    def shown(self, number: int, row: Data) -> Data:
        """A row as it is returned: names in lower case, values as texts, and the index of the database."""
        return {**{self.name(name): self.value(value) for name, value in row.items()}, **self.index(number)}

    def name(self, name: str) -> str:
        """The name of a column as it is returned."""
        return name.lower()

    def value(self, value: Any) -> Any:
        """A value as it is returned; nothing stays nothing."""
        if isinstance(value, bool):
            return str(int(value))
        return None if value is None else str(value)

    def index(self, number: int) -> Data:
        """The field that the database adds to a row."""
        return {"__index__": str(number)}

    async def create_table(self, call: Call) -> Response:
        """Make a table."""
        table = self.make(await json_object(call.request))
        return Answer({"pmt_uid": table.uid, "pmt_tab_name": table.name, "pmt_tab_dsc": table.description}, 201)

    async def delete_table(self, call: Call) -> Response:
        """Remove a table with its rows."""
        del self.tables[self.find(call.named("pmt_uid")).uid]
        return Response(status_code=200)

    async def read_data(self, call: Call) -> Response:
        """The rows of a table."""
        rows = self.find(call.named("pmt_uid")).rows
        return Answer({"rows": [self.shown(number, row) for number, row in enumerate(rows, 1)], "count": len(rows)})
