"""Draw a digit, and see what a convolutional network makes of it: two layers of maps, ten probabilities."""

import base64
from dataclasses import dataclass
from functools import cache

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.playground._figure import SIGNED_STOPS, Playground, png, signed_colors
from dlbook_utils.pretrained import load_weights

# The sheet is four times as fine as the network's 28 × 28 pixels.
FINE, SHEET = 4, 112

# Button → test image, the side of its pixels on the sheet, and the corner of its 28 × 28 there, or, for the
# small one, of the box that holds its ink.
PRESETS = {
    "7": (0, 4),
    "2": (1, 4),
    "1": (2, 4),
    "0": (3, 4),
    "4": (4, 4),
    "a 7 it misreads": (684, 4),
    "a 6 it misreads": (2135, 4),
    "the first 7, small, in a corner": (0, 2),
}
CORNER = 8

# The twelve maps of each layer that vary most over 100 validation digits, and what their full blue stands
# for: the number that one activation in 200 exceeds.
MAPS = ((0, 2, 6, 8, 9, 16, 20, 24, 25, 26, 27, 29), (6, 7, 8, 27, 32, 36, 37, 42, 47, 48, 52, 60))
FULL = (0.6, 1.6)
# How they are arranged: the side of a map's pixel, of a kernel's (0: none is drawn), and of a tile.
TILES = (
    {"columns": 6, "cell": 3, "weight": 10, "width": 88, "height": 122},
    {"columns": 6, "cell": 7, "weight": 0, "width": 88, "height": 88},
)


@dataclass(frozen=True)
class Reading:
    """What the network computes of one image.

    Attributes
    ----------
    first : ndarray, (26, 26, 32), float32
        The maps of the first convolution, after ReLU, before pooling.
    second : ndarray, (11, 11, 64), float32
        Those of the second.
    probabilities : ndarray, (10,), float32
    """

    first: np.ndarray
    second: np.ndarray
    probabilities: np.ndarray


def _convolved(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(0, 1))  # (H − 2, W − 2, C, 3, 3)
    return np.maximum(np.tensordot(windows, W, axes=((3, 4, 2), (0, 1, 2))) + b, 0)


