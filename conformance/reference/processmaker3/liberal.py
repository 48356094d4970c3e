"""The liberal ProcessMaker 3: everything in another form, and more of it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from conformance.reference import personality
from conformance.reference.edits import Data, Edit, Outgoing, each_object, editing, on_reading, unless
from conformance.reference.processmaker3.diagram import elements
from conformance.reference.processmaker3.fields import (
    FLOW,
    KINDS,
    Kind,
    digits,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.processmaker3.server import ProcessMaker3

API: Final = "/api/1.0/[^/]+"
PROJECT: Final = re.compile(f"{API}/project(/.*)?").fullmatch
"""The operations with completely documented responses and statuses."""
TOKEN: Final = re.compile("/[^/]+/oauth2/token").fullmatch
VERBATIM: Final = re.compile(f"{API}/(role/[^/]+/user|cases/[^/]+/(input-document|notes))(/.*)?").fullmatch
"""The operations of which a document names the status and the message of a refusal."""
VALUES: Final = re.compile(f"{API}/(pmtable/[^/]+/data|cases/[^/]+/variables?)(/.*)?").fullmatch
"""What is kept there is what somebody put in, and shown as it is kept."""
ERROR_OBJECT: Final = re.compile(f"{API}/project/[^/]+").fullmatch
"""Where a document shows how the error object of a refusal looks, if only for one method."""
LISTS: Final = re.compile(
    f"{API}/(users|departments|role/[^/]+/available-users|cases/unassigned|cases/[^/]+/(tasks|input-documents))"
).fullmatch
"""Lists of which no document says that they are bare arrays."""
ONE: Final = re.compile(f"{API}/(cases/(?!unassigned$)[^/]+|department/[^/]+)").fullmatch
"""Where a document names members of a response, and shows none."""
VARIABLES: Final = re.compile(f"{API}/cases/[^/]+/variables").fullmatch
"""A grid among them is an object that holds its rows and nothing else."""

NUMBERS: Final = {
    kind.list_name: {name for name, (check, _) in kind.fields.items() if check is digits} for kind in KINDS
}
ASTERISKED: Final = {
    kind.list_name: {*kind.update, *(("flo_element_origin", "flo_state") if kind is FLOW else ())} for kind in KINDS
}
"""What is implemented: the fields that a document marks."""
TEXTS: Final = re.compile("(?!pmt_|fld_).*_(name|title|description)").fullmatch


NAMES: Final = re.compile(".*_(name|title)").fullmatch


def definitions(change: Callable[[Data], None]) -> Edit:
    """An edit of the definition of a project."""

    def edit(answer: Outgoing) -> None:
        data = answer.json
        if isinstance(data, dict) and "diagrams" in data:
            change(data)
            answer.json = data

    return on_reading(edit)


def each_element(change: Callable[[Kind, Data], None]) -> Edit:
    """An edit of every element of the diagrams of a definition."""

    def edit(definition: Data) -> None:
        for diagram in definition["diagrams"]:
            for kind, element in elements(diagram):
                change(kind, element)

    return definitions(edit)


@each_element
def numbers_the_other_way(kind: Kind, element: Data) -> None:
    """Digits as numbers, numbers as digits, also in points."""
    for name in NUMBERS[kind.list_name] & element.keys():
        if element[name] is not None:
            element[name] = int(element[name])
    if kind is FLOW:
        element["flo_state"] = [{axis: str(value) for axis, value in point.items()} for point in element["flo_state"]]


@each_element
def unset_the_other_way(kind: Kind, element: Data) -> None:
    """Null for an empty text and the reverse, where a field has no asterisk."""
    for name in element.keys() - ASTERISKED[kind.list_name]:
        if element[name] in (None, ""):
            element[name] = "" if element[name] is None else None


@on_reading
@each_object
def unset_texts(item: Data) -> Data:
    """Null for every other empty text."""
    return {name: None if value == "" and not NAMES(name) else value for name, value in item.items()}


@each_element
def empty_loops(_kind: Kind, element: Data) -> None:
    """EMPTY where the plain reference says that there is no loop by NONE."""
    if element.get("act_loop_type") == "NONE":
        element["act_loop_type"] = "EMPTY"


@definitions
def elements_in_another_order(definition: Data) -> None:
    """Elements and flows the other way round."""
    for diagram in definition["diagrams"]:
        for kind in KINDS:
            diagram[kind.list_name].reverse()


def small_numbers_the_other_way(answer: Outgoing) -> None:
    """Numbers as digits and digits as numbers, where no table gives their type; never in a refusal."""

    def other(value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return int(value) if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,5}", value) else value

    if answer.accepted:
        each_object(lambda item: {name: other(value) for name, value in item.items()})(answer)


@on_reading
def enveloped_lists(answer: Outgoing) -> None:
    """Lists in an envelope that says how many items there are, all of them shown."""
    data = answer.json
    if LISTS(answer.path) and isinstance(data, list):
        answer.json = {"data": data, "total": len(data), "start": 0, "limit": max(len(data), 25)}


@on_reading
def bare_rows(answer: Outgoing) -> None:
    """The rows of a table as nothing but an array."""
    data = answer.json
    if answer.path.endswith("/data") and isinstance(data, dict) and "rows" in data:
        answer.json = data["rows"]


def number_for_status(answer: Outgoing) -> None:
    """The statuses of a batch as numbers."""
    if answer.path.endswith("/project/bulk") and answer.accepted:
        each_object(lambda item: item | ({"status": int(item["status"])} if "status" in item else {}))(answer)


@on_reading
def enveloped_object(answer: Outgoing) -> None:
    """One thing inside another object."""
    if ONE(answer.path) and isinstance(answer.json, dict):
        answer.json = {"success": True, "data": answer.json}


@on_reading
@each_object
def other_dates(item: Data) -> Data:
    """Each date in the form that a document shows elsewhere."""
    return item | {name: swapped(value) for name, value in item.items() if name.endswith("_date")}


def swapped(value: Any) -> Any:
    """ISO 8601 with an offset for a date without a zone, and the reverse."""
    if not isinstance(value, str) or not value:
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:  # a fault
        return value
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC).isoformat()
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


@on_reading
@each_object
def escaped_texts(item: Data) -> Data:
    """Names and descriptions HTML-escaped, with white space around them."""
    texts = {name: value for name, value in item.items() if TEXTS(name) and value and isinstance(value, str)}
    return item | {name: f" {html.escape(value)}\n" for name, value in texts.items()}


def talkative(answer: Outgoing) -> None:
    """Something to say where the plain reference says nothing."""
    if answer.accepted and not answer.body:
        answer.tell({"message": "Done."})


def hide_disabled(reference: ProcessMaker3) -> None:
    """The list does not show projects that were put aside."""
    workspace, listing = reference.workspace, reference.workspace.listing

    def shown() -> list[Data]:
        aside = {uid for uid, project in workspace.projects.items() if project.process["pro_status"] == "INACTIVE"}
        return [item for item in listing() if item["prj_uid"] not in aside]

    workspace.listing = shown  # type: ignore[method-assign]


def foreign_elements(reference: ProcessMaker3) -> None:
    """A project of others has events and gateways of types that no document lists."""
    started = next(project for project in reference.workspace.projects.values() if project.cases)
    diagram = started.diagrams[0]
    event = {**diagram["events"][0], "evn_uid": uuid4().hex, "evn_type": "INTERMEDIATE", "evn_marker": "SIGNALCATCH"}
    diagram["events"].append(event)
    gateway = {"gat_uid": uuid4().hex, "gat_name": "", "gat_type": "EVENTBASED", "gat_direction": "UNSPECIFIED"}
    box = {name: value for name, value in event.items() if name.startswith("bou_")}
    diagram["gateways"].append(gateway | box)


@personality.liberal("processmaker3")
def liberal(reference: ProcessMaker3) -> None:
    """Everything that does not exclude each other."""
    hide_disabled(reference)
    foreign_elements(reference)
    edits = personality.taking(
        numbers_the_other_way,
        unset_the_other_way,
        empty_loops,
        elements_in_another_order,
        unset_texts,
        number_for_status,
        on_reading(personality.other_way_round),
        other_dates,
        unless(VALUES, escaped_texts),
        unless(lambda path: PROJECT(path) or VALUES(path), small_numbers_the_other_way),
        enveloped_lists,
        enveloped_object,
        bare_rows,
        talkative,
        unless(PROJECT, personality.other_successes),
        unless(VERBATIM, personality.other_refusals),
        unless(lambda path: PROJECT(path) or VERBATIM(path) or TOKEN(path), personality.in_words),
        unless(lambda path: not PROJECT(path) or ERROR_OBJECT(path), personality.in_a_list),
        more=unless(VARIABLES, personality.traced_members),
    )
    reference.wrap(editing(*edits, pieces=3, pause=personality.PAUSE))
