"""Checkers of the exercises around the worked example: a separable convolution, and five wrong inputs."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from dlbook_utils.convolution import Conv2D, MaxPooling2D
from dlbook_utils.datasets import load_mnist
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.choosing import check_choices
from dlbook_utils.exercises.comparing import (
    Slips,
    Wrong,
    expect_number,
    expect_shape,
    fits,
    name_slip,
    which_slip,
    worst,
)
from dlbook_utils.layers import Dense, Flatten
from dlbook_utils.network import Sequential
from dlbook_utils.pretrained import load_weights

__all__ = [
    "CAUSES",
    "OFFICES",
    "five_offices",
    "post_office",
    "seen_by",
    "separable_backward",
    "separable_forward",
    "separable_share",
]


# --- What a separable convolution costs ---------------------------------------------------------


def share_of_multiplications(kh: int, kw: int, C: int, F: int, m: int) -> float:
    """m (kh kw + F) / (kh kw F): C, and the number of places, cancel."""
    return m * (kh * kw + F) / (kh * kw * F)


_SHARE: Slips = [
    (
        lambda kh, kw, C, F, m: kh * kw * F / (m * (kh * kw + F)),
        "It stands on its head: how many times *fewer* that is. The share is the inverse.",
    ),
    (
        lambda kh, kw, C, F, m: (kh * kw + F) / (kh * kw * F),
        "m is missing: m kernels for each channel, and C·m channels for the second step to read.",
    ),
    (
        lambda kh, kw, C, F, m: (m * kh * kw + F) / (kh * kw * F),
        "The second step reads C·m channels, not C.",
    ),
    (
        lambda kh, kw, C, F, m: (kh * kw + m * F) / (kh * kw * F),
        "In the first step each channel has m kernels.",
    ),
    (lambda kh, kw, C, F, m: m / F, "The second step is missing, and it costs the most."),
    (lambda kh, kw, C, F, m: m / (kh * kw), "The first step is missing."),
    (
        lambda kh, kw, C, F, m: m * (C * kh * kw + F) / (kh * kw * F),
        "In the first step a kernel reads one channel, not all of them.",
    ),
    (
        lambda kh, kw, C, F, m: (kh * kw * m + C * m * F) / (kh * kw * C * F),
        "In the first step there are m kernels for each of the C channels, and not m in all.",
    ),
    (
        lambda kh, kw, C, F, m: m * (kh + F) / (kh * F),
        "A kernel has kh · kw cells.",
    ),
    (
        lambda kh, kw, C, F, m: m * (kh**2 + F) / (kh**2 * F),
        "A kernel has kh · kw cells, and need not be square.",
    ),
    (
        lambda kh, kw, C, F, m: (C * m * (kh * kw + F) + F) / (kh * kw * C * F + F),
        "Those are parameters, with the biases. Adding a bias is no multiplication.",
    ),
    (
        lambda kh, kw, C, F, m: (C * m * (kh * kw + F) + F) / (kh * kw * C * F),
        "A bias is counted that is no multiplication.",
    ),
    (
        lambda kh, kw, C, F, m: 1 - m * (kh * kw + F) / (kh * kw * F),
        "That is what is saved. The share is what is left.",
    ),
    (
        lambda kh, kw, C, F, m: 100 * m * (kh * kw + F) / (kh * kw * F),
        "That is in percent. A share is asked for.",
    ),
    (
        lambda kh, kw, C, F, m: min(1, m * (kh * kw + F) / (kh * kw * F)),
        "With many kernels for a channel the separable form is the dearer one: the share may exceed 1.",
    ),
    (
        lambda kh, kw, C, F, m: m * (kh * kw + F) // (kh * kw * F),
        "// divides down to a whole number. A share has a fraction: divide with /.",
    ),
    *[
        (
            lambda *sizes, places=places: round(share_of_multiplications(*sizes), places),
            f"It was rounded to {places} places. Return the share as it is.",
        )
        for places in (1, 2, 3, 4)
    ],
]


def _as_float(value: Any) -> Any:
    """Exact fractions are as good as floats, and NumPy takes them for objects."""
    return float(value) if isinstance(value, Fraction | Decimal) else value


@exercise("separable_share", title="What a separable convolution costs", stars=1)
def separable_share(answer: Callable[..., float]) -> None:
    """Several sizes, among them one where the separable form costs more."""
    cases = [(3, 3, 32, 64, 1), (3, 3, 32, 64, 2), (5, 2, 4, 7, 3), (1, 4, 6, 2, 5), (3, 3, 1, 10, 9)]
    found = [expect_number(_as_float(answer(*case))) for case in cases]
    for case, value in zip(cases, found, strict=True):
        expected = share_of_multiplications(*case)
        if not np.isclose(value, expected, rtol=1e-4):
            named = ", ".join(f"{n} = {v}" for n, v in zip(("kh", "kw", "C", "F", "m"), case, strict=True))
            hint = name_slip(_SHARE, cases, found)
            raise Wrong(f"For {named} expected {expected:.4g}, received {value:.4g}. {hint}".rstrip())


# --- A separable convolution --------------------------------------------------------------------


def _places(X: np.ndarray, D: np.ndarray) -> tuple[int, int]:
    return X.shape[1] - D.shape[0] + 1, X.shape[2] - D.shape[1] + 1


def _depth(X: np.ndarray, D: np.ndarray) -> np.ndarray:
    """(N, P, Q, C, m): every channel with its own m kernels."""
    P, Q = _places(X, D)
    taps = np.ndindex(D.shape[:2])
    return sum(X[:, i : i + P, j : j + Q, :, None] * D[i, j] for i, j in taps)


def _merge(U: np.ndarray) -> np.ndarray:
    return U.reshape(*U.shape[:3], -1)


def _turned(D: np.ndarray) -> np.ndarray:
    return D[::-1, ::-1]


def separable(X: np.ndarray, D: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Channel by channel with the kernels D, then one matrix w for every pixel."""
    return _merge(_depth(X, D)) @ w + b


