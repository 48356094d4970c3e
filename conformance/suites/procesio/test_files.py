"""Files: the content of a download (procesio-api.txt, lines 78-81). No operation reads an upload."""

from __future__ import annotations

import pytest

from conformance.engine.session import Session
from conformance.suites.procesio.answers import answers_something


@pytest.mark.requirement("PRO-FILE-DOWNLOAD-CONTENT")
def test_a_download_has_content(session: Session) -> None:
    answers_something(session, "PRO-FILE-DOWNLOAD-CONTENT", "downloadFile")
