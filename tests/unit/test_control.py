"""Made-up paths: which no operation takes, and which another one takes."""

from __future__ import annotations

from conformance.spec.free_paths import half_routed, routed, unrouted
from conformance.spec.specification import load


def test_path_that_is_no_operation_with_one_method_may_be_one_with_another() -> None:
    spec = load("processmaker3")
    bulk = spec.operations["bulkDeleteProjects"]
    assert half_routed(spec, bulk, "c0ffee5ca1ab") == ["/api/1.0/{workspace}/project/c0ffee5ca1ab"]
    assert routed(spec, bulk, "c0ffee5ca1ab") == []
    assert unrouted(spec, bulk, "c0ffee5ca1ab") == "/api/1.0/{workspace}/c0ffee5ca1ab/bulk"
