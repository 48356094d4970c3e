"""The faults of the PROCESIO reference that hide: what is wrong looks at first sight like what is right."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from starlette.exceptions import HTTPException

from conformance.reference.answers import Answer
from conformance.reference.faults import fault
from conformance.reference.procesio.state import PROCESS_ID

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from conformance.reference.procesio.server import Procesio

SYSTEM: Final = "procesio"
_LISTS: Final = {"processes": "list_processes", "data-types": "list_data_types", "schedules": "list_schedules"}
_CREDENTIALS: Final = {b"authorization", b"key", b"value"}


# -- lists ------------------------------------------------------------------------------------------------------------


def _omit_and_mention(words: str, listing: str) -> None:
    @fault(f"pro-{words}-omit-and-mention", SYSTEM, f"leaves the newest of the {words} out, and names it in a message")
    def _(ref: Procesio) -> None:
        usual = ref.operations[listing]

        def shown() -> Any:
            *rest, last = usual() or [{}]
            message = f"{last.get('name')} ({last.get('id')}) is being indexed." if last else ""
            return {"items": rest, "total": len(rest), "message": message}

        ref.operations[listing] = shown


for _words, _listing in _LISTS.items():
    _omit_and_mention(_words, _listing)


@fault("pro-list-processes-capped", SYSTEM, "lists the oldest process, and says that it is page one of one")
def list_processes_capped(ref: Procesio) -> None:
    """A page that claims to be the only one."""
    usual = ref.operations["list_processes"]

    def capped() -> Any:
        shown = usual()[:1]
        return {"items": shown, "count": len(shown), "page": 1, "pages": 1, "hasNext": False}

    ref.operations["list_processes"] = capped


@fault("pro-list-schedules-newest-only", SYSTEM, "lists the newest schedule only")
def list_schedules_newest_only(ref: Procesio) -> None:
    """Cut the others off."""
    usual = ref.operations["list_schedules"]
    ref.operations["list_schedules"] = lambda: usual()[-1:]


@fault("pro-instances-newest-only", SYSTEM, "lists the newest instance of a process only")
def instances_newest_only(ref: Procesio) -> None:
    """Cut the others off."""
    usual = ref.operations["list_instances"]
    ref.operations["list_instances"] = lambda process_id: usual(process_id)[-1:]


@fault("pro-list-keys-empty", SYSTEM, "lists no API keys, although there are some")
def list_keys_empty(ref: Procesio) -> None:
    """Show an empty list."""
    ref.operations["list_keys"] = list


@fault("pro-primitive-list-holds-own", SYSTEM, "lists and counts the data types of the tenant as primitive")
def primitive_list_holds_own(ref: Procesio) -> None:
    """Take every data type for a primitive one."""
    types = ref.data_types.types
    ref.operations["list_primitive_types"] = lambda: list(types.values())
    ref.operations["count_primitive_types"] = lambda: len(types)


@fault("pro-strangers-get-empty-list", SYSTEM, "returns 200 with an empty list to callers without credentials")
def strangers_get_empty_list(ref: Procesio) -> None:
    """Filter by the user instead of refusing."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            listing = scope["type"] == "http" and scope["method"] == "GET"
            if listing and scope["path"] in ("/api/Projects", "/api/Schedules"):
                presented = {name for name, _ in scope["headers"]}
                if not presented & _CREDENTIALS:
                    await Answer([])(scope, receive, send)
                    return
            await app(scope, receive, send)

        return served

    ref.wrap(wrap)


# -- without effect ---------------------------------------------------------------------------------------------------


@fault("pro-token-opens-nothing", SYSTEM, "issues tokens that no operation accepts")
def token_opens_nothing(ref: Procesio) -> None:
    """Accept no token."""
    ref.token_accepted = lambda _: False


@fault("pro-toggle-counts-revision", SYSTEM, "counts a change of activation as a revision, and changes nothing else")
def toggle_counts_revision(ref: Procesio) -> None:
    """Let the toggle change the revision and the date of a change, but not the state."""

    def touch(process_id: str) -> Any:
        process = ref.workspace.read_process(process_id)
        process["revision"] = process.get("revision", 1) + 1
        process["modifiedOn"] = ref.clock().isoformat()
        return {"id": process["id"], "revision": process["revision"]}

    ref.operations["toggle_activation"] = touch


