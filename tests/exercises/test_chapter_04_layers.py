"""Right answers to exercises 1 to 5 of Chapter 4 that differ from the book's."""

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from dlbook_utils.convolution import conv2d_backward, conv2d_forward
from dlbook_utils.exercises import check

# --- head_at_every_place


def calls_the_package(A, W3, b3, W4, b4):
    k = int(np.sqrt(W3.shape[0] // A.shape[-1]))
    H = np.maximum(conv2d_forward(A, W3.reshape(k, k, -1, len(b3)), b3)[0], 0)
    return conv2d_forward(H, W4[None, None], b4)[0]


def crops_and_flattens(A, W3, b3, W4, b4):
    k = round((len(W3) / A.shape[3]) ** 0.5)
    rows, columns = A.shape[1] - k + 1, A.shape[2] - k + 1
    Z = np.empty((len(A), rows, columns, len(b4)), np.float32)
    for i in range(rows):
        for j in range(columns):
            flat = A[:, i : i + k, j : j + k].reshape(len(A), -1)
            Z[:, i, j] = np.maximum(flat @ W3 + b3, 0) @ W4 + b4
    return Z


# --- symmetric_port


def _amounts(W, s, height, width):
    for k, n in zip(W.shape[:2], (height, width), strict=True):
        zeros = max(s * ((n + s - 1) // s - 1) + k - n, 0)
        yield zeros // 2, zeros - zeros // 2


def makes_room_in_zeros(W, s, height, width):
    (top, bottom), (left, right) = _amounts(W, s, height, width)
    K = np.zeros((len(W) + bottom - top, W.shape[1] + right - left, *W.shape[2:]), np.float32)
    K[bottom - top :, right - left :] = W
    return [K, np.array([bottom, right])]


def pads_more_on_both_sides(W, s, height, width):
    (top, bottom), (left, right) = _amounts(W, s, height, width)
    p = max(bottom, right) + 1
    zeros = ((p - top, p - bottom), (p - left, p - right), (0, 0), (0, 0))
    return np.pad(W, zeros), (p, p)


# --- fourier_conv


def fills_up_to_the_full_size(X, W):
    size = [n + k - 1 for n, k in zip(X.shape[1:3], W.shape[:2], strict=True)]
    x = np.fft.fft2(X, s=size, axes=(1, 2))
    w = np.fft.fft2(W[::-1, ::-1], s=size, axes=(0, 1))  # turned, and no conjugate
    Z = np.fft.ifft2(np.einsum("nijc,ijcf->nijf", x, w), axes=(1, 2)).real
    return Z[:, len(W) - 1 : X.shape[1], W.shape[1] - 1 : X.shape[2]].astype(np.float32)


def loops_over_channels(X, W):
    rows, columns = X.shape[1] - len(W) + 1, X.shape[2] - W.shape[1] + 1
    Z = np.zeros((len(X), rows, columns, W.shape[3]))
    for n, c, f in np.ndindex(len(X), X.shape[3], W.shape[3]):
        x, w = np.fft.rfft2(X[n, :, :, c]), np.fft.rfft2(W[:, :, c, f], X.shape[1:3])
        Z[n, :, :, f] += np.fft.irfft2(x * np.conj(w), X.shape[1:3])[:rows, :columns]
    return Z


def transforms_complex_numbers(X, W):
    size = X.shape[1:3]
    x, w = np.fft.fft2(X, axes=(1, 2)), np.fft.fft2(W, s=size, axes=(0, 1))
    Z = np.fft.ifft2((x[..., None] * w.conj()).sum(axis=3), axes=(1, 2)).real
    return Z[:, : size[0] - len(W) + 1, : size[1] - W.shape[1] + 1]


def fills_up_to_a_power_of_two(X, W):
    size = [2 ** int(np.ceil(np.log2(n))) for n in X.shape[1:3]]
    x, w = np.fft.rfft2(X, s=size, axes=(1, 2)), np.fft.rfft2(W, s=size, axes=(0, 1))
    Z = np.fft.irfft2(np.einsum("nijc,ijcf->nijf", x, w.conj()), s=size, axes=(1, 2))
    return Z[:, : X.shape[1] - len(W) + 1, : X.shape[2] - W.shape[1] + 1]


def turns_the_kernel_without_the_bar(X, W):
    size = X.shape[1:3]
    x, w = scipy.fft.rfft2(X, axes=(1, 2)), scipy.fft.rfft2(W[::-1, ::-1], s=size, axes=(0, 1))
    Z = scipy.fft.irfft2(np.einsum("nijc,ijcf->nijf", x, w), s=size, axes=(1, 2))
    return Z[:, len(W) - 1 :, W.shape[1] - 1 :]


def leaves_it_to_scipy(X, W):
    kernels = W[None, ::-1, ::-1]
    return scipy.signal.fftconvolve(X[..., None], kernels, mode="valid", axes=(1, 2)).sum(axis=3)


# --- operation_counts


def counts_in_floats(N, height, width, C, k, F):
    pixels, places = float(height * width), (height - k + 1.0) * (width - k + 1)
    fourier = (N * C + C * F + N * F) * 2.5 * pixels * np.log(pixels) / np.log(2)
    return [np.float64(2 * places * k**2 * N * C * F), fourier + 4 * pixels * N * C * F]


def counts_halves_exactly(N, height, width, C, k, F):
    direct, fourier = counts_in_floats(N, height, width, C, k, F)
    return np.array([int(direct), round(fourier)])


# --- blur_pool


def multiplies_by_sixteenths(A):
    cells = [A[:, u : A.shape[1] - 1 + u, v : A.shape[2] - 1 + v] for u in (0, 1) for v in (0, 1)]
    m = np.pad(np.max(cells, axis=0), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    weights = np.outer([1, 2, 1], [1, 2, 1]) / 16
    Y = np.zeros((len(A), A.shape[1] // 2, A.shape[2] // 2, A.shape[3]), np.float32)
    for n, i, j, c in np.ndindex(Y.shape):
        Y[n, i, j, c] = np.sum(weights * m[n, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3, c])
    return Y


def reflects_by_hand(A):
    for axis in (1, 2):
        n = A.shape[axis]
        A = np.maximum(np.take(A, range(n - 1), axis), np.take(A, range(1, n), axis))
    for axis in (1, 2):
        n = A.shape[axis]
        at = np.arange(0, n, 2)
        before, after = np.abs(at - 1), n - 1 - np.abs(n - 2 - at)
        A = np.take(A, before, axis) / 4 + np.take(A, at, axis) / 2 + np.take(A, after, axis) / 4
    return A


# --- adjoint_gap


def uses_vdot(A, B, x_shape, y_shape, rng):
    y, x = rng.standard_normal(y_shape), rng.standard_normal(x_shape)
    By, Ax = B(y), A(x)
    return np.abs(np.vdot(Ax, y) - np.vdot(x, By)) / np.linalg.norm(Ax.ravel()) / np.linalg.norm(y.ravel())


def calls_A_often(A, B, x_shape, y_shape, rng):
    x = rng.normal(0, 1, x_shape)
    y = rng.normal(0, 1, y_shape)
    gap = abs((A(x) * y).sum() - (x * B(y)).sum())
    return float(gap / np.sqrt(np.sum(A(x) ** 2) * np.sum(y**2)))


# --- transposed_same


def goes_back_through_the_package(Y, W, s, height, width):
    X = np.zeros((len(Y), height, width, W.shape[2]))
    cache = conv2d_forward(X, W, strides=s, padding="same")[1]
    return conv2d_backward(Y, cache)[0]


def stamps_one_by_one(Y, W, s, height, width):
    (top, _), (left, _) = _amounts(W, s, height, width)
    X = np.zeros((len(Y), height, width, W.shape[2]), np.float32)
    for n, p, q, f in np.ndindex(Y.shape):
        for u, v in np.ndindex(W.shape[:2]):
            i, j = s * p + u - top, s * q + v - left
            if 0 <= i < height and 0 <= j < width:
                X[n, i, j] += Y[n, p, q, f] * W[u, v, :, f]
    return X


RIGHT = {
    "head_at_every_place": [calls_the_package, crops_and_flattens],
    "symmetric_port": [makes_room_in_zeros, pads_more_on_both_sides],
    "fourier_conv": [
        fills_up_to_the_full_size,
        loops_over_channels,
        transforms_complex_numbers,
        fills_up_to_a_power_of_two,
        turns_the_kernel_without_the_bar,
        leaves_it_to_scipy,
    ],
    "operation_counts": [counts_in_floats, counts_halves_exactly],
    "blur_pool": [multiplies_by_sixteenths, reflects_by_hand],
    "adjoint_gap": [uses_vdot, calls_A_often],
    "transposed_same": [goes_back_through_the_package, stamps_one_by_one],
}


@pytest.mark.parametrize(
    ("name", "answer"), [pytest.param(n, a, id=a.__name__) for n, list_ in RIGHT.items() for a in list_]
)
def test_a_right_answer_of_another_kind_is_right(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"✓ Right: {name}\n"
