"""The workspace of a ProcessMaker 3 reference: its projects and groups, and what the operations do with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from conformance.reference.processmaker3 import diagram
from conformance.reference.processmaker3.fields import (
    PROCESS_UPDATE,
    PROJECT_TEXTS,
    Data,
    Refused,
    new_process,
    objects,
    one_of,
    optional_text,
    text,
    title,
)


@dataclass
class Project:
    """One project with its process.

    `grids` holds who wants a grid on the canvas, `cases` how many were started, `tracked` what its case tracker shows.
    """

    uid: str
    name: str
    description: str
    author: str
    created: str
    process: Data
    category: str = ""
    bpmn: bool = True
    updated: str | None = None
    texts: dict[str, str | None] = field(default_factory=lambda: dict(PROJECT_TEXTS))
    diagrams: list[Data] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    grids: dict[str, bool] = field(default_factory=dict)
    cases: int = 0
    tracked: dict[str, Data] = field(default_factory=dict)


class Workspace:
    """Everything that the project operations read and change."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.projects: dict[str, Project] = {}
        self.groups: dict[str, str] = {}

    def snapshot(self) -> Data:
        """The state as JSON data."""
        return {
            "projects": {uid: asdict(project) for uid, project in self.projects.items()},
            "groups": dict(self.groups),
        }

    def find(self, uid: str) -> Project:
        """The project `uid`. Raises Refused."""
        if uid not in self.projects:
            raise Refused("The project was not found, or was deleted before.")
        return self.projects[uid]

    def listing(self) -> list[Data]:
        """All projects, also the disabled ones, in the order of their creation."""
        return [
            {
                "prj_uid": project.uid,
                "prj_name": project.name,
                "prj_description": project.description,
                "prj_category": project.category,
                "prj_type": "bpmn" if project.bpmn else "classic",
                "prj_create_date": project.created,
                "prj_update_date": project.updated,
            }
            for project in self.projects.values()
        ]

    def definition(self, uid: str, user: str) -> Data:
        """The definition of a project, with the settings of `user`. Raises Refused."""
        project = self.find(uid)
        texts = project.texts
        return {
            "prj_uid": project.uid,
            "prj_name": project.name,
            "prj_description": project.description,
            **{name: texts[name] for name in list(PROJECT_TEXTS)[:5]},
            "prj_create_date": project.created,
            "prj_update_date": project.updated,
            "prj_author": project.author,
            **{name: texts[name] for name in list(PROJECT_TEXTS)[5:]},
            "diagrams": project.diagrams,
            "usr_settings": {"enabled_grid": project.grids.get(user, True)},
        }

    def make(self, name: str, description: str, category: str, user: str, *, bpmn: bool = True) -> Project:
        """A new project with an empty diagram, not yet part of the workspace."""
        uid = diagram.new_uid()
        moment = self.clock()
        process = new_process(uid, name, description, category, user, iso(moment), bpmn=bpmn)
        project = Project(uid, name, description, user, plain(moment), process, category, bpmn)
        project.diagrams = [diagram.empty(uid, name)]
        return project

    def add(self, project: Project) -> Project:
        """Make `project` part of the workspace."""
        self.projects[project.uid] = project
        return project

    def create(self, data: Data, user: str) -> Project:
        """The project that `data` describes, added. Raises Refused."""
        name, description = self.named(data)
        category = optional_text("prj_category", data.get("prj_category")) or ""
        bpmn = data.get("prj_type") is None or _type(data) == "BPMN"
        project = self.make(name, description, category, user, bpmn=bpmn)
        self._read_texts(project, data, user)
        if data.get("diagrams") is not None:
            project.diagrams = self.builder(project.uid, name, None).build(data["diagrams"]) or project.diagrams
        return self.add(project)

    def update(self, uid: str, data: Data, user: str) -> None:
        """Replace what `data` holds of the project; diagrams that are not sent stay. Raises Refused."""
        project = self.find(uid)
        name, description = self.named(data)
        bpmn = project.bpmn if data.get("prj_type") is None else _type(data) == "BPMN"
        category = optional_text("prj_category", data.get("prj_category"))
        diagrams = project.diagrams
        if data.get("diagrams") is not None:
            diagrams = self.builder(uid, name, project.diagrams).build(data["diagrams"])
        self._read_texts(project, data, user)
        project.name, project.description, project.diagrams, project.bpmn = name, description, diagrams, bpmn
        project.category = project.category if category is None else category
        project.updated = plain(self.clock())

    def named(self, data: Data) -> tuple[str, str]:
        """Name and description, the two required fields. Raises Refused."""
        return title("prj_name", data.get("prj_name")), text("prj_description", data.get("prj_description"))

    def builder(self, project: str, name: str, old: list[Data] | None) -> diagram.Builder:
        """Reads the diagrams of a request for a new project (without `old`) or of an update."""
        return diagram.Builder(project, name, old)

    def delete(self, uid: str) -> None:
        """Remove a project. Raises Refused."""
        self.find(uid)
        del self.projects[uid]

    def bulk(self, data: Data) -> Data:
        """Delete the BPMN projects that `data` names, but for those with started cases. Raises Refused."""
        wanted = []
        for group in objects("data", data.get("data")):
            action = one_of("delete")("action", group.get("action"))
            items = objects("data/data", group.get("data"))
            for item in items:
                one_of("bpmn")("type", item.get("type"))
                text("prj_uid", item.get("prj_uid"))
            wanted.append((action, items))
        return {
            "data": [
                {"action": action, "data": [self._delete_item(item["prj_uid"]) for item in items]}
                for action, items in wanted
            ]
        }

    def _delete_item(self, uid: str) -> Data:
        project = self.projects.get(uid)
        if project is None:
            status = 404
        elif project.cases or not project.bpmn:
            status = 409
        else:
            status = 200
            del self.projects[uid]
        return {"type": "bpmn", "prj_uid": uid, "status": str(status), "result": status == 200}

    def generate(self, process: str, user: str) -> Project:
        """A BPMN project for a classic process, added. Raises Refused."""
        classic = self.find(process)
        if classic.bpmn:
            raise Refused("The process has a BPMN project already.")
        return self.add(self.make(classic.name, classic.description, classic.category, user))

    def update_process(self, uid: str, data: Data) -> None:
        """Change those fields of a project's process that `data` holds. Raises Refused."""
        project = self.find(uid)
        changed = {name: check(name, data[name]) for name, check in PROCESS_UPDATE.items() if name in data}
        project.process |= changed
        project.process["pro_update_date"] = iso(self.clock())

    def _read_texts(self, project: Project, data: Data, user: str) -> None:
        """Take over the fields without behaviour. Raises Refused, and has changed nothing then."""
        texts = {name: optional_text(name, data[name]) for name in PROJECT_TEXTS if name in data}
        settings: Any = data.get("usr_settings")
        if settings is not None:
            grid = settings.get("enabled_grid") if isinstance(settings, dict) else None
            if not isinstance(grid, bool):
                raise Refused("`usr_settings` must be an object with a boolean `enabled_grid`.")
            project.grids[user] = grid
        project.texts |= texts


def _type(data: Data) -> Any:
    return one_of("NORMAL", "BPMN")("prj_type", data["prj_type"])


def plain(moment: datetime) -> str:
    """A date as projects show it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(moment: datetime) -> str:
    """A date as processes show it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