@fault("pro-rename-folder-display-only", SYSTEM, "changes only the display name of a folder, not its name")
def rename_folder_display_only(ref: Procesio) -> None:
    """Keep the name in the tree, and add a display name."""
    displayed: dict[str, str] = {}
    tree = ref.operations["list_folders"]

    def rename(body: dict[str, Any]) -> Any:
        folder = ref.actions.folders.named(body)
        displayed[folder["id"]] = str(body.get("name"))
        return {"id": folder["id"], "displayName": displayed[folder["id"]]}

    def shown(node: dict[str, Any]) -> Any:
        inner = {**node, "children": [shown(item) for item in node["children"]]}
        return {**inner, "displayName": displayed[node["id"]]} if node["id"] in displayed else inner

    ref.operations["rename_folder"] = rename
    ref.operations["list_folders"] = lambda: shown(tree())


@fault("pro-renamed-folder-old-path", SYSTEM, "returns the path of a renamed folder with the old name")
def renamed_folder_old_path(ref: Procesio) -> None:
    """Remember the first name for the path."""
    first: dict[str, str] = {}
    rename, read = ref.operations["rename_folder"], ref.operations["read_folder"]

    def noted(body: dict[str, Any]) -> Any:
        first.setdefault(body["id"], ref.actions.folders.named(body)["name"])
        return rename(body)

    def stale(folder_id: str) -> Any:
        found = read(folder_id)
        old = first.get(found["id"])
        return {**found, "name": old, "path": f"{found['path'].rpartition('/')[0]}/{old}"} if old else found

    ref.operations["rename_folder"], ref.operations["read_folder"] = noted, stale


@fault("pro-data-type-found-by-first-name", SYSTEM, "finds a data type only by the name with which it was created")
def data_type_found_by_first_name(ref: Procesio) -> None:
    """Look the name up in an index that no modification touches."""
    index: dict[str, str] = {}
    create = ref.operations["create_data_type"]

    def noted(body: dict[str, Any]) -> Any:
        made = create(body)
        index[made["id"]] = made["name"]
        return made

    def find(name: str) -> Any:
        for kind in ref.data_types.types.values():
            if index.get(kind["id"], kind["name"]) == name:
                return kind
        raise HTTPException(404, "There is no data type of this name.")

    ref.operations["create_data_type"], ref.operations["find_data_type"] = noted, find


@fault(
    "pro-update-echoes-only", SYSTEM, "shows a modified process in the response and the list, but not when it is read"
)
def update_echoes_only(ref: Procesio) -> None:
    """Keep the new name for the list."""
    names: dict[str, str] = {}
    listing = ref.operations["list_processes"]

    def update(body: dict[str, Any]) -> Any:
        changed = ref.workspace.changed(body)
        names[changed["id"]] = changed["name"]
        return changed

    ref.operations["update_process"] = update
    ref.operations["list_processes"] = lambda: [
        {**item, "name": names.get(item["id"], item["name"])} for item in listing()
    ]


def _delete_says_false(words: str, operation: str, read: str) -> None:
    @fault(
        f"pro-delete-{words}-says-false",
        SYSTEM,
        f"returns 200 for the deletion of a {words}, and says that it did not delete it",
    )
    def _(ref: Procesio) -> None:
        usual = ref.operations[read]
        details = {"deleted": False, "reason": "It is in use."}
        ref.operations[operation] = lambda identifier: {"id": usual(identifier)["id"], **details}


for _words in ("process", "template"):
    _delete_says_false(_words, f"delete_{_words}", f"read_{_words}")


@fault(
    "pro-launch-queued-for-ever", SYSTEM, "always returns that a launch is queued, with the current time in each status"
)
def launch_queued_for_ever(ref: Procesio) -> None:
    """Execute nothing, and tell the time."""
    status = ref.operations["read_status"]

    def launch(instance_id: str) -> Any:
        return {"id": ref.workspace.instance(instance_id).id, "queued": True}

    ref.operations["launch_instance"] = launch
    ref.operations["read_status"] = lambda instance_id: {**status(instance_id), "askedOn": ref.clock().isoformat()}


@fault("pro-run-leaves-ready", SYSTEM, "creates an instance when a process is run, but does not launch it")
def run_leaves_ready(ref: Procesio) -> None:
    """Publish where a run should execute."""
    run = ref.operations["run_process"]

    def ready(process_id: str, body: dict[str, Any]) -> Any:
        made = run(process_id, body)
        ref.workspace.instance(made["id"]).launched = None
        return made

    ref.operations["run_process"] = ready


