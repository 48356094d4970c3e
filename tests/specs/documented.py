"""The operations that the documents name, by method and path: taken from the documents, not from the specs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).parents[2]
READINGS: Final = frozenset(
    re.findall(r"^\| (A-[A-Z0-9]+-\w+) \|", (TOP / "docs/readings.md").read_text(encoding="utf-8"), re.MULTILINE)
)

WORKSPACE = "/api/1.0/{workspace}"

PROJECTS = [
    "GET /project", "GET /project/{prj_uid}", "POST /project", "PUT /project/{uid}", "DELETE /project/{uid}",
    "POST /project/bulk", "POST /project/generate-bpmn", "GET /project/{prj_uid}/export", "POST /project/import",
    "GET /project/{prj_uid}/process", "PUT /project/{prj_uid}/process",
]  # fmt: skip
TIPS = [
    "GET /users", "POST /user/{usr_uid}/image-upload", "DELETE /user/{usr_uid}", "POST /group/{grp_uid}/user",
    "GET /departments", "GET /department/{dep_uid}", "GET /role/{rol_uid}/available-users", "DELETE /group/{grp_uid}",
    "GET /cases/unassigned", "GET /cases/{app_uid}/tasks", "GET /cases/{app_uid}", "PUT /cases/{app_uid}/reassign-case",
    "PUT /cases/{app_uid}/execute-trigger/{tri_uid}", "GET /cases/{app_uid}/variables",
    "PUT /cases/{app_uid}/variable", "GET /cases/{app_uid}/input-documents", "POST /cases/{app_uid}/input-document",
    "DELETE /cases/{app_uid}/input-document/{app_doc_uid}",
]  # fmt: skip
PROCESIO = [
    "GET /api/Actions/folders/{id}", "DELETE /api/Actions/folders/{id}", "GET /api/Actions/folders",
    "POST /api/Actions/folders", "PATCH /api/Actions/folders/rename", "GET /api/Actions/templates/{id}",
    "DELETE /api/Actions/templates/{id}", "POST /api/Actions/templates", "GET /api/Actions/{id}",
    "DELETE /api/Actions/{id}", "GET /api/Actions", "POST /api/Actions", "GET /api/Actions/category/{category}",
    "POST /api/Actions/test", "GET /api/Actions/test/{id}", "GET /api/Actions/node",
    "GET /api/ApiKey", "POST /api/ApiKey", "DELETE /api/ApiKey", "DELETE /api/ApiKey/{id}",
    "GET /api/Credentials/types", "POST /api/Credentials/types", "GET /api/Credentials/types/{id}",
    "POST /api/Credentials/test", "GET /api/Credentials", "POST /api/Credentials", "PUT /api/Credentials",
    "GET /api/Credentials/list/{templateId}", "GET /api/Credentials/{id}", "DELETE /api/Credentials/{id}",
    "GET /api/Credentials/verbs/{templateId}", "POST /api/Credentials/upload/{credentialsId}",
    "POST /api/Credentials/upload/test",
    "POST /api/DataTypes", "PUT /api/DataTypes", "GET /api/DataTypes", "GET /api/DataTypes/{id}",
    "DELETE /api/DataTypes/{id}", "GET /api/DataTypes/{value}", "GET /api/DataTypes/primary",
    "GET /api/DataTypes/primary/count",
    "POST /api/File/upload/flow", "POST /api/File/upload/testAction", "GET /api/File/download",
    "POST /api/File/upload/schedule",
    "POST /api/Projects", "PUT /api/Projects", "GET /api/Projects", "POST /api/Projects/validate",
    "DELETE /api/Projects/{id}", "GET /api/Projects/{id}", "GET /api/Projects/{id}/instances/publish",
    "GET /api/Projects/{id}/instances", "GET /api/Projects/instances/{id}/status",
    "GET /api/Projects/instances/{id}/launch", "POST /api/Projects/{id}/run", "GET /api/Projects/{id}/payload",
    "GET /api/Projects/{id}/used", "PATCH /api/Projects/{id}/toggle-activation",
    "GET /api/Resources/used", "GET /api/Resources/analytics/processes",
    "GET /api/Resources/analytics/processes/{id}/details", "GET /api/Resources/analytics/instances/{id}/details",
    "GET /api/Resources/analytics/users",
    "GET /api/Schedules", "POST /api/Schedules", "PUT /api/Schedules", "GET /api/Schedules/{scheduleId}",
    "DELETE /api/Schedules/{scheduleId}", "POST /api/Schedules/{scheduleId}/duplicate",
    "PATCH /api/Schedules/{scheduleId}/status",
    "GET /api/Status",
    "GET /gui/Version", "POST /gui/Version",
]  # fmt: skip

OPERATIONS = {
    "processmaker3": [call.replace(" ", f" {WORKSPACE}") for call in (*PROJECTS, *TIPS)],
    "processmaker4": ["POST /api/1.0/process_events/{process_id}"],
    "procesio": ["POST /api/Authentication", *PROCESIO],
}
