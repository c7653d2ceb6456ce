"""Wrong answers to exercises 6 to 10 of Chapter 4.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

import random

import numpy as np

from dlbook_utils.convolution import Conv2D
from dlbook_utils.layers import Dense, Flatten
from dlbook_utils.network import Sequential
from dlbook_utils.pretrained import load_weights


def named(value, name):
    """A value that is not a function, for the tests' names."""

    class Named(dict):
        __name__ = name

    return Named(value)


# --- separable_share ----------------------------------------------------------------------------


def gives_the_inverse(kh, kw, C, F, m):
    """How many times fewer."""
    return kh * kw * F / (m * (kh * kw + F))


def forgets_m(kh, kw, C, F, m):
    """The paper's formula, 1/F + 1/k²."""
    return 1 / F + 1 / (kh * kw)


def takes_m_in_the_first_step_only(kh, kw, C, F, m):
    """The second step reads C channels."""
    return (C * m * kh * kw + C * F) / (kh * kw * C * F)


def takes_m_in_the_second_step_only(kh, kw, C, F, m):
    """One kernel a channel."""
    return (C * kh * kw + C * m * F) / (kh * kw * C * F)


def forgets_the_second_step(kh, kw, C, F, m):
    """Depthwise alone."""
    return m / F


def forgets_the_first_step(kh, kw, C, F, m):
    """Pointwise alone."""
    return m / (kh * kw)


def lets_a_kernel_read_all_channels(kh, kw, C, F, m):
    """C twice."""
    return (kh * kw * C * C * m + C * m * F) / (kh * kw * C * F)


def has_m_kernels_in_all(kh, kw, C, F, m):
    """C is missing in the first step."""
    return (kh * kw * m + C * m * F) / (kh * kw * C * F)


def takes_square_kernels(kh, kw, C, F, m):
    """k² with k = kh."""
    return m * (kh * kh + F) / (kh * kh * F)


def counts_parameters(kh, kw, C, F, m):
    """With the biases."""
    return (C * m * (kh * kw + F) + F) / (kh * kw * C * F + F)


def gives_what_is_saved(kh, kw, C, F, m):
    """1 − share."""
    return 1 - m * (kh * kw + F) / (kh * kw * F)


def never_exceeds_one(kh, kw, C, F, m):
    """A saving saves."""
    return min(1.0, m * (kh * kw + F) / (kh * kw * F))


def multiplies_the_steps(kh, kw, C, F, m):
    """One after the other."""
    return C * m * kh * kw * C * m * F / (kh * kw * C * F)


def divides_down(kh, kw, C, F, m):
    """// by habit."""
    return (C * m * kh * kw + C * m * F) // (kh * kw * C * F)


def rounds_the_share(kh, kw, C, F, m):
    """Three places are enough for a price."""
    return round(m / F + m / (kh * kw), 3)


def gives_a_string(kh, kw, C, F, m):
    """For printing."""
    return f"{m / F + m / (kh * kw):.3f}"


# --- separable_forward --------------------------------------------------------------------------


def _middle(X, D):
    P, Q = X.shape[1] - D.shape[0] + 1, X.shape[2] - D.shape[1] + 1
    return sum(X[:, i : i + P, j : j + Q, :, None] * D[i, j] for i, j in np.ndindex(D.shape[:2]))


def _flat(U):
    return U.reshape(*U.shape[:3], -1)


def forgets_b(X, D, w, b):
    """Z = U w."""
    return _flat(_middle(X, D)) @ w


def puts_the_kernels_first(X, D, w, b):
    """s C + c."""
    return _flat(np.swapaxes(_middle(X, D), 3, 4)) @ w + b


def turns_the_kernels(X, D, w, b):
    """The mathematicians' convolution."""
    return _flat(_middle(X, D[::-1, ::-1])) @ w + b


def mixes_channels_first(X, D, w, b):
    """einsum with c summed, and repeated to fit."""
    U = _middle(X, D).sum(axis=3)
    return np.repeat(U, X.shape[3], axis=-1) @ w + b


def sums_over_channels(X, D, w, b):
    """keepdims, and broadcast to fit."""
    U = _middle(X, D).sum(axis=3, keepdims=True)
    return _flat(np.repeat(U, X.shape[3], axis=3)) @ w + b


def reshapes_D(X, D, w, b):
    """(kh, kw, m, C), as the sum is easier to write."""
    kh, kw, C, m = D.shape
    return _flat(_middle(X, D.reshape(kh, kw, m, C).swapaxes(2, 3))) @ w + b


def saves_memory(X, D, w, b):
    """float16."""
    return (_flat(_middle(X, D)) @ w + b).astype(np.float16)


def gives_all_channels_the_same_kernels(X, D, w, b):
    """D[:, :, 0]."""
    return _flat(_middle(X, np.broadcast_to(D[:, :, :1], D.shape))) @ w + b


def repeats_the_first_kernel(X, D, w, b):
    """D[..., 0]."""
    return _flat(_middle(X, np.broadcast_to(D[..., :1], D.shape))) @ w + b


def takes_one_kernel_a_channel(X, D, w, b):
    """m = 1 only."""
    U = _middle(X, D[..., :1])
    return U.reshape(*U.shape[:3], len(w)) @ w + b


def puts_a_relu_between(X, D, w, b):
    """As in MobileNet, which has one there."""
    return np.maximum(_flat(_middle(X, D)), 0) @ w + b


def puts_a_relu_behind(X, D, w, b):
    """A, not Z."""
    return np.maximum(_flat(_middle(X, D)) @ w + b, 0)


def transposes_where_it_can(X, D, w, b):
    """w.T, where no error is raised."""
    return _flat(_middle(X, D)) @ (w.T if w.shape[0] == w.shape[1] else w) + b


