"""A project of the run with its complete definition, and an update of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from conformance.core.exchange import Exchange
from conformance.engine.comparison import Difference, differences, renamed
from conformance.engine.session import Resource, Session
from conformance.suites.processmaker3 import projects
from conformance.suites.processmaker3.bodies import UID, Body, line
from conformance.suites.processmaker3.flows import ENDS
from conformance.suites.processmaker3.projects import UPDATE, builder

BOUNDS: Final = ("bou_x", "bou_y", "bou_width", "bou_height")
BY: Final = {"bou_x": 31, "bou_y": 17, "bou_width": 11, "bou_height": 6}
"""By how much an update moves and enlarges an element: each number by another one."""
KINDS: Final = ("gat_type", "gat_direction")
"""What gateways exchange in an update."""


def drawn(session: Session) -> tuple[Resource, Body]:
    """A project of ours with a diagram, and its complete definition with the server's identifiers (A-PM3-39)."""
    body = builder(session).detailed()
    project = projects.made(session, body)
    sent = project.exchange.request.sent(body)
    schema = session.operation(projects.READ).success.schema or {}
    definition, _ = projects.read(session, project.id, lambda item: bool(projects.elements(item, "activities")))
    return project, renamed(sent, definition, schema, session.specification.members)


def changed(definition: Body) -> Body:
    """A definition in which all elements have other names, places and sizes, and the flows go another way.

    Dependent values change together: the tasks change their order, and each flow begins and ends at its elements. The
    gateways exchange their types, and a start by message becomes a plain one: nothing is sent that the project did not
    have, or that could need more fields. The description of the project stays.
    """
    new = deepcopy(definition)
    for diagram in new.get("diagrams") or ():
        there: dict[Any, Body] = {}
        for array, uid in UID.items():
            name = uid.replace("_uid", "_name")
            for element in diagram.get(array) or ():
                element[name] = f"{element.get(name) or ''} changed".strip()
                element |= {bound: _more(element[bound], by) for bound, by in BY.items() if bound in element}
                there[element.get(uid)] = element
        gateways = [item for item in diagram.get("gateways") or () if item.keys() >= set(KINDS)]
        kinds = [{name: item[name] for name in KINDS} for item in gateways]
        for gateway, kind in zip(gateways, kinds[1:] + kinds[:1], strict=True):
            gateway |= kind
        for event in diagram.get("events") or ():
            if (event.get("evn_type"), event.get("evn_marker")) == ("START", "MESSAGE"):
                event["evn_marker"] = "EMPTY"
        tasks = [item.get("act_uid") for item in diagram.get("activities") or ()]
        instead = dict(zip(tasks, tasks[1:] + tasks[:1], strict=True))
        for flow in diagram.get("flows") or ():
            for text in ("flo_name", "flo_condition"):
                flow[text] = f"{flow.get(text) or ''} changed".strip()
            ends = [f"flo_element_{end}" for end in ENDS]
            flow |= {end: instead.get(flow.get(end), flow.get(end)) for end in ends}
            if all(flow[end] in there and {"bou_x", "bou_y"} <= there[flow[end]].keys() for end in ends):
                flow |= line(*(there[flow[end]] for end in ends))
    return new


def _more(number: Any, by: int) -> Any:
    """A number, or a string of digits, increased."""
    return type(number)(int(number) + by)


def update(session: Session, project: Resource, body: Body) -> Exchange:
    """A documented update."""
    return session.call(UPDATE, path={"uid": project.id}, json=body)


def read_back_differences(session: Session, sent: Body, definition: Body) -> list[Difference]:
    """What of `sent` a definition does not show."""
    schema = session.operation(projects.READ).success.schema or {}
    return [
        difference
        for difference in differences(sent, definition, schema, session.specification.members)
        if not difference.soft
    ]
