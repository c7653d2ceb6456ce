"""Nine weights that slide over an image: a filter, edited cell by cell."""

import base64
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.playground._figure import SIGNED_STOPS, Playground, png, signed_colors

# Pixels are whole hundredths and weights whole tenths, so that every product and every sum is a whole
# number of thousandths: exact, here and in the page, in whatever order it is added.
KERNELS = {
    "identity": ((0, 0, 0), (0, 10, 0), (0, 0, 0)),
    "blur": ((1, 1, 1), (1, 2, 1), (1, 1, 1)),
    "sharpen": ((0, -10, 0), (-10, 50, -10), (0, -10, 0)),
    "horizontal edges": ((-10, -10, -10), (0, 0, 0), (10, 10, 10)),
    "vertical edges": ((-10, 0, 10), (-10, 0, 10), (-10, 0, 10)),
    "Laplace": ((0, 10, 0), (10, -40, 10), (0, 10, 0)),
    "emboss": ((-20, -10, 0), (-10, 10, 10), (0, 10, 20)),
}
LIMIT = 90  # of a weight, in tenths

# What it opens with; the window is told by the place of its output.
START = {"image": "photograph", "kernel": "horizontal edges", "row": 14, "column": 23}
CREDIT = (
    "Photograph: china.jpg of scikit-learn, by danielbuechele (flickr.com/photos/danielbuechele/6061409035), "
    "CC BY 2.0 (creativecommons.org/licenses/by/2.0); cut out, made grey and small."
)


@dataclass(frozen=True)
class Image:
    """A square image in whole hundredths, and whether 100 is drawn black (ink) or white (light)."""

    name: str
    pixels: np.ndarray
    is_ink: bool


@cache
def images() -> dict[str, Image]:
    """The photograph, 64 × 64, and the digit that travels through the book, 28 × 28."""
    photograph = np.frombuffer(zlib.decompress(base64.b64decode(PHOTOGRAPH)), np.uint8).reshape(64, 64)
    _, (x_test, _) = load_mnist()
    digit = np.floor(x_test[0] / 2.55 + 0.5).astype(np.uint8)
    return {
        "photograph": Image("photograph", photograph, is_ink=False),
        "digit": Image("the digit 7", digit, is_ink=True),
    }


def places(size: int, stride: int, padding: str) -> tuple[int, int, int]:
    """How long the output is, and how many zeros stand before and after the input: as in Keras."""
    if padding == "valid":
        return (size - 3) // stride + 1, 0, 0
    count = -(-size // stride)
    zeros = max((count - 1) * stride + 3 - size, 0)
    return count, zeros // 2, zeros - zeros // 2


def filtered(pixels: np.ndarray, kernel: np.ndarray, stride: int = 1, padding: str = "valid") -> np.ndarray:
    """The output in whole thousandths, exactly as the figure computes it.

    Parameters
    ----------
    pixels : ndarray, (size, size)
        Whole hundredths.
    kernel : ndarray, (3, 3)
        Whole tenths.
    stride : int
    padding : {"valid", "same"}

    Returns
    -------
    ndarray, (count, count), int64
    """
    count, before, after = places(len(pixels), stride, padding)
    padded = np.pad(pixels.astype(np.int64), (before, after))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))[::stride, ::stride]
    return np.einsum("ijab,ab->ij", windows[:count, :count], np.asarray(kernel, dtype=np.int64))


def filter_lab() -> Playground:
    """Edit nine weights, slide them over an image, and see the products, their sum, and the output.

    Returns
    -------
    Playground
        A photograph of 64 × 64 pixels, or the travelling 7, with a window of 3 × 3 that is moved by
        mouse, finger or arrow keys; the nine pixels under it, each beside its weight, which can be
        typed or raised and lowered, and their product; the sum of the nine, and the whole output with
        the place that the window has just computed; seven ready-made filters; padding and stride.
        It opens with horizontal edges of the photograph.

    Notes
    -----
    As in Keras, the filter is not flipped, and "same" puts the odd zero of a stride of 2 at the bottom
    and at the right. Pixels lie between 0 and 1 (the photograph: black to white; the digit: paper to ink)
    and are rounded to hundredths, weights to tenths: every printed product and sum is exact. Where all
    outputs are 0 or more they are drawn in grey like the input; otherwise orange is negative, blue
    positive, and negative pixels carry a small dash. A screen reader is told the window's place and sum,
    700 ms after the last change.

    Used in: Chapter 4.
    """
    return Playground(
        kind="filter_lab",
        title="A filter: nine weights, the same everywhere",
        try_this=(
            "drag the window over the eaves and into the sky. Then choose vertical edges, or change the "
            "weights: which nine find the slanting stroke of the 7?"
        ),
        notice=(
            "every output pixel is the sum of nine products, of the pixels under the window with the nine "
            "weights; the pixels change from place to place, the weights do not. Where the image is even, "
            "weights that add up to 0 give 0."
        ),
        still=_still(),
        layout="dlp-lab",
        data={
            "images": {
                key: {
                    "name": one.name,
                    "size": len(one.pixels),
                    "ink": one.is_ink,
                    "pixels": base64.b64encode(one.pixels.tobytes()).decode(),
                }
                for key, one in images().items()
            },
            "kernels": KERNELS,
            "limit": LIMIT,
            "begin": START,
            "credit": CREDIT,
            "colors": SIGNED_STOPS,
        },
    )


