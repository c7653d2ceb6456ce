"""Checkers of the exercises after the first notebook: convolution."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Slips, Wrong, expect_number, expect_pair, fits, which_slip, worst

__all__ = ["fourier_conv", "head_at_every_place", "judge_arrays", "operation_counts", "symmetric_port"]


# --- What the checkers of this half of the chapter share ----------------------------------------


def judge_arrays(
    answer: Callable[..., Any],
    right: Callable[..., np.ndarray],
    slips: Slips,
    cases: Sequence[tuple],
    describe: Callable[..., str],
    shape_hint: Callable[..., str] = lambda shape, *case: "",
) -> None:
    """Refuse any array but the right ones; name the slip that explains all that was found.

    Parameters
    ----------
    answer, right : callable
        Take a case's arguments and give an array.
    slips : pairs (callable, str)
        Wrong answers, and what to say of them.
    cases : list of tuples
        Arguments.
    describe : callable
        Says of a case what it is: "maps of 3 × 4".
    shape_hint : callable
        Takes the wrong shape, then the case's arguments: what to say of it where no slip
        explains it.

    Raises
    ------
    Wrong
        If an array is another one.

    Notes
    -----
    Used in: Chapter 4.
    """
    found = []
    for case in cases:
        array = answer(*case)
        if not isinstance(array, np.ndarray):
            raise Wrong(f"Expected a NumPy array, received {type(array).__name__}.")
        if array.dtype.kind == "c":
            raise Wrong("The numbers that came back are complex. Expected are real ones.")
        if array.dtype.kind not in "biuf":
            raise Wrong(f"Expected real numbers, received the dtype {array.dtype}.")
        found.append(array)
    for array, case in zip(found, cases, strict=True):
        expected = right(*case)
        if fits(array, expected):
            continue
        hint = which_slip(slips, cases, found)
        start = f"For {describe(*case)}"
        if array.shape != expected.shape:
            hint = hint or shape_hint(array.shape, *case)
            raise Wrong(
                f"{start}: expected the shape {expected.shape}, received {array.shape}. {hint}".rstrip()
            )
        if not np.isfinite(array).all():
            raise Wrong(f"{start}: some numbers are nan or inf. {hint}".rstrip())
        place = worst(array, expected)
        raise Wrong(
            f"{start}: expected {expected[place]:.4g} at index {list(place)}, received {array[place]:.4g}. "
            f"{hint}".rstrip()
        )


def _sizes(array: np.ndarray, axes: slice = slice(1, 3)) -> str:
    return " × ".join(map(str, array.shape[axes]))


# --- head_at_every_place ------------------------------------------------------------------------


def _relu(Z: np.ndarray) -> np.ndarray:
    return np.maximum(Z, 0)


def _softmax(Z: np.ndarray) -> np.ndarray:
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def _window_first(W: np.ndarray, k: int, C: int) -> np.ndarray:
    return W.reshape(k, k, C, -1)


def _head(
    order: Callable[..., np.ndarray] = _window_first,
    hidden: Callable[..., np.ndarray] = lambda Z, b: _relu(Z + b),
    last: Callable[..., np.ndarray] = lambda H, W, b: H @ W + b,
    out: Callable[..., np.ndarray] = lambda Z, k: Z,
    maps: Callable[..., np.ndarray] = lambda A: A,
) -> Callable[..., np.ndarray]:
    """The two layers at every place, of parts that can be wrong."""

    def read(A: np.ndarray, W3: np.ndarray, b3: np.ndarray, W4: np.ndarray, b4: np.ndarray) -> np.ndarray:
        C = A.shape[3]
        k = round((len(W3) / C) ** 0.5)
        seen = sliding_window_view(maps(A), (k, k), axis=(1, 2))  # (N, P, Q, C, k, k)
        Z = np.einsum("npqcuv,uvch->npqh", seen, order(W3, k, C))
        return out(last(hidden(Z, b3), W4, b4), k)

    return read


_HEAD_SLIPS: Slips = [
    (
        _head(order=lambda W, k, C: W.reshape(C, k, k, -1).transpose(1, 2, 0, 3)),
        "The rows of W3 were read channel by channel. Flatten runs through the window's rows, then its "
        "columns, and through the channels last: W3.reshape(k, k, C, H).",
    ),
    (
        _head(order=lambda W, k, C: _window_first(W, k, C).transpose(1, 0, 2, 3)),
        "Rows and columns of the window have changed places.",
    ),
    (
        _head(order=lambda W, k, C: _window_first(W, k, C)[::-1, ::-1]),
        "The kernel was turned by 180°. Row 0 of the window meets row 0 of the kernel.",
    ),
    (
        _head(hidden=lambda Z, b: Z + b),
        "The ReLU between the layers is missing. Without it the two are a single linear layer.",
    ),
    (_head(hidden=lambda Z, b: _relu(Z)), "b3 is missing."),
    (_head(last=lambda H, W, b: H @ W), "b4 is missing."),
    (_head(hidden=lambda Z, b: _relu(Z) + b), "b3 is added before the ReLU, not after it."),
    (
        _head(out=lambda Z, k: _relu(Z)),
        "The logits went through a ReLU. The last layer has no activation.",
    ),
    (
        _head(out=lambda Z, k: _softmax(Z)),
        "Probabilities came back. Wanted are the logits before the softmax.",
    ),
    (_head(maps=_relu), "The maps went through a ReLU first. They are to be used as they come."),
    (
        _head(out=lambda Z, k: Z[:, ::k, ::k]),
        "The window jumps by its own width. It is to be laid at every place, with stride 1.",
    ),
    (_head(out=lambda Z, k: Z[:, 0, 0]), "That is the answer at the first place. All places are wanted."),
    (
        _head(out=lambda Z, k: Z.mean(axis=(1, 2))),
        "The answers of all places were averaged. Each place has ten numbers of its own.",
    ),
    (_head(out=lambda Z, k: Z.max(axis=(1, 2))), "Only the largest answer was kept. All places are wanted."),
    (_head(out=lambda Z, k: Z.argmax(axis=-1)), "The most likely digit came back. Wanted are the logits."),
    (_head(out=lambda Z, k: Z.transpose(0, 2, 1, 3)), "Rows and columns of the result have changed places."),
    (
        _head(last=lambda H, W, b: H),
        "The second layer is missing: what came back has a channel for each of the hidden neurons.",
    ),
]


def _about_head_shape(shape: tuple[int, ...], A: np.ndarray, W3: np.ndarray, *rest: np.ndarray) -> str:
    """What is wrong with the first axis that differs."""
    (N, height, width, C), K = A.shape, len(rest[-1])
    if len(shape) != 4:
        return "The result has four axes: images, rows and columns of places, logits."
    if shape[0] != N:
        return f"There are {N} images, and each has answers of its own."
    k = round((len(W3) / C) ** 0.5)
    rows, columns = height - k + 1, width - k + 1
    if shape[1:3] == (1, 1) != (rows, columns):
        return f"That is a single window. It fits at {rows} × {columns} places, and all of them are wanted."
    if shape[1:3] != (rows, columns):
        other = height - shape[1] + 1  # the k that would give so many rows
        if other >= 0 and shape[2] == width - other + 1:
            return (
                f"W3 has k · k · C = {len(W3)} rows and C is {C}, so k is {k}, and I − k + 1 is {rows}, "
                f"J − k + 1 is {columns}."
            )
        return f"A window of {k} × {k} fits at I − k + 1 = {rows} rows and J − k + 1 = {columns} columns."
    return f"The last axis holds the logits, one for each of the {K} columns of W4."


@exercise("head_at_every_place", title="A perceptron at every place", stars=1)
def head_at_every_place(answer: Callable[..., np.ndarray]) -> None:
    """Not square, several sizes of the window, one place only, windows of 1 × 1, negative numbers."""
    rng = np.random.default_rng(401)
    cases = []
    for N, height, width, C, k, H, K in [
        (2, 5, 7, 3, 2, 4, 3),
        (1, 4, 3, 2, 3, 5, 2),
        (2, 3, 3, 1, 3, 4, 2),
        (3, 2, 5, 3, 1, 4, 2),
        (1, 6, 4, 2, 2, 3, 1),
    ]:
        shapes = ((N, height, width, C), (k * k * C, H), (H,), (H, K), (K,))
        cases.append(tuple(rng.normal(size=shape) for shape in shapes))
    judge_arrays(
        answer,
        _head(),
        _HEAD_SLIPS,
        cases,
        lambda A, W3, *rest: (
            f"maps of {_sizes(A)} with {A.shape[3]} channel{'s' * (A.shape[3] > 1)} and W3 of shape "
            f"{W3.shape}"
        ),
        _about_head_shape,
    )


# --- symmetric_port -----------------------------------------------------------------------------


def _missing(k: int, s: int, length: int) -> int:
    return s * (-(-length // s) - 1) + k - length


def _port(
    W: np.ndarray,
    s: int,
    height: int,
    width: int,
    axis: Callable[[int, int, int], tuple[int, int, int]] | None = None,
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Kernel and padding; ``axis`` gives (zeros in front, zeros behind, p) for one axis."""

    def right(k: int, s: int, length: int) -> tuple[int, int, int]:
        zeros = max(_missing(k, s, length), 0)
        return zeros % 2, 0, zeros - zeros // 2

    plan = [(axis or right)(k, s, n) for k, n in zip(W.shape[:2], (height, width), strict=True)]
    K = np.pad(W, ((plan[0][0], plan[0][1]), (plan[1][0], plan[1][1]), (0, 0), (0, 0)))
    return K, (plan[0][2], plan[1][2])


