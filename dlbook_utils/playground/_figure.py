"""What all playgrounds share on Python's side: the frame of a figure, and small images in it."""

import base64
import json
import re
import struct
import zlib
from html import escape
from importlib.resources import files

import numpy as np

# The colours of plotting.SIGNED, without importing Matplotlib: from −1 over 0 to 1.
SIGNED_STOPS = ((168, 74, 0), (232, 154, 102), (247, 247, 247), (102, 175, 217), (0, 86, 138))


class Playground:
    """A figure that can be played with; a notebook shows it when it is the last line of a cell.

    Parameters
    ----------
    kind : str
        The name of the figure's script, ``kind.js``, beside ``playground.js``, and of its own
        style, ``kind.css``, if it has one, beside ``playground.css``.
    title, try_this, notice : str
        The head of the figure: its name, one sentence that says what to try, and one that says
        what to notice.
    still : str
        HTML of the opening state. The script puts itself in its place, or brings it to life.
    data : dict
        What the script is to know, as JSON.
    layout : str
        A class for the box around ``still``, where the columns are special.
    more : tuple of str
        Names of further scripts and styles, which come before those of ``kind``.

    Notes
    -----
    The HTML contains no ``id``, so that figures on one page cannot clash. Inside notebooks, dollar
    signs would be taken for formulas: none may stand outside the script.
    """

    def __init__(
        self,
        kind: str,
        title: str,
        try_this: str,
        notice: str,
        still: str,
        data: dict,
        layout: str = "",
        more: tuple[str, ...] = (),
    ):
        self.title = title
        names = ("playground", *more, kind)
        style = "".join(_read(f"{name}.css") for name in names)
        script = "".join(_read(f"{name}.js") for name in names)
        # "<" must not end the script element early.
        known = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        self.html = f"""\
<figure class="dlp" data-playground="{kind}" data-lm-suppress-shortcuts="true" aria-label="{escape(title)}">
<style>
{style}</style>
<figcaption class="dlp-head"><span class="dlp-title">{escape(title)}</span>
<span class="dlp-hint"><b>Try:</b> {escape(try_this)}</span>
<span class="dlp-hint"><b>Notice:</b> {escape(notice)}</span></figcaption>
<div class="dlp-columns {layout}">
{still}
</div>
<p class="dlp-note dlp-still">This is the figure at rest: it can be played with where scripts run.</p>
<script type="application/json">{known}</script>
<script>
(() => {{
"use strict";
{script}}})();
</script>
</figure>
"""

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<Playground: {self.title}>"


def _read(name: str) -> str:
    """A script, or a style sheet if there is one, without what would only weigh."""
    file = files("dlbook_utils").joinpath("playground", name)
    if name.endswith(".css"):
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        return re.sub(r"\s*([{};])\s*", r"\1", text).strip()
    # Comments in a line of their own, or behind two spaces at its end.
    text = re.sub(r"(^ *|  )// .*", "", file.read_text(encoding="utf-8"), flags=re.M)
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def number(value: float, digits: int = 2, plus: str = "") -> str:
    """A number as the scripts print it: a real minus, and never "−0.00"."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else plus) + text


def png(image: np.ndarray) -> str:
    """A small image as a data address: uint8, (height, width) grey or (height, width, 3) colour."""
    height, width = image.shape[:2]
    kind = 0 if image.ndim == 2 else 2  # grey or RGB
    rows = b"".join(b"\0" + row.tobytes() for row in image)  # 0: the row is stored as it is

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9))
    return "data:image/png;base64," + base64.b64encode(file + chunk(b"IEND", b"")).decode()


def signed_colors(values: np.ndarray) -> np.ndarray:
    """Colours of numbers between −1 and 1, (height, width) → (height, width, 3) uint8."""
    places = np.linspace(-1, 1, len(SIGNED_STOPS))
    channels = [np.interp(values, places, channel) for channel in np.transpose(SIGNED_STOPS)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)
