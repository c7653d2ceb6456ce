"""Links inside the built book: every page, file and anchor that a link names must be there.

Each page is read once. (A link checker that asks a server for every link and every
anchor anew needs minutes for what is here a matter of seconds.)
"""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup


@cache
def read(page: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """The anchors of a page, and what its links, images and scripts name."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    anchors = {tag[key] for tag in soup.find_all(True) for key in ("id", "name") if tag.has_attr(key)}
    links = [tag[key] for tag in soup.find_all(True) for key in ("href", "src") if tag.has_attr(key)]
    return frozenset(anchors), tuple(links)


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead nowhere inside the book; links to other sites are not followed."""
    broken = []
    for link in sorted(set(read(page)[1])):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or link in ("", "#"):
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            broken.append(f"{link}: no such file")
        elif target.suffix == ".html" and parts.fragment and unquote(parts.fragment) not in read(target)[0]:
            broken.append(f"{link}: no such anchor")
    return broken
