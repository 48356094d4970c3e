"""Hooks of mkdocs: pages of the repository that are not in `docs/` are in the site too, and every link fits there."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any, Final

TOP: Final = Path(__file__).parents[1]
BESIDE: Final = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "reports/README.md": "reports.md",
}
"""The pages beside `docs/`, by their path in the repository, with their path in the site."""
_LINK: Final = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"^```.*?^```|`[^`\n]*`(?!\])", re.DOTALL | re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Add the pages beside `docs/`."""
    from mkdocs.structure.files import File  # the tests read this module without mkdocs

    for source, path in BESIDE.items():
        files.append(File.generated(config, path, content=(TOP / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fit the links of a page."""
    path = page.file.src_uri
    sources = {site: source for source, site in BESIDE.items()}
    return fitted(markdown, sources.get(path, f"docs/{path}"), path)


def fitted(markdown: str, source: str, path: str) -> str:
    """A page of the repository at `source` as a page of the site at `path`.

    A link to what is in the site leads there. Of a link to any other file of the repository only the text is left.
    """

    def link(found: re.Match[str]) -> str:
        image, text, target = found.groups()
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        place, hash_, anchor = target.partition("#")
        there = posixpath.normpath(posixpath.join(posixpath.dirname(source), place))
        inside = BESIDE.get(there) or (there.removeprefix("docs/") if _in_docs(there) else "")
        if not inside:
            return text
        return f"{image}[{text}]({posixpath.relpath(inside, posixpath.dirname(path) or '.')}{hash_}{anchor})"

    parts: list[str] = []
    at = 0
    for code in _CODE.finditer(markdown):  # what is code is left as it is
        parts += [_LINK.sub(link, markdown[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, _LINK.sub(link, markdown[at:])])


def _in_docs(path: str) -> bool:
    return path.startswith("docs/") and (TOP / path).is_file()