# --- The opening state, as filter_lab.js draws it -------------------------------------------------


def exact(thousandths: int) -> str:
    """A number without the zeros at its end."""
    text = f"{abs(thousandths) / 1000:.3f}".rstrip("0").rstrip(".")
    return ("−" if thousandths < 0 else "") + text


def grey(values: np.ndarray, most: int, is_ink: bool) -> np.ndarray:
    """0 … most → 0 … 255, or the other way round where 0 is paper."""
    shades = np.floor(255 * values.astype(float) / most + 0.5).astype(np.uint8)
    return 255 - shades if is_ink else shades


def picture_of(output: np.ndarray, is_ink: bool) -> tuple[np.ndarray, int]:
    """The output as an image, and the number that its strongest colour stands for."""
    most = int(max(abs(output).max(), 1000 if output.min() >= 0 else 1))
    return (grey(output, most, is_ink) if output.min() >= 0 else signed_colors(output / most)), most


def legend(output: np.ndarray, most: int, is_ink: bool) -> list[str]:
    """What colours stand for: the lowest number, the words in the middle, the highest number."""
    if output.min() >= 0:
        return ["0", "black is more" if is_ink else "white is more", exact(most)]
    return [exact(-most), "orange: negative, blue: positive", exact(most)]


def _frame(top: int, left: int, side: int) -> str:
    place = f'x="{left}" y="{top}" width="{side}" height="{side}"'
    return f'<rect class="dlp-rim" {place}/><rect class="dlp-frame" {place}/>'


def _still() -> str:
    image, kernel = images()[START["image"]], np.array(KERNELS[START["kernel"]])
    size, row, column = len(image.pixels), START["row"], START["column"]
    output = filtered(image.pixels, kernel)
    picture, most = picture_of(output, image.is_ink)
    under = image.pixels[row : row + 3, column : column + 3].astype(int)
    cells = []
    for line in range(3):
        row_of_cells = "\n".join(
            f'<td><span class="dlp-pixel">{exact(10 * under[line, k])} ×</span> '
            f'<span class="dlp-weight">{exact(100 * kernel[line, k])}</span> '
            f'<span class="dlp-product">= {exact(under[line, k] * kernel[line, k])}</span></td>'
            for k in range(3)
        )
        cells.append(f"<tr>{row_of_cells}</tr>")
    low, middle, high = legend(output, most, image.is_ink)
    count, nine = len(output), "\n".join(cells)
    return f"""\
<div class="dlp-row dlp-area-choose">a {image.name}, {size} × {size}; {START["kernel"]}</div>
<div class="dlp-area-map"><span class="dlp-over">input</span>
<svg class="dlp-map" viewBox="-1 -1 {size + 2} {size + 2}" role="img" \
aria-label="A pagoda above trees, 64 by 64 pixels; the window is at row {row}, column {column}.">
<image width="{size}" height="{size}" href="{png(grey(image.pixels, 100, image.is_ink))}"/>\
{_frame(row, column, 3)}</svg></div>
<div class="dlp-area-out"><span class="dlp-over">output</span>
<svg class="dlp-map" viewBox="0 0 {count} {count}" role="img" \
aria-label="The output: the eaves have become stripes, \
orange where it gets darker downwards, blue where lighter.">
<image width="{count}" height="{count}" href="{png(picture)}"/>{_frame(row, column, 1)}</svg>
<div class="dlp-legend"><span>{low}</span><span>{middle}</span><span>{high}</span></div></div>
<div class="dlp-area-table"><span class="dlp-over">pixel × weight = product</span>
<table class="dlp-nine" aria-label="the nine products under the window">
{nine}
</table><div class="dlp-row dlp-area-turn"></div></div>
<p class="dlp-area-count dlp-count"><b>sum of the nine: {exact(output[row, column])}</b>
<span>the output at row {row}, column {column} of {count} × {count}</span></p>
<div class="dlp-area-set dlp-controls"></div>
<p class="dlp-area-note dlp-note">{CREDIT}</p>"""


