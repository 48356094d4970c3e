"""The faults of the PROCESIO reference that touch, or leave out, what is beside the thing that a request names."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from conformance.reference.faults import fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"
KINDS: Final = {
    "process": ("create_process", "read_process", "description"),
    "template": ("create_template", "read_template", "description"),
    "action": ("create_action", "read_action", "description"),
    "credential": ("create_credential", "read_credential", "description"),
    "data-type": ("create_data_type", "read_data_type", "attributes"),
    "schedule": ("create_schedule", "read_schedule", "startsOn"),
}
"""By the word for a kind: what creates and what reads a thing of it, and a member that it is sent with."""
EMPTY: Final[dict[str, Any]] = {"description": "", "attributes": [], "startsOn": None}


def _drops(ref: Procesio, operation: str, member: str) -> None:
    """Ignore a member of the body that an operation gets."""
    usual = ref.operations[operation]
    ref.operations[operation] = lambda body: usual({name: value for name, value in body.items() if name != member})


def _empties(create: str, read: str, member: str) -> Callable[[Procesio], None]:
    """The newest thing of a kind loses a member when another one is created."""

    def apply(ref: Procesio) -> None:
        usual, made = ref.operations[create], list[str]()

        def careless(body: dict[str, Any]) -> Any:
            answer = usual(body)
            for newest in made[-1:]:
                with suppress(HTTPException):  # it may be deleted
                    ref.operations[read](newest)[member] = deepcopy(EMPTY[member])
            made.append(answer["id"])
            return answer

        ref.operations[create] = careless

    return apply


for _words, (_create, _read, _member) in KINDS.items():
    _one = _words.replace("-", " ")
    fault(
        f"pro-create-{_words}-empties-another",
        SYSTEM,
        f"empties the {_member} of the newest {_one} when another one is created",
    )(_empties(_create, _read, _member))


@fault("pro-create-folder-replaces", SYSTEM, "removes the newest folder when another one is created beside it")
def create_folder_replaces(ref: Procesio) -> None:
    """Keep one new folder in each place."""
    usual, made = ref.operations["create_folder"], dict[str, str]()

    def alone(body: dict[str, Any]) -> Any:
        answer = usual(body)
        before = made.get(answer["parentId"])
        if before is not None:
            with suppress(HTTPException):  # it may be deleted
                ref.actions.delete_folder(before)
        made[answer["parentId"]] = answer["id"]
        return answer

    ref.operations["create_folder"] = alone


@fault("pro-tree-without-inner-folders", SYSTEM, "lists only the folders directly in the workspace")
def tree_without_inner_folders(ref: Procesio) -> None:
    """Cut the tree off below its first level."""
    usual = ref.operations["list_folders"]

    def flat() -> Any:
        tree = usual()
        return {**tree, "children": [{**item, "children": []} for item in tree["children"]]}

    ref.operations["list_folders"] = flat


@fault("pro-delete-folder-takes-parent", SYSTEM, "deletes the folder in which a deleted one is along with it")
def delete_folder_takes_parent(ref: Procesio) -> None:
    """Delete one level too much, but not the root."""
    usual = ref.operations["delete_folder"]

    def greedy(folder_id: str) -> Any:
        above = ref.actions.folders.find(folder_id)["parentId"]
        answer = usual(folder_id)
        if above and ref.actions.folders[above]["parentId"]:
            usual(above)
        return answer

    ref.operations["delete_folder"] = greedy


# -- copies of schedules ----------------------------------------------------------------------------------------------


def _after_duplicating(ref: Procesio, then: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    """Do something more with the original and its copy."""
    usual = ref.operations["duplicate_schedule"]

    def duplicate(schedule_id: str) -> Any:
        original = ref.schedules.read_schedule(schedule_id)
        copy = usual(schedule_id)
        then(original, copy)
        return copy

    ref.operations["duplicate_schedule"] = duplicate


@fault("pro-duplicate-schedule-without-date", SYSTEM, "makes copies of schedules without the date of the original")
def duplicate_schedule_without_date(ref: Procesio) -> None:
    """Leave the date out."""
    _after_duplicating(ref, lambda _, copy: copy.update(startsOn=None))


@fault("pro-duplicate-schedule-of-newest", SYSTEM, "copies the newest schedule, whichever is named")
def duplicate_schedule_of_newest(ref: Procesio) -> None:
    """Take the last one."""
    usual = ref.operations["duplicate_schedule"]

    def newest(schedule_id: str) -> Any:
        ref.schedules.read_schedule(schedule_id)
        return usual(next(reversed(ref.schedules.kept)))

    ref.operations["duplicate_schedule"] = newest


@fault("pro-duplicate-schedule-undates-original", SYSTEM, "takes the date from a schedule when it is duplicated")
def duplicate_schedule_undates_original(ref: Procesio) -> None:
    """Move the date."""
    _after_duplicating(ref, lambda original, _: original.update(startsOn=None))


@fault("pro-duplicate-schedule-renames-another", SYSTEM, "gives another schedule the name of a copy")
def duplicate_schedule_renames_another(ref: Procesio) -> None:
    """Rename the first one that is neither the original nor the copy."""

    def rename(original: dict[str, Any], copy: dict[str, Any]) -> None:
        for item in ref.schedules.kept.values():
            if item["id"] not in (original["id"], copy["id"]):
                item["name"] = copy["name"]
                break

    _after_duplicating(ref, rename)


def _linked(ref: Procesio, *, forward: bool) -> None:
    """Change the original along with its copy (`forward`: the copy along with its original)."""
    twin: dict[str, str] = {}

    def link(original: dict[str, Any], copy: dict[str, Any]) -> None:
        item, other = (original, copy) if forward else (copy, original)
        twin[item["id"]] = other["id"]

    _after_duplicating(ref, link)
    update = ref.operations["update_schedule"]

    def both(body: dict[str, Any]) -> Any:
        answer = update(body)
        other = twin.get(answer["id"], "")
        if other in ref.schedules.kept:
            ref.schedules.kept[other] = {**answer, "id": other}
        return answer

    ref.operations["update_schedule"] = both


@fault("pro-modify-copy-changes-original", SYSTEM, "changes a schedule when a copy of it is modified")
def modify_copy_changes_original(ref: Procesio) -> None:
    """Change both."""
    _linked(ref, forward=False)


@fault("pro-modify-original-changes-copy", SYSTEM, "changes the newest copy of a schedule when that is modified")
def modify_original_changes_copy(ref: Procesio) -> None:
    """Change both."""
    _linked(ref, forward=True)


@fault("pro-delete-copy-deletes-original", SYSTEM, "deletes a schedule together with a copy of it")
def delete_copy_deletes_original(ref: Procesio) -> None:
    """Delete both."""
    origin: dict[str, str] = {}
    _after_duplicating(ref, lambda original, copy: origin.update({copy["id"]: original["id"]}))
    delete = ref.operations["delete_schedule"]

    def both(schedule_id: str) -> Any:
        answer = delete(schedule_id)
        ref.schedules.kept.pop(origin.get(schedule_id, ""), None)
        return answer

    ref.operations["delete_schedule"] = both


@fault("pro-modify-schedule-keeps-date", SYSTEM, "modifies the name of a schedule, and drops its new date")
def modify_schedule_keeps_date(ref: Procesio) -> None:
    """Leave the date as it is."""
    _drops(ref, "update_schedule", "startsOn")


# -- names of data types ----------------------------------------------------------------------------------------------


@fault("pro-find-data-type-by-beginning", SYSTEM, "finds the newest data type whose name begins with the given text")
def find_data_type_by_beginning(ref: Procesio) -> None:
    """Compare no further than the given text goes."""
    usual = ref.operations["find_data_type"]

    def begins(name: str) -> Any:
        usual(name)
        return [kind for kind in ref.data_types.types.values() if kind["name"].startswith(name)][-1]

    ref.operations["find_data_type"] = begins


@fault("pro-find-data-type-deleted", SYSTEM, "finds a deleted data type by its name")
def find_data_type_deleted(ref: Procesio) -> None:
    """Keep an index of names."""
    delete, find, gone = ref.operations["delete_data_type"], ref.operations["find_data_type"], dict[str, Any]()

    def remember(type_id: str) -> Any:
        there = ref.data_types.read_data_type(type_id)
        answer = delete(type_id)
        gone[there["name"]] = there
        return answer

    ref.operations["delete_data_type"] = remember
    ref.operations["find_data_type"] = lambda name: gone[name] if name in gone else find(name)


# -- runs and analytics -----------------------------------------------------------------------------------------------


@fault("pro-run-launches-published", SYSTEM, "launches all instances that are ready when a process is run")
def run_launches_published(ref: Procesio) -> None:
    """Start whatever waits."""
    usual = ref.operations["run_process"]

    def run(process_id: str, body: dict[str, Any]) -> Any:
        answer = usual(process_id, body)
        for instance in ref.workspace.started.values():
            instance.launched = instance.launched or ref.clock()
        return answer

    ref.operations["run_process"] = run


def _by_key(ref: Procesio, run: Callable[[str, dict[str, Any]], Any]) -> None:
    """Do something else where a process is run by an API key."""
    by_key: list[bool] = []
    token, key, usual = ref.token_accepted, ref.key_accepted, ref.operations["run_process"]

    def with_token(given: str) -> bool:
        by_key[:] = [False]
        return token(given)

    def with_key(name: str, value: str) -> bool:
        by_key[:] = [True]
        return key(name, value)

    ref.token_accepted, ref.key_accepted = with_token, with_key
    ref.operations["run_process"] = lambda process_id, body: (run if by_key == [True] else usual)(process_id, body)


@fault("pro-run-by-key-other-process", SYSTEM, "runs the newest process for an API key, whichever is named")
def run_by_key_other_process(ref: Procesio) -> None:
    """Ignore the path."""
    usual = ref.operations["run_process"]

    def newest(process_id: str, body: dict[str, Any]) -> Any:
        ref.workspace.read_process(process_id)
        copy = ref.workspace.create_process({"name": "For API keys"}) if len(ref.workspace.processes) == 1 else None
        answer = usual(next(reversed(ref.workspace.processes)), body)
        if copy is not None:
            ref.workspace.delete_process(copy["id"])
        return answer

    _by_key(ref, newest)


@fault("pro-run-by-key-without-payload", SYSTEM, "drops the payload of a run by an API key")
def run_by_key_without_payload(ref: Procesio) -> None:
    """Run it with nothing."""
    usual = ref.operations["run_process"]
    _by_key(ref, lambda process_id, body: usual(process_id, {**body, "payload": {}}))


@fault("pro-analytics-without-new-processes", SYSTEM, "leaves new processes out of the analytics for all processes")
def analytics_without_new_processes(ref: Procesio) -> None:
    """Tell of the first process only."""
    usual = ref.operations["read_processes_analytics"]
    ref.operations["read_processes_analytics"] = lambda: usual()[:1]


@fault("pro-instances-without-runs", SYSTEM, "lists published instances only, and none that a run made")
def instances_without_runs(ref: Procesio) -> None:
    """Leave out what was run."""
    usual, all_of_them, ran = ref.operations["run_process"], ref.operations["list_instances"], set[str]()

    def run(process_id: str, body: dict[str, Any]) -> Any:
        answer = usual(process_id, body)
        ran.add(answer["id"])
        return answer

    ref.operations["run_process"] = run
    ref.operations["list_instances"] = lambda process_id: [
        item for item in all_of_them(process_id) if item["id"] not in ran
    ]


@fault("pro-runs-without-status", SYSTEM, "has a status of published instances only, and of none that a run made")
def runs_without_status(ref: Procesio) -> None:
    """Know nothing of what was run."""
    usual, status, ran = ref.operations["run_process"], ref.operations["read_status"], set[str]()

    def run(process_id: str, body: dict[str, Any]) -> Any:
        answer = usual(process_id, body)
        ran.add(answer["id"])
        return answer

    def read(instance_id: str) -> Any:
        if instance_id in ran:
            raise HTTPException(404, "There is no process instance of this id.")
        return status(instance_id)

    ref.operations["run_process"], ref.operations["read_status"] = run, read


@fault("pro-list-processes-unnamed", SYSTEM, "lists new processes under the same name")
def list_processes_unnamed(ref: Procesio) -> None:
    """Give a default name to all but the first."""
    usual = ref.operations["list_processes"]

    def unnamed() -> Any:
        first, *others = usual()
        return [first, *({**other, "name": "Process"} for other in others)]

    ref.operations["list_processes"] = unnamed


@fault("pro-inner-folder-old-path", SYSTEM, "returns the path that a folder had when it was created")
def inner_folder_old_path(ref: Procesio) -> None:
    """Keep the path of the folders above; only its own name is as it is now."""
    create, read, above = ref.operations["create_folder"], ref.operations["read_folder"], dict[str, str]()

    def remember(body: dict[str, Any]) -> Any:
        answer = create(body)
        above[answer["id"]] = read(answer["id"])["path"].rpartition("/")[0]
        return answer

    def stale(folder_id: str) -> Any:
        folder = read(folder_id)
        known = above.get(folder["id"])
        return folder if known is None else {**folder, "path": f"{known}/{folder['name']}"}

    ref.operations["create_folder"], ref.operations["read_folder"] = remember, stale


@fault("pro-modify-data-type-keeps-attributes", SYSTEM, "modifies the name of a data type, and not its attributes")
def modify_data_type_keeps_attributes(ref: Procesio) -> None:
    """Drop new attributes."""
    _drops(ref, "update_data_type", "attributes")


@fault("pro-modify-schedule-turns-state", SYSTEM, "turns a schedule on when it is modified, whatever was sent")
def modify_schedule_turns_state(ref: Procesio) -> None:
    """Activate it."""
    usual = ref.operations["update_schedule"]
    ref.operations["update_schedule"] = lambda body: usual({**body, "isActive": True})
