"""Files: the service of the PROCESIO reference server that takes files and hands them out."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from starlette.responses import Response

from conformance.reference.forms import Uploads, one_file

SAMPLE: Final = ("sample.txt", b"Nothing was uploaded yet.")


class Files:
    """The files of a workspace, newest last; its public methods are the operations.

    They raise HTTPException (400) where the form holds no file. No operation removes what was uploaded (`uploaded`).
    """

    routes = (
        ("POST", "/api/File/upload/flow", "upload_flow_file"),
        ("POST", "/api/File/upload/testAction", "upload_action_file"),
        ("POST", "/api/File/upload/schedule", "upload_schedule_file"),
        ("GET", "/api/File/download", "download_file"),
    )
    with_body: frozenset[str] = frozenset()
    with_files = frozenset({"upload_flow_file", "upload_action_file", "upload_schedule_file"})
    public: frozenset[str] = frozenset()
    stores: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.uploaded: list[tuple[str, bytes]] = []

    def upload_flow_file(self, files: Uploads) -> dict[str, str]:
        """Keep a file for a process."""
        return self._keep(files)

    def upload_action_file(self, files: Uploads) -> dict[str, str]:
        """Keep a file to test an action with."""
        return self._keep(files)

    def upload_schedule_file(self, files: Uploads) -> dict[str, str]:
        """Keep a file for a schedule."""
        return self._keep(files)

    def download_file(self) -> Response:
        """The newest file."""
        name, content = [SAMPLE, *self.uploaded][-1]
        disposition = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/octet-stream", headers=disposition)

    def _keep(self, files: Uploads) -> dict[str, str]:
        name, content = one_file(files)
        self.uploaded.append((name, content))
        return {"id": str(uuid4()), "name": name}
