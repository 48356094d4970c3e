"""What an import of a project file does to the workspace of a ProcessMaker 3 reference, by its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.reference.processmaker3 import diagram
from conformance.reference.processmaker3.fields import Refused
from conformance.reference.processmaker3.state import plain

if TYPE_CHECKING:
    from conformance.reference.processmaker3.state import Project, Workspace
    from conformance.reference.processmaker3.xml import ProjectFile

OPTIONS: Final = ("CREATE", "OVERWRITE", "DISABLE", "KEEP")
GROUP_OPTIONS: Final = ("CREATE", "RENAME", "MERGE")


class Importer:
    """Imports project files into `workspace`."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def run(self, file: ProjectFile, option: str, group_option: str, user: str) -> Project:
        """Import `file` and return the project that holds it afterwards.

        Raises:
            Refused: an option is unknown, or it is CREATE and the project exists; nothing was changed.
        """
        option = self.choice("option", option, OPTIONS)
        group_option = self.choice("option_group", group_option, GROUP_OPTIONS)
        existing = self.workspace.projects.get(file.uid)
        if existing is not None and option == "CREATE":
            self.refuse(existing)
        if option == "OVERWRITE":
            project = self.overwrite(file, user)
        else:
            if existing is not None and option == "DISABLE":
                self.disable(existing)
            project = self.add(file, user)
        project.groups = [self.group(name, group_option) for name in file.groups]
        return project

    def choice(self, name: str, value: str, values: tuple[str, ...]) -> str:
        """The option, whatever its case and the blanks around it; CREATE when it is empty. Raises Refused."""
        chosen = value.strip().upper() or "CREATE"
        if chosen not in values:
            raise Refused(f"`{name}` must be one of: {', '.join(values)}.")
        return chosen

    def refuse(self, existing: Project) -> None:
        """What CREATE does with a project that exists. Raises Refused."""
        raise Refused(f"The project {existing.uid} exists; choose OVERWRITE, DISABLE or KEEP.")

    def disable(self, existing: Project) -> None:
        """What DISABLE does with the project that exists."""
        existing.process["pro_status"] = "INACTIVE"

    def add(self, file: ProjectFile, user: str) -> Project:
        """A new project with the content of `file` and identifiers of its own."""
        project = self.workspace.make(file.name, file.description, file.category, user, bpmn=file.bpmn)
        project.texts = dict(file.texts)
        project.process |= file.process | {"pro_status": "ACTIVE"}
        project.diagrams = diagram.copy(file.diagrams, project.uid)
        return self.workspace.add(project)

    def overwrite(self, file: ProjectFile, user: str) -> Project:
        """The project of the file's own identifier, with the content of `file` and its identifiers."""
        project = self.workspace.projects.get(file.uid)
        if project is None:
            project = self.workspace.make(file.name, file.description, file.category, user, bpmn=file.bpmn)
            project.uid = project.process["pro_uid"] = file.uid
            self.workspace.add(project)
        else:
            project.updated = plain(self.workspace.clock())
        project.name, project.description, project.category = file.name, file.description, file.category
        project.bpmn, project.texts, project.diagrams = file.bpmn, dict(file.texts), file.diagrams
        project.process |= file.process
        return project

    def group(self, name: str, option: str) -> str:
        """The identifier of the group that replaces the imported group `name`."""
        groups = self.workspace.groups
        existing = next((uid for uid, title in groups.items() if title == name), None)
        if existing is not None and option == "MERGE":
            return existing
        if existing is not None and option == "RENAME":
            number = 2
            while f"{name} {number}" in groups.values():
                number += 1
            name = f"{name} {number}"
        uid = diagram.new_uid()
        groups[uid] = name
        return uid
