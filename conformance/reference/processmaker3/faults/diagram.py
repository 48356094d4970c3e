"""The faults of the ProcessMaker 3 reference in what becomes of single elements and flows of a diagram."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.diagram import elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

SYSTEM: Final = "processmaker3"
ENDS: Final = ("origin", "dest")


def _keep(ref: ProcessMaker3, array: str, uid: str, *members: str) -> None:
    """Let an update leave some members of each element of a kind as they were."""

    def make(update: Callable[[str, Data, str], None]) -> Callable[[str, Data, str], None]:
        def partial(uid_of_project: str, data: Data, user: str) -> None:
            project = ref.workspace.find(uid_of_project)
            before = {item[uid]: deepcopy(item) for diagram in project.diagrams for item in diagram[array]}
            update(uid_of_project, data, user)
            for diagram in project.diagrams:
                for one in diagram[array]:
                    one |= {name: before[one[uid]][name] for name in members if one[uid] in before}

        return partial

    override(ref.workspace, "update", make)


@fault("pm3-update-keeps-sizes", SYSTEM, "An update leaves the sizes of gateways as they were.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, "gateways", "gat_uid", "bou_width", "bou_height")


@fault("pm3-update-keeps-flows", SYSTEM, "An update leaves the condition and the coordinates of flows as they were.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, "flows", "flo_uid", "flo_condition", "flo_x1", "flo_y1", "flo_x2", "flo_y2")


@fault("pm3-update-keeps-flow-ends", SYSTEM, "An update leaves the ends of flows as they were.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, "flows", "flo_uid", *(f"flo_element_{end}{kind}" for end in ENDS for kind in ("", "_type")))


@fault("pm3-update-keeps-gateways", SYSTEM, "An update leaves the types and directions of gateways as they were.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, "gateways", "gat_uid", "gat_type", "gat_direction")


@fault("pm3-update-keeps-markers", SYSTEM, "An update leaves the markers of events as they were.")
def _(ref: ProcessMaker3) -> None:
    _keep(ref, "events", "evn_uid", "evn_marker")


def _after_create(ref: ProcessMaker3, change: Callable[[Data], None]) -> None:
    """Let `change` spoil every diagram of a new project."""

    def make(create: Callable[[Data, str], Project]) -> Callable[[Data, str], Project]:
        def spoilt(data: Data, user: str) -> Project:
            project = create(data, user)
            for diagram in project.diagrams:
                change(diagram)
            return project

        return spoilt

    override(ref.workspace, "create", make)


def _swap_sizes(array: str) -> Callable[[Data], None]:
    def swap(diagram: Data) -> None:
        for item in diagram[array]:
            item["bou_width"], item["bou_height"] = item["bou_height"], item["bou_width"]

    return swap


@fault("pm3-create-gateway-sizes-swapped", SYSTEM, "The width and height of a new gateway are exchanged.")
def _(ref: ProcessMaker3) -> None:
    _after_create(ref, _swap_sizes("gateways"))


@fault("pm3-create-event-sizes-swapped", SYSTEM, "The width and height of a new event are exchanged.")
def _(ref: ProcessMaker3) -> None:
    _after_create(ref, _swap_sizes("events"))


@fault("pm3-create-flow-ends-swapped", SYSTEM, "The flows of a new diagram have their two ends exchanged.")
def _(ref: ProcessMaker3) -> None:
    def turn(diagram: Data) -> None:
        for flow in diagram["flows"]:
            for kind in ("", "_type"):
                value, other = (f"flo_element_{end}{kind}" for end in ENDS)
                flow[value], flow[other] = flow[other], flow[value]

    _after_create(ref, turn)


def everywhere(project: Project, member: str, value: str) -> None:
    """Give a member of every element of a project that has it one value."""
    for diagram in project.diagrams:
        for _, element in elements(diagram):
            if member in element:
                element[member] = value
