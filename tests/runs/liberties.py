"""Liberties: what a server may do without contradicting any document, each as a change of a reference."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from starlette.exceptions import HTTPException

from conformance.reference.answers import Answer as JsonAnswer
from conformance.reference.pm3_diagram import elements
from conformance.reference.processmaker3 import STARTED
from conformance.specification import load
from conformance.structure import is_number_in_digits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from conformance.reference.base import Middleware
    from conformance.reference.procesio import Procesio
    from conformance.reference.processmaker3 import ProcessMaker3
    from conformance.reference.processmaker4 import ProcessMaker4

Data = dict[str, Any]
ARRAYS: Final = ("activities", "events", "gateways", "flows", "artifacts")
LAG: Final = 0.02


@dataclass
class Answer:
    """An answer on its way out, with the request that it belongs to; an edit changes it in place."""

    method: str
    path: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body, None where it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @json.setter
    def json(self, data: Any) -> None:
        self.body = json.dumps(data).encode()

    def label(self, media_type: str) -> None:
        """Replace the content type."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != "content-type"]
        self.headers.append(("content-type", media_type))


Edit = Callable[[Answer], None]


def editing(*edits: Edit, pieces: int = 1) -> Middleware:
    """A pure ASGI middleware that gives each answer to the edits, and sends its body in so many pieces."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def edited(scope: Scope, receive: Receive, send: Send) -> None:
            start: Message = {}
            body = bytearray()

            async def keep(message: Message) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                else:
                    body.extend(message.get("body", b""))

            await app(scope, receive, keep)
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
            headers = [pair for pair in headers if pair[0] != "content-length"]
            answer = Answer(scope["method"], scope["path"], start["status"], headers, bytes(body))
            for edit in edits:
                edit(answer)
            if pieces == 1:
                answer.headers.append(("content-length", str(len(answer.body))))
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
            await send({"type": "http.response.start", "status": answer.status, "headers": raw})
            size = len(answer.body) // pieces + 1
            for place in range(pieces):
                piece = answer.body[place * size : (place + 1) * size]
                await send({"type": "http.response.body", "body": piece, "more_body": place + 1 < pieces})

        return edited

    return wrap


def rewritten(data: Any, change: Callable[[Data], Data]) -> Any:
    """JSON data with every object in it replaced by what `change` makes of it, the innermost first."""
    if isinstance(data, dict):
        return change({name: rewritten(value, change) for name, value in data.items()})
    return [rewritten(item, change) for item in data] if isinstance(data, list) else data


def each_object(change: Callable[[Data], Data]) -> Edit:
    """An edit that changes every object of a JSON body."""

    def edit(answer: Answer) -> None:
        if answer.json is not None:
            answer.json = rewritten(answer.json, change)

    return edit


# -- any system -------------------------------------------------------------------------------------------------------

more_members = each_object(lambda one: {"x_note": None, **one, "x_links": [{"href": "/", "ids": [1, "2"]}]})
reversed_members = each_object(lambda one: dict(reversed(one.items())))


def dressed(answer: Answer) -> None:
    """Parameters in the content type, header names in upper case, and a cookie."""
    for name, value in [pair for pair in answer.headers if pair[0].lower() == "content-type"]:
        answer.headers.remove((name, value))
        answer.headers.append((name, f"{value.split(';')[0]}; charset=utf-8"))
    answer.headers = [(name.upper(), value) for name, value in answer.headers]
    answer.headers += [("Set-Cookie", "SESSION=1f0c; Path=/; HttpOnly"), ("X-Powered-By", "something")]


def other_refusals(answer: Answer) -> None:
    """Other statuses for refusals than the reference's; an error object goes on naming its own."""
    other = {400: 422, 401: 403, 403: 404, 404: 410, 409: 423}.get(answer.status)
    if other is None:
        return
    answer.status = other
    data = answer.json
    if isinstance(data, dict) and isinstance(data.get("error"), dict):
        answer.json = {"error": {**data["error"], "code": other, "message": "Nein."}}