# 64 × 64 whole hundredths of grey: china.jpg of scikit-learn, rows 20 to 403 and columns 4 to 387, its
# grey (0.299 R + 0.587 G + 0.114 B) averaged over 6 × 6 pixels.
PHOTOGRAPH = """
eNqNlgdX21oSgM+DYNzULVm9XF31Zsuy5YppxlTzEiAkedn//zd2ZAiYZHfPjow4B/zdmTt9c39///erfK7ky1YetvJYyVMlX0Gen5+/
VfL9+w+Qfyr5+fP+nd/Sn3/Dby4+/4H/xu9q/x1/Uq3Rw5Z//sW/6P/njd+B/1T/6Kj50y/+247+N/4D/mXn9lv8sShXb+Y/v+Jb+3+8
8Dv0b+ZvD1ij8vxxl//+P/gvv/v+6XHIu9HZ1//G/9zyH23fvfzjgy9H6Ozp9YBv/we/Sz8+zM0gkfRyx3/f3w4AfGv/f/DdK/55MnRn
aayYxcPzTvTf+Ur/n8a/0o+Xo8V5MulnoagHt2/h+xWAF/yF/2D7K387LU9X8+Ww38tSVbKnT7/p/+dP/a/8l4fHh+vp6PhiVSxm/R5I
ZgtacHL2Uf0L/5t6eN2P1stRuVyvLxfDaX/Qz7Je3o9NSdJO75/e0v/Hf+YvLs4vitFidXV1tZ7xXpyB9b1eCoeEhqJK8y/HX9/L5yO/
tb2flpOL9cXZ8bhvEw2KEDXDxo4XeK5v65KgY+Pm8dv3D/p3r/4waIimITJEo16vHzRa8KvVbLbaBEHTFNmh+f4oTfLz9/D9/JjxDwEQ
tVc5bNabbYIiqg9JtimmS5IdLS6y6bv6f33U/9knD5r1WqNJkDTXEV3bQRjbFrKRpslaB4ygaPnkHf/D/seN1ezIhmbqmiIJnGRIpmUh
y7axaxaTwhXN+fOu+3++uu+Nf3w4ExmeVlQLSZTKhrw0jIdxqYkhh8Kkl1/sVG91wvUfNf9FpAzKxQGWqC6LOqLvRm6qAI/zPLHXH9vf
z6s/O65JdkiaJIg2yQtSVxQlSVEUSdXzZJA5Fx/bx3v+/7pBsVQpmqEZhuME2zBUzdAMwzBRHMj89ORk+X3z4Qb3u23r+nJVaixN0exW
uBG2dNXQNV1CjuMqbEdxZw7ePH59v8L5bv2WXZZjGYgcxwtdS2ex53t+FPiuV32wrXS0xdEw9sMvbyZM/75/5wOKYjmm0sxbjkqRLAdX
1yDxddU0NF0WJDosx6PB4PrNC+uT4/f+M65X+QbZWiUsw8mupUiiLEqiKMqyomM7NRFC4ejprQn+6Luj4/XNrx521VM1TdHB64Zi8MjK
bZxGKZwixXGmmtkgH0fD5WpnDEQIvlG+HTAx3WaHOzysU51WrcWLNMFofFfguWZX7DJdR9Mk/Wm504nccFpiL9y8zoGpW0DVQdkQrXaz
xQJEyYauqCYlyCon4SoYj/OvbxPhGXtJv1/kpzebO3g2pZ03260mlAlBNImOIMuUikxNs+mOarCagy1D30xhTlYOq7pVhLEbh/n1zeX1
3dXtzRCB/ladJuk22SS6vKyQKtIt1aA5WRNcP/QG3mq+2dz9ksSJXIyD2SwZrM5X533BboFmluIImqBlzYQCdCwDIVlyHScupuPRZDq7
vFxfXkKLu7q8Sn3DRlHoWTgtz05XGdlpg0DDaFNtUkGGpdi6bpiWJrs23DUfjBenF5cnZycnpydn56tVoFvI9yEKdt5brxdY6AoCD9Lh
eUH1BvkAemevn/UHvUFe5MOTm4vT5dHy5PQUjD1bnZ87AdCR68VxkcxmBUHRNEkyTFVADOcGGC6HLMu0bNNE2MH9xXwx7Z+e39zc3N5e
3d5ubNtNvL5b9CwP+oRNQbdsNFvV02qRuqnp20fTdVkxTN3qDY+Wi+Ohc3x9e3+/geVD12OYUHlloo8lgiEZ9qX84NVRFIyQaCGz8oDt
OsjC+elyvpjnaZxsN5/PqBxEw2FZjufDNsVx0DYI0Fx1bILsxhZ2vcD3XAfav41t3yCUYnx0dLScxOnN9gDc66fJuBzN54jnoWx5jmUp
Cvo1uMEZJ45nByj0vNCL/SQNAlug1aPFbDKc3t7dbeAGcZD28qIsijHHCF1ZripNEgVeMjw8AZcHedgPMj+Iwn6UJn5gCUI+zPrDy1uQ
m7u7LMyKfDofFwOnA8XPC6KoePkgL48HohfGce6mTop97DjINixD4rWuOygXsysIwN3d7d0IMmI8nMzGi+Vx3oabE21ZR9iNENPmWVFX
dFEVZcgKURC6omaZg7Ao/aPy8vpF5jNw53xxtACnDISE1Wm4Ps0QMO5oWelKsqoJkIC6CmME8UIHOVycB7Px+vq6SuCrUbkAOap8upyo
SxJs+OuvvTbPNVqC7JgQTE1XmrWDgxonHIBTaYeFUTSaXryov8JhebTl4VXSfdo4rO//tbdX39vb3yO5/drBp09UvRrEtRZbY1iG8ZTQ
EZPJ2Za+vra9CFISBF7jhtoi6wf7+8Dvf/q01yQ/NRq1Gtsm6HbrkOgc8pwg+1qcDcblGsy/Bie4YVzMK4EjwoNq9NY+7e/tNz4dAE8d
tIh6jSNppk3U23xdVmQ9GE0X09H9/VlVwddXDsRvtpX5TDms1+rNw0r/K18DrsaT0JNbjbZCyMhKg7PRZP14Opmstj0gTuNw0MvCMCxi
ukm0qBbRrB8eNPaBbwuHsIYcalxHEGWtawXJ0Mv8crFZT8syLC/WVcH7SZIiHTmu1um0m41qcSEohqMImqQwTA7s6SYE0LJ0nMRpMRjd
bmbD8dmxGwzzxaJv+I7by7CP6BbdkWDFUi24o6NTzXabcqDyTcOEYR6NZsfHEKVZP0qGo+XqCEogxkWRBTr8Mwgdq81SBMeILcnEqhX5
LiSr2SvmVWLAd3uhqSgqpIKi+uOzk/l0Poej0tTxYCj5YQyLjtC1q4Mc35VE249dTg4y19Rg/FuQxYYqSxr0EwGNVkfj8WQ2LQvJlFVV
8qMwSEIXJq3vBiEyXRcLuuYorTZrgDpZltVqDdAUUTGwg5AWjqcTqJme3OlyrGmlsBs6YWzqSHOSUO9KXYMXcGDAvBc1TVMV8IphWLYH
OmCXsTtaMZmOikFsaDBcHdnCYYatIODBThfLDEw7TYW+6cNPEIa+FwcOCt3IT+NBmg3iGIJR5hm4yFZVFWHDciMPmqwkU5yCTZMVWKVr
W46HfNfxwgQyLB3GRVQkw6SfZG7oW8wwibzUVEWm47uybMq272LYE0QXIZWF7UMXFWRjE8ECGWRZlifDeBQX8SDMQt/0AhcbKnhW6HRV
39d8T2WqE2xsuYEud2HmcB09hsxxTMML4jzr9aKel9gJcjTbDmEnD4NYowWpwkxVjxJkmL6hCIYcxpYVmqIsWaKq2RqEK4yiKI5sBTJJ
7LIGqciuOBxhs8OQrQbLINtOwjyJQ49mFcvyoiBwq1hploJtiJrkRRHy/EDXQseVW8YewSFtlJkySTealAh/RV4SDzwcqpYTIcX2Q5QE
putIPDawrku2i0wTY4eRsWHzVE3gLJR6XbbZ7TCapP4bqQU1Gg==
"""