def _square(D: np.ndarray) -> np.ndarray:
    """D with i and j exchanged; only for square kernels."""
    if D.shape[0] != D.shape[1]:
        raise ValueError
    return D.transpose(1, 0, 2, 3)


def _reshaped(D: np.ndarray) -> np.ndarray:
    """D as if it had been (kh, kw, m, C)."""
    kh, kw, C, m = D.shape
    return D.reshape(kh, kw, m, C).swapaxes(2, 3)


def _transposed(w: np.ndarray) -> np.ndarray:
    if w.shape[0] != w.shape[1]:
        raise ValueError
    return w.T


def _other_order(U: np.ndarray) -> np.ndarray:
    """The middle channels with the kernel's number first: s C + c."""
    return _merge(U.transpose(0, 1, 2, 4, 3))


_FORWARD: Slips = [
    (lambda X, D, w, b: _merge(_depth(X, D)) @ w, "b is missing."),
    (
        lambda X, D, w, b: _other_order(_depth(X, D)) @ w + b,
        "The channels in between stand in another order: kernel s of channel c makes channel c·m + s, so "
        "the m maps of one channel stand side by side. With the axes (…, C, m) a reshape gives this order.",
    ),
    (
        lambda X, D, w, b: separable(X, _turned(D), w, b),
        "The kernels were turned by 180°. The book's convolution lays them on the image as they are.",
    ),
    (lambda X, D, w, b: separable(X, _square(D), w, b), "In the kernels, rows and columns changed places."),
    (
        lambda X, D, w, b: np.repeat(_depth(X, D).sum(axis=3), X.shape[3], axis=-1) @ w + b,
        "The first step mixes the channels. There, each channel is seen by its own kernels alone.",
    ),
    (
        lambda X, D, w, b: separable(np.broadcast_to(X.sum(-1, keepdims=True), X.shape), D, w, b),
        "The first step mixes the channels. There, each channel is seen by its own kernels alone.",
    ),
    (
        lambda X, D, w, b: np.tile(_depth(X, D).sum(axis=3), X.shape[3]) @ w + b,
        "The first step mixes the channels. There, each channel is seen by its own kernels alone.",
    ),
    (
        lambda X, D, w, b: separable(X, _reshaped(D), w, b),
        "D was reshaped to (kh, kw, m, C), which mixes the kernels of different channels. Its axes are (kh, "
        "kw, C, m) already; swapaxes exchanges them where you need it.",
    ),
    (
        lambda X, D, w, b: separable(X, np.broadcast_to(D[:, :, :1], D.shape), w, b),
        "All channels were given the kernels of the first one.",
    ),
    (
        lambda X, D, w, b: separable(X, np.broadcast_to(D[..., :1], D.shape), w, b),
        "Of the m kernels of a channel only the first was used.",
    ),
    (
        lambda X, D, w, b: np.maximum(_merge(_depth(X, D)), 0) @ w + b,
        "There is a ReLU between the two steps. Both are linear here.",
    ),
    (
        lambda X, D, w, b: np.maximum(separable(X, D, w, b), 0),
        "There is a ReLU at the end. Z is what comes before the activation.",
    ),
    (lambda X, D, w, b: separable(X, D, _transposed(w), b), "w was transposed: Z = U w + b."),
    (
        lambda X, D, w, b: separable(X, D / (D.shape[0] * D.shape[1]), w, b),
        "A mean was taken over the window. A convolution takes the sum.",
    ),
    (
        lambda X, D, w, b: separable(X, D, w / w.shape[0], b),
        "A mean was taken over the channels. The second step takes their weighted sum.",
    ),
    (
        lambda X, D, w, b: separable(X, D, w, D.shape[0] * D.shape[1] * b),
        "b was added once for each cell of the window. It is added once.",
    ),
]