def told_in_words(answer: Answer) -> None:
    """Refusals as plain text."""
    if answer.status >= 400:
        answer.label("text/plain; charset=utf-8")
        answer.body = b"No."


def other_accepted_status(answer: Answer) -> None:
    """200 where the reference says 201."""
    answer.status = 200 if answer.status == 201 else answer.status


# -- ProcessMaker 3 ---------------------------------------------------------------------------------------------------


def definitions(change: Callable[[Data], None]) -> Edit:
    """An edit of the definition of a project."""

    def edit(answer: Answer) -> None:
        data = answer.json
        if answer.method == "GET" and isinstance(data, dict) and "diagrams" in data:
            change(data)
            answer.json = data

    return edit


def each_element(change: Callable[[str, Data], None]) -> Edit:
    """An edit of every element of the diagrams of a definition, given with the name of its array."""

    def edit(definition: Data) -> None:
        for diagram in definition["diagrams"]:
            for array in ARRAYS:
                for element in diagram[array]:
                    change(array, element)

    return definitions(edit)


def element_schemas() -> dict[str, Any]:
    """The schemas of the elements of a diagram, by their array."""
    schema: Any = load("processmaker3").operations["getProject"].success.schema
    arrays = schema["properties"]["diagrams"]["items"]["properties"]
    return {array: arrays[array]["items"] for array in ARRAYS}


SCHEMAS: Final = element_schemas()
OPTIONAL: Final = {array: frozenset(one["properties"]) - set(one["required"]) for array, one in SCHEMAS.items()}
NUMBERS: Final = {
    array: {name for name, member in one["properties"].items() if is_number_in_digits(member)}
    for array, one in SCHEMAS.items()
}


@each_element
def numbers_the_other_way(array: str, element: Data) -> None:
    """Digits as numbers, numbers as digits, also in points."""
    for name in NUMBERS[array] & element.keys():
        if element[name] is not None:
            element[name] = int(element[name])
    if array == "flows":
        element["flo_state"] = [{axis: str(value) for axis, value in point.items()} for point in element["flo_state"]]


@each_element
def unset_the_other_way(array: str, element: Data) -> None:
    """Null for an empty text and the reverse, where a field has no asterisk."""
    for name in OPTIONAL[array] & element.keys():
        if element[name] in (None, ""):
            element[name] = "" if element[name] is None else None


@each_element
def without_unimplemented(array: str, element: Data) -> None:
    """No field without an asterisk."""
    for name in OPTIONAL[array]:
        element.pop(name, None)


@definitions
def head_without_unimplemented(definition: Data) -> None:
    """Nothing but what has an asterisk, of the project itself and of its diagrams."""
    for name in definition.keys() - {"prj_uid", "prj_name", "prj_description", "diagrams"}:
        del definition[name]
    for diagram in definition["diagrams"]:
        for name in diagram.keys() - {"dia_uid", *ARRAYS}:
            del diagram[name]


@each_element
def empty_loops(_array: str, element: Data) -> None:
    """EMPTY where the reference says that there is no loop by NONE."""
    if element.get("act_loop_type") == "NONE":
        element["act_loop_type"] = "EMPTY"


@definitions
def elements_in_another_order(definition: Data) -> None:
    """Elements and flows the other way round."""
    for diagram in definition["diagrams"]:
        for array in ARRAYS:
            diagram[array].reverse()


def other_dates(answer: Answer) -> None:
    """Each date in the form that a document shows elsewhere."""

    def change(one: Data) -> Data:
        return one | {name: swapped(value) for name, value in one.items() if name.endswith("_date")}

    if answer.method == "GET" and answer.json is not None:
        answer.json = rewritten(answer.json, change)


