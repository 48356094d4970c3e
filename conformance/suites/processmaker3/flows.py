"""Rules between the elements of a diagram, which a schema cannot express. Pure."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from conformance.engine.comparison import plain
from conformance.suites.processmaker3.bodies import UID, Body

ACTIVITY: Final = "bpmnActivity"
EVENT: Final = "bpmnEvent"
ENDS: Final = ("origin", "dest")
BEHAVIOR: Final = {"START": "CATCH", "END": "THROW"}
"""What the examples show beside each type of event."""


def consistent(body: Any) -> Any:
    """A copy of a definition with one diagram, in which all references to an element match the element.

    The type of a flow's end is that of its element; no flow leads into a start, out of an end, or back to its origin. A
    type that a flow names is kept if the diagram has such an element. Flows without a target are removed.
    """
    body = deepcopy(body)
    if "diagrams" in body:
        body["diagrams"] = body["diagrams"][:1]
    for diagram in body.get("diagrams", []):
        for event in diagram.get("events", []):
            if "evn_behavior" in event and event.get("evn_type") in BEHAVIOR:
                event["evn_behavior"] = BEHAVIOR[event["evn_type"]]
        if "flows" in diagram:
            diagram["flows"] = _joined(diagram)
    return body


def _joined(diagram: Body) -> list[Body]:
    """The flows of a diagram that can be connected to its elements."""
    origins, dests = _ends(diagram, not_of="END"), _ends(diagram, not_of="START")
    made = []
    for number, flow in enumerate(diagram["flows"]):
        origin = _end(flow, "origin", origins, number)
        dest = _end(flow, "dest", [pair for pair in dests if origin is None or pair != origin], number)
        if origin is not None and dest is not None:
            made.append(flow | _named("origin", origin) | _named("dest", dest))
    return made


def _ends(diagram: Body, *, not_of: str) -> list[tuple[str, str]]:
    """The elements at which a flow may begin or end, each with the word for its type."""
    found = [(item["act_uid"], ACTIVITY) for item in diagram.get("activities", []) if item.get("act_uid")]
    events = [item for item in diagram.get("events", []) if item.get("evn_uid") and item.get("evn_type") != not_of]
    return found + [(event["evn_uid"], EVENT) for event in events]


def _end(flow: Body, side: str, there: list[tuple[str, str]], number: int) -> tuple[str, str] | None:
    """The element at one end of a flow: the one that it names, otherwise one of the type that it names, otherwise
    any.
    """
    named = (flow.get(f"flo_element_{side}"), flow.get(f"flo_element_{side}_type"))
    if named in there:
        return next(pair for pair in there if pair == named)
    fitting = [pair for pair in there if pair[1] == named[1]] or there
    return fitting[number % len(fitting)] if fitting else None


def _named(side: str, end: tuple[str, str]) -> Body:
    return {f"flo_element_{side}": end[0], f"flo_element_{side}_type": end[1]}


def elements(definition: Body, array: str) -> list[Body]:
    """The elements of one kind of all diagrams of a definition."""
    return [element for diagram in definition.get("diagrams") or () for element in diagram.get(array) or ()]


def named(definition: Body) -> dict[str, str]:
    """The names of the elements of a definition, by identifier."""
    return {
        str(element.get(uid)): plain(str(element.get(uid.replace("_uid", "_name"))))
        for array, uid in UID.items()
        for element in elements(definition, array)
    }


def identified(definition: Body) -> dict[str, str]:
    """The names of the elements and of the flows of a definition, by identifier."""
    flows = elements(definition, "flows")
    return named(definition) | {str(flow.get("flo_uid")): plain(str(flow.get("flo_name"))) for flow in flows}


def joined(definition: Body) -> list[tuple[str, str]]:
    """What the flows of a definition connect, by the names of the elements; "nothing" if there is no such element.

    An element whose type a flow states differently has that type added to its name.
    """
    names, events = named(definition), {str(element.get("evn_uid")) for element in elements(definition, "events")}
    tasks = {str(element.get("act_uid")) for element in elements(definition, "activities")}

    def end(flow: Body, side: str) -> str:
        uid, kind = str(flow.get(f"flo_element_{side}")), flow.get(f"flo_element_{side}_type")
        fitting = uid not in events | tasks or kind == (EVENT if uid in events else ACTIVITY)
        return names.get(uid, "nothing") if fitting else f"{names[uid]} as {kind}"

    return [(end(flow, "origin"), end(flow, "dest")) for flow in elements(definition, "flows")]


def misled(sent: Body, shown: Body) -> list[str]:
    """The flows of a definition that lead elsewhere than in the sent one, in words.

    If there are fewer or more elements or flows, or they have other names, which other checks report, only flows that
    lead to or from nothing are included.
    """
    left, wrong = joined(sent), []
    whole = len(left) == len(joined(shown)) and set(named(sent).values()) <= set(named(shown).values())
    for pair in joined(shown):
        if pair in left:
            left.remove(pair)
        elif whole or "nothing" in pair:
            wrong.append(f"one leads from {pair[0]} to {pair[1]}")
    return wrong