# N, H, W, kh, kw, C, m, F: first one where all is unequal, then squares, where a transposition raises no
# error; one image; one channel; one kernel; one cell; one place.
_SIZES = [
    (2, 6, 8, 3, 2, 3, 2, 4),
    (2, 5, 5, 3, 3, 2, 2, 4),
    (1, 5, 7, 2, 3, 4, 1, 4),
    (3, 4, 4, 2, 2, 1, 3, 3),
    (2, 3, 4, 1, 1, 3, 2, 2),
    (2, 3, 2, 3, 2, 2, 3, 1),
]


def _case(rng: np.random.Generator, sizes: tuple[int, ...], dtype: type = np.float64) -> tuple:
    N, H, W, kh, kw, C, m, F = sizes
    shapes = (N, H, W, C), (kh, kw, C, m), (C * m, F), (F,)
    return tuple(rng.normal(0.2, 1, shape).astype(dtype) for shape in shapes)


def _said(sizes: tuple[int, ...]) -> str:
    N, H, W, kh, kw, C, m, F = sizes
    return f"For X of shape {(N, H, W, C)}, kernels {kh} × {kw}, m = {m} and F = {F}: "


@exercise("separable_forward", title="A separable convolution, forward", stars=1)
def separable_forward(answer: Callable[..., np.ndarray]) -> None:
    """Unequal sizes and equal ones; one image, one channel, one kernel, one cell, one place; float32."""
    rng = np.random.default_rng(4061)
    for number, sizes in enumerate([*_SIZES, _SIZES[0]]):
        case = _case(rng, sizes, np.float32 if number == len(_SIZES) else np.float64)
        given = tuple(a.astype(float) for a in case)
        expected, found = separable(*given), answer(*(a.copy() for a in case))
        if np.shape(found) == (*case[0].shape[:3], sizes[-1]) != expected.shape:
            raise Wrong(
                f"{_said(sizes)}Z has the height and width of X. Nothing is padded here: kernels stay inside "
                f"the image, so that {expected.shape} is left."
            )
        found = expect_shape(found, expected.shape, f"Z, for X of shape {case[0].shape},")
        if not fits(found, expected, 2e-4):  # float32 is nearer by far, float16 is not
            place = worst(found, expected)
            hint = which_slip(_FORWARD, [given], [found])
            if not hint and fits(found, expected, 5e-3):
                hint = "Only three digits or so are right: float16 has no more, float32 has seven."
            raise Wrong(
                f"{_said(sizes)}expected Z = {expected[place]:.5g} at index {list(place)}, received "
                f"{found[place]:.5g}. {hint}".rstrip()
            )