def exchanges_rows_where_it_can(X, D, w, b):
    """D[j, i]."""
    return _flat(_middle(X, D.swapaxes(0, 1) if D.shape[0] == D.shape[1] else D)) @ w + b


def averages_over_the_window(X, D, w, b):
    """np.mean."""
    return _flat(_middle(X, D) / (D.shape[0] * D.shape[1])) @ w + b


def adds_b_for_each_cell(X, D, w, b):
    """b in the loop."""
    return _flat(_middle(X, D)) @ w + b * D.shape[0] * D.shape[1]


def pads(X, D, w, b):
    """padding="same"."""
    kh, kw = D.shape[:2]
    X = np.pad(X, ((0, 0), ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2), (0, 0)))
    return _flat(_middle(X, D)) @ w + b


def reads_the_first_image(X, D, w, b):
    """X[0]."""
    return _flat(_middle(X[:1], D)) @ w + b


def takes_kh_for_kw(X, D, w, b):
    """Square kernels only: an IndexError or the wrong shape."""
    k = D.shape[0]
    P, Q = X.shape[1] - k + 1, X.shape[2] - k + 1
    U = sum(X[:, i : i + P, j : j + Q, :, None] * D[i, j] for i in range(k) for j in range(k))
    return _flat(U) @ w + b


def scales_X_in_place(X, D, w, b):
    """A convenient place to work."""
    Z = _flat(_middle(X, D)) @ w + b
    X *= 0
    return Z


# --- separable_backward -------------------------------------------------------------------------


def _back(dZ, X, D, w, upstream=None, kernels=None):
    kh, kw, C, m = D.shape
    N, P, Q, F = dZ.shape
    dU = (dZ @ w.T).reshape(N, P, Q, C, m) if upstream is None else upstream
    kernels = D if kernels is None else kernels
    dX, dD = np.zeros_like(X), np.zeros_like(D)
    for i, j in np.ndindex(kh, kw):
        seen = X[:, i : i + P, j : j + Q, :, None]
        dD[i, j] = np.sum(seen * dU, axis=(0, 1, 2))
        dX[:, i : i + P, j : j + Q] += np.sum(dU * kernels[i, j], axis=-1)
    dw = _flat(_middle(X, D)).reshape(-1, C * m).T @ dZ.reshape(-1, F)
    return dX, dD, dw, dZ.sum(axis=(0, 1, 2))


def turns_the_kernels_on_the_way_back(dZ, X, D, w):
    """180°, and cell by cell."""
    return _back(dZ, X, D, w, kernels=D[::-1, ::-1])


def overwrites(dZ, X, D, w):
    """= for +=."""
    _, dD, dw, db = _back(dZ, X, D, w)
    dX, (N, P, Q, _) = np.zeros_like(X), dZ.shape
    dU = (dZ @ w.T).reshape(N, P, Q, *D.shape[2:])
    for i, j in np.ndindex(D.shape[:2]):
        dX[:, i : i + P, j : j + Q] = np.sum(dU * D[i, j], axis=-1)
    return dX, dD, dw, db


def hears_the_first_map_only(dZ, X, D, w):
    """dU[..., 0]."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    (N, P, Q, _), (_, _, C, m) = dZ.shape, D.shape
    dU = (dZ @ w.T).reshape(N, P, Q, C, m)
    dX = _back(dZ, X, D[..., :1], w[::m], upstream=dU[..., :1])[0]
    return dX, dD, dw, db


def averages_the_maps(dZ, X, D, w):
    """mean(axis=-1)."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX / D.shape[3], dD, dw, db


def reshapes_in_the_other_order(dZ, X, D, w):
    """(…, m, C)."""
    (N, P, Q, _), (_, _, C, m) = dZ.shape, D.shape
    return _back(dZ, X, D, w, upstream=(dZ @ w.T).reshape(N, P, Q, m, C).swapaxes(-1, -2))


def averages_db(dZ, X, D, w):
    """mean."""
    dX, dD, dw, _ = _back(dZ, X, D, w)
    return dX, dD, dw, dZ.mean(axis=(0, 1, 2))


def divides_by_N(dZ, X, D, w):
    """The mean of the loss, twice."""
    return tuple(a / len(X) if i else a for i, a in enumerate(_back(dZ, X, D, w)))


def divides_dw_by_N(dZ, X, D, w):
    """The mean of the loss, twice, in one place."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, dD, dw / len(X), db


def divides_dD_by_N(dZ, X, D, w):
    """The mean of the loss, twice, in one place."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, dD / len(X), dw, db


def takes_X_for_U(dZ, X, D, w):
    """The input of the layer."""
    dX, dD, _, db = _back(dZ, X, D, w)
    (_, P, Q, F), m = dZ.shape, D.shape[3]
    seen = np.repeat(X[:, :P, :Q], m, axis=-1)
    return dX, dD, seen.reshape(-1, len(w)).T @ dZ.reshape(-1, F), db


def transposes_dw(dZ, X, D, w):
    """dZᵀ U."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, dD, dw.T, db


def transposes_dw_where_it_can(dZ, X, D, w):
    """dZᵀ U, unseen where w is square."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, dD, dw.T if len(w) == w.shape[1] else dw, db


def forgets_w(dZ, X, D, w):
    """dU = Σ dZ."""
    dU = np.broadcast_to(dZ.sum(axis=-1)[..., None, None], (*dZ.shape[:3], *D.shape[2:]))
    return _back(dZ, X, D, w, upstream=dU)


def takes_w_for_its_transpose(dZ, X, D, w):
    """dZ w, where no error is raised."""
    N, P, Q, _ = dZ.shape
    square = len(w) == w.shape[1]
    return _back(dZ, X, D, w, upstream=(dZ @ (w if square else w.T)).reshape(N, P, Q, *D.shape[2:]))