def swapped(value: Any) -> Any:
    """ISO 8601 with an offset for a date without a zone, and the reverse."""
    if not isinstance(value, str) or not value:
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC).isoformat()
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def escaped_texts(answer: Answer) -> None:
    """Names and descriptions HTML-escaped, with white space around them."""

    def change(one: Data) -> Data:
        texts = ("prj_name", "prj_description", "act_name", "evn_name", "gat_name", "art_name", "pro_description")
        return one | {name: f" {html.escape(one[name])}\n" for name in texts if one.get(name)}

    if answer.method == "GET" and answer.json is not None:
        answer.json = rewritten(answer.json, change)


def array_of_one(answer: Answer) -> None:
    """The definition of a project as the only element of an array (A-PM3-07)."""
    data = answer.json
    if answer.method == "GET" and isinstance(data, dict) and "diagrams" in data:
        answer.json = [data]


def hide_disabled(reference: ProcessMaker3) -> None:
    """The list does not show projects that were put aside."""
    workspace, listing = reference.workspace, reference.workspace.listing

    def shown() -> list[Data]:
        return [item for item in listing() if workspace.projects[item["prj_uid"]].process["pro_status"] != "INACTIVE"]

    workspace.listing = shown  # type: ignore[method-assign]


def newest_first(reference: ProcessMaker3) -> None:
    """The list in another order."""
    listing = reference.workspace.listing
    reference.workspace.listing = lambda: listing()[::-1]  # type: ignore[method-assign]


def tell_created(reference: ProcessMaker3) -> None:
    """A create answers the identifiers of what came into being; without diagrams, the definition."""
    projects, state = reference.projects, reference.workspace

    async def create_project(call: Any) -> JsonAnswer:
        sent = json.loads(await call.request.body())
        project = state.create(sent, call.user)
        made = state.definition(project.uid, call.user)
        return JsonAnswer(mapping_of(sent, made) if "diagrams" in sent else made, 201)

    projects.create_project = create_project  # type: ignore[method-assign]


def mapping_of(sent: Data, made: Data) -> list[Data]:
    """Old and new identifiers of everything that came into being, the project first."""
    told = [{"old_uid": "", "new_uid": made["prj_uid"], "object": "project"}]
    for number, diagram in enumerate(made["diagrams"]):
        told.append({"old_uid": None, "new_uid": diagram["dia_uid"], "object": "diagram"})
        given = (sent.get("diagrams") or [{}] * (number + 1))[number]
        for kind, element in elements(diagram):
            old = next((one.get(kind.uid) for one in given.get(kind.list_name, []) if one.get(kind.uid)), None)
            told.append({"object": kind.list_name, "old_uid": old, "new_uid": element[kind.uid]})
    return told


def foreign_elements(reference: ProcessMaker3) -> None:
    """A project of others has events and gateways of types that no document lists."""
    diagram = reference.workspace.projects[STARTED].diagrams[0]
    event = {**diagram["events"][0], "evn_uid": uuid4().hex, "evn_type": "INTERMEDIATE", "evn_marker": "SIGNALCATCH"}
    diagram["events"].append(event)
    gateway = {"gat_uid": uuid4().hex, "gat_name": "", "gat_type": "EVENTBASED", "gat_direction": "UNSPECIFIED"}
    box = {name: value for name, value in event.items() if name.startswith("bou_")}
    diagram["gateways"].append(gateway | box)


def import_beside(reference: ProcessMaker3) -> None:
    """CREATE makes a new project where the imported one exists (A-PM3-10)."""
    reference.importer.refuse = lambda existing: None  # type: ignore[method-assign]


def flat_batches(reference: ProcessMaker3) -> None:
    """A batch is one item, and its answer a bare array (A-PM3-08)."""
    state, enveloped = reference.workspace, reference.workspace.bulk

    def flat(data: Data) -> Any:
        answer = enveloped({"data": [{"action": "delete", "data": [data]}]})
        return answer["data"][0]["data"]

    state.bulk = flat  # type: ignore[method-assign]