def _pooled(x: np.ndarray) -> np.ndarray:
    h, w, channels = x.shape
    x = x[: h // 2 * 2, : w // 2 * 2]
    return x.reshape(h // 2, 2, w // 2, 2, channels).max(axis=(1, 3))  # (H // 2, W // 2, C)


def read_digit(image: np.ndarray) -> Reading:
    """What the worked example's network computes of one image.

    Parameters
    ----------
    image : ndarray, (28, 28)
        Grey values from 0 to 255, as in MNIST.

    Returns
    -------
    Reading

    Notes
    -----
    The weights are ``load_weights("mnist_cnn")``; nothing but NumPy is used.

    Used in: Chapter 4.
    """
    if np.shape(image) != (28, 28):
        raise ValueError(f"image: expected (28, 28), received {np.shape(image)}.")
    W1, b1, W2, b2, W3, b3, W4, b4 = load_weights("mnist_cnn")
    first = _convolved(np.asarray(image, np.float32)[..., None] / 255, W1, b1)
    second = _convolved(_pooled(first), W2, b2)
    hidden = np.maximum(_pooled(second).reshape(-1) @ W3 + b3, 0)
    z = hidden @ W4 + b4
    e = np.exp(z - z.max())
    return Reading(first, second, e / e.sum())


def as_mnist(drawing: np.ndarray) -> np.ndarray:
    """Bring a drawing into the form of MNIST's digits, as its makers did.

    The box that holds all ink is scaled so that its longer side is 20 pixels, with grey values where ink
    covers a pixel in part, and set into 28 × 28 so that its centre of mass comes nearest to the middle.

    Parameters
    ----------
    drawing : ndarray, (height, width)
        Whole numbers, 0 (paper) to 255 (ink).

    Returns
    -------
    ndarray, (28, 28), uint8
        All zeros if there is no ink.

    Notes
    -----
    The recipe is that of LeCun, Bottou, Bengio and Haffner (1998), section III.A; pixel (14, 14) is the
    middle, and a tie goes to the upper left, as MNIST's own centres of mass show. Almost every digit of
    MNIST comes back unchanged, also if its pixels have been enlarged. Sums are whole numbers, so the page
    computes the very same pixels.

    Used in: Chapter 4.
    """
    drawing = np.asarray(drawing)
    if drawing.ndim != 2 or not np.issubdtype(drawing.dtype, np.integer):
        raise ValueError(
            f"drawing: expected whole numbers, (height, width); received {drawing.dtype}, {drawing.shape}."
        )
    if drawing.size and (drawing.min() < 0 or drawing.max() > 255):
        raise ValueError(
            f"drawing: expected numbers from 0 to 255, received {drawing.min()} to {drawing.max()}."
        )
    rows, columns = np.flatnonzero(drawing.any(axis=1)), np.flatnonzero(drawing.any(axis=0))
    result = np.zeros((28, 28), dtype=np.uint8)
    if not len(rows):
        return result
    box = drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.int64)
    height, width = box.shape
    longer = max(height, width)
    h, w = (max(1, (40 * side + longer) // (2 * longer)) for side in (height, width))
    # How much of a pixel lies in each new one, in units that make it a whole number; then the mean.
    sums = _overlaps(height, h) @ box @ _overlaps(width, w).T
    area = height * width
    small = (2 * sums + area) // (2 * area)
    top, left = (
        int(np.clip(np.ceil(13.5 - np.arange(n) @ small.sum(axis=axis) / small.sum()), 0, 28 - n))
        if small.any()
        else 4
        for n, axis in ((h, 1), (w, 0))
    )
    result[top : top + h, left : left + w] = small
    return result


def _overlaps(old: int, new: int) -> np.ndarray:
    """(new, old): the length that new pixel j and old pixel k share if the whole is old · new long."""
    j, k = np.arange(new)[:, None], np.arange(old)
    return np.maximum(np.minimum((j + 1) * old, (k + 1) * new) - np.maximum(j * old, k * new), 0)


def shrunk(sheet: np.ndarray) -> np.ndarray:
    """The sheet as it is, (112, 112) → (28, 28): the means of 4 × 4 pixels, rounded."""
    sums = sheet.astype(np.int64).reshape(28, FINE, 28, FINE).sum(axis=(1, 3))  # (28, 28)
    return ((sums + FINE * FINE // 2) // (FINE * FINE)).astype(np.uint8)


@cache
def preset_images() -> dict[int, tuple[np.ndarray, int]]:
    """Test image and label of every preset."""
    _, (x, y) = load_mnist()
    return {index: (x[index], int(y[index])) for index, _ in PRESETS.values()}


def sheet_of(name: str) -> np.ndarray:
    """The sheet, (112, 112), uint8, that a preset puts there."""
    index, side = PRESETS[name]
    image = preset_images()[index][0]
    sheet = np.zeros((SHEET, SHEET), dtype=np.uint8)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left = (side * rows[0], side * columns[0]) if side == FINE else (CORNER, CORNER)
    large = np.kron(box, np.ones((side, side), dtype=np.uint8))
    sheet[top : top + len(large), left : left + large.shape[1]] = large
    return sheet


def draw_a_digit() -> Playground:
    """Draw a digit, and see what the chapter's convolutional network makes of it.

    Returns
    -------
    Playground
        A sheet of 112 × 112 to draw on (mouse, pen, finger, keyboard) with a pen of chosen width and a
        rubber; real test digits, two of which the network misreads; the 28 × 28 pixels that the network
        receives, scaled and centred as MNIST's were unless that is switched off; twelve feature maps of
        each convolution, those of the first with their nine weights; and the ten probabilities. All is
        computed in the page, anew with every stroke. It opens with the travelling 7.

    Notes
    -----
    ``as_mnist(drawing)`` and ``read_digit(image)`` compute the same in NumPy. The weights of
    ``load_weights("mnist_cnn")`` stand in the page as they are stored, in float16: 325 KB. A screen reader
    is told what the network reads, 700 ms after the last change.

    Used in: Chapter 4.
    """
    weights = load_weights("mnist_cnn")
    numbers = np.concatenate([w.ravel() for w in weights]).astype("<f2")
    return Playground(
        kind="draw_a_digit",
        title="Draw a digit: what does the network see, and what does it read?",
        try_this=(
            "clear the sheet and draw digits of your own. Then put the first 7, small, in a corner, and "
            "switch scaling and centring off."
        ),
        notice=(
            "a map of the first layer answers to strokes of one direction, one of the second to longer "
            "pieces, wherever they stand. Yet the network knows digits only of the size and at the place "
            "that it was trained on; and it has no way to say that something is no digit."
        ),
        still=_still(),
        layout="dlp-drawing",
        data={
            "weights": base64.b64encode(numbers.tobytes()).decode(),
            "shapes": [w.shape for w in weights],
            "images": {
                index: {"pixels": _pack(image), "label": label}
                for index, (image, label) in preset_images().items()
            },
            "presets": [[name, *rest] for name, rest in PRESETS.items()],
            "corner": CORNER,
            "maps": MAPS,
            "full": FULL,
            "tiles": TILES,
            "colors": SIGNED_STOPS,
        },
    )


# --- The opening state, as draw_a_digit.js draws it -----------------------------------------------


def _pack(image: np.ndarray) -> str:
    """The place of the box that holds all ink, its size, and its grey values, in base64."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    box = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return base64.b64encode(
        bytes([int(rows[0]), int(columns[0]), *box.shape]) + np.ascontiguousarray(box).tobytes()
    ).decode()


def picture_of_maps(layer: int, maps: np.ndarray) -> np.ndarray:
    """The twelve chosen maps of a layer as one image; under those of the first, their kernels."""
    tile, kernels = TILES[layer], load_weights("mnist_cnn")[2 * layer]
    rows = -(-len(MAPS[layer]) // tile["columns"])
    picture = np.full((rows * tile["height"], tile["columns"] * tile["width"], 3), 255, dtype=np.uint8)
    strongest = abs(kernels).max()
    for n, k in enumerate(MAPS[layer]):
        top, left = n // tile["columns"] * tile["height"], n % tile["columns"] * tile["width"]
        side = len(maps) * tile["cell"]
        picture[top + 1 : top + side + 3, left + 1 : left + side + 3] = 176  # a grey rim
        colors = signed_colors(np.minimum(maps[..., k] / FULL[layer], 1))
        block = np.ones((tile["cell"], tile["cell"], 1), dtype=np.uint8)
        picture[top + 2 : top + side + 2, left + 2 : left + side + 2] = np.kron(colors, block)
        if not tile["weight"]:
            continue
        cell, values = tile["weight"], kernels[:, :, 0, k] / strongest
        y, x = top + side + 5, left + 2
        block = np.ones((cell, cell, 1), dtype=np.uint8)
        picture[y : y + 3 * cell, x : x + 3 * cell] = np.kron(signed_colors(values), block)
        for a, b in np.argwhere(values <= -0.2):  # negative, also for those who do not see the colour
            picture[y + a * cell + 4 : y + a * cell + 6, x + b * cell + 3 : x + b * cell + 7] = 255
    return picture


def said(probabilities: np.ndarray, label: int | None, is_empty: bool = False) -> tuple[str, str]:
    """What the network reads, and what else there is to say."""
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    how = "above 0.999" if probabilities[first] >= 0.9995 else f"{probabilities[first]:.3f}"  # never 1
    head = f"reads {'an' if first == 8 else 'a'} {first}, probability {how}"
    rest = f"next: {second}, {probabilities[second]:.3f}"
    if is_empty:
        rest = "the sheet is empty, and yet it must choose one of ten"
    elif label is not None:
        rest = f"MNIST’s label: {label} {'✓' if label == first else '✗'} · {rest}"
    return head, rest


def _still() -> str:
    name = next(iter(PRESETS))
    index, _ = PRESETS[name]
    image, label = preset_images()[index]
    given = as_mnist(sheet_of(name))
    reading = read_digit(given)
    head, rest = said(reading.probabilities, label)
    best = int(np.argmax(reading.probabilities))
    bars = "\n".join(
        f'<tr{" class=dlp-best" if digit == best else ""}><th scope="row">{digit}</th>'
        f'<td><div class="dlp-bar" style="width: {100 * p:.1f}%"></div></td><td>{p:.3f}</td></tr>'
        for digit, p in enumerate(reading.probabilities)
    )
    first, second = (png(picture_of_maps(n, maps)) for n, maps in enumerate((reading.first, reading.second)))
    one, two = (
        f"{len(MAPS[n])} of {maps.shape[-1]} maps, {len(maps)} × {len(maps)}"
        for n, maps in enumerate((reading.first, reading.second))
    )
    return f"""\
<div class="dlp-area-map"><svg class="dlp-sheet" viewBox="0 0 28 28" role="img" \
aria-label="The sheet: a handwritten {label}.">
<image width="28" height="28" href="{png(255 - image)}"/></svg></div>
<p class="dlp-area-count dlp-count"><b>{head}</b> <span>{rest}</span></p>
<div class="dlp-area-tool dlp-controls"></div>
<div class="dlp-area-ready dlp-row" role="group" aria-label="digits to put on the sheet"></div>
<div class="dlp-area-given"><span class="dlp-over">what it gets</span>
<svg class="dlp-sheet" viewBox="0 0 28 28" role="img" aria-label="What the network gets: 28 by 28 pixels.">
<image width="28" height="28" href="{png(255 - given)}"/></svg><div class="dlp-option"></div></div>
<table class="dlp-area-bars dlp-bars" aria-label="probability of each digit"><tbody>
{bars}
</tbody></table>
<div class="dlp-area-first"><span class="dlp-over">first convolution: {one}, and their nine weights</span>
<img class="dlp-maps" alt="{said_of_maps(0, reading.first)}" src="{first}"></div>
<div class="dlp-area-second"><span class="dlp-over">second convolution: {two}</span>
<img class="dlp-maps" alt="{said_of_maps(1, reading.second)}" src="{second}"></div>
<p class="dlp-area-note dlp-note"></p>"""


def said_of_maps(layer: int, maps: np.ndarray) -> str:
    """Which of the drawn maps answers most, on average, to a drawing."""
    shown = maps[..., list(MAPS[layer])]
    strongest = MAPS[layer][int(np.argmax(shown.mean(axis=(0, 1))))]
    which = ("first", "second")[layer]
    return (
        f"{len(MAPS[layer])} maps of the {which} convolution; map {strongest} answers most, "
        f"with {shown.max():.1f} at the strongest place of all."
    )
