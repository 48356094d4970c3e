"""The faults of the ProcessMaker 3 reference in what the file of an export has, and what an import makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.faults import fault, override, response_fault
from conformance.reference.processmaker3.faults.diagram import everywhere
from conformance.reference.processmaker3.fields import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.faults import Headers
    from conformance.reference.processmaker3.fields import Data
    from conformance.reference.processmaker3.server import ProcessMaker3
    from conformance.reference.processmaker3.state import Project
    from conformance.reference.processmaker3.xml import ProjectFile

    Run = Callable[[ProjectFile, str, str, str], Project]
    Call = Callable[[Any], Any]

SYSTEM: Final = "processmaker3"
BOUNDS: Final = ("bou_x", "bou_y", "bou_width", "bou_height")


def _exporting(ref: ProcessMaker3, shown: Callable[[Project], dict[str, Any]]) -> None:
    """Let an export show a project with some members as `shown` has them."""

    def make(export: Call) -> Call:
        async def other(call: Any) -> Any:
            project = ref.workspace.find(call.uid)
            instead = shown(project)
            kept = {name: getattr(project, name) for name in instead}
            vars(project).update(instead)
            try:
                return await export(call)
            finally:
                vars(project).update(kept)

        return other

    override(ref.projects, "export_project", make)


@fault("pm3-export-unescaped", SYSTEM, "An export has the ampersands of names as they are, so that it is no XML.")
def _(ref: ProcessMaker3) -> None:
    def edit(status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        return status, headers, body.replace(b"&amp;", b"&")

    ref.wrap(response_fault("GET", ".*/project/[^/]+/export", 200, edit))


@fault("pm3-export-without-flows", SYSTEM, "An export has no flows.")
def _(ref: ProcessMaker3) -> None:
    _exporting(ref, lambda project: {"diagrams": [{**diagram, "flows": []} for diagram in project.diagrams]})


@fault("pm3-export-without-bounds", SYSTEM, "An export does not contain the positions and sizes of elements.")
def _(ref: ProcessMaker3) -> None:
    def bare(diagram: Data) -> Data:
        return {
            name: [{key: cell for key, cell in item.items() if key not in BOUNDS} for item in part]
            if isinstance(part, list)
            else part
            for name, part in diagram.items()
        }

    _exporting(ref, lambda project: {"diagrams": [bare(item) for item in project.diagrams]})


@fault("pm3-export-without-gateway-types", SYSTEM, "An export tells of no gateway what type it is of.")
def _(ref: ProcessMaker3) -> None:
    def untyped(diagram: Data) -> Data:
        gateways = [{name: cell for name, cell in item.items() if name != "gat_type"} for item in diagram["gateways"]]
        return {**diagram, "gateways": gateways}

    _exporting(ref, lambda project: {"diagrams": [untyped(item) for item in project.diagrams]})


@fault("pm3-export-process-stale", SYSTEM, "The process record of an export keeps its first title.")
def _(ref: ProcessMaker3) -> None:
    titles: dict[str, str] = {}

    def make(update: Callable[[str, Data], None]) -> Callable[[str, Data], None]:
        def noted(uid: str, data: Data) -> None:
            titles.setdefault(uid, ref.workspace.find(uid).process["pro_title"])
            update(uid, data)

        return noted

    override(ref.workspace, "update_process", make)
    _exporting(
        ref,
        lambda project: {
            "process": {**project.process, "pro_title": titles.get(project.uid, project.process["pro_title"])}
        },
    )


def _importing(ref: ProcessMaker3, change: Callable[[Project], None], *options: str) -> None:
    """Let `change` spoil what an import makes, with some options or all."""

    def make(run: Run) -> Run:
        def spoilt(file: ProjectFile, option: str, group_option: str, user: str) -> Project:
            project = run(file, option, group_option, user)
            if not options or option.strip().upper() in options:
                change(project)
            return project

        return spoilt

    override(ref.importer, "run", make)


def _without(*arrays: str) -> Callable[[Project], None]:
    def drop(project: Project) -> None:
        for diagram in project.diagrams:
            diagram |= {array: [] for array in arrays}

    return drop


@fault("pm3-import-loses-gateways", SYSTEM, "An imported project has no gateways.")
def _(ref: ProcessMaker3) -> None:
    _importing(ref, _without("gateways"))


@fault("pm3-import-gateways-usual", SYSTEM, "The gateways of an imported project are all of the usual type.")
def _(ref: ProcessMaker3) -> None:
    _importing(ref, lambda project: everywhere(project, "gat_type", "EXCLUSIVE"))


@fault("pm3-import-starts-plain", SYSTEM, "The events of an imported project have no markers.")
def _(ref: ProcessMaker3) -> None:
    _importing(ref, lambda project: everywhere(project, "evn_marker", "EMPTY"))


@fault("pm3-import-moves-elements", SYSTEM, "The elements of an imported project are all at its left edge.")
def _(ref: ProcessMaker3) -> None:
    _importing(ref, lambda project: everywhere(project, "bou_x", "0"))


@fault("pm3-import-keep-empty", SYSTEM, "An import with KEEP creates a project without elements.")
def _(ref: ProcessMaker3) -> None:
    _importing(ref, _without(*(kind.list_name for kind in KINDS)), "KEEP")


@fault("pm3-import-disable-without-flows", SYSTEM, "An import with DISABLE creates a project without flows.")
def _(ref: ProcessMaker3) -> None:
    _importing(ref, _without("flows"), "DISABLE")


@fault(
    "pm3-import-flow-ends-dangling",
    SYSTEM,
    "The flows of an imported project keep the identifiers of their ends in the file.",
)
def _(ref: ProcessMaker3) -> None:
    names = ("flo_element_origin", "flo_element_dest")

    def make(add: Callable[[ProjectFile, str], Project]) -> Callable[[ProjectFile, str], Project]:
        def dangling(file: ProjectFile, user: str) -> Project:
            project = add(file, user)
            for made, diagram in zip(project.diagrams, file.diagrams, strict=True):
                for new, flow in zip(made["flows"], diagram["flows"], strict=True):
                    new |= {name: flow[name] for name in names}
            return project

        return dangling

    override(ref.importer, "add", make)
