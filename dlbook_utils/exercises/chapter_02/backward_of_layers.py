"""Checkers of the exercises after the third notebook: backpropagation through layers."""

import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_array, expect_pair, expect_shape, listed

__all__ = ["checkpointed_gradients", "lookup_backward", "weight_norm_backward"]

_Slips = list[tuple[np.ndarray, str]]


def _like(found: np.ndarray, one: np.ndarray) -> bool:
    """Whether two arrays agree, entries of very different size included."""
    size = float(np.max(np.abs(one), initial=0.0))
    return found.shape == one.shape and np.allclose(found, one, rtol=1e-4, atol=1e-5 * size + 1e-12)


def _hint(found: np.ndarray, slips: _Slips) -> str:
    """What to say of the first slip that gives exactly what was found; empty if none does."""
    return next((text for slip, text in slips if _like(found, slip)), "")


# --- lookup_backward ----------------------------------------------------------------------------


@exercise("lookup_backward", title="One row, used twice", stars=1)
def lookup_backward(answer: Callable[[np.ndarray, tuple[np.ndarray, int]], np.ndarray]) -> None:
    """A row used three times; N = V = D, where a missing transpose is silent; then others."""
    rng = np.random.default_rng(6)
    cases = [([2, 0, 2, 3, 2], 6, 3, float), ([1, 3, 1, 0], 4, 4, float), ([4], 5, 2, float)]
    cases += [([0, 0, 0], 1, 2, float), ([3, 1, 0, 2], 4, 1, float), ([4, 4, 1], 5, 3, float)]
    cases += [(rng.integers(7, size=30).tolist(), 9, 5, np.float32)]
    for places, V, D, dtype in cases:
        index = np.array(places)
        dy = np.round(rng.normal(0, 2, (len(index), D)), 2).astype(dtype)
        _leave_rubbish((V, D), dtype)
        _compare_lookup(answer(dy.copy(), (index.copy(), V)), dy, index, V)


def _leave_rubbish(shape: tuple[int, int], dtype: Any) -> None:
    """Free a few arrays full of numbers, so that np.empty is not zero by luck."""
    del [np.full(shape, 7.7, dtype) for _ in range(12)][:]


def _compare_lookup(found: Any, dy: np.ndarray, index: np.ndarray, V: int) -> None:
    N, D = dy.shape
    dE = np.zeros((V, D))
    np.add.at(dE, index, dy.astype(float))
    shape = np.shape(found) if isinstance(found, np.ndarray) else None
    if shape == (N, D) and N != V:
        raise Wrong(
            f"The result has a row for each of the {N} examples, {shape}. The gradient of E has the shape of "
            f"E, {dE.shape}: a row for each of its rows, used or not."
        )
    if shape in {(int(index.max()) + 1, D), (len(np.unique(index)), D)} - {(V, D)}:
        raise Wrong(
            f"Expected dE to have the shape of E, {dE.shape}, received {shape}: rows that no example used "
            "are missing. They did nothing for the loss, and their gradient is 0."
        )
    found = expect_shape(found, (V, D), "dE")
    if found.dtype.kind in "biu":
        raise Wrong(
            f"dE holds whole numbers (dtype {found.dtype}), and all behind the decimal point is lost: begin "
            "with zeros of the dtype of dy."
        )
    wrong = ~np.isclose(found, dE, rtol=1e-4, atol=1e-5).all(axis=1)
    if not wrong.any():
        return
    hint = _hint(found, _lookup_slips(dy.astype(float), index, V, dE))
    v = int(np.argmax(wrong))
    users = np.flatnonzero(index == v)
    if not len(users):
        hint = hint or "What begins with np.zeros stays 0 there; np.empty begins with whatever lay in memory."
        raise Wrong(
            f"Row {v} of E was used by no example, so its gradient is 0; received {listed(found[v])}. {hint}"
        )
    many = f"examples {', '.join(map(str, users[:-1]))} and {users[-1]}" if len(users) > 1 else ""
    said = f"by {many}, whose upstream gradients add up to" if many else f"by example {users[0]} alone:"
    raise Wrong(f"Row {v} of E was used {said} {listed(dE[v])}; received {listed(found[v])}. {hint}".rstrip())


