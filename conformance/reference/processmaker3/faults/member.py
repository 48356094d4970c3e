"""The faults of the ProcessMaker 3 reference in single members of documented bodies: each refuses or spoils one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.fields import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

SYSTEM: Final = "processmaker3"


def _elements(data: Data, array: str) -> list[Data]:
    """The elements of one kind that a definition sends."""
    return [item for diagram in data.get("diagrams") or () for item in diagram.get(array) or ()]


def _refuse(ref: ProcessMaker3, method: str, refused: Callable[[Data], Any], message: str) -> None:
    """Let an operation of the workspace refuse what `refused` finds something in."""

    def make(usual: Callable[..., Any]) -> Callable[..., Any]:
        def choosy(*args: Any) -> Any:
            if refused(next(item for item in args if isinstance(item, dict))):
                raise Refused(message)
            return usual(*args)

        return choosy

    override(ref.workspace, method, make)


@fault("pm3-process-empty-parent-refused", SYSTEM, "An update of a process with an empty pro_parent is refused.")
def _(ref: ProcessMaker3) -> None:
    message = "Bad Request: pro_parent: should not be empty"
    _refuse(ref, "update_process", lambda data: data.get("pro_parent") == "", message)


@fault("pm3-create-loop-refused", SYSTEM, "A project with an activity whose act_loop_type is NONE is refused.")
def _(ref: ProcessMaker3) -> None:
    def loops(data: Data) -> bool:
        return any(element.get("act_loop_type") == "NONE" for element in _elements(data, "activities"))

    _refuse(ref, "create", loops, "Bad Request: act_loop_type has no such value")


@fault("pm3-update-container-refused", SYSTEM, "An update that names the container of an element is refused.")
def _(ref: ProcessMaker3) -> None:
    def contained(data: Data) -> bool:
        return any(
            "bou_container" in element for array in ("activities", "events") for element in _elements(data, array)
        )

    _refuse(ref, "update", contained, "Bad Request: bou_container is not known")


@fault("pm3-create-null-date-kept", SYSTEM, "An empty creation date becomes a date before the year 1.")
def _(ref: ProcessMaker3) -> None:
    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def dated(data: Data, user: str) -> Project:
            project = create(data, user)
            if "prj_create_date" in data and not data["prj_create_date"]:
                project.created = "-0001-11-30 00:00:00"
            return project

        return dated

    override(ref.workspace, "create", make)


@fault("pm3-create-needs-gateways", SYSTEM, "A project with a diagram that has no array of gateways is refused.")
def _(ref: ProcessMaker3) -> None:
    def lacks(data: Data) -> bool:
        return any("gateways" not in diagram for diagram in data.get("diagrams") or ())

    _refuse(ref, "create", lacks, "Bad Request: gateways is required")


@fault("pm3-create-needs-flow-points", SYSTEM, "A project with a flow without flo_state is refused.")
def _(ref: ProcessMaker3) -> None:
    def lacks(data: Data) -> bool:
        return any("flo_state" not in flow for flow in _elements(data, "flows"))

    _refuse(ref, "create", lacks, "Bad Request: flo_state is required")


def _without_category(data: Data) -> Data:
    return {name: value for name, value in data.items() if name != "prj_category"}


@fault("pm3-create-category-dropped", SYSTEM, "A new project takes a category, and has none.")
def _(ref: ProcessMaker3) -> None:
    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        return lambda data, user: create(_without_category(data), user)

    override(ref.workspace, "create", make)


@fault("pm3-update-category-dropped", SYSTEM, "An update of a project takes a category, and changes none.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        return lambda uid, data, user: update(uid, _without_category(data), user)

    override(ref.workspace, "update", make)