# --- and backward


def _spread(dU: np.ndarray, X: np.ndarray, D: np.ndarray) -> np.ndarray:
    """dX of the first step: every tap sends its share to where it had read."""
    dX, (P, Q) = np.zeros(X.shape), _places(X, D)
    for i, j in np.ndindex(D.shape[:2]):
        dX[:, i : i + P, j : j + Q] += (dU * D[i, j]).sum(axis=-1)
    return dX


def _last_only(dU: np.ndarray, X: np.ndarray, D: np.ndarray) -> np.ndarray:
    dX, (P, Q) = np.zeros(X.shape), _places(X, D)
    for i, j in np.ndindex(D.shape[:2]):
        dX[:, i : i + P, j : j + Q] = (dU * D[i, j]).sum(axis=-1)
    return dX


def _kernels(dU: np.ndarray, X: np.ndarray, D: np.ndarray) -> np.ndarray:
    dD, (P, Q) = np.zeros(D.shape), _places(X, D)
    for i, j in np.ndindex(D.shape[:2]):
        dD[i, j] = np.sum(X[:, i : i + P, j : j + Q, :, None] * dU, axis=(0, 1, 2))
    return dD


def _middle(dZ: np.ndarray, w: np.ndarray, m: int) -> np.ndarray:
    """dU, (N, P, Q, C, m)."""
    dU = dZ @ w.T
    return dU.reshape(*dU.shape[:3], -1, m)


def _middle_other(dZ: np.ndarray, w: np.ndarray, m: int) -> np.ndarray:
    dU = dZ @ w.T
    return dU.reshape(*dU.shape[:3], m, -1).swapaxes(-1, -2)


def separable_gradients(dZ: np.ndarray, X: np.ndarray, D: np.ndarray, w: np.ndarray) -> tuple:
    """dX, dD, dw, db of ``separable``."""
    dU, U = _middle(dZ, w, D.shape[3]), _merge(_depth(X, D))
    dw = np.einsum("npqe,npqf->ef", U, dZ)
    return _spread(dU, X, D), _kernels(dU, X, D), dw, dZ.sum(axis=(0, 1, 2))


def _m(D: np.ndarray) -> int:
    return int(D.shape[3])