def _library(X: np.ndarray, K: np.ndarray, s: int, p: tuple[int, ...]) -> np.ndarray:
    """The convolution of the exercise; no place where the kernel does not fit."""
    X = np.pad(X, ((0, 0), (p[0], p[0]), (p[1], p[1]), (0, 0)))
    if K.shape[0] > X.shape[1] or K.shape[1] > X.shape[2]:
        return np.zeros((len(X), 0, 0, K.shape[3]))
    seen = sliding_window_view(X, K.shape[:2], axis=(1, 2))[:, ::s, ::s]
    return np.einsum("nijcuv,uvcf->nijf", seen, K)


def _same(X: np.ndarray, W: np.ndarray, s: int, moved: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Keras's "same"; ``moved``: by how many cells all windows lie too far down and right."""
    room, at = 12, []
    for k, length, d in zip(W.shape[:2], X.shape[1:3], moved, strict=True):
        before = max(_missing(k, s, length), 0) // 2
        at.append(room - before + d + s * np.arange(-(-length // s)))
    X = np.pad(X, ((0, 0), (room, room), (room, room), (0, 0)))
    seen = sliding_window_view(X, W.shape[:2], axis=(1, 2))[:, at[0]][:, :, at[1]]
    return np.einsum("nijcuv,uvcf->nijf", seen, W)


def _signature(K: np.ndarray, p: Sequence[int]) -> np.ndarray:
    return np.concatenate([K.ravel(), K.shape, p])


def _by_axis(axis: Callable[[int, int, int], tuple[int, int, int]]) -> Callable[..., np.ndarray]:
    return lambda W, s, height, width: _signature(*_port(W, s, height, width, axis))


def _half(k: int, s: int, length: int) -> tuple[int, int]:
    """Zeros before and behind."""
    zeros = max(_missing(k, s, length), 0)
    return zeros // 2, zeros - zeros // 2


_PORT_SLIPS: Slips = [
    (
        _by_axis(lambda k, s, n: (0, 0, k // 2)),
        "That is the colleague's port: k // 2 zeros, whatever the stride and the size of the image.",
    ),
    (
        _by_axis(lambda k, s, n: (0, 0, (k - 1) // 2)),
        "(k − 1) // 2 zeros are right for stride 1. With a larger stride the size of the image counts too.",
    ),
    (
        _by_axis(lambda k, s, n: (0, 0, _half(k, s, n)[0])),
        "The padding is what Keras puts before. Behind, it puts one row more where the number is odd.",
    ),
    (
        _by_axis(lambda k, s, n: (0, 0, _half(k, s, n)[1])),
        "The padding is right, and the kernel is still the old one. Where Keras puts more zeros behind than "
        "before, the library's windows begin too early: zeros in the kernel can make up for it.",
    ),
    (
        _by_axis(lambda k, s, n: (0, _half(k, s, n)[1] - _half(k, s, n)[0], _half(k, s, n)[1])),
        "The zeros stand behind the kernel. The window begins too early, so they belong in front, in its "
        "first rows and columns.",
    ),
    (
        _by_axis(lambda k, s, n: ((k - 1) % 2, 0, k // 2)),
        "The number of zeros is that of stride 1, k − 1. It depends on the stride and on the size of the "
        "image.",
    ),
    (
        _by_axis(lambda k, s, n: (1, 0, _half(k, s, n)[1])),
        "The kernel always gets a row and a column of zeros. It needs them only where the number of zeros "
        "is odd.",
    ),
    (
        lambda W, s, height, width: _signature(*_port(W, s, width, height)),
        "Rows and columns have changed places: I is the number of rows.",
    ),
    (
        _by_axis(lambda k, s, n: (_half(k, s, n)[0], 0, 2 * _half(k, s, n)[0])),
        "Half of the padding was added to the kernel. Only the difference of the two sides belongs there.",
    ),
]


def _plain(p: Any) -> Any:
    """Arrays and NumPy's numbers as Python has them, for messages: (1, 2), and not (np.int64(1), …)."""
    if isinstance(p, np.ndarray | np.generic):
        p = p.tolist()
    return tuple(map(_plain, p)) if isinstance(p, tuple | list) else p


def _expect_padding(p: Any) -> tuple[int, int]:
    """Refuse anything but two whole numbers; a single one is not taken for both, nobody returned that."""
    many = isinstance(p, np.ndarray) and p.size > 4
    said = f"an array of shape {p.shape}" if many else (p := _plain(p))
    parts = p if isinstance(p, tuple) else ()
    if len(parts) == 2 and all(type(n) is int for n in parts):
        return parts
    # ((before, after), (before, after)), as np.pad has it, or the four in a row
    both_sides = len(parts) == 4 or any(isinstance(n, tuple) for n in parts)
    hint = "The library has one number for both sides." if both_sides else ""
    raise Wrong(f"Expected p to be two whole numbers, (p_h, p_w), received {said}. {hint}".rstrip())


@exercise("symmetric_port", title="A port that shifts", stars=2)
def symmetric_port(answer: Callable[..., tuple[np.ndarray, tuple[int, int]]]) -> None:
    """The pair is put to work: whatever gives Keras's numbers is right."""
    rng = np.random.default_rng(402)
    cases, found = [], []
    for kh, kw, C, F, s, height, width in [
        (3, 3, 1, 2, 2, 8, 8),
        (3, 3, 2, 3, 2, 7, 10),
        (3, 3, 2, 2, 2, 6, 9),
        (2, 2, 1, 1, 1, 5, 6),
        (4, 3, 2, 1, 1, 6, 7),
        (3, 3, 1, 2, 1, 6, 7),
        (3, 5, 1, 2, 2, 10, 9),
        (7, 7, 1, 1, 4, 16, 17),
        (3, 3, 1, 1, 3, 9, 7),
        (1, 1, 2, 2, 2, 6, 7),
        (2, 3, 1, 1, 4, 12, 13),
    ]:
        cases.append((rng.normal(size=(kh, kw, C, F)), s, height, width))
    for case in cases:
        W = case[0]
        K, p = expect_pair(answer(*case), ("K", "p"))
        if isinstance(p, np.ndarray) and p.ndim == W.ndim:
            raise Wrong("The order of the results is (K, p): first the kernel, then the padding.")
        if not isinstance(K, np.ndarray) or K.dtype.kind not in "iuf" or K.ndim != 4:
            raise Wrong(
                f"Expected K to be an array of shape (rows, columns, {W.shape[2]}, {W.shape[3]}), received "
                f"{f'the shape {K.shape}' if isinstance(K, np.ndarray) else type(K).__name__}."
            )
        if K.shape[2:] != W.shape[2:]:
            raise Wrong(
                f"W has the shape {W.shape}, K has {K.shape}. Channels and filters must stay as many as they "
                "were; zeros are added to the first two axes only."
            )
        p = _expect_padding(p)
        if min(p) < 0:
            raise Wrong(
                f"For a kernel of {_sizes(W, slice(0, 2))}, stride {case[1]} and images of {case[2]} × "
                f"{case[3]} the padding is {p}. The number of zeros cannot be negative: "
                "where the stride is larger than the kernel, none may be needed at all."
            )
        if max(p) > 50 or max(K.shape[:2]) > 50:
            raise Wrong(f"K of shape {K.shape} and p = {p}: so many zeros are never needed.")
        found.append((K, p))
    for (K, p), (W, s, height, width) in zip(found, cases, strict=True):
        X = rng.normal(size=(2, height, width, W.shape[2]))
        Z, expected = _library(X, K, s, p), _same(X, W, s)
        if fits(Z, expected):
            continue
        hint = which_slip(_PORT_SLIPS, cases, [_signature(*pair) for pair in found])
        start = (
            f"With a kernel of {_sizes(W, slice(0, 2))}, stride {s} and images of {height} × {width}, your "
            f"K of {_sizes(K, slice(0, 2))} and p = {p} "
        )
        if Z.shape != expected.shape:
            raise Wrong(f"{start}give {_sizes(Z)} places, and Keras has {_sizes(expected)}. {hint}".rstrip())
        raise Wrong(f"{start}{_how_it_differs(Z, X, W, s)} {hint}".rstrip())


def _how_it_differs(Z: np.ndarray, X: np.ndarray, W: np.ndarray, s: int) -> str:
    """By how many cells the windows lie off, if that is all."""
    for down in range(-4, 5):
        for right in range(-4, 5):
            if fits(Z, _same(X, W, s, (down, right))):
                parts = []
                if down:
                    parts.append(
                        f"{abs(down)} row{'s' * (abs(down) > 1)} too {'low' if down > 0 else 'high'}"
                    )
                if right:
                    side = "right" if right > 0 else "left"
                    parts.append(f"{abs(right)} column{'s' * (abs(right) > 1)} too far {side}")
                return f"lay all windows {' and '.join(parts)}."
    if fits(Z, _same(X, W[::-1, ::-1], s)):
        return "give what the kernel turned by 180° would give."
    return "give other numbers than Keras. Is K made of W as it was, and zeros?"


# --- fourier_conv -------------------------------------------------------------------------------


def _direct(X: np.ndarray, W: np.ndarray) -> np.ndarray:
    return np.einsum("nijcuv,uvcf->nijf", sliding_window_view(X, W.shape[:2], axis=(1, 2)), W)


def _circular(
    X: np.ndarray, W: np.ndarray, x_bar: bool = False, w_bar: bool = True, sum_channels: bool = True
) -> np.ndarray:
    """All I × J results, those that wrap around too."""
    size = X.shape[1:3]
    x, w = np.fft.fft2(X, axes=(1, 2)), np.fft.fft2(W, s=size, axes=(0, 1))
    x, w = (x.conj() if x_bar else x), (w.conj() if w_bar else w)
    z = np.einsum("nijc,ijcf->nijf" if sum_channels else "nijc,ijcf->nijcf", x, w)
    return np.fft.ifft2(z, axes=(1, 2)).real


def _cut(Z: np.ndarray, X: np.ndarray, W: np.ndarray, first: bool = True) -> np.ndarray:
    (height, width), (kh, kw) = X.shape[1:3], W.shape[:2]
    if first:
        return Z[:, : height - kh + 1, : width - kw + 1]
    return Z[:, kh - 1 :, kw - 1 :]


def _even(X: np.ndarray, W: np.ndarray, cut: bool = True) -> np.ndarray:
    """irfft2 without a size: an odd J comes back as J − 1."""
    size = X.shape[1:3]
    x, w = np.fft.rfft2(X, axes=(1, 2)), np.fft.rfft2(W, s=size, axes=(0, 1)).conj()
    Z = np.fft.irfft2(np.einsum("nijc,ijcf->nijf", x, w), axes=(1, 2))
    return _cut(Z, X, W) if cut else Z


def _last_axes(X: np.ndarray, W: np.ndarray) -> np.ndarray:
    """The default axes of fft2 for the images, there and back."""
    w = np.fft.fft2(W, s=X.shape[1:3], axes=(0, 1)).conj()
    Z = np.fft.ifft2(np.einsum("nijc,ijcf->nijf", np.fft.fft2(X), w)).real
    return _cut(Z, X, W)


_FOURIER_SLIPS: Slips = [
    (
        lambda X, W: _cut(_circular(X, W, w_bar=False), X, W),
        "The bar is missing: without the complex conjugate of ŵ it is the convolution of the mathematicians, "
        "with the kernel turned.",
    ),
    (
        lambda X, W: _cut(_circular(X, W, w_bar=False), X, W, first=False),
        "That is the convolution of the mathematicians, cut correctly for it. A layer does not turn the "
        "kernel: take the complex conjugate of ŵ, and then the places that are valid lie elsewhere.",
    ),
    (
        lambda X, W: _cut(_circular(X, W, x_bar=True, w_bar=False), X, W),
        "The bar stands over the wrong transform: x̂ was conjugated in place of ŵ, and the result runs "
        "backwards.",
    ),
    (
        lambda X, W: _cut(_circular(X, W, x_bar=True), X, W),
        "Both transforms were conjugated. The bar stands over ŵ alone.",
    ),
    (
        lambda X, W: _circular(X, W),
        "All places came back. At the last kh − 1 rows and kw − 1 columns the window reaches over the edge "
        "and sees the opposite side: a layer without padding does not have them.",
    ),
    (
        lambda X, W: _circular(X, W, w_bar=False),
        "All places came back, those too whose window reaches over the edge; and the bar over ŵ is missing.",
    ),
    (
        lambda X, W: _cut(_circular(X, W), X, W, first=False),
        "The wrong side was cut off. With the window's corner at (i, j), it is the last places that reach "
        "over the edge.",
    ),
    (
        _even,
        "J is odd, and a column is lost: irfft2 needs s=(I, J), since it cannot see whether J was odd.",
    ),
    (
        lambda X, W: _even(X, W, cut=False),
        "J is odd, and a column is lost: irfft2 needs s=(I, J). And the places that wrap around are still "
        "there.",
    ),
    (
        lambda X, W: _cut(np.fft.fftshift(_circular(X, W), axes=(1, 2)), X, W),
        "fftshift has moved the result. The place (0, 0) stands first already.",
    ),
    (
        lambda X, W: _cut(np.abs(_circular(X, W)), X, W),
        "The signs are lost: take the real part, and not the absolute value.",
    ),
    (
        lambda X, W: _cut(_circular(X, W, sum_channels=False), X, W),
        "The channels are still there. A filter adds up over all channels.",
    ),
    (
        lambda X, W: _direct(X, W) / (X.shape[1] * X.shape[2]),
        "It was divided by I · J. NumPy's inverse transform has done so already.",
    ),
    (
        lambda X, W: _direct(X, W) * (X.shape[1] * X.shape[2]),
        "It was multiplied by I · J. NumPy's inverse transform divides by it, as it should.",
    ),
    (
        lambda X, W: _direct(X, W.transpose(1, 0, 2, 3) if W.shape[0] == W.shape[1] else W),
        "Rows and columns of the kernel have changed places.",
    ),
    (
        _last_axes,
        "np.fft.fft2 transforms the last two axes, columns and channels here, unless axes= says otherwise.",
    ),
    (
        lambda X, W: _direct(X, W) / X.shape[3],
        "The channels were averaged. A filter adds them up.",
    ),
]


@exercise("fourier_conv", title="Convolution by Fourier transform", stars=2)
def fourier_conv(answer: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Odd and even sizes, not square; kernels of one cell, and as large as the image."""
    rng = np.random.default_rng(403)
    cases = []
    for N, height, width, C, kh, kw, F in [
        (2, 6, 7, 3, 3, 2, 2),
        (1, 5, 8, 2, 3, 3, 1),
        (3, 4, 5, 1, 4, 2, 2),
        (1, 7, 6, 2, 1, 1, 3),
        (2, 5, 5, 2, 5, 5, 3),
    ]:
        cases.append((rng.normal(size=(N, height, width, C)), rng.normal(size=(kh, kw, C, F))))
    cases.append(tuple(a.astype(np.float32) for a in cases[0]))
    judge_arrays(
        answer,
        _direct,
        _FOURIER_SLIPS,
        cases,
        lambda X, W: f"X of shape {X.shape} and W of shape {W.shape}",
    )
    _expect_transform(answer, rng)


def _expect_transform(
    answer: Callable[[np.ndarray, np.ndarray], np.ndarray], rng: np.random.Generator
) -> None:
    """Refuse sums of products: they leave places exactly 0 whose windows hold zeros only.

    A transform mixes all pixels, and its rounding, about 1e-16 of the largest number, reaches
    every place. This holds whichever library transforms, at whatever size, and calling a transform
    without using it does not help.
    """
    X = np.zeros((1, 11, 13, 1))
    X[0, -1, -1] = 1e12
    Z = answer(X, rng.normal(size=(3, 2, 1, 2)))
    if not np.any(Z[0, :5, :5]):
        raise Wrong(
            "The numbers are right, and they were not found by a Fourier transform: with one number of 1e12 "
            "in a corner, places far from it are exactly 0. A transform spreads its rounding over all places."
        )


# --- operation_counts ---------------------------------------------------------------------------


def _count_direct(N: int, height: int, width: int, C: int, k: int, F: int) -> float:
    return 2.0 * N * (height - k + 1) * (width - k + 1) * k * k * C * F


def _transform(height: int, width: int) -> float:
    return 2.5 * height * width * np.log2(height * width)


def _count_fourier(
    transforms: Callable[..., float] = lambda N, C, F: N * C + C * F + N * F,
    each: Callable[[int, int], float] = _transform,
    product: float = 4.0,
    pairs: Callable[..., float] = lambda N, C, F: N * C * F,
) -> Callable[..., float]:
    """Operations by Fourier, of parts that can be wrong."""
    return lambda N, height, width, C, k, F: (
        transforms(N, C, F) * each(height, width) + product * height * width * pairs(N, C, F)
    )


_DIRECT_SLIPS: Slips = [
    (
        lambda *c: _count_direct(*c) / 2,
        "Each multiply-add is two operations, a multiplication and an addition.",
    ),
    (
        lambda N, height, width, C, k, F: 2.0 * N * height * width * k * k * C * F,
        "Without padding there are (I − k + 1) · (J − k + 1) places, and not I · J.",
    ),
    (
        lambda N, height, width, C, k, F: _count_direct(N, height, width, C, k, F) / C,
        "A window reaches through all C channels.",
    ),
    (lambda N, height, width, C, k, F: _count_direct(N, height, width, C, k, F) / F, "There are F filters."),
    (lambda N, height, width, C, k, F: _count_direct(N, height, width, C, k, F) / N, "There are N images."),
    (
        lambda N, height, width, C, k, F: _count_direct(N, height, width, C, k, F) / k,
        "A window has k · k cells.",
    ),
    (
        lambda N, height, width, C, k, F: 2.0 * N * (height - k + 1) ** 2 * k * k * C * F,
        "The images need not be square: J counts too.",
    ),
    (
        lambda N, height, width, C, k, F: 2.0 * N * (height - k) * (width - k) * k * k * C * F,
        "One place in each direction is missing: a window of k cells has I − k + 1 places on I.",
    ),
]
_FOURIER_COUNT_SLIPS: Slips = [
    (
        _count_fourier(transforms=lambda N, C, F: N * C + C * F),
        "The outputs have to be transformed back: N · F transforms more.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: N * C + N * F),
        "The kernels have to be transformed too: C · F transforms more.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: N * C),
        "Only the images are transformed. Kernels and outputs too.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: N + F + N * F),
        "Each channel is an image of its own to a transform: N · C and C · F.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: N + F + N),
        "Each channel is an image of its own to a transform: there are N · C images, C · F kernels and N · F "
        "outputs.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: 3),
        "Those are three transforms. There are N · C images, C · F kernels and N · F outputs.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: 3 * N * C * F),
        "Three transforms for each triple of image, channel and filter: transform everything once and keep "
        "it.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: N * C + C * F + N * C * F),
        "There are N · F outputs: the sum over channels is taken before transforming back.",
    ),
    (
        _count_fourier(transforms=lambda N, C, F: N * C + F + N * F),
        "A filter has C channels, so there are C · F kernels to transform.",
    ),
    (
        lambda N, height, width, C, k, F: (
            _count_fourier(transforms=lambda N, C, F: N * C + C * F)(N, height, width, C, k, F)
            + N * F * _transform(height - k + 1, width - k + 1)
        ),
        "An output is transformed back at its full size, I · J: only then are its valid places cut out.",
    ),
    (
        _count_fourier(each=lambda height, width: 2.5 * height * width * np.log(height * width)),
        "The logarithm is the one to base 2.",
    ),
    (
        _count_fourier(each=lambda height, width: 2.5 * height * width * np.log10(height * width)),
        "The logarithm is the one to base 2.",
    ),
    (
        _count_fourier(each=lambda height, width: 2.5 * height * width * np.log2(height)),
        "The logarithm is that of I · J, the number of pixels.",
    ),
    (
        _count_fourier(each=lambda height, width: 2.5 * np.log2(height * width)),
        "A transform costs 5/2 · I J · log₂(I J): the factor I J is missing.",
    ),
    (
        _count_fourier(each=lambda height, width: 2 * _transform(height, width)),
        "Each transform is counted twice: the images are real, so it is 5/2 and not 5.",
    ),
    (_count_fourier(product=8.0), "There are I J / 2 frequencies: the others are known by symmetry."),
    (
        lambda N, height, width, C, k, F: (
            _count_fourier(product=0.0)(N, height, width, C, k, F)
            + 8.0 * height * (width // 2 + 1) * N * C * F
        ),
        "Count I J / 2, as the text does; the column more that rfft2 gives is left out.",
    ),
    (_count_fourier(product=0.5), "A complex multiply-add costs 8 operations."),
    (_count_fourier(product=1.0), "A complex multiply-add costs 8 operations, at I J / 2 frequencies."),
    (_count_fourier(product=0.0), "The products are missing: one complex multiply-add for each frequency."),
    (
        _count_fourier(pairs=lambda N, C, F: 1),
        "The products were counted for a single image, channel and filter. There are N · C · F.",
    ),
    (
        _count_fourier(pairs=lambda N, C, F: C * F),
        "The products were counted for a single image. There are N of them, so N · C · F at each frequency.",
    ),
    (
        _count_fourier(pairs=lambda N, C, F: N * F),
        "Every output adds up over C channels: N · C · F products at each frequency.",
    ),
]


@exercise("operation_counts", title="Where Fourier wins", stars=1)
def operation_counts(answer: Callable[..., tuple[float, float]]) -> None:
    """Sizes that are all different; the two cases of the question."""
    cases = [(4, 20, 24, 3, 5, 8), (2, 9, 16, 5, 2, 7), (1, 128, 128, 1, 3, 1), (32, 26, 26, 32, 3, 32)]
    cases.append((3, 7, 6, 2, 6, 4))
    found = []
    for case in cases:
        pair = answer(*case)
        pair = list(pair) if isinstance(pair, np.ndarray) and pair.ndim == 1 else pair
        pair = expect_pair(pair, ("direct", "fourier"))
        found.append([expect_number(n, what) for n, what in zip(pair, ("direct", "fourier"), strict=True)])
    fourier = _count_fourier()
    right = [[_count_direct(*case), fourier(*case)] for case in cases]
    if all(np.allclose(f[::-1], r, rtol=1e-3) for f, r in zip(found, right, strict=True)):
        raise Wrong("The two have changed places: the order is (direct, fourier).")
    for which, (name, slips) in enumerate((("direct", _DIRECT_SLIPS), ("fourier", _FOURIER_COUNT_SLIPS))):
        for case, ours, wanted in zip(cases, found, right, strict=True):
            if np.isclose(ours[which], wanted[which], rtol=2e-3):
                continue
            hint = which_slip(slips, cases, [f[which] for f in found], rtol=1e-6)
            raise Wrong(
                "For N = {}, I = {}, J = {}, C = {}, k = {} and F = {}: ".format(*case)
                + f"expected {name} = {wanted[which]:,.0f}, received {ours[which]:,.0f}. {hint}".rstrip()
            )
