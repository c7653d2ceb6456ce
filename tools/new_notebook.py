"""Start a notebook from ``tools/template.ipynb``, with its first cell and its links written.

python tools/new_notebook.py chapters/NN_chapter/NN_name.ipynb "Title"
"""

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import address

TEMPLATE = Path(__file__).resolve().parent / "template.ipynb"


def new_notebook(path: str, title: str, site: address.Site) -> str:
    """The template's text with this title, equation numbers of this chapter, and what tools write."""
    match = re.fullmatch(r"chapters/(\d\d)_\w+/\d\d_\w+\.ipynb", path)
    if not match:
        raise ValueError(f"expected chapters/NN_chapter/NN_name.ipynb, received {path}")
    text = TEMPLATE.read_text("utf-8").replace("9.99", f"{int(match[1])}.99")
    text = text.replace("# Title", f"# {json.dumps(title)[1:-1]}")
    return address.rewrite_notebook(text, site, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", help="chapters/NN_chapter/NN_name.ipynb, from the repository's root")
    parser.add_argument("title")
    options = parser.parse_args()
    target = address.ROOT / options.path
    if target.exists() or not target.parent.is_dir():
        parser.error(f"{options.path} exists, or its folder does not")
    target.write_text(new_notebook(options.path, options.title, address.read_site()), "utf-8", newline="\n")
    print(f"{options.path}: now name it in _toc.yml")