_ORDER = "The channels in between stand in another order: channel c·m + s belongs to kernel s of channel c."
_BACK: dict[str, Slips] = {
    "db": [
        (lambda dZ, X, D, w: dZ.mean(axis=(0, 1, 2)), "That is a mean. b serves every place: a sum."),
        (
            lambda dZ, X, D, w: dZ.sum(axis=(1, 2)).mean(axis=0),
            "That is a mean over the images. The mean of the loss is in dZ already.",
        ),
        (lambda dZ, X, D, w: dZ[0].sum(axis=(0, 1)), "Only the first image was added up."),
    ],
    "dw": [
        (
            lambda dZ, X, D, w: np.einsum("npqe,npqf->ef", _other_order(_depth(X, D)), dZ),
            _ORDER,
        ),
        (
            lambda dZ, X, D, w: np.einsum("npqe,npqf->ef", _merge(_depth(X, D)), dZ) / len(X),
            "It was divided by N. The mean of the loss is in dZ already.",
        ),
        (
            lambda dZ, X, D, w: np.einsum("npqe,npqf->ef", _merge(_depth(X, D)), dZ) / dZ[..., 0].size,
            "That is a mean over all places. w serves each of them: a sum.",
        ),
        (
            lambda dZ, X, D, w: np.einsum("npqe,npqf->fe", _merge(_depth(X, D)), dZ),
            "dw is transposed.",
        ),
        (
            lambda dZ, X, D, w: np.einsum("npqe,npqf->ef", _merge(_depth(X, _turned(D))), dZ),
            "In U the kernels are turned. Compute it as on the way forward.",
        ),
        (
            lambda dZ, X, D, w: np.einsum(
                "npqe,npqf->ef", np.repeat(X[:, : dZ.shape[1], : dZ.shape[2]], _m(D), axis=-1), dZ
            ),
            "X stands where U belongs. The input of the second step is what the first has made.",
        ),
        (
            lambda dZ, X, D, w: np.einsum("npqe,npqf->ef", np.maximum(_merge(_depth(X, D)), 0), dZ),
            "There is a ReLU between the two steps. Both are linear here.",
        ),
    ],
    "dD": [
        (lambda dZ, X, D, w: _kernels(_middle_other(dZ, w, _m(D)), X, D), _ORDER),
        (
            lambda dZ, X, D, w: _kernels(
                np.broadcast_to(dZ.sum(-1)[..., None, None], (*dZ.shape[:3], *D.shape[2:])), X, D
            ),
            "dZ never met w. First take it back through the second step: dU = dZ wᵀ.",
        ),
        (
            lambda dZ, X, D, w: _kernels(_middle(dZ, _transposed(w), _m(D)), X, D),
            "dU is dZ wᵀ; here it looks like dZ w, which raises no error where w is square.",
        ),
        (
            lambda dZ, X, D, w: _turned(_kernels(_middle(dZ, w, _m(D)), X, D)),
            "dD is turned by 180°. That belongs to dX alone.",
        ),
        (
            lambda dZ, X, D, w: _square(_kernels(_middle(dZ, w, _m(D)), X, D)),
            "In dD rows and columns have changed places.",
        ),
        (
            lambda dZ, X, D, w: _kernels(_middle(dZ, w, _m(D)), X, D) / len(X),
            "It was divided by N. The mean of the loss is in dZ already.",
        ),
        (
            lambda dZ, X, D, w: _kernels(_middle(dZ, w, _m(D)), X, D) / dZ[..., 0].size,
            "That is a mean over all places. D serves each of them: a sum.",
        ),
        (
            lambda dZ, X, D, w: np.broadcast_to(
                _kernels(_middle(dZ, w, _m(D)), X, D).sum(axis=2, keepdims=True), D.shape
            ),
            "The sum ran over the channels of X too. Each channel has its own kernels.",
        ),
        (
            lambda dZ, X, D, w: _kernels(
                _middle(dZ, w, _m(D)), np.broadcast_to(X.sum(-1, keepdims=True), X.shape), D
            ),
            "The sum ran over the channels of X too. Each channel has its own kernels.",
        ),
        (
            lambda dZ, X, D, w: _kernels(_middle(dZ[:1], w, _m(D)), X[:1], D),
            "Only the first image was counted.",
        ),
    ],
    "dX": [
        (lambda dZ, X, D, w: _spread(_middle_other(dZ, w, _m(D)), X, D), _ORDER),
        (
            lambda dZ, X, D, w: _spread(_middle(dZ, w, _m(D)), X, _turned(D)),
            "The kernels stand the wrong way round. As a convolution of the padded dU they have to be "
            "turned by 180°; where the shares are sent back cell by cell they must not be.",
        ),
        (
            lambda dZ, X, D, w: _last_only(_middle(dZ, w, _m(D)), X, D),
            "Each cell of the kernel overwrote what the ones before it had sent: = in place of +=.",
        ),
        (
            lambda dZ, X, D, w: _spread(_middle(dZ, w, _m(D))[..., :1], X, D[..., :1]),
            "Of the m maps that were made of a channel only the first sent something back. All add up.",
        ),
        (
            lambda dZ, X, D, w: _spread(_middle(dZ, w, _m(D))[..., -1:], X, D[..., -1:]),
            "Of the m maps that were made of a channel only the last sent something back. All add up.",
        ),
        (
            lambda dZ, X, D, w: _spread(_middle(dZ, w, _m(D)), X, D) / _m(D),
            "The m maps of a channel were averaged. What is used several times collects the sum.",
        ),
        (
            lambda dZ, X, D, w: _spread(_middle(dZ, _transposed(w), _m(D)), X, D),
            "dU is dZ wᵀ; here it looks like dZ w, which raises no error where w is square.",
        ),
        (
            lambda dZ, X, D, w: _spread(_middle(dZ, w, _m(D)), X, _square(D)),
            "In the kernels rows and columns have changed places.",
        ),
        (
            lambda dZ, X, D, w: np.broadcast_to(
                _spread(_middle(dZ, w, _m(D)), X, D).sum(axis=-1, keepdims=True), X.shape
            ),
            "Every channel received what belongs to all together.",
        ),
    ],
}


