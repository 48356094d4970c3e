"""Faults of the ProcessMaker 3 reference, one function each."""

from conformance.reference.processmaker3.faults import (  # noqa: F401 - each registers its faults
    access,
    after_update,
    answer,
    case,
    case_document,
    diagram,
    disguised,
    elsewhere,
    file,
    general,
    import_effect,
    importing,
    member,
    neighbour,
    people,
    project,
    sequence,
    stranger,
    tables,
    unusual,
)
