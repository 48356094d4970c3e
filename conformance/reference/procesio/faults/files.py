"""The faults of the PROCESIO reference in its files."""

from __future__ import annotations

from conformance.reference.procesio.faults.common import open_to_all

open_to_all(
    {
        "upload_flow_file": "upload-flow-file",
        "upload_action_file": "upload-action-file",
        "download_file": "download-file",
        "upload_schedule_file": "upload-schedule-file",
    }
)