def turns_dD(dZ, X, D, w):
    """180° for dD too."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, dD[::-1, ::-1], dw, db


def shares_dD_among_channels(dZ, X, D, w):
    """Σ over c."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, np.broadcast_to(dD.sum(axis=2, keepdims=True), D.shape).copy(), dw, db


def shares_dX_among_channels(dZ, X, D, w):
    """Σ over c."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return np.broadcast_to(dX.sum(axis=-1, keepdims=True), X.shape).copy(), dD, dw, db


def counts_the_first_image(dZ, X, D, w):
    """[0]."""
    dX, dD, dw, _ = _back(dZ, X, D, w)
    return dX, dD, dw, dZ[0].sum(axis=(0, 1))


def swaps_the_kernels(dZ, X, D, w):
    """(dX, dw, dD, db)."""
    dX, dD, dw, db = _back(dZ, X, D, w)
    return dX, dw, dD, db


def forgets_db(dZ, X, D, w):
    """Three results."""
    return _back(dZ, X, D, w)[:3]


def adds_into_X(dZ, X, D, w):
    """In place."""
    result = _back(dZ, X, D, w)
    X += result[0]
    return result


# --- five_offices -------------------------------------------------------------------------------

_RIGHT = {"Bergen": "signed", "Cusco": "transposed", "Dakar": "mixed", "Hanoi": "cut", "Quito": "header"}
OFFICES = [
    (named(_RIGHT | {"Cusco": "upside_down"}, "takes_a_mirror_for_another"), "upside_down is not it"),
    (named(_RIGHT | {"Bergen": "cut"}, "takes_signed_for_cut"), "Bergen: cut is not it"),
    (named(_RIGHT | {"Hanoi": "signed"}, "takes_cut_for_signed"), "answers otherwise than the office"),
    (named(_RIGHT | {"Dakar": "header"}, "takes_mixed_for_header"), "Dakar: header is not it"),
    (named(_RIGHT | {"Quito": "mixed", "Dakar": "header"}, "swaps_two"), "(Not yet right either: Quito.)"),
    (named(_RIGHT | {"Bergen": "nothing"}, "sees_nothing"), "'nothing' is not among the causes"),
    (named(_RIGHT | {"Bergen": "inverted"}, "takes_negative_for_inverted"), "inverted is not it"),
    (named(_RIGHT | {"Quito": "shifted"}, "names_a_cause_of_its_own"), "'shifted' is not among the causes"),
    (named(_RIGHT | {"Lima": "cut"}, "invents_an_office"), "There is no office 'Lima'"),
    (named(_RIGHT | {"Hanoi": ["cut", "signed"]}, "names_two"), "expected one cause, in quotes"),
    (named({"Quito": "transposed"}, "begins_wrongly"), "Quito: transposed is not it"),
    (
        type("a_list", (list,), {"__name__": "a_list"})(["signed", "transposed", "mixed", "cut", "header"]),
        "Expected a dict",
    ),
]


# --- small_network ------------------------------------------------------------------------------


def _ridge(X, targets):
    """A linear network, fitted at once: 7,850 numbers."""
    rows = np.hstack([X.reshape(len(X), -1), np.ones((len(X), 1), X.dtype)]).astype(float)
    solved = np.linalg.solve(rows.T @ rows + 10 * np.eye(785), rows.T @ targets)
    network = Sequential([Flatten(), Dense(10)])
    network.build((None, 28, 28, 1))
    network.set_weights([solved[:-1], solved[-1]])
    return network


def is_linear(X, y):
    """No hidden layer."""
    return _ridge(X[:6000], np.eye(10)[y[:6000]])


def learns_a_few_by_heart(X, y):
    """X[:2000], for a quick trial."""
    return _ridge(X[:1500], np.eye(10)[y[:1500]])


def counts_from_one(X, y):
    """Classes 1 to 10."""
    return _ridge(X[:6000], np.eye(10)[(y[:6000] + 1) % 10] * 10)


def gives_distances(X, y):
    """The smallest is the answer."""
    return _ridge(X[:6000], 1 - np.eye(10)[y[:6000]])


def is_untrained(X, y):
    """Built, not fitted."""
    network = Sequential([Conv2D(8, 5, strides=2, activation="relu", seed=0), Flatten(), Dense(8, seed=1)])
    network.add(Dense(10, seed=2))
    network.build((None, 28, 28, 1))
    return network


def is_the_worked_example(X, y):
    """121,930."""

    class Model:
        def predict(self, X):
            return np.zeros((len(X), 10))

        def get_weights(self):
            return load_weights("mnist_cnn")

    return Model()


def has_exactly_ten_thousand(X, y):
    """Not fewer."""

    class Model:
        def predict(self, X):
            return np.zeros((len(X), 10))

        def get_weights(self):
            return [np.zeros((100, 100))]

    return Model()


def leaves_arrays_out(X, y):
    """get_weights without the moving averages; Keras' count has them."""

    class Model:
        def predict(self, X):
            return np.zeros((len(X), 10))

        def get_weights(self):
            return [np.zeros(9000)]

        def count_params(self):
            return 12_000

    return Model()


def freezes_what_is_too_much(X, y):
    """Only trainable weights counted."""

    class Model:
        trainable_weights = (np.zeros(9000),)

        def predict(self, X):
            return np.zeros((len(X), 10))

        def get_weights(self):
            return [np.zeros(9000), np.zeros((50, 60))]

    return Model()


def takes_rows(X, y):
    """An MLP, (N, 784)."""
    network = Sequential([Dense(10, seed=0)])
    network.build((None, 784))
    return network


def gives_labels(X, y):
    """argmax inside."""

    class Model:
        def predict(self, X):
            return np.zeros(len(X))

        def get_weights(self):
            return [np.zeros((784, 10))]

    return Model()