def _lookup_slips(dy: np.ndarray, index: np.ndarray, V: int, dE: np.ndarray) -> _Slips:
    """What a wrong answer gives, and what to say about it."""
    count = np.bincount(index, minlength=V)[:, None]  # (V, 1)
    last, first = np.zeros_like(dE), np.zeros_like(dE)
    last[index] = dy
    first[index[::-1]] = dy[::-1]
    ones = np.eye(V)[index]  # (N, V)
    slips = [
        (-dE, "The sign is the wrong way round."),
        (
            last,
            "Only the last of them has arrived. With dE[index] += dy NumPy reads all rows first, adds, and "
            "then writes them back: of several writes to one row the last remains. The shares of all must "
            "add up.",
        ),
        (first, "Only the first of them has arrived. A row that is used again gets another share."),
        (
            dE / np.maximum(count, 1),
            "That is the mean over the examples which used the row. Each use adds its share: a sum. (If the "
            "loss is a mean, dy contains its 1/N already.)",
        ),
        (
            dE / len(dy),
            "All was divided by N. If the loss is a mean, the 1/N is in dy already: backward adds up.",
        ),
        (
            last * count,
            "The share of the last example was multiplied by the number of uses. The shares differ: add "
            "them.",
        ),
        (
            (count > 0) * dy.sum(axis=0),
            "Every row that was used got the sum over all examples. A row gets only the shares of the "
            "examples that used it.",
        ),
        (
            np.tile(dy.sum(axis=0), (V, 1)),
            "Every row got the sum over all examples. A row gets only the shares of the examples that used "
            "it.",
        ),
        (
            count * np.ones_like(dE),
            "That is how often each row was used. Each use brings its own upstream gradient.",
        ),
        (
            ones.T @ np.tile(dy.sum(axis=1, keepdims=True), (1, dy.shape[1])),
            "The upstream gradient was summed over its D features. Each entry of the row has its own share.",
        ),
        (
            dE + 1,
            "All of it is 1 too large: did dE begin with ones?",
        ),
    ]
    if len(dy) == V:
        slips += [
            (
                ones @ dy,
                "The one-hot matrix is not transposed, which raises an error only where N is not V. "
                "Forward, y = O E with O of shape (N, V): so backward dE = Oᵀ dy.",
            ),
            (dy[index], "Those are rows of dy, looked up forwards. Backwards row n of dy goes to index[n]."),
            (dy, "That is dy itself, row n in row n. Row n belongs to row index[n] of E."),
        ]
    return slips


# --- weight_norm_backward -----------------------------------------------------------------------


@exercise("weight_norm_backward", title="A weight in polar coordinates", stars=2)
def weight_norm_backward(answer: Callable[..., Sequence[np.ndarray]]) -> None:
    """A cube first, where a wrong axis raises no error; then signs of g, one row, one input, extreme V."""
    rng = np.random.default_rng(1602)
    for N, D, H, size, dtype in [
        (3, 3, 3, 1.0, float),
        (4, 5, 2, 1.0, float),
        (1, 3, 4, 1.0, float),
        (6, 1, 2, 1.0, float),
        (2, 4, 1, 1e3, float),
        (5, 3, 3, 1e-3, float),
        (7, 6, 5, 1.0, np.float32),
    ]:
        x, dy, V = rng.normal(size=(N, D)), rng.normal(size=(N, H)), size * rng.normal(size=(D, H))
        g = rng.uniform(1.5, 3, H) * np.resize([1, -1], H)
        if (N, D) == (4, 5):
            g[0] = 0.0
        x, dy, V, g = (a.astype(dtype) for a in (x, dy, V, g))
        found = answer(dy.copy(), (x.copy(), V.copy(), g.copy()))
        _compare_weight_norm(found, dy, x, V, g)


def weight_norm_gradients(dy: np.ndarray, x: np.ndarray, V: np.ndarray, g: np.ndarray) -> dict:
    """dx, dV, dg and db of y = x W + b with W = g V / ‖V‖, column by column."""
    length = np.sqrt(np.sum(V**2, axis=0))
    u = V / length
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return {"dx": dy @ (g * u).T, "dV": g / length * (dW - dg * u), "dg": dg, "db": dy.sum(axis=0)}


