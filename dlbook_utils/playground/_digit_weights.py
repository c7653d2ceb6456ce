"""Weights that can be painted, and the digits that make them fire."""

import base64
from dataclasses import dataclass
from functools import cache

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.playground._figure import SIGNED_STOPS, Playground, number, png, signed_colors

# How many digits of each class are shown: 4 ones, 20 others.
SHOWN = {1: 4, 0: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 3, 8: 3, 9: 2}
BRUSHES = [1, 3, 5]


@dataclass(frozen=True)
class DigitWeightsData:
    """The numbers behind the figure ``digit_weights()``.

    Attributes
    ----------
    images : ndarray, (24, 28, 28), uint8
        The digits that are shown, grey values as in MNIST.
    labels : ndarray, (24,), uint8
        Their classes.
    presets : dict
        Name → (weights, bias), with weights (28, 28), int8, in **hundredths**.
    """

    images: np.ndarray
    labels: np.ndarray
    presets: dict[str, tuple[np.ndarray, float]]

    def scores(self, weights: np.ndarray, bias: float) -> np.ndarray:
        """The score z = w·x + b of every digit, exactly as the figure computes it.

        Parameters
        ----------
        weights : ndarray, (28, 28)
            Whole hundredths: 100 stands for the weight +1.
        bias : float

        Returns
        -------
        ndarray, (24,)
            The digit makes the neuron fire where the score is above 0.
        """
        # Σ pixel · hundredths is a whole number, so no order of adding can change it; then
        # 255 · 100 brings the ink into the range from 0 to 1 and the weights to units.
        sums = (
            self.images.reshape(len(self.images), -1).astype(np.int64) @ np.asarray(weights, np.int64).ravel()
        )
        return sums / 25500 + bias


@cache
def digit_weights_data() -> DigitWeightsData:
    """What ``digit_weights()`` shows: the digits, and the weights that its buttons set.

    Returns
    -------
    DigitWeightsData

    Notes
    -----
    The pixels are MNIST's own bytes. The first 7 is the digit that travels through the book, the
    first of the test set; the other 23 were drawn (seed 0) from the book's validation set, the
    last 10,000 training images, since readers tune weights on them. Weights are rounded to whole
    hundredths. Those of "average 1 − average rest" come from the first 50,000 training images;
    its bias is the multiple of ½ with which most of these are right.

    Used in: Chapter 1.
    """
    (x, y), (x_test, _) = load_mnist()
    x_val, y_val = x[50_000:], y[50_000:]
    rng = np.random.default_rng(0)
    chosen = np.concatenate(
        [rng.choice(np.flatnonzero(y_val == digit), n, replace=False) for digit, n in SHOWN.items()]
    )
    images, labels = x_val[chosen].copy(), y_val[chosen].copy()
    images[np.flatnonzero(labels == 7)[0]] = x_test[0]

    bar = np.full((28, 28), -100, dtype=np.int8)
    bar[4:24, 12:16] = 100
    is_one = y[:50_000] == 1
    difference = x[:50_000][is_one].mean(axis=0) - x[:50_000][~is_one].mean(axis=0)
    average = np.round(100 * difference / 255).astype(np.int8)
    return DigitWeightsData(
        images, labels, {"the bar": (bar, -12.0), "average 1 − average rest": (average, -0.5)}
    )


def digit_weights() -> Playground:
    """Paint the 28 × 28 weights of one neuron, and see which of 24 real digits make it fire.

    Returns
    -------
    Playground
        A weight image to paint on with the weights +1, 0 and −1 (mouse, touch, keyboard), a slider
        for the bias, buttons that set ready-made weights, and 24 digits, each with its score
        z = w·x + b and whether the neuron fires, that is, whether z > 0.

    Notes
    -----
    ``digit_weights_data()`` gives the digits and weights, and computes the same scores.

    Used in: Chapter 1.
    """
    data = digit_weights_data()
    presets = [
        {"name": name, "weights": _base64(weights.astype(np.int8).tobytes()), "bias": bias}
        for name, (weights, bias) in data.presets.items()
    ]
    return Playground(
        kind="digit_weights",
        title="Which digits make this neuron fire?",
        try_this="paint the weights and move the bias, until it fires for all four ones and nothing else.",
        notice=(
            "with the bar no bias will do it, since one that lets the slanting 1 fire lets a 3 and an 8 "
            "fire as well; and a stroke counts only where a digit has ink."
        ),
        still=_still(data),
        layout="dlp-painting",
        data={
            "digits": _base64(b"".join(map(_pack, data.images))),
            "labels": data.labels.tolist(),
            "presets": presets,
            "first": 0,
            "colors": SIGNED_STOPS,
            "brushes": BRUSHES,
        },
    )


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _pack(image: np.ndarray) -> bytes:
    """Top, left, height and width of the box that holds all ink, then its grey values row by row."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    box = image[top : rows[-1] + 1, left : columns[-1] + 1]
    return bytes([top, left, *box.shape]) + box.tobytes()


def _still(data: DigitWeightsData) -> str:
    """The opening state as HTML. The digits stay when the script starts; it rewrites their verdicts."""
    weights, bias = next(iter(data.presets.values()))
    scores = data.scores(weights, bias)
    fires, is_one = scores > 0, data.labels == 1
    tiles = []
    for image, label, score in zip(data.images, data.labels, scores, strict=True):
        verdict, right = ("fires", label == 1) if score > 0 else ("silent", label != 1)
        kinds = "dlp-digit" + " dlp-fires" * bool(score > 0) + " dlp-wrong" * (not right)
        mark = "✗ " if not right else "✓ " if score > 0 else ""
        tiles.append(
            f'<div class="{kinds}" role="listitem"><svg viewBox="-1 -1 30 30" role="img" '
            f'aria-label="a handwritten {label}"><image width="28" height="28" href="{png(255 - image)}"/>'
            f'<text x="1.2" y="6.2">{label}</text></svg>'
            f'<span class="dlp-score">{number(score, 1, "+")}</span>'
            f'<span class="dlp-says">{mark}{verdict}</span></div>'
        )
    colors = png(signed_colors(weights / 100))
    listed = "\n".join(tiles)
    described = "The weights, 28 by 28: plus 1 on an upright bar in the middle, minus 1 everywhere else."
    ones = f"{fires[is_one].sum()} of {is_one.sum()} ones"
    others = f"{fires[~is_one].sum()} of {(~is_one).sum()} others"
    rule = f"weights +1 on the blue bar, −1 elsewhere; bias b = {number(bias, 1)}"
    return f"""\
<div class="dlp-area-map"><svg class="dlp-map" viewBox="0 0 28 28" role="img" aria-label="{described}">
<image width="28" height="28" href="{colors}"/></svg></div>
<p class="dlp-area-count dlp-count">z = w·x + b, and the neuron fires where z &gt; 0:
<b>fires for {ones}, {others}</b></p>
<div class="dlp-area-brush dlp-controls">{rule}</div>
<div class="dlp-area-ready dlp-row" role="group" aria-label="ready-made weights"></div>
<div class="dlp-area-digits dlp-digits" role="list">
{listed}
</div>
<p class="dlp-area-note dlp-note"></p>"""