def first_page(answer: Answer) -> None:
    """The list shows its first two projects, and by a header that there are more."""
    data = answer.json
    if answer.method == "GET" and answer.path.endswith("/project") and isinstance(data, list):
        answer.json = data[:2]
        answer.headers.append(("Link", f'<{answer.path}?start=2>; rel="next"'))


def late(states: Callable[[], Any], put: Callable[[Any], None]) -> Middleware:
    """A middleware with which reads show what was there `LAG` seconds ago.

    `states` gives what is there, `put` puts it (or what was there) in its place.
    """
    past: list[tuple[float, Any]] = [(0.0, deepcopy(states()))]

    def wrap(app: ASGIApp) -> ASGIApp:
        async def lagging(scope: Scope, receive: Receive, send: Send) -> None:
            sent: list[Message] = []

            async def keep(message: Message) -> None:
                sent.append(message)

            if scope["method"] == "GET" and "/instances/" not in scope["path"]:
                until = time.monotonic() - LAG
                now = states()
                put(next(state for at, state in reversed(past) if at <= until))
                await app(scope, receive, keep)
                put(now)
            else:
                await app(scope, receive, keep)
                past.append((time.monotonic(), deepcopy(states())))
                del past[:-20]
            for message in sent:
                await send(message)

        return lagging

    return wrap


def late_projects(reference: ProcessMaker3) -> None:
    """What a write did can be read only a little later."""
    workspace = reference.workspace
    reference.wrap(late(lambda: workspace.projects, lambda state: setattr(workspace, "projects", state)))


def liberal(reference: ProcessMaker3) -> None:
    """Everything in another form, and more of it."""
    hide_disabled(reference)
    newest_first(reference)
    foreign_elements(reference)
    reference.wrap(
        editing(
            numbers_the_other_way,
            unset_the_other_way,
            empty_loops,
            elements_in_another_order,
            other_dates,
            escaped_texts,
            more_members,
            reversed_members,
            other_refusals,
            dressed,
            pieces=3,
        )
    )


def sparse(reference: ProcessMaker3) -> None:
    """As little as is allowed, and the other reading wherever there is one."""
    import_beside(reference)
    flat_batches(reference)
    tell_created(reference)
    reference.wrap(editing(without_unimplemented, head_without_unimplemented, array_of_one, first_page))


# -- ProcessMaker 4 ---------------------------------------------------------------------------------------------------


def start_otherwise(reference: ProcessMaker4) -> None:
    """200 for 201, the details in an envelope and without the data, refusals as text."""

    def enveloped(answer: Answer) -> None:
        if answer.status < 300:
            answer.json = {"data": {"request": {"number": answer.json["id"], "state": answer.json["status"]}}}

    edits = (enveloped, other_accepted_status, more_members, reversed_members, other_refusals, told_in_words, dressed)
    reference.wrap(editing(*edits, pieces=2))


# -- PROCESIO ---------------------------------------------------------------------------------------------------------


def renamed_ids(answer: Answer) -> None:
    """Identifiers under other names, behind others that name something else."""
    data, path = answer.json, answer.path
    if data is None or answer.status >= 300:
        return
    if path == "/api/Projects" or (path.count("/") == 3 and "instances" not in path):
        answer.json = rewritten(data, lambda one: renamed(one, "processId") if "workspaceId" in one else one)
    elif path.endswith("/instances/publish"):
        answer.json = {"flows": data}
    elif path.endswith(("/run", "/instances")):
        answer.json = rewritten(data, lambda one: renamed(one, "instanceId") if "id" in one else one)


def renamed(one: Data, name: str) -> Data:
    """An object with its `id` under another name, as its last member."""
    return {**{member: value for member, value in one.items() if member != "id"}, name: one["id"]}


def wrapped_lists(answer: Answer) -> None:
    """Lists in an object."""
    if answer.method == "GET" and isinstance(answer.json, list):
        answer.json = {"total": len(answer.json), "items": answer.json}


