"""The faults of the ProcessMaker 3 reference in marks, zeros and names that two elements share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override
from conformance.reference.processmaker3.diagram import elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.diagram import Builder
    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project

    Create = Callable[[Data, str], Project]
    Update = Callable[[str, Data, str], None]

SYSTEM: Final = "processmaker3"


def _stripped(data: Data, name: str) -> Data:
    """A body without what looks like a tag in one of its texts."""
    return data | {name: re.sub("<[^>]*>?", "", data[name])} if isinstance(data.get(name), str) else data


@fault("pm3-create-tags-stripped", SYSTEM, "A creation cuts out of the description what is between < and >.")
def _(ref: ProcessMaker3) -> None:
    def make(create: Create) -> Create:
        return lambda data, user: create(_stripped(data, "prj_description"), user)

    override(ref.workspace, "create", make)


@fault("pm3-update-tags-stripped", SYSTEM, "An update of a project cuts out of the description what is in < and >.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Update) -> Update:
        return lambda uid, data, user: update(uid, _stripped(data, "prj_description"), user)

    override(ref.workspace, "update", make)


@fault("pm3-process-tags-stripped", SYSTEM, "An update of a process cuts out of the description what is in < and >.")
def _(ref: ProcessMaker3) -> None:
    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        return lambda uid, data: update(uid, _stripped(data, "pro_description"))

    override(ref.workspace, "update_process", make)


def _built(ref: ProcessMaker3, change: Callable[[Builder, list[Data]], None], *, update: bool) -> None:
    """Let `change` spoil the diagrams that are built of a creation, or of an update."""

    def make(usual: Callable[..., Builder]) -> Callable[..., Builder]:
        def builder(*args: Any) -> Builder:
            made = usual(*args)

            def build(built: Callable[[Any], list[Data]]) -> Callable[[Any], list[Data]]:
                def spoilt(sent: Any) -> list[Data]:
                    diagrams = built(sent)
                    change(made, diagrams)
                    return diagrams

                return spoilt

            if made.update == update:
                override(made, "build", build)
            return made

        return builder

    override(ref.workspace, "builder", make)


def _cut(_: Builder, diagrams: list[Data]) -> None:
    for diagram in diagrams:
        for flow in diagram["flows"]:
            flow["flo_condition"] = re.split('[<"]', flow["flo_condition"] or "")[0]


@fault("pm3-create-condition-cut", SYSTEM, "A creation cuts the conditions of flows off at the first < or quote.")
def _(ref: ProcessMaker3) -> None:
    _built(ref, _cut, update=False)


@fault("pm3-update-condition-cut", SYSTEM, "An update cuts the conditions of flows off at the first < or quote.")
def _(ref: ProcessMaker3) -> None:
    _built(ref, _cut, update=True)


def _merge(_: Builder, diagrams: list[Data]) -> None:
    for diagram in diagrams:
        first: dict[str, str] = {}
        instead: dict[str, str] = {}
        for task in diagram["activities"]:
            instead[task["act_uid"]] = first.setdefault(task["act_name"], task["act_uid"])
        diagram["activities"] = [task for task in diagram["activities"] if task["act_uid"] in first.values()]
        for flow in diagram["flows"]:
            for end in ("flo_element_origin", "flo_element_dest"):
                flow[end] = instead.get(flow[end], flow[end])


@fault("pm3-create-namesakes-merged", SYSTEM, "A creation makes one of two activities that have the same name.")
def _(ref: ProcessMaker3) -> None:
    _built(ref, _merge, update=False)


@fault("pm3-update-namesakes-merged", SYSTEM, "An update makes one of two activities that have the same name.")
def _(ref: ProcessMaker3) -> None:
    _built(ref, _merge, update=True)


@fault("pm3-update-keeps-for-zero", SYSTEM, "An update leaves a coordinate of an element for which it sends 0.")
def _(ref: ProcessMaker3) -> None:
    def change(builder: Builder, diagrams: list[Data]) -> None:
        before = {item[kind.uid]: item for diagram in builder.old for kind, item in elements(diagram)}
        for diagram in diagrams:
            for kind, element in elements(diagram):
                old = before.get(element[kind.uid], {})
                zeros = [name for name in ("bou_x", "bou_y") if element.get(name) == "0" and name in old]
                element |= {name: old[name] for name in zeros}

    _built(ref, change, update=True)


@fault("pm3-update-keeps-empty-condition", SYSTEM, "An update leaves the condition of a flow that it sends empty.")
def _(ref: ProcessMaker3) -> None:
    def change(builder: Builder, diagrams: list[Data]) -> None:
        before = {flow["flo_uid"]: flow["flo_condition"] for diagram in builder.old for flow in diagram["flows"]}
        for diagram in diagrams:
            for flow in diagram["flows"]:
                flow["flo_condition"] = flow["flo_condition"] or before.get(flow["flo_uid"])

    _built(ref, change, update=True)