def _compare_weight_norm(found: Any, dy: np.ndarray, x: np.ndarray, V: np.ndarray, g: np.ndarray) -> None:
    dy, x, V, g = (a.astype(float) for a in (dy, x, V, g))
    expected = weight_norm_gradients(dy, x, V, g)
    wanted = "Expected four results, (dx, dV, dg, db)"
    if not isinstance(found, tuple | list):
        raise Wrong(f"{wanted}; received one, of type {type(found).__name__}.")
    if len(found) != 4:
        raise Wrong(f"{wanted}; received {len(found)}.")
    shapes = [np.shape(part) for part in found]
    right = [part.shape for part in expected.values()]
    if shapes != right and sorted(shapes) == sorted(right):
        raise Wrong(f"{wanted}, in this order; the shapes received are {', '.join(map(str, shapes))}.")
    if not g.all() and any(not np.isfinite(part).all() for part in found):
        raise Wrong(
            f"For g = {listed(g)} there is nan or inf in the result. A g of 0 makes its column of W all "
            "zeros, which has no direction: take the direction from V, and do not divide by g."
        )
    parts = {
        name: expect_shape(part, expected[name].shape, name)
        for name, part in zip(expected, found, strict=True)
    }
    slips = _weight_norm_slips(dy, x, V, g, expected)
    for name in ("db", "dx", "dg", "dV"):
        size = np.abs(expected[name]).max()
        if np.allclose(parts[name], expected[name], rtol=1e-4, atol=1e-5 * max(size, _scale(name, V, dy))):
            continue
        hint = _hint(parts[name], slips[name])
        if not hint and name == "dV":
            along = np.sum(parts[name] * V, axis=0) / np.sum(V**2, axis=0) ** 0.5
            if not np.allclose(along, 0, atol=1e-4 * np.abs(parts[name]).max()):
                hint = (
                    f"Its columns have the components {listed(along)} along those of V, and should have "
                    "none: a longer column of V gives the same W."
                )
        if hint:
            gaps = np.abs(parts[name] - expected[name])
            place = tuple(int(i) for i in np.unravel_index(np.argmax(gaps), gaps.shape))
            raise Wrong(
                f"{name} is wrong: expected {expected[name][place]:.4g} at index {list(place)}, received "
                f"{parts[name][place]:.4g}. {hint}"
            )
        if np.allclose(parts[name], expected[name], rtol=0.02, atol=0.02 * size):
            raise Wrong(
                f"{name} is near, but not exact, where V is about {np.abs(V).max():.1g} in size. No column "
                "of V is all zeros, so nothing has to be added to its length."
            )
        expect_array(parts[name], expected[name], name, rtol=1e-4, atol=1e-5 * size)
        raise Wrong(f"{name} is wrong.")  # pragma: no cover  (expect_array has said so)


def _scale(name: str, V: np.ndarray, dy: np.ndarray) -> float:
    """What counts as 0 in a gradient whose entries all are: for one input, dV has no direction to turn."""
    return float(np.abs(dy).sum() / np.sqrt(np.sum(V**2, axis=0)).min()) if name == "dV" else 0.0


