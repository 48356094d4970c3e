"""The faults of the PROCESIO reference in its actions, templates and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.faults import fault
from conformance.reference.procesio.actions import ROOT
from conformance.reference.procesio.faults.common import Life, open_to_all, takes_another

if TYPE_CHECKING:
    from conformance.reference.procesio.server import Procesio
    from conformance.reference.procesio.shelf import Thing

SYSTEM: Final = "procesio"

open_to_all(
    {
        "read_folder": "read-action-folder",
        "delete_folder": "delete-action-folder",
        "list_folders": "list-action-folders",
        "create_folder": "create-action-folder",
        "rename_folder": "rename-action-folder",
        "read_template": "read-action-template",
        "delete_template": "delete-action-template",
        "create_template": "create-action-template",
        "read_action": "read-action",
        "delete_action": "delete-action",
        "list_actions": "list-actions",
        "create_action": "create-action",
        "read_category": "read-action-category",
        "test_action": "test-action",
        "read_action_test": "read-action-test",
        "read_node": "read-action-node",
    }
)

Life("action", create="create_action", read="read_action", list="list_actions", delete="delete_action").register()
Life("template", create="create_template", read="read_template", delete="delete_template").register()


@fault("pro-delete-folder-takes-another", SYSTEM, "deletes the newest other folder along with the named one")
def delete_folder_takes_another(ref: Procesio) -> None:
    """Delete one more."""
    takes_another(ref, "create_folder", "delete_folder")


@fault("pro-create-folder-not-listed", SYSTEM, "leaves new folders out of the directory tree")
def create_folder_not_listed(ref: Procesio) -> None:
    """Show the root alone."""
    ref.operations["list_folders"] = lambda: {"id": ROOT["id"], "name": ROOT["name"], "children": []}


@fault("pro-folder-path-cut", SYSTEM, "returns only the last part of a folder's path")
def folder_path_cut(ref: Procesio) -> None:
    """Leave out the folders above."""
    read = ref.operations["read_folder"]

    def cut(folder_id: str) -> Any:
        folder = read(folder_id)
        return {**folder, "path": f"/{folder['name']}"}

    ref.operations["read_folder"] = cut


@fault("pro-rename-folder-ignored", SYSTEM, "reports that it renamed a folder, but did not")
def rename_folder_ignored(ref: Procesio) -> None:
    """Change no name."""
    ref.operations["rename_folder"] = lambda body: {**ref.actions.folders.named(body), **body}


@fault("pro-delete-keeps-folder", SYSTEM, "reports that it deleted a folder, but keeps it")
def delete_keeps_folder(ref: Procesio) -> None:
    """Remove nothing."""
    ref.operations["delete_folder"] = lambda folder_id: {"id": ref.actions.folders.find(folder_id)["id"]}


@fault("pro-deleted-folder-listed", SYSTEM, "leaves deleted folders in the directory tree")
def deleted_folder_listed(ref: Procesio) -> None:
    """Show the deleted ones in the root."""
    tree, delete = ref.operations["list_folders"], ref.operations["delete_folder"]
    deleted: list[Thing] = []

    def delete_visibly(folder_id: str) -> Any:
        folder = ref.actions.folders.find(folder_id)
        answer = delete(folder_id)
        deleted.append({"id": folder["id"], "name": folder["name"], "children": []})
        return answer

    def with_deleted() -> Any:
        root = tree()
        return {**root, "children": [*root["children"], *deleted]}

    ref.operations["delete_folder"], ref.operations["list_folders"] = delete_visibly, with_deleted


@fault("pro-delete-folder-keeps-content", SYSTEM, "moves the content of a deleted folder to the root")
def delete_folder_keeps_content(ref: Procesio) -> None:
    """Take out the content before the folder goes."""
    delete = ref.operations["delete_folder"]

    def delete_alone(folder_id: str) -> Any:
        for folder in ref.actions.folders.values():
            if folder["parentId"] == folder_id:
                folder["parentId"] = ROOT["id"]
        return delete(folder_id)

    ref.operations["delete_folder"] = delete_alone


@fault("pro-category-unknown", SYSTEM, "finds no category, not even those of its actions")
def category_unknown(ref: Procesio) -> None:
    """Find no category."""

    def fail(_category: str) -> Any:
        raise HTTPException(404, "There is no category of this id or name.")

    ref.operations["read_category"] = fail


@fault("pro-rename-folder-adds", SYSTEM, "adds a folder with the new name instead of renaming the folder")
def rename_folder_adds(ref: Procesio) -> None:
    """Keep the old folder."""
    tree, delete = ref.operations["list_folders"], ref.operations["delete_folder"]
    added: dict[str, str] = {}

    def add(body: Thing) -> Any:
        folder = ref.actions.folders.named(body)
        added[folder["id"]] = str(body.get("name"))
        return {**folder, "name": added[folder["id"]]}

    def with_added() -> Any:
        root = tree()
        more = [{"id": value[::-1], "name": name, "children": []} for value, name in added.items()]
        return {**root, "children": [*root["children"], *more]}

    def remove(folder_id: str) -> Any:
        added.pop(folder_id, None)
        return delete(folder_id)

    ref.operations["rename_folder"], ref.operations["list_folders"] = add, with_added
    ref.operations["delete_folder"] = remove


@fault("pro-delete-folder-orphans", SYSTEM, "keeps the content of a deleted folder under the identifier of that folder")
def delete_folder_orphans(ref: Procesio) -> None:
    """Show the orphans beside the folders of the root."""
    tree, delete = ref.operations["list_folders"], ref.operations["delete_folder"]
    orphans: list[Thing] = []

    def delete_alone(folder_id: str) -> Any:
        within = [folder for folder in ref.actions.folders.values() if folder["parentId"] == folder_id]
        orphans.extend(
            {"id": item["id"], "name": item["name"], "parentId": folder_id, "children": []} for item in within
        )
        return delete(folder_id)

    def with_orphans() -> Any:
        root = tree()
        return {**root, "children": [*root["children"], *orphans]}

    ref.operations["delete_folder"], ref.operations["list_folders"] = delete_alone, with_orphans


@fault("pro-category-other", SYSTEM, "returns a category other than the requested one")
def category_other(ref: Procesio) -> None:
    """Always tell of the same empty one."""
    read = ref.operations["read_category"]

    def other(category: str) -> Any:
        read(category)
        return {"id": "0c7e5d2f-4b18-4a96-9e03-6d1f8b2a7c54", "name": "Archive", "actions": []}

    ref.operations["read_category"] = other


@fault("pro-tree-two-levels", SYSTEM, "shows two levels of folders in the directory tree")
def tree_two_levels(ref: Procesio) -> None:
    """Leave out what is in a folder that is inside another one."""
    tree = ref.operations["list_folders"]

    def cut(node: Thing, levels: int) -> Thing:
        return {**node, "children": [cut(inner, levels - 1) for inner in node["children"]] if levels else []}

    ref.operations["list_folders"] = lambda: cut(tree(), 2)


@fault("pro-delete-folder-keeps-innermost", SYSTEM, "deletes a folder and those in it, but not what those contain")
def delete_folder_keeps_innermost(ref: Procesio) -> None:
    """Let go of what is two levels below: no tree shows it, but its path can be read."""
    folders = ref.actions.folders

    def delete(folder_id: str) -> Any:
        folder = folders.find(folder_id)
        for inner in [each for each in folders.values() if each["parentId"] == folder["id"]]:
            for innermost in folders.values():
                if innermost["parentId"] == inner["id"]:
                    innermost["parentId"] = None
            folders.remove(inner["id"])
        return folders.remove(folder["id"])

    ref.operations["delete_folder"] = delete
