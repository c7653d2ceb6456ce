"""Right answers to the exercises of Chapter 2 on derivatives and graphs that differ from the book's."""

from fractions import Fraction

import numpy as np
import pytest

from dlbook_utils.autodiff import Variable, grad, unbroadcast, vjp
from dlbook_utils.exercises import check
from tests.exercises.chapter_02_graphs import BY_HAND, by_hand, dense, shares


def nudges_on_both_sides(f, x, h):
    gradient = np.zeros(x.shape)
    for k in range(x.size):
        e = np.zeros(x.shape, complex)
        e.flat[k] = 1j * h
        gradient.flat[k] = np.imag(f(x + e) - f(x - e)) / (2 * h)
    return gradient


def divides_by_ih_and_takes_the_real_part(f, x, h):
    slopes = []
    for i in np.ndindex(x.shape):
        z = np.array(x, dtype=np.complex128)
        z.imag[i] = h
        slopes.append(((f(z) - f(x)) / (1j * h)).real)
    return np.reshape(slopes, x.shape)


def takes_the_nudge_back(f, x, h):
    z, gradient = x + 0j, np.zeros_like(x)
    for i in np.ndindex(x.shape):
        z[i] = complex(x[i], h)
        gradient[i] = np.imag(f(z)) / h
        z[i] = x[i]
    return gradient


def loops_over_pixels(x, w, c, y):
    u = [w * pixel for pixel in x]
    s = c + sum(u)
    de = [2 * (a / s - b) for a, b in zip(u, y, strict=True)]
    ds = 0.0
    for d, a in zip(de, u, strict=True):
        ds += d * -a / s**2
    du = [d / s + ds for d in de]
    dw = sum(d * pixel for d, pixel in zip(du, x, strict=True))
    dx = [w * d for d in du]
    return {"e": de, "p": de, "y": [-d for d in de], "s": ds, "u": du, "c": ds, "x": dx, "w": dw, "L": 1}


def keeps_an_axis(x, w, c, y):
    found = shares(x, w, c, y)
    return found | {"s": np.array([found["s"]]), "x": tuple(found["x"])}


def by_quotient_rule(x, w, c, y):
    s = c + w * np.sum(x)
    u = w * x
    J = np.eye(len(x)) / s - u[:, None] / s**2
    de = 2 * (u / s - y)
    du = de @ J
    found = {"e": de, "p": de, "y": -de, "s": -de @ u / s**2, "u": du, "x": w * du, "w": du @ x}
    return found | {"c": found["s"]}


def by_sigmoid(dy, y, a, b):
    return dy / (1 + np.exp(b - a))


def by_softmax(dy, y, a, b):
    m = np.maximum(a, b)
    return dy * np.exp(a - m) / (np.exp(a - m) + np.exp(b - m))


def undoes_broadcasting(dy, y, a, b):
    return unbroadcast(dy * np.exp(a - y), np.shape(a))


def in_float32(dy, y, a, b):
    return (dy * np.exp(a - y)).astype(np.float32)


def by_ranks(dy, y, x, axis=-1):
    return np.take_along_axis(dy, np.argsort(np.argsort(x, axis), axis), axis)


def by_lines(dy, y, x, axis=-1):
    dx = np.empty_like(x)
    rows, slopes, out = (np.moveaxis(a, axis, -1) for a in (x, dy, dx))
    for i in np.ndindex(rows.shape[:-1]):
        out[i][np.argsort(rows[i], kind="stable")] = slopes[i]
    return dx


def by_permutation_matrices(dy, y, x, axis=-1):
    order = np.moveaxis(np.argsort(x, axis), axis, -1)
    P = np.eye(x.shape[axis])[order]
    return np.moveaxis(np.einsum("...k,...kd->...d", np.moveaxis(dy, axis, -1), P), -1, axis)


def shares_among_equals(dy, y, x, axis=-1):
    x, y, dy = (np.moveaxis(a, axis, -1) for a in (x, y, dy))
    same = x[..., :, None] == y[..., None, :]
    share = same / same.sum(axis=-2, keepdims=True)
    return np.moveaxis(np.sum(share * dy[..., None, :], axis=-1), -1, axis)


def with_two_vjps(loss, theta, v):
    def along_v(t):
        _, back = vjp(loss, t)
        return np.sum(back()[0] * v)

    return vjp(along_v, theta)[1]()[0]


def with_flat_vectors(loss, theta, v):
    return grad(lambda t: np.reshape(grad(loss)(t), (-1,)) @ v.ravel())(theta)


def sums_by_method(loss, theta, v):
    g = grad(loss)

    def directional(t):
        products = g(t) * v
        return products.sum() if isinstance(products, Variable) else np.sum(products)

    return grad(directional)(theta)