@fault("pro-publish-same-instance", SYSTEM, "publishes the same instance until it is launched")
def publish_same_instance(ref: Procesio) -> None:
    """Make a new instance only where none waits."""
    publish = ref.operations["publish_process"]

    def reuse(process_id: str) -> Any:
        asked = ref.workspace.read_process(process_id)["id"]
        started = ref.workspace.started.values()
        waiting = [instance.id for instance in started if instance.process["id"] == asked and instance.launched is None]
        return {"id": waiting[0], "requestId": str(uuid4())} if waiting else publish(process_id)

    ref.operations["publish_process"] = reuse


@fault("pro-run-joins-running", SYSTEM, "returns the running instance of a process instead of starting another one")
def run_joins_running(ref: Procesio) -> None:
    """Start a new instance only where none runs for as long."""
    run = ref.operations["run_process"]
    running: dict[str, Any] = {}

    def join(process_id: str, body: dict[str, Any]) -> Any:
        instance = ref.workspace.started.get(running.get(process_id, {}).get("id", ""))
        if instance is None or instance.status(ref.clock()) != "Running":
            running[process_id] = run(process_id, body)
        return running[process_id]

    ref.operations["run_process"] = join


# -- another one ------------------------------------------------------------------------------------------------------


@fault("pro-read-process-config-of-neighbour", SYSTEM, "returns another process under the id of the requested one")
def read_process_config_of_neighbour(ref: Procesio) -> None:
    """The identifier is right, the configuration is that of the first process."""
    read = ref.operations["read_process"]
    ref.operations["read_process"] = lambda process_id: {**deepcopy(read(PROCESS_ID)), "id": read(process_id)["id"]}


def _read_newest(words: str, read: str, under_its_id: bool) -> None:
    message = "returns the newest {} under the requested id" if under_its_id else "returns the newest {}"
    name = f"pro-read-{words}-{'config-of-newest' if under_its_id else 'newest'}"

    @fault(name, SYSTEM, message.format(words.replace("-", " ")))
    def _(ref: Procesio) -> None:
        usual = ref.operations[read]
        things = {
            "read_schedule": ref.schedules.kept,
            "read_action": ref.actions.actions,
            "read_template": ref.actions.templates,
        }

        def newest(identifier: str) -> Any:
            asked = usual(identifier)
            last = list(things[read].values())[-1]
            return {**last, "id": asked["id"]} if under_its_id else last

        ref.operations[read] = newest


for _words in ("schedule", "action"):
    _read_newest(_words, f"read_{_words}", under_its_id=True)
_read_newest("template", "read_template", under_its_id=False)


@fault("pro-read-template-other", SYSTEM, "returns another template")
def read_template_other(ref: Procesio) -> None:
    """Answer the same stranger for every one that is there."""
    read = ref.operations["read_template"]
    stranger = {"id": str(uuid4()), "name": "Standard"}
    ref.operations["read_template"] = lambda identifier: {**read(identifier), **stranger}


@fault("pro-find-data-type-by-prefix", SYSTEM, "finds the first data type whose name begins like the requested one")
def find_data_type_by_prefix(ref: Procesio) -> None:
    """Compare the first letters only."""

    def find(name: str) -> Any:
        for kind in ref.data_types.types.values():
            if kind["name"][:4] == name[:4]:
                return kind
        raise HTTPException(404, "There is no data type of this name.")

    ref.operations["find_data_type"] = find


@fault("pro-payload-of-first", SYSTEM, "returns the payload of the first process for every identifier")
def payload_of_first(ref: Procesio) -> None:
    """Always read the same process."""
    payload = ref.operations["read_payload"]

    def first(process_id: str) -> Any:
        ref.workspace.read_process(process_id)
        return payload(PROCESS_ID)

    ref.operations["read_payload"] = first


@fault("pro-process-analytics-of-newest", SYSTEM, "returns the analytics of the newest process for every identifier")
def process_analytics_of_newest(ref: Procesio) -> None:
    """Always tell of the process that was created last."""
    analytics = ref.operations["read_process_analytics"]

    def newest(process_id: str) -> Any:
        ref.workspace.read_process(process_id)
        return analytics(list(ref.workspace.processes)[-1])

    ref.operations["read_process_analytics"] = newest


@fault("pro-instance-analytics-of-first", SYSTEM, "returns the analytics of the first instance for every identifier")
def instance_analytics_of_first(ref: Procesio) -> None:
    """Always tell of the same instance."""
    analytics = ref.operations["read_instance_analytics"]

    def first(instance_id: str) -> Any:
        ref.workspace.instance(instance_id)
        return analytics(next(iter(ref.workspace.started)))

    ref.operations["read_instance_analytics"] = first
