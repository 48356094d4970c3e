"""The case tracker objects of a ProcessMaker 3 reference: what a project shows to those who follow a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from conformance.reference.answers import Answer, json_object
from conformance.reference.processmaker3.diagram import new_uid
from conformance.reference.processmaker3.fields import Data, Refused, text
from conformance.reference.processmaker3.routes import FACTORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.processmaker3.routes import Call, Operation
    from conformance.reference.processmaker3.state import Workspace

PAIR: Final = ("cto_type_obj", "cto_uid_obj")

OPERATIONS: Final[Sequence[Operation]] = (
    ("create_tracker_object", "POST", "/project/{prj_uid}/case-tracker/object", FACTORY),
    ("update_tracker_object", "PUT", "/project/{prj_uid}/case-tracker/object/{cto_uid}", FACTORY),
)


class CaseTracker:
    """The operations on case tracker objects."""

    operations = OPERATIONS

    def __init__(self, state: Workspace) -> None:
        self.state = state

    async def create_tracker_object(self, call: Call) -> Response:
        """Add an object to what a project shows."""
        project, found = self.state.find(call.uid), self.read(await json_object(call.request))
        uid = new_uid()
        project.tracked[uid] = found
        return Answer({"cto_uid": uid, **found}, 201)

    async def update_tracker_object(self, call: Call) -> Response:
        """Change what is shown; the answer has no content."""
        tracked = self.state.find(call.uid).tracked
        uid = call.named("cto_uid")
        if uid not in tracked:
            raise Refused("There is no such object.")
        tracked[uid] |= self.read(await json_object(call.request))
        return Response(status_code=200)

    def read(self, data: Data) -> Data:
        """Kind and identifier of the object, of which neither comes without the other. Raises Refused."""
        found: Data = {name: text(name, data[name]) for name in PAIR if name in data}
        if len(found) == 1:
            raise Refused(f"`{PAIR[0]}` and `{PAIR[1]}` must be sent together.")
        return found
