"""The liberties that are tested, besides those of the liberal personality."""

from __future__ import annotations

from typing import Final

from conformance.reference.personality import LIBERAL

from . import (
    count_liberties,
    identity_liberties,
    neighbour_liberties,
    pm3_liberties,
    pm3_membership_liberties,
    pm3_project_liberties,
    pm3_readings,
    pm3_tips,
    procesio_layouts,
    procesio_liberties,
    procesio_readings,
    state_liberties,
    stranger_liberties,
)
from .liberty import Liberty

LIBERTIES: Final = (
    Liberty(
        "liberal",
        "processmaker3",
        unshown=(
            "getProcess.200./pro_*:format",  # null has no format
            "list*.2XX.[[]]*",  # lists in envelopes, rows without
            "readPmTableData.2XX./rows*",
        ),
        findings=(
            "PM3-PROJECT-DELETE-ERROR-TEXT",
            "create*:verbatim",
            "update*:verbatim",
            "*_date:preferred",
            "list*.2XX.:type",  # lists in envelopes, rows in none
            "readPmTableData.2XX.:type",
        ),
        personality=LIBERAL,
    ),
    Liberty("liberal", "processmaker4", personality=LIBERAL),
    Liberty("liberal", "procesio", personality=LIBERAL),
    *count_liberties.LIBERTIES,
    *identity_liberties.LIBERTIES,
    *neighbour_liberties.LIBERTIES,
    *pm3_liberties.LIBERTIES,
    *pm3_membership_liberties.LIBERTIES,
    *pm3_project_liberties.LIBERTIES,
    *pm3_readings.LIBERTIES,
    *pm3_tips.LIBERTIES,
    *procesio_layouts.LIBERTIES,
    *procesio_liberties.LIBERTIES,
    *procesio_readings.LIBERTIES,
    *state_liberties.LIBERTIES,
    *stranger_liberties.LIBERTIES,
)