@exercise("separable_backward", title="A separable convolution, backward", stars=2)
def separable_backward(answer: Callable[..., tuple]) -> None:
    """Random upstream gradients, for the same sizes."""
    rng = np.random.default_rng(4062)
    names = ("dX", "dD", "dw", "db")
    for number, sizes in enumerate([*_SIZES, _SIZES[0]]):
        dtype = np.float32 if number == len(_SIZES) else np.float64
        X, D, w, b = _case(rng, sizes, dtype)
        dZ = rng.normal(0.2, 1, (len(X), *_places(X, D), len(b))).astype(dtype)
        given = tuple(a.astype(float) for a in (dZ, X, D, w))
        expected = dict(zip(names, separable_gradients(*given), strict=True))
        result = answer(dZ.copy(), X.copy(), D.copy(), w.copy())
        if not isinstance(result, tuple | list) or len(result) != 4:
            count = len(result) if isinstance(result, tuple | list) else type(result).__name__
            raise Wrong(f"Expected four results, (dX, dD, dw, db); received {count}.")
        found = dict(zip(names, result, strict=True))
        shapes = {name: np.shape(part) for name, part in found.items()}
        if len({a.shape for a in expected.values()}) == 4:
            for name, shape in shapes.items():
                place = next((other for other in names if expected[other].shape == shape), name)
                if place != name and shapes[place] != shape:
                    raise Wrong(
                        f"The order of the results is (dX, dD, dw, db); {place} stands where {name} belongs."
                    )
        for name in ("db", "dw", "dD", "dX"):  # as the gradient travels
            part = found[name]
            if name == "dw" and shapes[name] == (1, 1, *w.shape):
                part = part[0, 0]  # as Keras shapes a 1 × 1 kernel
            part = expect_shape(part, expected[name].shape, f"{name}, for X of shape {X.shape},")
            if not fits(part, expected[name], 1e-3):
                place = worst(part, expected[name])
                raise Wrong(
                    f"{_said(sizes)}expected {name} = {expected[name][place]:.4g} at index {list(place)}, "
                    f"received {part[place]:.4g}. {which_slip(_BACK[name], [given], [part])}".rstrip()
                )


# --- Five post offices --------------------------------------------------------------------------


def _after_the_header(x: np.ndarray) -> np.ndarray:
    header = np.array([2051, len(x), 28, 28], ">u4").view(np.uint8)
    return np.concatenate([header, x.ravel()])[: x.size].reshape(x.shape)


CAUSES: dict[str, str] = {
    "unscaled": "pixels from 0 to 255",
    "inverted": "ink 0, paper 1",
    "transposed": "rows and columns have changed places",
    "upside_down": "the last row comes first, as in BMP files",
    "mixed": "an array (28, 28, N) was *reshaped* to (N, 28, 28), not transposed",
    "header": "the 16 bytes in front of the file's first pixel were read as pixels",
    "signed": "the bytes were read as int8, so that 128 to 255 became −128 to −1",
    "cut": "whole-number division, x // 255",
    "standardised": "all pixels were shifted and scaled to mean 0 and variance 1",
}
_PREPARED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "unscaled": lambda x: x,
    "inverted": lambda x: 1 - x / 255,
    "transposed": lambda x: x.transpose(0, 2, 1) / 255,
    "upside_down": lambda x: x[:, ::-1] / 255,
    "mixed": lambda x: np.ascontiguousarray(x.transpose(1, 2, 0)).reshape(x.shape) / 255,
    "header": lambda x: _after_the_header(x) / 255,
    "signed": lambda x: np.ascontiguousarray(x).view(np.int8) / 255,
    "cut": lambda x: x // 255,
    "standardised": lambda x: (x - x.mean()) / max(float(x.std()), 1e-9),
}
_CAUSE = {
    "Bergen": "signed",
    "Cusco": "transposed",
    "Dakar": "mixed",
    "Hanoi": "cut",
    "Quito": "header",
}
OFFICES = tuple(_CAUSE)