def has_eleven_outputs(X, y):
    """One for 'none'."""
    network = Sequential([Flatten(), Dense(11, seed=0)])
    network.build((None, 28, 28, 1))
    return network


def has_burst(X, y):
    """nan."""
    network = _ridge(X[:1000], np.eye(10)[y[:1000]])
    network.set_weights([np.nan * a for a in network.get_weights()])
    return network


def gives_its_weights(X, y):
    """get_weights() returned."""
    return is_untrained(X, y).get_weights()


def gives_the_history_too(X, y):
    """(network, history)."""
    return is_untrained(X, y), {"loss": [0.1]}


def gives_its_accuracy(X, y):
    """A number."""
    return 0.985


def scales_X_in_the_function(X, y):
    """X /= X.max(), in place."""
    X /= X.max()
    return is_untrained(X, y)


def shuffles_X(X, y):
    """In place, in NumPy's compiled code, whose line numbers say nothing."""
    np.random.default_rng(0).shuffle(X)
    return is_untrained(X, y)


def shuffles_y(X, y):
    """Python's own."""
    random.shuffle(y)
    return is_untrained(X, y)


def says_too_much(X, y):
    """Keras lists all its arguments."""
    raise ValueError("Arguments received: " + "tensor of shape (None, 28, 28, 1), " * 200)


def says_too_much_later(X, y):
    """The same in predict."""

    class Model:
        def predict(self, X):
            return says_too_much(X, X)

        def get_weights(self):
            return [np.zeros(9000)]

    return Model()


def refuses_bytes(X, y):
    """An assertion on the range of X, which only the check's own probe offends."""
    network = is_linear(X, y)

    class Model:
        def predict(self, X):
            assert X.max() <= 1, "ink above 1"
            return network.predict(X)

        def get_weights(self):
            return network.get_weights()

    return Model()


def forgets_to_return(X, y):
    """No return."""
    is_untrained(X, y)


# --- fold_after ---------------------------------------------------------------------------------


def _none(b):
    return 0 if b is None else b


def forgets_to_scale_b(W, b, gamma, beta, mean, variance, epsilon):
    """b + …"""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, _none(b) + beta - mean * s


def ignores_b(W, b, gamma, beta, mean, variance, epsilon):
    """Convolutions before a normalisation have none."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, beta - mean * s


def forgets_beta(W, b, gamma, beta, mean, variance, epsilon):
    """No β."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, (_none(b) - mean) * s


def forgets_the_mean(W, b, gamma, beta, mean, variance, epsilon):
    """No μ."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, _none(b) * s + beta


def adds_the_mean(W, b, gamma, beta, mean, variance, epsilon):
    """+ μ."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, (_none(b) + mean) * s + beta


def does_not_scale_the_mean(W, b, gamma, beta, mean, variance, epsilon):
    """β − μ."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, _none(b) * s + beta - mean


def scales_beta(W, b, gamma, beta, mean, variance, epsilon):
    """Everything times s."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, (_none(b) - mean + beta) * s


def leaves_epsilon_out(W, b, gamma, beta, mean, variance, epsilon):
    """Small anyway."""
    s = gamma / np.sqrt(np.maximum(variance, 1e-30))
    return W * s, (_none(b) - mean) * s + beta


def puts_epsilon_outside(W, b, gamma, beta, mean, variance, epsilon):
    """√σ² + ε."""
    s = gamma / (np.sqrt(variance) + epsilon)
    return W * s, (_none(b) - mean) * s + beta


def forgets_the_root(W, b, gamma, beta, mean, variance, epsilon):
    """σ² + ε."""
    s = gamma / (variance + epsilon)
    return W * s, (_none(b) - mean) * s + beta


def squares_the_variance(W, b, gamma, beta, mean, variance, epsilon):
    """A deviation, he thought."""
    s = gamma / np.sqrt(variance**2 + epsilon)
    return W * s, (_none(b) - mean) * s + beta


def forgets_gamma(W, b, gamma, beta, mean, variance, epsilon):
    """No γ."""
    s = 1 / np.sqrt(variance + epsilon)
    return W * s, (_none(b) - mean) * s + beta


def multiplies_by_the_root(W, b, gamma, beta, mean, variance, epsilon):
    """· for /."""
    s = gamma * np.sqrt(variance + epsilon)
    return W * s, (_none(b) - mean) * s + beta


def swaps_gamma_and_beta(W, b, gamma, beta, mean, variance, epsilon):
    """Another order."""
    s = beta / np.sqrt(variance + epsilon)
    return W * s, (_none(b) - mean) * s + gamma


def divides_by_s(W, b, gamma, beta, mean, variance, epsilon):
    """W/s."""
    s = gamma / np.sqrt(variance + epsilon)
    return W / s, (_none(b) - mean) * s + beta


def divides_b_by_s(W, b, gamma, beta, mean, variance, epsilon):
    """b/s."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, (_none(b) - mean) / s + beta


def subtracts_the_shift(W, b, gamma, beta, mean, variance, epsilon):
    """− t."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, _none(b) * s - (beta - mean * s)


def scales_the_channels_that_come_in(W, b, gamma, beta, mean, variance, epsilon):
    """s[:, None], cut until it fits."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * np.resize(s, W.shape[2])[:, None], (_none(b) - mean) * s + beta


def scales_the_third_axis_where_it_can(W, b, gamma, beta, mean, variance, epsilon):
    """Where C is F."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * (s[:, None] if W.shape[2] == W.shape[3] else s), (_none(b) - mean) * s + beta


def scales_W_in_place(W, b, gamma, beta, mean, variance, epsilon):
    """W *=."""
    s = gamma / np.sqrt(variance + epsilon)
    W *= s.astype(W.dtype)
    return W, (_none(b) - mean) * s + beta


