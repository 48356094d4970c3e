"""Actions: the service of the PROCESIO reference server that keeps actions, their templates, and folders."""

from __future__ import annotations

from typing import Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.procesio.shelf import Shelf, Thing

CATEGORY: Final[dict[str, str]] = {"id": "b1f3d0a6-3c55-4d5b-9d3e-1f7c2a604e11", "name": "General"}
ROOT: Final[Thing] = {"id": "8a0be1f2-6b0c-4b57-8c42-5d1f9e7a3c20", "name": "Workspace", "parentId": None}


class Actions:
    """Actions, templates and folders of a workspace; its public methods are the operations.

    They raise HTTPException where they refuse: 400 for what cannot be stored, 404 for what is not there. No operation
    removes what a test of an action leaves behind (`tests`).
    """

    routes = (
        ("GET", "/api/Actions/folders", "list_folders"),
        ("POST", "/api/Actions/folders", "create_folder"),
        ("PATCH", "/api/Actions/folders/rename", "rename_folder"),
        ("GET", "/api/Actions/folders/{id}", "read_folder"),
        ("DELETE", "/api/Actions/folders/{id}", "delete_folder"),
        ("POST", "/api/Actions/templates", "create_template"),
        ("GET", "/api/Actions/templates/{id}", "read_template"),
        ("DELETE", "/api/Actions/templates/{id}", "delete_template"),
        ("GET", "/api/Actions/category/{category}", "read_category"),
        ("POST", "/api/Actions/test", "test_action"),
        ("GET", "/api/Actions/test/{id}", "read_action_test"),
        ("GET", "/api/Actions/node", "read_node"),
        ("GET", "/api/Actions", "list_actions"),
        ("POST", "/api/Actions", "create_action"),
        ("GET", "/api/Actions/{id}", "read_action"),
        ("DELETE", "/api/Actions/{id}", "delete_action"),
    )
    with_body = frozenset({"create_folder", "rename_folder", "create_template", "test_action", "create_action"})
    public: frozenset[str] = frozenset()
    stores = ("folders", "templates", "actions")

    def __init__(self) -> None:
        self.folders = Shelf("folder", [ROOT])
        self.templates = Shelf("template")
        self.actions = Shelf("action")
        self.tests = Shelf("test")

    def list_folders(self) -> Thing:
        """The directory tree: the root with the folders within it, and those within them."""
        return self._tree(self.folders[ROOT["id"]])

    def create_folder(self, body: Thing) -> Thing:
        """Make a folder, within the one that the body names by `parentId` or else within the root."""
        parent = self.folders.find(str(body.get("parentId") or ROOT["id"]))
        return self.folders.add({**body, "parentId": parent["id"]})

    def rename_folder(self, body: Thing) -> Thing:
        """Give the folder that the body names another name."""
        return self.folders.change({name: body[name] for name in ("id", "name") if name in body})

    def read_folder(self, folder_id: str) -> Thing:
        """A folder with its full path."""
        folder = self.folders.find(folder_id)
        return {"id": folder["id"], "name": folder["name"], "path": self._path(folder)}

    def delete_folder(self, folder_id: str) -> dict[str, str]:
        """Remove a folder, and the folders within it."""
        folder = self.folders.find(folder_id)
        if folder["id"] == ROOT["id"]:
            raise HTTPException(400, "The root of the workspace cannot be deleted.")
        for inner in self._within(folder):
            self.delete_folder(inner["id"])
        return self.folders.remove(folder["id"])

    def create_template(self, body: Thing) -> Thing:
        """Store a new template."""
        return self.templates.add(body, description="")

    def read_template(self, template_id: str) -> Thing:
        """A template."""
        return self.templates.find(template_id)

    def delete_template(self, template_id: str) -> dict[str, str]:
        """Remove a template."""
        return self.templates.remove(template_id)

    def list_actions(self) -> list[Thing]:
        """All actions, oldest first."""
        return list(self.actions.values())

    def create_action(self, body: Thing) -> Thing:
        """Store a new action; its category is the general one."""
        return self.actions.add({**body, "categoryId": CATEGORY["id"], "category": CATEGORY["name"]}, description="")

    def read_action(self, action_id: str) -> Thing:
        """An action."""
        return self.actions.find(action_id)

    def delete_action(self, action_id: str) -> dict[str, str]:
        """Remove an action."""
        return self.actions.remove(action_id)

    def read_category(self, category: str) -> Thing:
        """A category, by its id or its name, with the actions in it."""
        if category not in CATEGORY.values():
            raise HTTPException(404, "There is no category of this id or name.")
        return {**CATEGORY, "actions": [{"id": action["id"], "name": action["name"]} for action in self.list_actions()]}

    def test_action(self, body: Thing) -> Thing:
        """Test the action that is described by a body; the result is kept."""
        return self.tests.add({"name": body.get("name")}, passed=True)

    def read_action_test(self, test_id: str) -> Thing:
        """The result of a test, or whether an action was tested."""
        found = self.tests.get(test_id)
        return found or {"id": self.actions.find(test_id)["id"], "passed": None}

    def read_node(self) -> dict[str, Any]:
        """The contents of the root."""
        return {"id": ROOT["id"], "content": [item["name"] for item in self._within(self.folders[ROOT["id"]])]}

    def _within(self, folder: Thing) -> list[Thing]:
        return [item for item in self.folders.values() if item["parentId"] == folder["id"]]

    def _tree(self, folder: Thing) -> Thing:
        inner = [self._tree(item) for item in self._within(folder)]
        return {"id": folder["id"], "name": folder["name"], "children": inner}

    def _path(self, folder: Thing) -> str:
        above = self._path(self.folders[folder["parentId"]]) if folder["parentId"] else ""
        return f"{above}/{folder['name']}"
