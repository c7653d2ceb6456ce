"""Right answers to exercises 6 to 10 of Chapter 2 that differ from the book's, and answers half done."""

import numpy as np
import pytest

from dlbook_utils.exercises import check
from tests.exercises.chapter_02_layers import RIGHT_DIAGNOSES

# --- lookup_backward


def multiplies_by_one_hot(dy, cache):
    index, V = cache
    return np.eye(V)[index].T @ dy


def loops_over_examples(dy, cache):
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    for n, v in enumerate(index):
        dE[v] += dy[n]
    return dE


def loops_over_rows(dy, cache):
    index, V = cache
    return np.array([dy[index == v].sum(axis=0) for v in range(V)])


def counts_with_weights(dy, cache):
    index, V = cache
    return np.stack([np.bincount(index, weights=column, minlength=V) for column in dy.T], axis=1)


def sorts_and_reduces(dy, cache):
    index, V = cache
    order = np.argsort(index, kind="stable")
    rows, starts = np.unique(index[order], return_index=True)
    dE = np.zeros((V, dy.shape[1]), np.float32)
    dE[rows] = np.add.reduceat(dy[order], starts, axis=0)
    return dE


# --- weight_norm_backward


def takes_the_papers_formula(dy, cache):
    x, V, g = cache
    n = np.linalg.norm(V, axis=0)
    dW = x.T.dot(dy)
    dg = (dW * V).sum(0) / n
    dV = g / n * dW - g * dg / n**2 * V
    return [dy.dot((g * V / n).T), dV, dg, dy.sum(0)]


def builds_the_jacobian_of_each_column(dy, cache):
    x, V, g = cache
    dW, dV, dg = x.T @ dy, np.empty_like(V), np.empty_like(g)
    W = np.empty_like(V)
    for h in range(V.shape[1]):
        v = V[:, h]
        n = np.sqrt(v @ v)
        W[:, h] = g[h] * v / n
        J = g[h] * (np.eye(len(v)) / n - np.outer(v, v) / n**3)
        dV[:, h] = dW[:, h] @ J
        dg[h] = dW[:, h] @ v / n
    return dy @ W.T, dV, dg, np.ones(len(dy)) @ dy


def rounds_to_float32(dy, cache):
    x, V, g = (a.astype(np.float32) for a in cache)
    dy = dy.astype(np.float32)
    n = np.sqrt(np.einsum("dh,dh->h", V, V))
    u = V / n
    dW = np.einsum("nd,nh->dh", x, dy)
    dg = np.einsum("dh,dh->h", dW, u)
    return np.einsum("nh,dh->nd", dy, g * u), g / n * (dW - dg * u), dg, dy.sum(axis=0)


def adds_a_tiny_floor(dy, cache):
    x, V, g = cache
    n = np.sqrt(np.sum(V**2, axis=0) + 1e-16)
    u = V / n
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return dy @ (g * u).T, g / n * (dW - dg * u), dg, dy.sum(axis=0)


# --- checkpointed_gradients


