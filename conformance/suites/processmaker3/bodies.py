"""Documented requests for projects, built element by element.

Every identifier is made up by the run and every project name carries its mark, so that no request can name other
people's resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from conformance.wire.ledger import Ledger

Body = dict[str, Any]
Size = tuple[int, int]
"""Width and height."""

UID: Final = {"activities": "act_uid", "events": "evn_uid", "gateways": "gat_uid", "artifacts": "art_uid"}
LETTERS: Final = "Größe, Peña und Ålesund"
"""A text with letters that ASCII lacks, and that every usual character set has."""
MARKS: Final = "a < b & c > d \"e\" 'f'"
"""A text with the marks that HTML, XML and SQL escape, and that is none of these."""
CONDITION: Final = '@@A < 5 && @@B == "x"'
"""A condition of a flow, with such marks."""
ELEMENT_TYPE: Final = {"act_uid": "bpmnActivity", "evn_uid": "bpmnEvent"}


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds bodies with new names and identifiers from `ledger`; `number` is the type of integers (A-PM3-03)."""

    ledger: Ledger
    number: type[int] | type[str] = str

    def project(self, **more: Any) -> Body:
        """Name and description, all that a creation requires, and additional members."""
        return {"prj_name": self.ledger.name(), "prj_description": "Made by a conformance run", **more}

    def drawn(self, **more: Any) -> Body:
        """A project with one diagram: a start, a task, an end, and the flows between them."""
        start = self.event("Start", "START", "EMPTY", y=20)
        task = self.activity("Task", y=120)
        end = self.event("End", "END", "EMPTY", y=260)
        flows = [self.flow("Begin", start, task), self.flow("Finish", task, end)]
        diagram = self.diagram(activities=[task], events=[start, end], flows=flows)
        return self.project(diagrams=[diagram], **more)

    def detailed(self, **more: Any) -> Body:
        """A project with a diagram of two tasks, two events and two gateways: no two numbers, texts or kinds are equal.

        So it shows what was lost, mixed up, exchanged or replaced by the usual value. The events are the example's.
        """
        start = self.event("Start", "START", "MESSAGE", x=251, y=23, size=(34, 36))
        task = self.activity("Task", x=207, y=121, size=(151, 73))
        review = self.activity("Review", x=211, y=227, size=(157, 79))
        end = self.event("End", "END", "EMPTY", x=263, y=337, size=(37, 35))
        choice = self.gateway("Choice", "EXCLUSIVE", "DIVERGING", x=409, y=127, size=(41, 47))
        meeting = self.gateway("Meeting", "PARALLEL", "CONVERGING", x=419, y=229, size=(43, 49))
        ways = (("Begin", start, task), ("Continue", task, review), ("Finish", review, end))
        flows = [self.flow(name, origin, dest, f"@@WAY == '{name}'") for name, origin, dest in ways]
        diagram = self.diagram(activities=[task, review], events=[start, end], gateways=[choice, meeting], flows=flows)
        return self.project(prj_description="Made by a conformance run in detail", diagrams=[diagram], **more)

    def diagram(self, **elements: list[Body]) -> Body:
        """A diagram with the given arrays; all others are empty."""
        return {"activities": [], "events": [], "gateways": [], "flows": [], **elements}

    def activity(self, name: str, *, x: int = 200, y: int = 120, size: Size = (150, 75)) -> Body:
        """A task."""
        return {**self._uid("act_uid"), "act_name": name, "act_type": "TASK", **self._box(x, y, size)}

    def event(self, name: str, kind: str, marker: str, *, x: int = 250, y: int = 20, size: Size = (33, 35)) -> Body:
        """A START or END event with one of the documented markers."""
        return {
            **self._uid("evn_uid"),
            "evn_name": name,
            "evn_type": kind,
            "evn_marker": marker,
            **self._box(x, y, size),
        }

    def gateway(
        self, name: str, kind: str, direction: str, *, x: int = 400, y: int = 120, size: Size = (41, 45)
    ) -> Body:
        """A gateway, with its required fields."""
        return {
            **self._uid("gat_uid"),
            "gat_name": name,
            "gat_type": kind,
            "gat_direction": direction,
            **self._box(x, y, size),
        }

    def artifact(self, name: str, kind: str, *, x: int = 20, y: int = 300) -> Body:
        """An artifact."""
        return {**self._uid("art_uid"), "art_type": kind, "art_name": name, **self._box(x, y, (120, 40))}

    def flow(self, name: str, origin: Body, dest: Body, condition: str = "") -> Body:
        """A flow from one element to another; both are an activity or an event (A-PM3-23)."""
        origin_uid, dest_uid = (next(field for field in ELEMENT_TYPE if field in end) for end in (origin, dest))
        return {
            "flo_type": "SEQUENCE",
            "flo_name": name,
            "flo_element_origin": origin[origin_uid],
            "flo_element_origin_type": ELEMENT_TYPE[origin_uid],
            "flo_element_dest": dest[dest_uid],
            "flo_element_dest_type": ELEMENT_TYPE[dest_uid],
            "flo_is_inmediate": self.number(1),
            "flo_condition": condition,
            **line(origin, dest),
        }

    def _uid(self, field: str) -> Body:
        return {field: self.ledger.made_up()}

    def _box(self, x: int, y: int, size: Size) -> Body:
        number, (width, height) = self.number, size
        return {"bou_x": number(x), "bou_y": number(y), "bou_width": number(width), "bou_height": number(height)}


def line(origin: Body, dest: Body) -> Body:
    """The start, end and points of a flow from one element to another, with an angle in between."""
    begin, end = ({axis: int(entry[f"bou_{axis}"]) for axis in ("x", "y")} for entry in (origin, dest))
    angle = {"x": begin["x"] + 7, "y": end["y"] - 5}
    return {
        "flo_x1": origin["bou_x"],
        "flo_y1": origin["bou_y"],
        "flo_x2": dest["bou_x"],
        "flo_y2": dest["bou_y"],
        "flo_state": [begin, angle, end],
    }


def batch(*projects: str, kind: str = "bpmn") -> Body:
    """The envelope of a batch that deletes projects."""
    return {"data": [{"action": "delete", "data": [item(project, kind=kind) for project in projects]}]}


def item(project: str, *, kind: str = "bpmn") -> Body:
    """One project in a batch; alone it is the flat form of A-PM3-08."""
    return {"type": kind, "prj_uid": project}