def needs_a_b(W, b, gamma, beta, mean, variance, epsilon):
    """b is never None."""
    s = gamma / np.sqrt(variance + epsilon)
    return W * s, (b - mean) * s + beta


def gives_b_first(W, b, gamma, beta, mean, variance, epsilon):
    """(b, W)."""
    s = gamma / np.sqrt(variance + epsilon)
    return (_none(b) - mean) * s + beta, W * s


# --- fold_before --------------------------------------------------------------------------------


def _scale(gamma, variance, epsilon):
    return gamma / np.sqrt(variance + epsilon)


def loses_the_shift(W, b, gamma, beta, mean, variance, epsilon):
    """b as it was."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], np.zeros(W.shape[3]) + _none(b)


def sends_the_shift_through_the_new_kernel(W, b, gamma, beta, mean, variance, epsilon):
    """W' for W."""
    s = _scale(gamma, variance, epsilon)
    new = W * s[:, None]
    return new, np.einsum("ijcf,c->f", new, beta - mean * s) + _none(b)


def reads_the_shift_at_one_cell(W, b, gamma, beta, mean, variance, epsilon):
    """W[0, 0]."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], (beta - mean * s) @ W[0, 0] + _none(b)


def averages_over_the_cells(W, b, gamma, beta, mean, variance, epsilon):
    """mean(axis=(0, 1))."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], (beta - mean * s) @ W.mean(axis=(0, 1)) + _none(b)


def adds_the_shifts_as_they_are(W, b, gamma, beta, mean, variance, epsilon):
    """Σ t."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], np.full(W.shape[3], (beta - mean * s).sum()) + _none(b)


def sums_shift_and_kernel_apart(W, b, gamma, beta, mean, variance, epsilon):
    """Σ t · Σ W."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], (beta - mean * s).sum() * W.sum(axis=(0, 1, 2)) + _none(b)


def forgets_the_mean_before(W, b, gamma, beta, mean, variance, epsilon):
    """β only."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], np.einsum("ijcf,c->f", W, beta) + _none(b)


def forgets_beta_before(W, b, gamma, beta, mean, variance, epsilon):
    """μ only."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], np.einsum("ijcf,c->f", W, -mean * s) + _none(b)


def leaves_the_mean_unscaled_before(W, b, gamma, beta, mean, variance, epsilon):
    """β − μ."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], np.einsum("ijcf,c->f", W, beta - mean) + _none(b)


def loses_b(W, b, gamma, beta, mean, variance, epsilon):
    """b is not in it."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], np.einsum("ijcf,c->f", W, beta - mean * s)


def scales_the_last_axis_where_it_can(W, b, gamma, beta, mean, variance, epsilon):
    """Where C is F."""
    s = _scale(gamma, variance, epsilon)
    new = W * (s if W.shape[2] == W.shape[3] else s[:, None])
    return new, np.einsum("ijcf,c->f", W, beta - mean * s) + _none(b)