def does_not_recompute_the_last_segment(x, layers, upstream, k):
    L = len(layers)
    last = (L - 1) // k * k
    kept, caches, a = [], [], x
    for i, (forward, _) in enumerate(layers):
        if i % k == 0:
            kept.append(a)
        a, cache = forward(a)
        if i >= last:
            caches.append(cache)
    del cache
    dy, dWs = upstream(a), [None] * L
    for start in range(last, -1, -k):
        stop = min(start + k, L)
        if start < last:
            a, caches = kept[start // k], []
            for i in range(start, stop):
                a, cache = layers[i][0](a)
                caches.append(cache)
        for i in range(stop - 1, start - 1, -1):
            dy, dWs[i] = layers[i][1](dy, caches.pop())
    return dy, dWs


def keeps_a_dict_and_inserts_in_front(x, layers, upstream, k):
    kept = {0: x}
    a = x
    for i in range(len(layers)):
        a = layers[i][0](a)[0]
        if (i + 1) % k == 0:
            kept[i + 1] = a
    dy, dWs = upstream(a), []
    starts = sorted(range(0, len(layers), k), reverse=True)
    for start in starts:
        a, caches = kept[start], {}
        for i in range(start, min(start + k, len(layers))):
            a, caches[i] = layers[i][0](a)
        for i in sorted(caches, reverse=True):
            dy, dW = layers[i][1](dy, caches[i])
            dWs.insert(0, dW)
    return dy, dWs


def copies_what_it_keeps(x, layers, upstream, k):
    kept, a = [], x.copy()
    for i, (forward, _) in enumerate(layers):
        if i % k == 0:
            kept += [a.copy()]
        a, _ = forward(a)
    dy, dWs = upstream(a), []
    for segment in [layers[s : s + k] for s in range(0, len(layers), k)][::-1]:
        a, caches = kept.pop(-1), []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for (_, backward), cache in zip(segment[::-1], caches[::-1], strict=True):
            dy, dW = backward(dy, cache)
            dWs.append(dW)
    return [dy, np.stack(dWs[::-1])]


def recurses(x, layers, upstream, k):
    """Each call goes forward through one segment, and back through it when the rest is done."""
    if not layers:
        return upstream(x), []
    a = x
    for forward, _ in layers[:k]:
        a, _ = forward(a)
    del _
    dy, behind = recurses(a, layers[k:], upstream, k)
    caches, a = [], x
    for forward, _ in layers[:k]:
        a, cache = forward(a)
        caches.append(cache)
    dWs = []
    for _, backward in layers[:k][::-1]:
        dy, dW = backward(dy, caches.pop())
        dWs.insert(0, dW)
    return dy, dWs + behind


# --- rms_norm


def writes_powers(x, gamma, epsilon):
    r = ((x * x).sum(-1)[..., None] / x.shape[-1] + epsilon) ** 0.5
    return x / r * gamma, [x / r, r, gamma]


def uses_einsum(x, gamma, epsilon):
    r = np.sqrt(np.einsum("...d,...d->...", x, x)[..., np.newaxis] / x.shape[-1] + epsilon)
    return np.einsum("...d,d->...d", x / r, gamma), (x / r, r, gamma)


def forward_in_float32(x, gamma, epsilon):
    x, gamma = x.astype(np.float32), gamma.astype(np.float32)
    r = np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + np.float32(epsilon))
    return gamma * (x / r), (x / r, r, gamma)


def returns_to_x(dy, cache):
    x_hat, r, gamma = cache
    x, D = x_hat * r, x_hat.shape[-1]
    d = dy * gamma
    dx = d / r - x * np.sum(d * x, axis=-1, keepdims=True) / (D * r**3)
    return dx, (dy * x_hat).reshape(-1, D).sum(axis=0)


def builds_the_jacobian_of_each_row(dy, cache):
    x_hat, r, gamma = cache
    D = x_hat.shape[-1]
    rows = []
    for h, s, d in zip(x_hat.reshape(-1, D), r.ravel(), (gamma * dy).reshape(-1, D), strict=True):
        rows.append(d @ (np.eye(D) - np.outer(h, h) / D) / s)
    dgamma = np.einsum("nd,nd->d", dy.reshape(-1, D), x_hat.reshape(-1, D))
    return [np.array(rows).reshape(x_hat.shape), dgamma]


def backward_in_float32(dy, cache):
    x_hat, r, gamma = (a.astype(np.float32) for a in cache)
    d = gamma * dy.astype(np.float32)
    dx = (d - x_hat * np.mean(d * x_hat, axis=-1, keepdims=True)) / r
    return dx, np.sum(dy * x_hat, axis=tuple(range(dy.ndim - 1)))


RIGHT = {
    "lookup_backward": [
        multiplies_by_one_hot,
        loops_over_examples,
        loops_over_rows,
        counts_with_weights,
        sorts_and_reduces,
    ],
    "weight_norm_backward": [
        takes_the_papers_formula,
        builds_the_jacobian_of_each_column,
        rounds_to_float32,
        adds_a_tiny_floor,
    ],
    "checkpointed_gradients": [
        does_not_recompute_the_last_segment,
        keeps_a_dict_and_inserts_in_front,
        copies_what_it_keeps,
        recurses,
    ],
    "rms_norm_forward": [writes_powers, uses_einsum, forward_in_float32],
    "rms_norm_backward": [returns_to_x, builds_the_jacobian_of_each_row, backward_in_float32],
}


@pytest.mark.parametrize(
    ("name", "answer"), [pytest.param(n, a, id=a.__name__) for n, list_ in RIGHT.items() for a in list_]
)
def test_a_right_answer_of_another_kind_is_right(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"✓ Right: {name}\n"


@pytest.mark.parametrize("missing", [..., None, "left out"])
def test_diagnoses_may_be_left_out(missing, capsys):
    answer = {**RIGHT_DIAGNOSES, "Dan": missing}
    if missing == "left out":
        del answer["Dan"]
    check("diagnoses", answer)
    printed = capsys.readouterr().out
    assert printed == "○ Open: diagnoses\n    Right so far: Ada, Ben, Cleo, Eve. Still missing: Dan.\n"
