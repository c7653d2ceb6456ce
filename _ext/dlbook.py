"""The book's own Sphinx extension: what no setting of Jupyter Book or its theme can do.

- ``{execution-times}``, the table of the notebooks' CPU seconds in the last full build;
- formulas of several lines keep their numbers;
- figures, and the font of the icons, as small files;
- mended pages: scripts that are not needed are dropped, nameless buttons get a name.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from fontTools import subset  # this and Pillow come with Matplotlib
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

# What is wrong in the theme's finished pages, and what to put in its place.
MENDINGS = [
    # Thebe's scripts and settings come although thebe is off: twice, which is an error in the page.
    (re.compile(r"<script[^>]*thebe[^>]*>.*?</script>\s*(?:<script>kernelName = .*?</script>)?", re.S), ""),
    (re.compile(r"<script>[^<]*thebe[^<]*</script>"), ""),
    (re.compile(r"<link[^>]*thebe[^>]*>"), ""),
    # 540 KB of icons as a script, although the style sheet brings the same icons as fonts …
    (re.compile(r"<!-- So that users can add custom icons -->\s*"), ""),
    (re.compile(r"<script[^>]*scripts/fontawesome\.js[^>]*></script>\s*"), ""),
    # … and 118 KB of brand icons, for one button.
    (re.compile(r"\bfab fa-github\b|\bfa-brands fa-github\b"), "fa-solid fa-code-branch"),
    # Entries of the bibliography have a role that is deprecated, and not allowed in their list.
    (re.compile(r'(?<= role=")doc-biblioentry(?=")'), "listitem"),
    # The arrows that unfold a chapter in the sidebar have no name for a screen reader.
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Show or hide the pages of this chapter">',
    ),
]


def mend(html: str) -> str:
    """A page of the theme without the faults listed in ``MENDINGS``; a mended page stays as it is."""
    for fault, remedy in MENDINGS:
        html = fault.sub(remedy, html)
    return html


def keep_tags(app: Sphinx, doctree: nodes.document) -> None:
    r"""Let a formula of several lines keep its ``\tag``.

    Sphinx puts a formula that has ``\\`` in it into a ``split``, where MathJax allows no tag.
    """
    for formula in doctree.findall(nodes.math_block):
        text = formula.astext()
        if r"\tag{" in text and r"\\" in text:
            formula.children = [nodes.Text(rf"\[{text}\]")]
            formula["nowrap"] = True


def slim(path: Path) -> None:
    """A drawing needs few colours: 128 of them, chosen for it, take a third of the bytes.

    They are chosen so that no colour is far from one that stays. (Pillow's default splits the common
    colours finely, and turns a rare dark blue into grey.)
    """
    with Image.open(path) as image:
        if image.mode == "P":
            return
        drawn = image.convert("RGB").quantize(
            128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    drawn.save(path, optimize=True)


def slim_icons(outdir: Path) -> None:
    """Keep of the 1,400 icons in the theme's font the few that a page shows: 5 KB in the place of 156."""
    sheet = outdir / "_static" / "styles" / "pydata-sphinx-theme.css"
    fonts = outdir / "_static" / "vendor" / "fontawesome" / "webfonts"
    css = sheet.read_text(encoding="utf-8")
    compressed = 'url(../vendor/fontawesome/webfonts/fa-solid-900.woff2) format("woff2"),'
    if compressed not in css:
        return  # the font is the small one already
    named = set()
    for page in [*outdir.rglob("*.html"), *(outdir / "_static").rglob("*.js")]:
        named |= set(re.findall(r"\bfa-[a-z0-9-]+", page.read_text(encoding="utf-8")))
    icons = set(re.findall("[\ue000-\uf8ff]", css))  # those of boxes and links, which have no name
    for names, code in re.findall(r'((?:\.fa-[a-z0-9-]+:+before,?)+)\{content:"\\([0-9a-f]+)"', css):
        if named & set(re.findall(r"fa-[a-z0-9-]+", names)):
            icons.add(chr(int(code, 16)))
    for other in (outdir / "_static").rglob("*.css"):
        if other != sheet:
            codes = re.findall(r"\\([ef][0-9a-f]{3})\b", other.read_text(encoding="utf-8"))
            icons |= {chr(int(code, 16)) for code in codes}

    path = fonts / "fa-solid-900.ttf"
    font = subset.load_font(path, subset.Options())
    subsetter = subset.Subsetter()
    subsetter.populate(text="".join(icons))
    subsetter.subset(font)
    font.save(path)
    (fonts / "fa-solid-900.woff2").unlink()
    sheet.write_text(css.replace(compressed, ""), encoding="utf-8")


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            html = path.read_text(encoding="utf-8")
            mended = mend(html)
            if mended != html:
                path.write_text(mended, encoding="utf-8")
        for path in Path(app.outdir, "_images").glob("*.png"):
            slim(path)
        slim_icons(Path(app.outdir))


class ExecutionTimes(SphinxDirective):
    """A table from ``_build/execution_times.json``, which ``tools/execute.py`` writes."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir) / "_build" / "execution_times.json"
        self.env.note_dependency(str(path))
        times = json.loads(path.read_text()) if path.exists() else {}
        if not times:
            return [nodes.paragraph(text="No notebook has been executed with `make book` yet.")]
        rows = []
        for name, entry in times.items():
            _, chapter, notebook = Path(name).parts
            row = (chapter, Path(notebook).stem, f"{entry['cpu']:.0f}", f"{entry['wall']:.0f}")
            rows.append(tuple(cell.replace("_", " ") for cell in row))
        total = sum(entry["cpu"] for entry in times.values())
        rows.append(("All", "", f"{total:.0f}", ""))
        dates = sorted({entry["date"] for entry in times.values()})
        when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        return [
            table(("Chapter", "Notebook", "CPU s", "Wall s"), rows),
            nodes.paragraph(text=f"Executed on {when}."),
        ]


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> nodes.table:
    """A docutils table of plain text."""

    def row(cells):
        return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))

    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row(head))
    group += nodes.tbody("", *(row(cells) for cells in rows))
    return nodes.table("", group)


def setup(app: Sphinx):
    app.add_directive("execution-times", ExecutionTimes)
    app.connect("doctree-read", keep_tags)
    app.connect("build-finished", mend_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
