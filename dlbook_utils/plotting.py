"""One figure style for the whole book, and the few drawings that several chapters share.

Colours are those of Okabe and Ito (2008), which readers with any common form of
colour blindness can tell apart; signed quantities run from orange (negative)
over white (zero) to blue (positive).
"""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

__all__ = ["COLORS", "SIGNED", "image_grid", "show_graph", "show_image", "show_weights", "use_style"]

# Okabe & Ito, Color Universal Design, https://jfly.uni-koeln.de/color/
COLORS = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "yellow": "#E69F00",
    "sky": "#56B4E9",
    "black": "#222222",
    "grey": "#767676",
}

SIGNED = LinearSegmentedColormap.from_list("signed", ["#A84A00", "#E89A66", "#F7F7F7", "#66AFD9", "#00568A"])


def use_style() -> None:
    """Give all figures that follow the book's style.

    Used in: the first cell of every notebook.
    """
    mpl.rcParams.update(
        {
            "figure.figsize": (5.8, 3.4),  # readable on a phone too
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": mpl.cycler(
                color=[COLORS[name] for name in ("blue", "orange", "green", "purple", "yellow", "sky")],
            ),
            "grid.color": "#E3E3E3",
            "grid.linewidth": 0.8,
            "lines.linewidth": 2.0,
            "legend.frameon": False,
            "image.interpolation": "nearest",
            "image.cmap": "gray_r",
        }
    )


def show_image(ax: Axes, image: np.ndarray, title: str = "", **options) -> AxesImage:
    """Draw one image without ticks: ink dark, background white.

    Parameters
    ----------
    ax
        Where to draw.
    image
        Grey values, (height, width), or colours, (height, width, 3).
    title
        Set above the image, centred.
    **options
        Go to ``ax.imshow``.

    Notes
    -----
    Used in: Chapters 1 to 4 and 8.
    """
    if np.ndim(image) not in (2, 3):
        raise ValueError(
            f"expected an image (height, width) or (height, width, 3), received shape {np.shape(image)}"
        )
    drawn = ax.imshow(image, **options)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color="#BBBBBB", linewidth=0.8)
    ax.set_title(title, loc="center", fontsize="medium", fontweight="normal", pad=4)
    return drawn


def show_weights(ax: Axes, weights: np.ndarray, title: str = "", limit: float | None = None) -> AxesImage:
    """Draw a weight image in signed colours: blue for positive, orange for negative, white for zero.

    Parameters
    ----------
    ax
        Where to draw.
    weights
        Weights, (height, width).
    title
        Set above the image, centred.
    limit
        The absolute value that gets the full colour; by default the largest.

    Notes
    -----
    Used in: Chapters 1, 2 and 4.
    """
    if limit is None:
        limit = float(np.max(np.abs(weights))) or 1.0
    return show_image(ax, weights, title, cmap=SIGNED, vmin=-limit, vmax=limit)


def image_grid(
    images: np.ndarray,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    size: float = 1.0,
    signed: bool = False,
) -> Figure:
    """A figure with many small images, row by row.

    Parameters
    ----------
    images
        (N, height, width).
    titles
        One for each image, or none.
    columns
        Images in a row.
    size
        Width of one image in inches.
    signed
        Draw weights (signed colours, one scale for all) instead of grey values.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no images, or not one title for each.

    Notes
    -----
    Used in: Chapters 1 to 4 and 8.
    """
    images = np.asarray(images)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"expected images (N, height, width) with N > 0, received shape {images.shape}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"expected {len(images)} titles, one for each image, received {len(titles)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = size * (1.28 if titles is not None else 1.05)
    fig, axes = plt.subplots(rows, columns, figsize=(columns * size * 1.05, rows * height), squeeze=False)
    limit = float(np.max(np.abs(images))) or 1.0
    for ax in axes.flat[len(images) :]:
        ax.axis("off")
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        title = titles[i] if titles is not None else ""
        if signed:
            show_weights(ax, image, title, limit)
        else:
            show_image(ax, image, title)
    return fig


def show_graph(
    ax: Axes,
    boxes: Mapping[str, tuple[float, float]],
    arrows: Iterable[tuple[str, str]],
    notes: Mapping[str, str] | None = None,
) -> None:
    """Draw a computational graph: boxes with their text, and an arrow for every use of a value.

    Parameters
    ----------
    ax
        Where to draw. Its limits are set to fit the boxes.
    boxes
        The text of each box and its place (column, row), row 0 at the top.
    arrows
        Pairs of texts, (from, to): the value of the first is used in the second.
    notes
        Something more for some of the boxes, such as a gradient; it stands beneath the text, in orange.

    Raises
    ------
    ValueError
        If an arrow or a note belongs to a box that is not there.

    Notes
    -----
    Used in: Chapter 2.
    """
    arrows, notes = list(arrows), dict(notes or {})
    unknown = {text for pair in arrows for text in pair}.union(notes) - boxes.keys()
    if unknown:
        raise ValueError(f"expected arrows and notes between the boxes, received {sorted(unknown)}")
    place = {"ha": "center", "va": "center", "fontsize": 10}
    frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#777777"}
    framed = {}
    for text, (column, row) in boxes.items():
        note = notes.get(text, "")
        # The frame is fitted to both, which then are written in their own colours.
        both = f"{text}\n{note}" if note else text
        framed[text] = ax.text(column, row, both, color="none", bbox=frame, **place).get_bbox_patch()
        ax.text(column, row, text + "\n" * bool(note), **place)
        ax.text(column, row, "\n" * (1 + text.count("\n")) + note, color="#A84A00", **place)
    for start, end in arrows:  # from the edge of one frame to the edge of the other
        ends = {"patchA": framed[start], "patchB": framed[end], "shrinkA": 0, "shrinkB": 1}
        style = {"arrowstyle": "-|>", "color": "#777777"}
        ax.annotate("", xy=boxes[end], xytext=boxes[start], arrowprops=style | ends)
    columns, rows = zip(*boxes.values(), strict=True)
    ax.set(xlim=(min(columns) - 0.6, max(columns) + 0.6), ylim=(max(rows) + 0.6, min(rows) - 0.6))
    ax.axis("off")