@cache
def _network() -> Sequential:
    layers = [
        Conv2D(32, 3, activation="relu"),
        MaxPooling2D(2),
        Conv2D(64, 3, activation="relu"),
        MaxPooling2D(2),
        Flatten(),
        Dense(64, activation="relu"),
        Dense(10, activation="softmax"),
    ]
    network = Sequential(layers)
    network.build((None, 28, 28, 1))
    network.set_weights(load_weights("mnist_cnn"))
    return network


def _read(images: np.ndarray, cause: str) -> np.ndarray:
    return _network().predict(_PREPARED[cause](images)[..., None].astype(np.float32))


def post_office(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Open the counter of an office: it runs the worked example's network, and prepares its input wrongly.

    Parameters
    ----------
    name : str
        One of ``OFFICES``.

    Returns
    -------
    function
        It takes images, uint8 (N, 28, 28), as they stand in MNIST, and gives probabilities, (N, 10).

    Raises
    ------
    ValueError
        If there is no such office.

    Notes
    -----
    Used in: Chapter 4.
    """
    if name not in _CAUSE:
        raise ValueError(f"Expected one of {', '.join(OFFICES)}; received {name!r}.")

    def read(images: np.ndarray) -> np.ndarray:
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
            raise ValueError(
                f"The office takes uint8 images (N, 28, 28); received {images.dtype} {images.shape}."
            )
        return _read(images, _CAUSE[name])

    return read


def seen_by(cause: str, images: np.ndarray) -> np.ndarray:
    """What the network is shown, if a cause is at work.

    Parameters
    ----------
    cause : str
        One of ``CAUSES``.
    images : array of uint8 (N, 28, 28)

    Returns
    -------
    ndarray (N, 28, 28)

    Raises
    ------
    ValueError
        If there is no such cause.

    Notes
    -----
    Used in: Chapter 4.
    """
    if cause not in CAUSES:
        raise ValueError(f"Expected one of {', '.join(CAUSES)}; received {cause!r}.")
    return _PREPARED[cause](images)


@exercise("five_offices", title="Five wrong inputs", stars=1, function=False)
def five_offices(found: dict[str, str]) -> None:
    """Every office that is filled in; open, if nothing is wrong and one is still missing."""
    check_choices(found, OFFICES, "five_offices[office] = cause", _refuted)


def _refuted(office: str, cause: Any) -> str:
    """What speaks against a cause: the answers that it would give."""
    if cause is Ellipsis or cause is None:
        return ""
    if not isinstance(cause, str):
        return f"expected one cause, in quotes; received {type(cause).__name__}."
    if cause not in CAUSES:
        return f"{cause!r} is not among the causes, which are {', '.join(CAUSES)}."
    if cause == _CAUSE[office]:
        return ""
    (images, _), _ = load_mnist()
    probe = images[50_000:50_100]
    there, here = _read(probe, _CAUSE[office]), _read(probe, cause)
    others = np.count_nonzero(there.argmax(axis=1) != here.argmax(axis=1))
    if others >= 5:
        seen = f"it answers otherwise than the office for {others} of the first 100 validation digits"
    else:
        gap = np.abs(there - here).max(axis=1).mean()
        seen = (
            f"of the first 100 validation digits the largest probability that differs, differs by {gap:.2g}"
        )
    return f"{cause} is not it. Feed the network that way yourself, and {seen}."