def bare_status(answer: Answer) -> None:
    """The status of an instance as nothing but a number."""
    if answer.path.endswith("/status") and answer.status < 300:
        answer.json = {"Ready": 10, "Running": 20, "Completed": 30}[answer.json["status"]]


def other_processes(reference: Procesio) -> None:
    """What does not exclude each other."""
    edits = (bare_status, wrapped_lists, more_members, reversed_members, other_refusals, told_in_words, dressed)
    reference.wrap(editing(*edits, pieces=2))


def other_names(reference: Procesio) -> None:
    """Identifiers under other names."""
    reference.wrap(editing(renamed_ids))


def first_processes(reference: Procesio) -> None:
    """Lists show their first element, and that there are more."""

    def edit(answer: Answer) -> None:
        if answer.method == "GET" and isinstance(answer.json, list) and answer.path != "/api/Projects/used":
            answer.json = {"data": answer.json[:1], "totalCount": 40, "pageNumber": 1, "pageSize": 1}

    reference.wrap(editing(edit))


def no_guessed_bodies(reference: Procesio) -> None:
    """Every body that no document gives is refused."""

    def refuse(_body: Data) -> Data:
        raise HTTPException(400, "The body is not what is expected here.")

    for operation in ("create_process", "update_process", "validate_process"):
        reference.operations[operation] = refuse


def late_processes(reference: Procesio) -> None:
    """What a write did can be read only a little later."""
    workspace = reference.workspace
    reference.wrap(late(lambda: workspace.processes, lambda state: setattr(workspace, "processes", state)))


@dataclass(frozen=True)
class Liberty:
    """One variant of one system: what it does to a reference, and what follows from that.

    `unshown` are patterns of the requirements on which it leaves nothing to try them, `findings` those of the
    requirements of level may that it contradicts.
    """

    name: str
    system: str
    take: Callable[[Any], None]
    unshown: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    settle: float = 0


LIBERTIES: Final = (
    Liberty(
        "liberal",
        "processmaker3",
        liberal,
        findings=("PM3-PROJECT-DELETE-ERROR-TEXT", "createProject:verbatim", "update*:verbatim"),
    ),
    Liberty(
        "sparse",
        "processmaker3",
        sparse,
        unshown=(
            "getProject.200./*",  # fields without an asterisk
            "createProject:verbatim",
            "PM3-PROJECT-CREATE-LISTED",  # the list shows a part only
            "PM3-PROJECT-CREATE-CATEGORY",
            "PM3-GENERATE-*",  # nor could it be told what is new
            "PM3-ACCESS-GENERATE-*",
            "generateBpmnProject*",
            "listProjects.200.[[]]/prj_update_date:format",
        ),
        findings=(
            "getProject.200:unwrapped",
            "PM3-IMPORT-CREATE-REFUSED",
            "PM3-BULK-ENVELOPE",
            "PM3-PROJECT-*-SETTINGS",  # they have no asterisk
        ),
    ),
    Liberty("late", "processmaker3", late_projects, settle=2 * LAG),
    Liberty("otherwise", "processmaker4", start_otherwise, unshown=("PM4-START-CURL-DATA",)),
    Liberty("otherwise", "procesio", other_processes),
    Liberty("other-names", "procesio", other_names),
    Liberty("first-page", "procesio", first_processes, unshown=("PRO-PROCESS-CREATE-LISTED", "PRO-INSTANCE-LISTED")),
    Liberty(
        "no-guessed-bodies",
        "procesio",
        no_guessed_bodies,
        unshown=(  # what needs a process of the run's own
            "PRO-PROCESS-*",
            "PRO-INSTANCE-*-NO-TOKEN",
            *(f"{one}*:*" for one in ("createProcess", "deleteProcess", "modifyProcess", "readProcess", "toggle")),
        ),
    ),
    Liberty("late", "procesio", late_processes, settle=2 * LAG),
)
