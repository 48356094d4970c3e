"""Faults of the PROCESIO reference, one function each."""

from conformance.reference.procesio.faults import (  # noqa: F401 - each registers its faults
    actions,
    afterwards,
    beside,
    common,
    credentials,
    data_types,
    details,
    disguised,
    elsewhere,
    files,
    general,
    keys,
    missing,
    near_misses,
    resources,
    schedules,
    sequence,
    state,
    unusual,
)