def with_rayleigh_quotient(product, q, steps):
    for _ in range(steps):
        q = product(q)
        q = q / np.linalg.norm(q)
    return float(np.sum(q * product(q))), q


def by_largest_entry(product, q, steps):
    for _ in range(steps):
        q = q / np.abs(q).max()
        Hq = product(q)
        value = (q.ravel() @ Hq.ravel()) / (q.ravel() @ q.ravel())
        q = Hq
    return [value, q / np.sqrt((q**2).sum())]


def exactly_the_steps(product, q, steps):
    value = 0.0
    while steps:
        q = q / np.linalg.norm(q)
        Hq = product(q)
        value, q, steps = np.vdot(q, Hq), Hq, steps - 1
    return np.array(value), q / np.linalg.norm(q)


def stops_early(product, q, steps):
    q, value = q / np.linalg.norm(q), np.inf
    for _ in range(steps):
        Hq = product(q)
        before, value = value, np.sum(q * Hq)
        q = Hq / np.linalg.norm(Hq)
        if abs(value - before) < 1e-14 * abs(value):
            break
    return value, q


def flat_inside(product, q, steps):
    v = q.ravel() / np.linalg.norm(q.ravel())
    for _ in range(steps):
        w = product(v.reshape(q.shape)).ravel()
        value, v = v @ w, w / np.linalg.norm(w)
    return np.float64(value), v.reshape(q.shape)


def solves_each_row(dy, y, x, U, W, b):
    dz = np.empty_like(y)
    for n, s in enumerate(1 - y**2):
        dz[n] = np.linalg.solve(np.eye(len(s)) - s[:, None] * U, s * dy[n])
    return dense(dz, y, x, W)


def solves_all_at_once(dy, y, x, U, W, b):
    (N, H), s = y.shape, 1 - y**2
    A = np.eye(N * H)
    for n in range(N):
        A[n * H : n * H + H, n * H : n * H + H] -= s[n][:, None] * U
    return dense(np.linalg.solve(A, (s * dy).ravel()).reshape(N, H), y, x, W)


def repeats_the_gradient_of_y(dy, y, x, U, W, b):
    s, g = 1 - y**2, np.zeros_like(dy)
    for _ in range(1500):
        g = dy + (g * s) @ U.T
    return list(dense(s * g, y, x, W))


def goes_on_as_the_message_says(dy, y, x, U, W, b):
    s, dz, change = 1 - y**2, np.zeros_like(dy), np.inf
    while change >= 1e-12 * np.abs(dy).max():
        new = s * (dy + dz @ U.T)
        change, dz = np.abs(new - dz).max(), new
    return dense(dz, y, x, W)


def adds_a_series(dy, y, x, U, W, b):
    s = 1 - y**2
    term = s * dy
    dz = term
    while np.abs(term).max() > 1e-12 * np.abs(dy).max():
        term = s * (term @ U.T)
        dz = dz + term
    return dense(dz, y, x, W)


RIGHT = {
    "complex_step": [
        nudges_on_both_sides,
        divides_by_ih_and_takes_the_real_part,
        takes_the_nudge_back,
    ],
    "slopes_by_hand": [
        by_hand("lists", e=[-1, 0.4], u=[-0.096, 0.044]),
        by_hand("arrays", x=np.array([-0.192, 0.088]), w=np.float64(-0.008)),
        by_hand("fractions", s=Fraction(1, 250), u=(Fraction(-12, 125), Fraction(11, 250))),
        by_hand("one_in_brackets", s=[0.004]),
    ],
    "share_backward": [loops_over_pixels, keeps_an_axis, by_quotient_rule],
    "logaddexp_rule": [by_sigmoid, by_softmax, undoes_broadcasting, in_float32],
    "sort_rule": [by_ranks, by_lines, by_permutation_matrices, shares_among_equals],
    "hessian_vector_product": [with_two_vjps, with_flat_vectors, sums_by_method],
    "largest_eigenvalue": [
        with_rayleigh_quotient,
        by_largest_entry,
        exactly_the_steps,
        stops_early,
        flat_inside,
    ],
    "fixed_point_backward": [
        solves_each_row,
        solves_all_at_once,
        repeats_the_gradient_of_y,
        goes_on_as_the_message_says,
        adds_a_series,
    ],
}


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name, answers in RIGHT.items() for answer in answers]
)
def test_another_right_answer_is_right(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"✓ Right: {name}\n"


def test_slopes_may_be_filled_in_one_after_another(capsys):
    check("slopes_by_hand", {"e": BY_HAND["e"], "s": ..., "u": (..., ...)})
    printed = capsys.readouterr().out
    assert "Right so far: e. Still to come: p, y, s, u, c, x, w." in printed
    assert "○ Open: slopes_by_hand" in printed
    check("slopes_by_hand", {})
    assert capsys.readouterr().out.startswith("○ Open: slopes_by_hand")
