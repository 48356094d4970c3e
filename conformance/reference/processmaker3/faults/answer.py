"""The faults of the ProcessMaker 3 reference that show only in its responses and paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from defusedxml.ElementTree import fromstring, tostring

from conformance.reference.faults import edit_json, edit_status, fault, response_fault
from conformance.reference.processmaker3.diagram import new_uid
from conformance.reference.processmaker3.routes import unknown_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.faults import Edit, Headers
    from conformance.reference.processmaker3.server import ProcessMaker3

SYSTEM: Final = "processmaker3"
_PROJECTS: Final = "/api/1.0/[^/]+/project"
_PROJECT: Final = f"{_PROJECTS}/[^/]+"


@fault("pm3-delete-error-shape", SYSTEM, "The refusal of a deletion has no error object.")
def _(ref: ProcessMaker3) -> None:
    def shapeless(data: Any) -> Any:
        return {"message": data["error"]["message"]}

    ref.wrap(response_fault("DELETE", _PROJECT, 400, edit_json(shapeless)))


@fault("pm3-delete-error-code", SYSTEM, "The code in the refusal of a deletion is not its HTTP status.")
def _(ref: ProcessMaker3) -> None:
    def other_code(data: Any) -> Any:
        return {"error": data["error"] | {"code": 404}}

    ref.wrap(response_fault("DELETE", _PROJECT, 400, edit_json(other_code)))


@fault("pm3-list-type-upper", SYSTEM, "The list shows the type of a project in upper case.")
def _(ref: ProcessMaker3) -> None:
    def upper(data: Any) -> Any:
        return [item | {"prj_type": item["prj_type"].upper()} for item in data]

    ref.wrap(response_fault("GET", _PROJECTS, 200, edit_json(upper)))


@fault("pm3-create-status-200", SYSTEM, "A creation returns 200.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("POST", _PROJECTS, 201, edit_status(200)))


@fault("pm3-flow-x2-missing", SYSTEM, "The flows of a definition have no flo_x2.")
def _(ref: ProcessMaker3) -> None:
    def without(data: Any) -> Any:
        for diagram in data["diagrams"]:
            for flow in diagram["flows"]:
                del flow["flo_x2"]
        return data

    ref.wrap(response_fault("GET", _PROJECT, 200, edit_json(without)))


@fault("pm3-process-field-missing", SYSTEM, "A process has no pro_title.")
def _(ref: ProcessMaker3) -> None:
    def without(data: Any) -> Any:
        return {name: value for name, value in data.items() if name != "pro_title"}

    ref.wrap(response_fault("GET", f"{_PROJECT}/process", 200, edit_json(without)))


@fault("pm3-process-same-uid", SYSTEM, "All projects show a process with the same pro_uid.")
def _(ref: ProcessMaker3) -> None:
    uid = new_uid()

    def same(data: Any) -> Any:
        return data | {"pro_uid": uid}

    ref.wrap(response_fault("GET", f"{_PROJECT}/process", 200, edit_json(same)))


@fault("pm3-export-content-type", SYSTEM, "An export is labelled text/plain.")
def _(ref: ProcessMaker3) -> None:
    def plain(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        kept = [pair for pair in headers if pair[0] != "content-type"]
        return status, [*kept, ("content-type", "text/plain; charset=utf-8")], body

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, plain))


@fault("pm3-export-without-workflow", SYSTEM, "An export has no definition of the class workflow.")
def _(ref: ProcessMaker3) -> None:
    def remove(root: Element) -> None:
        for definition in root.findall("definition[@class='workflow']"):
            root.remove(definition)

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(remove)))


@fault("pm3-export-empty", SYSTEM, "An export has no record of the project.")
def _(ref: ProcessMaker3) -> None:
    def remove(root: Element) -> None:
        for table in root.findall("definition[@class='BPMN']/table[@name='PROJECT']"):
            for record in table.findall("record"):
                table.remove(record)

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(remove)))


@fault("pm3-export-version", SYSTEM, "An export has the version 2.0.")
def _(ref: ProcessMaker3) -> None:
    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(lambda root: root.set("version", "2.0"))))


@fault("pm3-export-other-workspace", SYSTEM, "The metadata of an export name another workspace.")
def _(ref: ProcessMaker3) -> None:
    def rename(root: Element) -> None:
        for meta in root.findall("metadata/meta[@key='workspace']"):
            meta.text = "elsewhere"

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(rename)))


@fault("pm3-export-without-process", SYSTEM, "An export has no record of the process in its definition of class BPMN.")
def _(ref: ProcessMaker3) -> None:
    def remove(root: Element) -> None:
        for table in root.findall("definition[@class='BPMN']/table[@name='PROCESS']"):
            table.clear()

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(remove)))


@fault("pm3-export-without-files", SYSTEM, "An export has no element workflow-files.")
def _(ref: ProcessMaker3) -> None:
    def remove(root: Element) -> None:
        for files in root.findall("workflow-files"):
            root.remove(files)

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(remove)))


def _edit_xml(change: Callable[[Element], None]) -> Edit:
    def edit(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        root = fromstring(body)
        change(root)
        return status, headers, tostring(root, encoding="utf-8", xml_declaration=True)

    return edit


@fault("pm3-generate-bpmn-wrong-process", SYSTEM, "generate-bpmn returns the identifier of another process.")
def _(ref: ProcessMaker3) -> None:
    def other(data: Any) -> Any:
        return data | {"pro_uid": new_uid()}

    ref.wrap(response_fault("POST", f"{_PROJECTS}/generate-bpmn", 201, edit_json(other)))


@fault("pm3-bulk-missing", SYSTEM, "POST project/bulk responds like a path that does not exist.")
def _(ref: ProcessMaker3) -> None:
    def wrap(app: ASGIApp) -> ASGIApp:
        async def missing(scope: Scope, receive: Receive, send: Send) -> None:
            gone = scope["type"] == "http" and scope["path"].endswith("/project/bulk")
            await (unknown_path() if gone else app)(scope, receive, send)

        return missing

    ref.wrap(wrap)


@fault(
    "pm3-process-trailing-slash-only",
    SYSTEM,
    "GET of a process works only with a final slash (…/process/), as the other reading says.",
)
def _(ref: ProcessMaker3) -> None:
    def wrap(app: ASGIApp) -> ASGIApp:
        async def moved(scope: Scope, receive: Receive, send: Send) -> None:
            get = scope["type"] == "http" and scope["method"] == "GET"
            if get and scope["path"].endswith("/process/"):
                await app({**scope, "path": scope["path"].removesuffix("/")}, receive, send)
            elif get and scope["path"].endswith("/process"):
                await unknown_path()(scope, receive, send)
            else:
                await app(scope, receive, send)

        return moved

    ref.wrap(wrap)


@fault("pm3-export-without-gateways", SYSTEM, "An export has no record of any gateway.")
def _(ref: ProcessMaker3) -> None:
    def without(root: Element) -> None:
        for table in root.iterfind("definition/table[@name='GATEWAY']"):
            for record in list(table):
                table.remove(record)

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, _edit_xml(without)))


@fault("pm3-export-cut-off", SYSTEM, "An export ends in the middle of the file.")
def _(ref: ProcessMaker3) -> None:
    def half(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return status, headers, body[: len(body) // 2]

    ref.wrap(response_fault("GET", f"{_PROJECT}/export", 200, half))