def subtracts_the_shift_before(W, b, gamma, beta, mean, variance, epsilon):
    """− t."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], _none(b) - np.einsum("ijcf,c->f", W, beta - mean * s)


def divides_by_s_before(W, b, gamma, beta, mean, variance, epsilon):
    """W/s."""
    s = _scale(gamma, variance, epsilon)
    return W / s[:, None], _none(b) + np.einsum("ijcf,c->f", W, beta - mean * s)


def divides_the_mean_by_s_before(W, b, gamma, beta, mean, variance, epsilon):
    """β − μ/s."""
    s = _scale(gamma, variance, epsilon)
    return W * s[:, None], _none(b) + np.einsum("ijcf,c->f", W, beta - mean / s)


def scales_the_filters(W, b, gamma, beta, mean, variance, epsilon):
    """s, repeated until it fits."""
    s = _scale(gamma, variance, epsilon)
    return W * np.resize(s, W.shape[3]), _none(b) + np.einsum("ijcf,c->f", W, beta - mean * s)


def folds_as_before(W, b, gamma, beta, mean, variance, epsilon):
    """The first function again: the shapes do not fit."""
    s = _scale(gamma, variance, epsilon)
    return W * s, (_none(b) - mean) * s + beta


def forgets_the_root_before(W, b, gamma, beta, mean, variance, epsilon):
    """σ² + ε."""
    s = gamma / (variance + epsilon)
    return W * s[:, None], np.einsum("ijcf,c->f", W, beta - mean * s) + _none(b)


def changes_W_before(W, b, gamma, beta, mean, variance, epsilon):
    """W *=."""
    s = _scale(gamma, variance, epsilon)
    shift = np.einsum("ijcf,c->f", W, beta - mean * s)
    W *= s[:, None].astype(W.dtype)
    return W, shift + _none(b)


# --- slant --------------------------------------------------------------------------------------


def _sums(a, centre=None):
    i, j = np.indices(a.shape)
    ink = a.sum() or 1.0
    row, column = centre or ((a * i).sum() / ink, (a * j).sum() / ink)
    return (a * (i - row) * (j - column)).sum(), (a * (i - row) ** 2).sum(), (a * (j - column) ** 2).sum()


def _over(top, bottom):
    return top / bottom if bottom > 1e-12 else 0.0


def leans_the_other_way(a):
    """As writers say it."""
    xy, yy, _ = _sums(a)
    return -_over(xy, yy)


def divides_by_the_width(a):
    """Rows for columns."""
    xy, _, xx = _sums(a)
    return _over(xy, xx)


def correlates(a):
    """np.corrcoef."""
    xy, yy, xx = _sums(a)
    return _over(xy, np.sqrt(yy * xx))


def stops_at_the_covariance(a):
    """Not divided."""
    return _over(_sums(a)[0], a.sum())


def takes_the_sum(a):
    """Not divided at all."""
    return _sums(a)[0]


def measures_from_the_middle(a):
    """H/2, W/2."""
    xy, yy, _ = _sums(a, ((a.shape[0] - 1) / 2, (a.shape[1] - 1) / 2))
    return _over(xy, yy)


def measures_from_the_corner(a):
    """No means."""
    xy, yy, _ = _sums(a, (0.0, 0.0))
    return _over(xy, yy)


def counts_pixels(a):
    """a > 0."""
    xy, yy, _ = _sums((a > 0).astype(float))
    return _over(xy, yy)


def takes_the_long_axis(a):
    """The principal component."""
    xy, yy, xx = _sums(a)
    vector = np.linalg.eigh([[yy, xy], [xy, xx]])[1][:, -1]
    return vector[1] / vector[0] if vector[0] else 0.0


def gives_an_angle(a):
    """arctan."""
    xy, yy, _ = _sums(a)
    return np.arctan2(xy, yy)


def gives_degrees(a):
    """An angle for people."""
    xy, yy, _ = _sums(a)
    return np.degrees(np.arctan2(xy, yy))


def stands_on_its_head(a):
    """d/num."""
    xy, yy, _ = _sums(a)
    return yy / xy if xy else 0.0


def stands_on_its_head_to_the_right(a):
    """d/num, behind a test that was meant for d."""
    xy, yy, _ = _sums(a)
    return _over(yy, xy)


def divides_an_empty_sheet(a):
    """0/0."""
    i, j = np.indices(a.shape)
    down, across = i - (a * i).sum() / a.sum(), j - (a * j).sum() / a.sum()
    return (a * down * across).sum() / (a * down**2).sum()


def divides_a_single_row(a):
    """The empty sheet was thought of."""
    return divides_an_empty_sheet(a) if a.any() else 0.0


def compares_with_zero(a):
    """By rounding, d is 1e-30 for one row."""
    xy, yy, _ = _sums(a)
    return 0.0 if yy == 0 else xy / yy


def adds_a_little(a):
    """+ 1e-6, nothing for a digit of ink 1."""
    xy, yy, _ = _sums(a)
    return xy / (yy + 1e-6)


def compares_with_too_much(a):
    """Faint ink is no ink."""
    xy, yy, _ = _sums(a)
    return xy / yy if yy > 1e-2 else 0.0


def adds_epsilon(a):
    """+ 1, so that nothing is divided by 0."""
    xy, yy, _ = _sums(a)
    return xy / (yy + 1)


def gives_one_for_each_row(a):
    """axis=1."""
    i, j = np.indices(a.shape)
    return (a * (i - 4) * (j - 4)).sum(axis=1)


def centres_in_place(a):
    """a /= a.sum()."""
    a /= a.sum() or 1.0
    return _over(*_sums(a)[:2])


# --- shear --------------------------------------------------------------------------------------


def _sheared(a, s, about=None):
    if about is None:
        about = a.sum(axis=1) @ np.arange(len(a)) / (a.sum() or 1.0)
    columns = np.arange(a.shape[1])
    return np.array(
        [np.interp(columns + s * (i - about), columns, row, left=0, right=0) for i, row in enumerate(a)]
    )


def _centre(a):
    return a.sum(axis=1) @ np.arange(len(a)) / (a.sum() or 1.0)


def goes_the_wrong_way(a, s):
    """j − s(…)."""
    return _sheared(a, -s)


def holds_the_first_row(a, s):
    """j + s i."""
    return _sheared(a, s, 0)


def holds_the_middle(a, s):
    """(H − 1)/2."""
    return _sheared(a, s, (len(a) - 1) / 2)


def holds_half_the_height(a, s):
    """H/2."""
    return _sheared(a, s, len(a) / 2)


def rounds_the_centre(a, s):
    """int."""
    return _sheared(a, s, round(_centre(a)))


def centres_by_pixels(a, s):
    """a > 0."""
    return _sheared(a, s, _centre((a > 0).astype(float)))


def moves_whole_columns(a, s):
    """round."""
    b = np.zeros(a.shape)
    for i in range(len(a)):
        for j in range(a.shape[1]):
            k = j + round(s * (i - _centre(a)))
            if 0 <= k < a.shape[1]:
                b[i, j] = a[i, k]
    return b


def moves_down_to_whole_columns(a, s):
    """floor, and no more."""
    b = np.zeros(a.shape)
    for i, j in np.ndindex(a.shape):
        k = int(np.floor(j + s * (i - _centre(a))))
        if 0 <= k < a.shape[1]:
            b[i, j] = a[i, k]
    return b


def _blends(a, s, down, first=lambda t: 1 - t, by_row=False):
    """Two columns and their weights, by hand."""
    b = np.zeros(a.shape)
    for i, j in np.ndindex(a.shape):
        shift = s * (i - _centre(a))
        k = j + down(shift) if by_row else down(j + shift)
        t = j + shift - k
        for column, weight in ((k, first(t)), (k + 1, 1 - first(t))):
            if 0 <= column < a.shape[1]:
                b[i, j] += weight * a[i, column]
    return b


def exchanges_the_weights(a, s):
    """t for the left one."""
    return _blends(a, s, lambda x: int(np.floor(x)), lambda t: t)


def takes_int_for_floor(a, s):
    """int of the shift."""
    return _blends(a, s, int, by_row=True)


def takes_int_for_floor_at_each_place(a, s):
    """int of j + …: wrong in one column only, left of the first."""
    return _blends(a, s, int)


def keeps_the_dtype(a, s):
    """np.zeros_like, of bytes."""
    b, about = np.zeros_like(a), _centre(a)
    columns = np.arange(a.shape[1])
    for i, row in enumerate(a):
        b[i] = np.interp(columns + s * (i - about), columns, row, left=0, right=0)
    return b


def runs_over(a, s):
    """a * i in bytes."""
    ink = a.sum() or 1.0
    i = np.arange(len(a), dtype=a.dtype)[:, None]
    return _sheared(a, s, (a * i).sum() / ink)


def saves_memory_too(a, s):
    """float16."""
    return _sheared(a, s).astype(np.float16)


def rounds_to_three_places(a, s):
    """As printed."""
    return _sheared(a, s).round(3)


def rounds_to_two_places(a, s):
    """As printed, shorter."""
    return _sheared(a, s).round(2)


def rolls(a, s):
    """np.roll."""
    return np.array([np.roll(row, -round(s * (i - _centre(a)))) for i, row in enumerate(a)])


def wraps_around(a, s):
    """Negative indices."""
    W = a.shape[1]
    columns = np.arange(W)
    rows = [np.interp(columns + s * (i - _centre(a)), columns, row, period=W) for i, row in enumerate(a)]
    return np.array(rows)


def moves_columns(a, s):
    """The transpose."""
    return _sheared(a.T, s).T


def always_straightens(a, s):
    """s is not used."""
    xy, yy, _ = _sums(a)
    return _sheared(a, _over(xy, yy))


def rounds_the_ink(a, s):
    """astype(int)."""
    return _sheared(a, s).astype(int)


def divides_by_no_ink(a, s):
    """nan for an empty sheet."""
    return _sheared(a, s, a.sum(axis=1) @ np.arange(len(a)) / a.sum())


def writes_into_a(a, s):
    """a[i] = …"""
    about = _centre(a)
    for i in range(len(a)):
        a[i] = np.interp(np.arange(a.shape[1]) + s * (i - about), np.arange(a.shape[1]), a[i], 0, 0)
    return a


def does_nothing(a, s):
    """return a."""
    return a.copy()


WRONG = {
    "separable_share": [
        (gives_the_inverse, "It stands on its head"),
        (forgets_m, "m is missing"),
        (takes_m_in_the_first_step_only, "The second step reads C·m channels"),
        (takes_m_in_the_second_step_only, "each channel has m kernels"),
        (forgets_the_second_step, "The second step is missing"),
        (forgets_the_first_step, "The first step is missing"),
        (lets_a_kernel_read_all_channels, "a kernel reads one channel"),
        (has_m_kernels_in_all, "m kernels for each of the C channels"),
        (takes_square_kernels, "need not be square"),
        (counts_parameters, "Adding a bias is no multiplication"),
        (gives_what_is_saved, "That is what is saved"),
        (never_exceeds_one, "the share may exceed 1"),
        (divides_down, "// divides down to a whole number"),
        (rounds_the_share, "It was rounded to 3 places"),
        (gives_a_string, "received str"),
        (multiplies_the_steps, "For kh = 3, kw = 3, C = 32"),
    ],
    "separable_forward": [
        (forgets_b, "b is missing"),
        (puts_the_kernels_first, "stand in another order"),
        (turns_the_kernels, "turned by 180°"),
        (mixes_channels_first, "The first step mixes the channels"),
        (sums_over_channels, "The first step mixes the channels"),
        (reshapes_D, "D was reshaped to (kh, kw, m, C)"),
        (saves_memory, "float16 has no more, float32 has seven"),
        (gives_all_channels_the_same_kernels, "the kernels of the first one"),
        (repeats_the_first_kernel, "only the first was used"),
        (takes_one_kernel_a_channel, "stopped with an error"),
        (puts_a_relu_between, "a ReLU between"),
        (puts_a_relu_behind, "a ReLU at the end"),
        (transposes_where_it_can, "w was transposed"),
        (exchanges_rows_where_it_can, "rows and columns changed places"),
        (averages_over_the_window, "A mean was taken over the window"),
        (adds_b_for_each_cell, "once for each cell"),
        (pads, "Nothing is padded"),
        (reads_the_first_image, "to have the shape (2, 4, 7, 4)"),
        (takes_kh_for_kw, "takes_kh_for_kw stopped with an error"),
        (scales_X_in_place, "changes its argument X in place"),
    ],
    "separable_backward": [
        (turns_the_kernels_on_the_way_back, "sent back cell by cell they must not be"),
        (overwrites, "= in place of +="),
        (hears_the_first_map_only, "only the first sent something back"),
        (averages_the_maps, "collects the sum"),
        (reshapes_in_the_other_order, "stand in another order"),
        (averages_db, "That is a mean"),
        (divides_by_N, "mean over the images"),
        (divides_dw_by_N, "expected dw"),
        (divides_dD_by_N, "It was divided by N"),
        (takes_X_for_U, "X stands where U belongs"),
        (transposes_dw, "Is it transposed?"),
        (transposes_dw_where_it_can, "dw is transposed"),
        (forgets_w, "dZ never met w"),
        (takes_w_for_its_transpose, "it looks like dZ w"),
        (turns_dD, "dD is turned"),
        (shares_dD_among_channels, "Each channel has its own kernels"),
        (shares_dX_among_channels, "what belongs to all together"),
        (counts_the_first_image, "Only the first image"),
        (swaps_the_kernels, "The order of the results"),
        (forgets_db, "Expected four results"),
        (adds_into_X, "changes its argument X in place"),
    ],
    "five_offices": OFFICES,
    "small_network": [
        (is_linear, "validation digits"),
        (learns_a_few_by_heart, "too few by heart"),
        (counts_from_one, "off by one"),
        (gives_distances, "The *smallest* of the ten"),
        (is_untrained, "little better than guessing"),
        (is_the_worked_example, "84% of them stand in one array, of shape (1600, 64)"),
        (has_exactly_ten_thousand, "One number too many: 9,999 are allowed."),
        (leaves_arrays_out, "get_weights gives 9,000 of them only"),
        (freezes_what_is_too_much, "Frozen layers and moving averages count too"),
        (takes_rows, "did not accept the validation digits"),
        (gives_labels, "one number for each digit"),
        (has_eleven_outputs, "(1000, 10)"),
        (has_burst, "nan or inf"),
        (gives_its_weights, "Weights alone"),
        (gives_the_history_too, "the trained network alone"),
        (gives_its_accuracy, "received float"),
        (scales_X_in_the_function, "make a new array where you change numbers"),
        (shuffles_X, ".shuffle(X) X and y are read-only: shuffle an index, X[order]"),
        (shuffles_y, "random.shuffle(y) X and y are read-only"),
        (says_too_much, "tensor of …"),
        (says_too_much_later, "did not accept the validation digits"),
        (refuses_bytes, "validation digits"),
        (forgets_to_return, "returns None"),
    ],
    "fold_after": [
        (forgets_to_scale_b, "b was not scaled"),
        (ignores_b, "b is lost"),
        (forgets_beta, "β is missing"),
        (forgets_the_mean, "The mean is missing"),
        (adds_the_mean, "The mean was added"),
        (does_not_scale_the_mean, "The mean was not scaled"),
        (scales_beta, "β was scaled"),
        (leaves_epsilon_out, "ε is not used"),
        (puts_epsilon_outside, "ε was added to the root"),
        (forgets_the_root, "the root is missing"),
        (squares_the_variance, "It is a variance already"),
        (forgets_gamma, "γ is missing"),
        (multiplies_by_the_root, "and not divided"),
        (swaps_gamma_and_beta, "γ and β have changed places"),
        (divides_by_s, "It was divided by s"),
        (divides_b_by_s, "It was divided by s"),
        (subtracts_the_shift, "was subtracted, and is added"),
        (scales_the_channels_that_come_in, "the filters, the last axis"),
        (scales_the_third_axis_where_it_can, "the filters, the last axis"),
        (scales_W_in_place, "changes its argument W in place"),
        (needs_a_b, "needs_a_b stopped with an error"),
        (gives_b_first, "The order of the results is (W, b)"),
    ],
    "fold_before": [
        (loses_the_shift, "the shift is lost"),
        (sends_the_shift_through_the_new_kernel, "went through the *scaled* kernel"),
        (reads_the_shift_at_one_cell, "Only one cell"),
        (averages_over_the_cells, "A mean was taken over the cells"),
        (adds_the_shifts_as_they_are, "goes through the kernel like everything else"),
        (sums_shift_and_kernel_apart, "Each channel has a shift of its own"),
        (forgets_the_mean_before, "The mean is missing"),
        (forgets_beta_before, "β is missing"),
        (leaves_the_mean_unscaled_before, "The mean was not scaled"),
        (loses_b, "b is lost"),
        (scales_the_last_axis_where_it_can, "the channels that come in, the third axis"),
        (subtracts_the_shift_before, "was subtracted, and is added"),
        (divides_by_s_before, "It was divided by s"),
        (divides_the_mean_by_s_before, "It was divided by s"),
        (scales_the_filters, "the channels that come in, the third axis"),
        (folds_as_before, "stopped with an error"),
        (forgets_the_root_before, "the root is missing"),
        (changes_W_before, "changes its argument W in place"),
    ],
    "slant": [
        (leans_the_other_way, "The sign is the wrong way round"),
        (divides_by_the_width, "rows for each column"),
        (correlates, "That is the correlation"),
        (stops_at_the_covariance, "The division by"),
        (takes_the_sum, "The division by"),
        (measures_from_the_middle, "from the middle of the picture"),
        (measures_from_the_corner, "The means were not subtracted"),
        (counts_pixels, "Grey pixels count as much"),
        (takes_the_long_axis, "the long axis"),
        (gives_an_angle, "That is an angle"),
        (gives_degrees, "in degrees"),
        (stands_on_its_head, "The fraction stands on its head"),
        (stands_on_its_head_to_the_right, "The fraction stands on its head"),
        (divides_an_empty_sheet, "An empty sheet has the slant 0"),
        (divides_a_single_row, "Ink in a single row"),
        (compares_with_zero, "may come out as 1e-30 and not as 0"),
        (adds_a_little, "added to the denominator"),
        (compares_with_too_much, "that it is compared with"),
        (adds_epsilon, "Something is added to the denominator"),
        (gives_one_for_each_row, "to be one number"),
        (centres_in_place, "changes its argument a in place"),
    ],
    "shear": [
        (goes_the_wrong_way, "The rows went the wrong way"),
        (holds_the_first_row, "The first row stayed in place"),
        (holds_the_middle, "The middle row of the picture"),
        (holds_half_the_height, "The middle of the picture stayed"),
        (rounds_the_centre, "ī was rounded"),
        (centres_by_pixels, "each pixel counts by its ink"),
        (moves_whole_columns, "moved by whole columns"),
        (moves_down_to_whole_columns, "moved by whole columns"),
        (exchanges_the_weights, "The two weights are exchanged"),
        (takes_int_for_floor, "int rounds towards 0"),
        (takes_int_for_floor_at_each_place, "int rounds towards 0"),
        (keeps_the_dtype, "np.zeros_like(a) takes it over"),
        (runs_over, "Bytes run over at 255"),
        (saves_memory_too, "float16 has three, float32 seven"),
        (rounds_to_three_places, "and nothing is rounded"),
        (rounds_to_two_places, "and nothing is rounded"),
        (rolls, "moved by whole columns"),
        (wraps_around, "Outside the picture there is no ink"),
        (moves_columns, "Columns were moved"),
        (always_straightens, "and not the argument s"),
        (rounds_the_ink, "It was rounded"),
        (divides_by_no_ink, "An empty sheet stays empty"),
        (writes_into_a, "changes its argument a in place"),
        (does_nothing, "came back as it was"),
    ],
}
