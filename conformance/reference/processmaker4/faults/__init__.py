"""Faults of the ProcessMaker 4 reference, one function each."""

from conformance.reference.processmaker4.faults import (  # noqa: F401 - each registers its faults
    disguised,
    unusual,
    values,
)
