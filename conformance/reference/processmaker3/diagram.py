"""Diagrams of ProcessMaker 3 projects: from what a request sends to what is kept, and identifiers on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from conformance.reference.processmaker3.fields import (
    ACTIVITY,
    EVENT,
    GATEWAY,
    KINDS,
    Data,
    Kind,
    Refused,
    integer,
    objects,
    optional_text,
)

_ENDS: Final = {"bpmnActivity": ACTIVITY, "bpmnEvent": EVENT, "bpmnGateway": GATEWAY}
_REFERENCES: Final = ("act_default_flow", "gat_default_flow", "evn_activity_ref")


def new_uid() -> str:
    """A new identifier: 32 hexadecimal digits."""
    return uuid4().hex


def elements(diagram: Data) -> Iterator[tuple[Kind, Data]]:
    """Every element of a diagram with its kind."""
    for kind in KINDS:
        for element in diagram[kind.list_name]:
            yield kind, element


def uids(diagrams: list[Data]) -> set[str]:
    """The identifiers of all elements."""
    return {element[kind.uid] for diagram in diagrams for kind, element in elements(diagram)}


def empty(project: str, name: str) -> Data:
    """A diagram without elements."""
    return {
        "dia_uid": new_uid(),
        "prj_uid": project,
        "dia_name": name,
        "dia_is_closable": 0,
        "pro_uid": new_uid(),
        **{kind.list_name: [] for kind in KINDS},
        "laneset": [],
        "lanes": [],
    }


class Builder:
    """Convert the diagrams of one request to those of `project`.

    A create makes new identifiers for everything; an update keeps those in `known` and makes new ones for the rest.
    Flow ends follow their elements.
    """

    def __init__(self, project: str, name: str, old: list[Data] | None = None) -> None:
        self.project = project
        self.name = name
        self.old = old or []
        self.update = old is not None
        self.known = uids(self.old)
        self.new: dict[str, str] = {}
        self.unnamed: dict[str, list[str]] = {kind.list_name: [] for kind in _ENDS.values()}

    def build(self, sent: Any) -> list[Data]:
        """The diagrams that `sent` describes. Raises Refused."""
        made = [self._diagram(data, place) for place, data in enumerate(objects("diagrams", sent))]
        for diagram in made:
            for flow in diagram["flows"]:
                for end in ("origin", "dest"):
                    flow[f"flo_element_{end}"] = self.end(flow, end, made)
            for _, element in elements(diagram):
                for name in _REFERENCES:
                    if name in element:
                        element[name] = self.new.get(element[name], element[name])
        return made

    def _diagram(self, data: Data, place: int) -> Data:
        old = next((old for old in self.old if old["dia_uid"] == data.get("dia_uid")), None)
        if old is None and place < len(self.old):
            old = self.old[place]
        diagram = empty(self.project, self.name)
        if old is not None:
            diagram |= {name: old[name] for name in ("dia_uid", "pro_uid", "dia_name", "dia_is_closable")}
        if optional_text("dia_name", data.get("dia_name")) is not None:
            diagram["dia_name"] = data["dia_name"]
        if data.get("dia_is_closable") is not None:
            diagram["dia_is_closable"] = integer("dia_is_closable", data["dia_is_closable"])
        for kind in KINDS:
            sent = data.get(kind.list_name)
            diagram[kind.list_name] = [
                self._element(kind, element) for element in objects(kind.list_name, [] if sent is None else sent)
            ]
        return diagram

    def _element(self, kind: Kind, data: Data) -> Data:
        element = kind.read(data, kind.update if self.update else kind.create)
        sent = optional_text(kind.uid, data.get(kind.uid))
        uid = sent if sent in self.known and sent not in self.new else new_uid()
        if sent:
            if sent in self.new:
                raise Refused(f"`{kind.uid}` names two elements; give each its own.")
            self.new[sent] = uid
        elif kind.list_name in self.unnamed:
            self.unnamed[kind.list_name].append(uid)
        return {kind.uid: uid, **element}

    def end(self, flow: Data, end: str, diagrams: list[Data]) -> str:
        """The identifier of the element at one end of a flow.

        The documented example of a create names elements to which it gave no identifiers, so an unknown name refers to
        the next element of that type without one.
        """
        sent = flow[f"flo_element_{end}"]
        if sent in self.new:
            return self.new[sent]
        kind = _ENDS.get(flow[f"flo_element_{end}_type"])
        if kind is not None and sent and self.unnamed[kind.list_name]:
            self.new[sent] = self.unnamed[kind.list_name].pop(0)
            return self.new[sent]
        if kind is not None and not sent:
            for diagram in diagrams:
                for element in diagram[kind.list_name]:
                    return str(element[kind.uid])
        raise Refused(f"`flo_element_{end}` names no element of the project.")


def copy(diagrams: list[Data], project: str) -> list[Data]:
    """The same diagrams for another project, with new identifiers throughout."""
    new = {uid: new_uid() for uid in uids(diagrams)}

    def moved(data: Data) -> Data:
        return {name: new.get(value, value) if isinstance(value, str) else value for name, value in data.items()}

    return [
        {
            **diagram,
            "dia_uid": new_uid(),
            "prj_uid": project,
            "pro_uid": new_uid(),
            **{kind.list_name: [moved(element) for element in diagram[kind.list_name]] for kind in KINDS},
        }
        for diagram in diagrams
    ]