def _weight_norm_slips(
    dy: np.ndarray, x: np.ndarray, V: np.ndarray, g: np.ndarray, right: dict[str, np.ndarray]
) -> dict[str, _Slips]:
    """What a wrong answer gives for each gradient, and what to say about it."""
    N = len(dy)
    length = np.sqrt(np.sum(V**2, axis=0))
    u, dW, dg = V / length, x.T @ dy, right["dg"]
    W = g * u
    dV_slips = [
        (
            dW,
            "That is the gradient of W. It has two more steps to go, back through g · V / ‖V‖.",
        ),
        (
            g / length * dW,
            "It looks as if ‖V‖ were a constant. Nudge an entry of V and the length of its column changes "
            "too: a second term is missing.",
        ),
        (
            g / length * (dW + dg * u),
            "The second term has the wrong sign: a longer column makes W smaller.",
        ),
        (
            (g * dW - dg * u) / length,
            "The second term has lost its g.",
        ),
        (
            g / length * dW - g * dg * V / length,
            "In your second term V is divided by ‖V‖ once. Written with V itself, and not with V / ‖V‖, it "
            "has to be divided by ‖V‖².",
        ),
        (
            g / length * dW - g * dg * V,
            "In the second term nothing is divided by ‖V‖².",
        ),
        (
            g / length * dW - g * dg * V / length**3,
            "In the second term ‖V‖ stands to a power too many. Is it in dg already?",
        ),
        (
            dW - dg * u,
            "The component along V is taken out rightly, but the factor g / ‖V‖ is missing.",
        ),
        ((dW - dg * u) / length, "The factor g is missing."),
        (g * (dW - dg * u), "The factor 1 / ‖V‖ is missing: a long column turns slowly."),
        (
            g / length * (dW - np.sum(dW * u) * u),
            "In the second term the sum runs over all of V. Each column has its own: axis=0.",
        ),
        (
            g / length * (dW - np.sum(dW * u, axis=1, keepdims=True) * u),
            "In the second term the sum runs along the rows. Each column has its own: axis=0.",
        ),
        (right["dV"] / N, "It was divided by N. If the loss is a mean, the 1/N is in dy already."),
        (
            np.sign(g) * right["dV"],
            "The sign of g got lost. It may be negative, and is no length.",
        ),
        (right["dV"] / g**2 if g.all() else dW * np.nan, "It is divided by g where it should be multiplied."),
    ]
    row_length = np.sqrt(np.sum(V**2, axis=1, keepdims=True))
    whole = np.sqrt(np.sum(V**2))
    rows = "It looks as if the length of each row were taken. A neuron's weights are a column: axis=0."
    everything = "It looks as if one length were taken of the whole of V. Each column has its own: axis=0."
    squares = "It looks as if the root were missing: ‖V‖ is the root of the sum of squares."
    mean = "That is a mean over the examples. The bias serves all of them: their gradients add up."
    return {
        "db": [
            (dy.mean(axis=0), mean),
            (dy.sum(axis=1) if dy.shape[0] == dy.shape[1] else right["db"] * np.nan, "The sum runs along "
             "the rows. The bias of a neuron serves all examples: sum over them, axis=0."),
        ],
        "dx": [
            (dy @ V.T, "V itself stands where W = g · V / ‖V‖ belongs."),
            (dy @ u.T, "It looks as if g were missing: W is g · V / ‖V‖."),
            (dy @ (V * g).T, "It looks as if ‖V‖ were missing: W is g · V / ‖V‖."),
            (dy @ W if W.shape[0] == W.shape[1] else right["dx"] * np.nan, "W is not transposed."),
            (dy @ (g * V / row_length).T, rows),
            (dy @ (g * V / whole).T, everything),
            (dy @ (g * V / length**2).T, squares),
        ],
        "dg": [
            (
                np.sum(dW * W, axis=0),
                "It looks as if dW had been multiplied by W. By g, W changes at the rate V / ‖V‖, without "
                "another g.",
            ),
            (np.sum(dW * V, axis=0), "It looks as if the division by ‖V‖ were missing."),
            (
                np.sum(dW * V / row_length, axis=0),
                rows,
            ),
            (np.sum(dW * V, axis=0) / whole, everything),
            (np.sum(dW * V, axis=0) / length**2, squares),
            (
                np.sum(dW * u, axis=1) if V.shape[0] == V.shape[1] else dg * np.nan,
                "The sum runs along the rows. The length g belongs to a column: axis=0.",
            ),
            (dW.sum(axis=0), "By g, each weight changes at the rate V / ‖V‖, not 1."),
            (dg / N, "It was divided by N. If the loss is a mean, the 1/N is in dy already."),
            (
                np.sign(g) * dg,
                "Where g is negative, the sign is wrong. W / ‖W‖ is not V / ‖V‖ there: ‖W‖ is |g|.",
            ),
        ],
        "dV": dV_slips,
    }  # fmt: skip


# --- checkpointed_gradients ---------------------------------------------------------------------


class _Chain:
    """Layers y = tanh(x W) that count: calls of each, the arguments of ``upstream``, memory."""

    def __init__(self, N: int, D: int, L: int, rng: np.random.Generator) -> None:
        self.L = L
        self.x = rng.normal(size=(N, D))
        self.weights = [np.linalg.qr(rng.normal(size=(D, D)))[0] * 1.1 for _ in range(L)]
        self.direction = rng.normal(size=(N, D))
        self.calls, self.backward_calls = [0] * L, [0] * L
        self.inputs = [self.x]
        for W in self.weights:
            self.inputs.append(np.tanh(self.inputs[-1] @ W))
        self.mistake = ""
        self.after_forward: float | None = None
        self.peak = 0.0

    def layers(self) -> list[tuple[Callable, Callable]]:
        """The pairs that an answer gets."""
        return [self._pair(i) for i in range(self.L)]

    def _pair(self, i: int) -> tuple[Callable, Callable]:
        W = self.weights[i]

        def forward(x: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
            self.calls[i] += 1
            _refuse_tuple(x, f"layer {i}")
            if not self.mistake and not _is_input(x, self.inputs[i]):
                self.mistake = f"Layer {i} (counted from 0) was called forward with {self._what(x, i)}."
            y = x @ W
            np.tanh(y, out=y)
            return y, (x, y)

        def backward(dy: np.ndarray, cache: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
            self.backward_calls[i] += 1
            x, y = cache
            if not self.mistake and not _is_input(x, self.inputs[i]):
                self.mistake = f"The backward of layer {i} (counted from 0) got the cache of another layer."
            dz = y * y
            np.subtract(1, dz, out=dz)
            dz *= dy
            return dz @ W.T, x.T @ dz

        return forward, backward

    def _what(self, x: Any, i: int) -> str:
        """Which array a layer got instead of its input."""
        for n, one in enumerate(self.inputs):
            if n != i and _is_input(x, one):
                given = f"the output of layer {n - 1}" if n else "the input of the whole chain"
                return f"{given} instead of {f'that of layer {i - 1}' if i else 'x'}"
        return "an array that no layer of the chain has given"

    def upstream(self, y: np.ndarray) -> np.ndarray:
        """The gradient with respect to the output; it depends on the output, as that of a loss does."""
        _refuse_tuple(y, "upstream")
        self.after_forward = self._alive()
        if not self.mistake and not _is_input(y, self.inputs[-1]):
            what = next((n for n, one in enumerate(self.inputs) if _is_input(y, one)), None)
            which = "an array that no layer has given" if what is None else f"the output of layer {what - 1}"
            self.mistake = f"upstream wants the output of the last layer, {self.L - 1}, and got {which}."
        return self.direction * y

    def _alive(self) -> float:
        return (tracemalloc.get_traced_memory()[0] - self.start) / self.x.nbytes

    def run(self, answer: Callable[..., Any], k: int) -> Any:
        """Call an answer, and measure how much memory it needs, in arrays of the size of x."""
        layers = self.layers()
        x = self.x.copy()

        def gradient_with_respect_to_the_output(
            y: np.ndarray,
        ) -> np.ndarray:  # (a bound method would be copied)
            return self.upstream(y)

        before = tracemalloc.is_tracing()
        if not before:
            tracemalloc.start()
        try:
            tracemalloc.reset_peak()
            self.start = tracemalloc.get_traced_memory()[0] + x.nbytes  # that of the copy which Answer makes
            found = answer(x, layers, gradient_with_respect_to_the_output, k)
            self.peak = (tracemalloc.get_traced_memory()[1] - self.start) / self.x.nbytes
        finally:
            if not before:
                tracemalloc.stop()
        return found

    def gradients(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """dx and the list of all dW, from all inputs."""
        dy, dWs = self.direction * self.inputs[-1], []
        for x, y, W in zip(self.inputs[-2::-1], self.inputs[:0:-1], self.weights[::-1], strict=True):
            dz = (1 - y**2) * dy
            dWs.append(x.T @ dz)
            dy = dz @ W.T
        return dy, dWs[::-1]


def _refuse_tuple(x: Any, who: str) -> None:
    if isinstance(x, tuple):
        raise TypeError(f"{who} got a tuple, not an array: forward(x) gives y and a cache")


def _is_input(x: Any, one: np.ndarray) -> bool:
    return isinstance(x, np.ndarray) and x.shape == one.shape and np.array_equal(x, one)


@exercise("checkpointed_gradients", title="Memory for time", stars=3)
def checkpointed_gradients(answer: Callable[..., tuple[np.ndarray, list[np.ndarray]]]) -> None:
    """Exact gradients for chains that k divides or not; then calls and memory of a long chain."""
    rng = np.random.default_rng(1604)
    for L, k in [(6, 2), (7, 3), (5, 5), (4, 9), (5, 1), (10, 4), (1, 1)]:
        chain = _Chain(3, 4, L, rng)
        _compare_chain(chain.run(answer, k), chain, k)
    runs = {}
    for k in (16, 4, 8):
        chain = _Chain(1500, 8, 64, rng)
        _compare_chain(chain.run(answer, k), chain, k)
        runs[k] = chain
    for k, chain in runs.items():
        _compare_calls(chain, k)
    for k, chain in runs.items():
        _compare_memory(chain, k)


def _compare_chain(found: Any, chain: _Chain, k: int) -> None:
    """Exact gradients, and every layer called with what belongs to it."""
    case = f"With {chain.L} layer{'s' * (chain.L > 1)} and k = {k}: "
    dx, dWs = expect_pair(found, ("dx", "dWs"))
    right_dx, right = chain.gradients()
    L = chain.L
    if not isinstance(dWs, list | tuple | np.ndarray) or (isinstance(dWs, np.ndarray) and dWs.ndim != 3):
        raise Wrong(
            f"Expected dWs to be a list with a gradient for each layer, received {type(dWs).__name__}."
        )
    if chain.mistake:
        raise Wrong(f"{case}{chain.mistake}{_about_segments(chain, k)}")
    if len(dWs) != L:
        last = ""
        if L % k and len(dWs) == L - L % k:
            last = " The last segment is shorter than k, since k does not divide L."
        raise Wrong(f"{case}expected {L} gradients in dWs, received {len(dWs)}.{last}")
    dWs = [
        expect_shape(dW, one.shape, f"dWs[{i}]") for i, (dW, one) in enumerate(zip(dWs, right, strict=True))
    ]
    wrong = [i for i in range(L) if not _like(dWs[i], right[i])]
    if wrong and all(_like(dW, one) for dW, one in zip(dWs[::-1], right, strict=True)):
        raise Wrong(f"{case}the gradients are right, but stand in the order of the way back: turn dWs round.")
    if wrong and chain.backward_calls != [1] * L:
        i = next(i for i in range(L) if chain.backward_calls[i] != 1)
        raise Wrong(
            f"{case}the backward of layer {i} (counted from 0) was called {chain.backward_calls[i]} times, "
            f"not once, and dWs[{i}] is wrong.{_about_segments(chain, k)}"
        )
    if wrong:
        i = wrong[-1]
        hint = "and all before it." if len(wrong) > 1 else "and no other."
        if (i + 1) % k == 0 and i + 1 < L:
            hint += (
                f" Layer {i} is the last of its segment: what goes into its backward is the dx that the "
                "segment behind it gave, not the upstream gradient of the whole chain."
            )
        elif all(_like(dW, 2 * one) for dW, one in zip(dWs, right, strict=True)):
            hint += " All of them are twice what they should be: does each layer go back twice?"
        raise Wrong(f"{case}dWs[{i}] is wrong, {hint}")
    dx = expect_shape(dx, chain.x.shape, "dx")
    if not _like(dx, right_dx):
        hint = " It is the upstream gradient of the last layer." if _like(
            dx, chain.direction * chain.inputs[-1]
        ) else ""  # fmt: skip
        raise Wrong(f"{case}dWs is right, but dx, the gradient with respect to x, is not.{hint}")


def _about_segments(chain: _Chain, k: int) -> str:
    return (
        f" The inputs of the layers {', '.join(map(str, range(0, chain.L, k)))} are kept, and each segment "
        "is recomputed from its own first."
    )


def _compare_calls(chain: _Chain, k: int) -> None:
    """Each layer forward twice at most."""
    most, L = max(chain.calls), chain.L
    if most <= 2:
        return
    i = chain.calls.index(most)
    if chain.calls[0] > chain.calls[L - k]:
        hint = "It looks as if all were recomputed from x again and again. Begin at the last input kept."
    elif most > 3:
        hint = (
            "It looks as if a segment were recomputed for each of its layers. Recompute it once, and keep "
            "its k caches until they are used up."
        )
    else:
        hint = "Two are enough: one on the way forward, one when the segment is recomputed with its caches."
    raise Wrong(
        f"The gradients are exact, but with {L} layers and k = {k}, layer {i} was called forward {most} "
        f"times, and all of them together {sum(chain.calls)} times. {hint}"
    )


def _compare_memory(chain: _Chain, k: int) -> None:
    """At most k + L/k arrays and a few."""
    L = chain.L
    allowed = L // k + k + 4.6
    if chain.peak <= allowed:
        return
    kept = chain.after_forward or 0.0
    said = (
        f"The gradients are exact, but with {L} layers and k = {k} the memory of {chain.peak:.0f} arrays of "
        f"the size of x was in use at once. {L // k} + {k} and four more should do. "
    )
    if max(chain.calls) == 1:
        hint = "Each layer was called forward once: nothing is recomputed, and k is not used."
    elif kept > L // k + 4.6:
        hint = (
            f"Already at the end of the way forward there were {kept:.0f}: only every {k}th input is to be "
            "kept, and no cache, since a cache holds arrays too."
        )
    elif chain.peak > 0.9 * L:
        hint = (
            "The way forward keeps few, but on the way back all that is recomputed stays. Begin each segment "
            "with an empty list of caches, and keep one dy only."
        )
    elif chain.peak > L // k + 2 * k - 2:
        hint = (
            "That is two segments at once: while one is recomputed, the caches of the one behind it are "
            "still there. caches.pop() hands out a cache and lets it go."
        )
    else:
        hint = "Which arrays are still in a list or a variable, although nobody needs them any more?"
    raise Wrong(said + hint)
