"""Checkers of the exercises after "schedules_and_regularization": weight decay, restarts, weight averages."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import Wrong, expect_pair, expect_shape, fits, listed

__all__ = [
    "mended_step",
    "recomputed_statistics",
    "restart_plan",
    "restart_rates",
    "swa_update",
]

Arrays = list[np.ndarray]
Memory = tuple[int, Arrays, Arrays]


def _sequence(found: Any, count: int, what: str, of: str = "arrays") -> list:
    """A list or tuple of so many; an array with so many rows will do."""
    if not isinstance(found, list | tuple | np.ndarray) or (
        isinstance(found, np.ndarray) and found.ndim == 0
    ):
        raise Wrong(f"Expected {what} to be a list of {count} {of}, received {type(found).__name__}.")
    if len(found) != count:
        raise Wrong(f"Expected {what} to be a list of {count} {of}, received {len(found)}.")
    return list(found)


# --- mended_step --------------------------------------------------------------------------------


def _step(
    params: Arrays,
    grads: Arrays,
    memory: Memory,
    rates: np.ndarray,
    decay: float,
    *,
    in_m: float = 0,
    in_v: float = 0,
    rate_of_decay: str = "now",
    times: str = "once",
    who: str = "matrices",
    when: str = "before",
    clock: int = 1,
    update_rate: str = "now",
    sign: float = 1,
    corrected: bool = True,
) -> tuple[Arrays, Memory]:
    """A step of AdamW; the switches turn it into the faulty ones."""
    step, m, v = memory
    t = step + clock
    rate = rates[step]
    factors = {
        "now": rate,
        "first": rates[0],
        "next": rates[min(step + 1, len(rates) - 1)],
        "none": 1.0,
        "squared": rate**2,
        "corrected": rate * math.sqrt(1 - 0.999**t) / (1 - 0.9**t) if t else rate,
    }
    shrink = sign * factors[rate_of_decay] * decay
    new_m, new_v = [], []
    params = [np.array(w, float) for w in params]

    def decays(w: np.ndarray) -> bool:
        return {"matrices": w.ndim > 1, "all": True, "biases": w.ndim == 1, "nobody": False}[who]

    for i, g in enumerate(grads):
        new_m.append(0.9 * m[i] + 0.1 * (g + in_m * decay * params[i]))
        new_v.append(0.999 * v[i] + 0.001 * (g + in_v * decay * params[i]) ** 2)
        if times == "each":
            for w in params:
                if decays(w):
                    w -= shrink * w
        elif when == "before" and decays(params[i]):
            params[i] -= shrink * params[i]
        moved = rates[0] if update_rate == "first" else rate
        if corrected and t:
            moved = moved * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        params[i] -= moved * new_m[i] / (np.sqrt(new_v[i]) + 1e-7)
        if times == "once" and when == "after" and decays(params[i]):
            params[i] -= shrink * params[i]
    return params, (step + 1, new_m, new_v)


_REACHES_V = (
    "Take the step with λ, and again with λ = 0 from the same place: the two should differ by −ηλw and "
    "nothing else. They differ by more, since λw still gets into v."
)
_REACHES_M = (
    "Take the step with λ, and again with λ = 0 from the same place: the two should differ by −ηλw and "
    "nothing else. Here λw gets into m. That is a penalty in the gradient, which Adam then divides "
    "by its own "
    "size."
)
_FIRST_RATE = (
    "When the rate falls, the update falls with it, but the decay does not: a weight without a gradient "
    "should lose the share η λ of itself, with the η of this very step."
)
_TOO_OFTEN = (
    "A weight whose gradient is always 0 should be multiplied by 1 − ηλ once in a step. With 4 arrays in the "
    "list it is multiplied 4 times, with 2 arrays twice."
)
_STEP_SLIPS: list[tuple[dict[str, Any], str]] = [
    ({"who": "nobody"}, "Nothing decays any more: a weight without a gradient stays where it is."),
    ({"who": "all"}, "The biases decay too. Arrays with one axis are to be left alone."),
    ({"who": "biases"}, "The biases decay, and the matrices do not: the condition is the wrong way round."),
    ({"rate_of_decay": "none"}, "The decay takes the share λ off the weights, and not ηλ."),
    ({"rate_of_decay": "squared"}, "The decay has the learning rate twice, as a factor η²."),
    (
        {"rate_of_decay": "corrected"},
        "Adam's correction for the first steps got into the decay. It belongs to m and v; the decay is ηλw.",
    ),
    ({"rate_of_decay": "next"}, "The decay has the rate of the step that follows."),
    (
        {"when": "after"},
        "The decay comes after the update, so that it takes a share off the update too. What decays is w as "
        "it was before the step.",
    ),
    ({"sign": -1}, "The weights grow: the decay has the wrong sign."),
    ({"in_m": 1, "in_v": 1}, _REACHES_M + " The same number then decays a second time."),
    (
        {"in_m": 1, "in_v": 1, "who": "nobody"},
        _REACHES_M,
    ),
    ({"in_m": 1}, _REACHES_M),
    ({"update_rate": "first"}, "The update has the rate of the first step all the time. Only the decay had."),
    ({"clock": 0}, "The correction of m and v counts the steps from 0. The first step has t = 1."),
    ({"corrected": False}, "The correction of m and v for the first steps has got lost."),
]
_PLANTED = {
    "in_v": (1, _REACHES_V),
    "rate_of_decay": ("first", _FIRST_RATE),
    "times": ("each", _TOO_OFTEN),
}


def _remaining() -> list[tuple[dict[str, Any], str]]:
    """Each combination of the three planted mistakes, with what to say of it."""
    names = list(_PLANTED)
    found = []
    for bits in range(1, 8):
        left = [name for k, name in enumerate(names) if bits >> k & 1]
        message = _PLANTED[left[-1]][1]
        if len(left) > 1:
            others = "one more mistake is" if len(left) == 2 else "two more mistakes are"
            message += f" (And that is not all: {others} left.)"
        found.append(({name: _PLANTED[name][0] for name in left}, message))
    return found


def _step_cases() -> list[tuple[Arrays, list[Arrays], np.ndarray, float]]:
    """Parameters, gradients of three steps, rates and λ."""
    rng = np.random.default_rng(306)
    cases = []
    for shapes in (
        [(3, 2), (2,), (2, 4), (4,)],
        [(3, 3)],
        [(2,), (2, 2)],
        [(2, 2), (2, 2), (2,)],
        [(3,)],
        [(2, 2, 2)],
    ):
        params = [rng.normal(0, 2, s) for s in shapes]
        grads = [[rng.normal(0, 1, s) for s in shapes] for _ in range(3)]
        for g in grads:
            g[0][0] = 0  # a weight that never has a gradient
        cases.append((params, grads, np.array([0.1, 0.05, 0.3, 0.02]), 0.7))
        cases.append((params, grads, np.array([0.1, 0.1, 0.1, 0.1]), 0.0))
    return cases


def _run(step: Callable, case: tuple) -> list[Arrays]:
    params, grads, rates, decay = case
    zeros = [np.zeros_like(w) for w in params]
    memory, visited = (0, zeros, [z.copy() for z in zeros]), []
    for g in grads:
        params, memory = step(params, g, memory, rates, decay)
        visited.append(params)
    return visited


@exercise("mended_step", title="A weight decay with three mistakes", stars=2)
def mended_step(answer: Callable[..., tuple[Arrays, Memory]]) -> None:
    """Three steps from several starts, with and without decay; arguments unchanged."""

    def one(params: Arrays, g: Arrays, memory: Memory, rates: np.ndarray, decay: float) -> tuple:
        found, new = expect_pair(answer(params, g, memory, rates, decay), ("params", "memory"))
        found = _sequence(found, len(params), "params")
        for i, (a, w) in enumerate(zip(found, params, strict=True)):
            expect_shape(a, w.shape, f"params[{i}]")
        if not isinstance(new, tuple | list) or len(new) != 3:
            raise Wrong("Expected memory to be (t, m, v), as it came in.")
        if isinstance(new[0], bool) or not np.isscalar(new[0]) or new[0] != memory[0] + 1:
            raise Wrong(
                f"memory came in with t = {memory[0]} and left with t = {new[0]}. It counts the steps taken."
            )
        for what, arrays in (("m", new[1]), ("v", new[2])):
            for i, (a, w) in enumerate(
                zip(_sequence(arrays, len(params), f"memory's {what}"), params, strict=True)
            ):
                expect_shape(a, w.shape, f"memory's {what}[{i}]")
        return found, (int(new[0]), list(new[1]), list(new[2]))

    cases = _step_cases()
    found = [_run(one, case) for case in cases]

    def like(**switches: Any) -> bool:
        return all(
            fits(a, b)
            for case, visited in zip(cases, found, strict=True)
            for after, right in zip(visited, _run(lambda *args: _step(*args, **switches), case), strict=True)
            for a, b in zip(after, right, strict=True)
        )

    if like():
        return
    for switches, message in [*_STEP_SLIPS, *_remaining()]:
        if like(**switches):
            raise Wrong(message)
    for case, visited in sorted(zip(cases, found, strict=True), key=lambda pair: pair[0][3] != 0):
        _say_where(case, visited)  # those without decay first


def _say_where(case: tuple, visited: list[Arrays]) -> None:
    """Which weights of which step are wrong, and whether it is the decay."""
    params, grads, rates, decay = case
    for t, (after, right) in enumerate(zip(visited, _run(_step, case), strict=True)):
        for i, (a, b) in enumerate(zip(after, right, strict=True)):
            if fits(a, b):
                continue
            place = f"{len(params)} arrays, λ = {decay:g}, step {t + 1} with η = {rates[t]:g}: params[{i}]"
            if decay == 0:
                raise Wrong(
                    f"{place} is wrong although nothing decays. The Adam in it was right before: has m, v or "
                    "the update changed?"
                )
            before = params if t == 0 else visited[t - 1]
            start = before[i].ravel()[0]
            idle = all(g[i].ravel()[0] == 0 for g in grads)
            if idle and start and not np.isclose(a.ravel()[0], b.ravel()[0], rtol=1e-4):
                want = (1 - rates[t] * decay) if b.ndim > 1 else 1.0
                raise Wrong(
                    f"{place} has a number without a gradient. It should be multiplied by {want:.4g}, and is "
                    f"multiplied by {a.ravel()[0] / start:.4g}."
                )
            raise Wrong(
                f"{place} is wrong, where there is a gradient. Compare the step with the same step "
                "for λ = 0: "
                "what is the difference?"
            )


# --- restart_plan -------------------------------------------------------------------------------


def _plan(
    total: int, shortest: int, t_mult: int, *, more: int = 0, rest: str = "last", power: int = 0
) -> list[int]:
    n = 1
    while total // sum(t_mult**i for i in range(n + 1)) >= shortest:
        n += 1
    n = max(n + more, 1)
    lengths = [t_mult ** (i + power) for i in range(n)]
    first = total // sum(lengths)
    lengths = [first * k for k in lengths]
    left = total - sum(lengths)
    if rest == "last":
        lengths[-1] += left
    elif rest == "first":
        lengths[0] += left
    elif rest == "extra" and left:
        lengths.append(left)
    return lengths


def _greedy(total: int, shortest: int, t_mult: int, end: str) -> list[int]:
    """From the shortest period on, as long as the budget lasts."""
    lengths, length = [], shortest
    while sum(lengths) + length <= total:
        lengths.append(length)
        length *= t_mult
    left = total - sum(lengths)
    if left and end == "cut":
        lengths.append(left)
    elif left and end == "last":
        lengths[-1] += left
    return lengths


def _equal(total: int, shortest: int, t_mult: int) -> list[int]:
    n = len(_plan(total, shortest, t_mult))
    lengths = [total // n] * n
    lengths[-1] += total - sum(lengths)
    return lengths


_PLAN_SLIPS: list[tuple[Callable[[int, int, int], list[int]], str]] = [
    (
        lambda *a: _greedy(*a, "cut"),
        "The periods begin with the shortest, and the last of them is cut off by the end of the "
        "budget, which "
        "is what the plan was to prevent. Divide the budget first, then multiply.",
    ),
    (
        lambda *a: _greedy(*a, "last"),
        "The first period has the shortest length that is allowed. It should be as long as the "
        "budget allows.",
    ),
    (
        lambda *a: _greedy(*a, "drop"),
        "The periods begin with the shortest, and steps are left over. Divide the budget first, then "
        "multiply.",
    ),
    (
        lambda *a: _plan(*a, rest="drop"),
        "The division leaves a remainder, and these steps are in no period. They go to the last one.",
    ),
    (
        lambda *a: _plan(*a, rest="first"),
        "The remainder of the division went into the first period. It goes to the last one.",
    ),
    (
        lambda *a: _plan(*a, rest="extra"),
        "The remainder of the division became a period of its own, a very short one. It goes to the "
        "last one.",
    ),
    (
        lambda *a: _plan(*a, more=-1),
        "One more period would fit: with n periods the first has total // (1 + t_mult + … + t_mult^(n−1)) "
        "steps, and it may be exactly as long as the shortest.",
    ),
    (lambda *a: _plan(*a, more=1), "That is one period too many: the first is shorter than `shortest`."),
    (
        lambda *a: _plan(*a)[::-1],
        "The lengths are right, but stand in the reverse order. The periods grow.",
    ),
    (_equal, "All periods have one length. Each is t_mult times as long as the one before."),
]


def _numbers(found: Any, total: int) -> list[int]:
    if isinstance(found, np.ndarray) and found.ndim == 1:
        found = found.tolist()
    if not isinstance(found, list | tuple):
        raise Wrong(f"Expected a list of the lengths of the periods, received {type(found).__name__}.")
    for length in found:
        if isinstance(length, float | np.floating):
            raise Wrong(
                f"A length of {length:g} is not a whole number of type int. A division with // gives those."
            )
        if isinstance(length, bool) or not isinstance(length, int | np.integer):
            raise Wrong(f"Expected whole numbers in the list, received {type(length).__name__}.")
    return [int(length) for length in found]


@exercise("restart_plan", title="Restarts that fit a budget", stars=1)
def restart_plan(answer: Callable[[int, int, int], list[int]]) -> None:
    """Budgets that divide and that do not, one period, equal periods, and the shortest exactly met."""
    cases = [
        (700, 100, 2),
        (703, 100, 2),
        (699, 100, 2),
        (100, 100, 3),
        (150, 100, 1),
        (1000, 300, 1),
        (900, 300, 1),
        (1234, 17, 3),
        (29, 3, 2),
        (10, 1, 4),
        (1, 1, 2),
        (7, 1, 1),
    ]
    found = [_numbers(answer(*case), case[0]) for case in cases]
    wrong = [case for case, lengths in zip(cases, found, strict=True) if lengths != _plan(*case)]
    if not wrong:
        return
    for slip, message in _PLAN_SLIPS:
        if [slip(*case) for case in cases] == found:
            raise Wrong(f"{message} For {_call(wrong[0])} yours is {_shown(slip(*wrong[0]))}.")
    lengths = found[cases.index(wrong[0])]
    total, shortest, t_mult = wrong[0]
    start = f"For {_call(wrong[0])} the periods are {_shown(lengths)}."
    if not lengths:
        raise Wrong(f"{start} There is always one.")
    if sum(lengths) != total:
        raise Wrong(f"{start} Together they have {sum(lengths)} steps, and the budget has {total}.")
    if lengths[0] < shortest:
        raise Wrong(f"{start} The first is shorter than {shortest}.")
    ratios = [b / a for a, b in pairwise(lengths[:-1])]
    if any(ratio != t_mult for ratio in ratios):
        raise Wrong(
            f"{start} Each, up to the last but one, has to be {t_mult} times as long as the one before."
        )
    n = len(_plan(*wrong[0]))
    if len(lengths) != n:
        raise Wrong(f"{start} These are {len(lengths)} periods; as many as possible were asked for, {n}.")
    raise Wrong(f"{start} With {n} periods the first can have {_plan(*wrong[0])[0]} steps.")


def _call(case: tuple[int, int, int]) -> str:
    return "total = {}, shortest = {}, t_mult = {}".format(*case)


def _shown(lengths: list[int]) -> str:
    shown = ", ".join(map(str, lengths[:8])) + (", …" if len(lengths) > 8 else "")
    return f"[{shown}]"


# --- restart_rates ------------------------------------------------------------------------------


def _rates(
    lengths: Sequence[int], high: float, low: float, shape: Callable[[np.ndarray, int], np.ndarray]
) -> np.ndarray:
    parts = [shape(np.arange(T), T) for T in lengths]
    return low + (high - low) * np.concatenate(parts)


def _half(x: np.ndarray) -> np.ndarray:
    return (1 + np.cos(np.pi * x)) / 2


def _once(lengths: Sequence[int], high: float, low: float) -> np.ndarray:
    return _rates([sum(lengths)], high, low, lambda t, T: _half(t / T))


def _late(lengths: Sequence[int], high: float, low: float) -> np.ndarray:
    """The step of a restart is still the end of the period before."""
    rates = _rates(lengths, high, low, lambda t, T: _half(t / T))
    rates[np.cumsum(lengths)[:-1]] = low
    return rates


def _same_length(lengths: Sequence[int], high: float, low: float) -> np.ndarray:
    t = np.arange(sum(lengths))
    return low + (high - low) * _half(t % lengths[0] / lengths[0])


_RATE_SLIPS: list[tuple[Callable[..., np.ndarray], str]] = [
    (
        lambda *a: _rates(*a, lambda t, T: _half(t / max(T - 1, 1))),
        "The last step of each period has the rate low: t runs from 0 to 1 with both ends, as "
        "linspace makes it. "
        "In SGDR the rate would be low at t = T, and that is the moment of the restart: divide by T.",
    ),
    (
        lambda *a: _rates(*a, lambda t, T: _half((t + 1) / T)),
        "The first step of each period has already gone down a little: t counts the steps taken *before*, so "
        "it begins with 0.",
    ),
    (_once, "There is no restart: one wave goes from the first step to the last."),
    (
        _late,
        "The step of a restart still belongs to the period before, and has the rate low. A period of T steps "
        "has t = 0 to T − 1.",
    ),
    (_same_length, "All periods look as long as the first. Each has its own length."),
    (
        lambda *a: _rates(*a, lambda t, T: (1 - np.cos(np.pi * t / T)) / 2),
        "The rate goes up in each period, from low to high. Have the two changed places, or is there a minus "
        "before the cosine?",
    ),
    (lambda *a: _rates(*a, lambda t, T: 1 - t / T), "The rate falls in a straight line."),
    (
        lambda *a: _rates(*a, lambda t, T: (1 + np.cos(t / T)) / 2),
        "The wave does not come down: a π is missing in the cosine.",
    ),
    (
        lambda *a: _rates(*a, lambda t, T: (1 + np.cos(2 * np.pi * t / T)) / 2),
        "In each period the rate comes down and goes up again: that is a whole wave, and half of one was "
        "wanted.",
    ),
    (
        lambda *a: _rates(*a, lambda t, T: np.cos(np.pi / 2 * t / T)),
        "That is a quarter of a cosine. It was to be half a wave, from 1 to −1, raised and halved.",
    ),
    (lambda *a: _rates(*a, lambda t, T: 1 + np.cos(np.pi * t / T)), "The ½ before the bracket is missing."),
    (
        lambda lengths, high, low: _rates(lengths, high, 0, lambda t, T: _half(t / T)),
        "It looks as if low is not used: the rate goes down to 0.",
    ),
    (
        lambda lengths, high, low: low + _rates(lengths, high, 0, lambda t, T: _half(t / T)),
        "A period begins with high + low. What the wave is multiplied by is the way down, high − low.",
    ),
    (
        lambda lengths, high, low: np.maximum(low, _rates(lengths, high, 0, lambda t, T: _half(t / T))),
        "The rate goes towards 0 and is stopped at low. The half wave itself goes from high to low.",
    ),
]


@exercise("restart_rates", title="The rates of a plan", stars=1)
def restart_rates(answer: Callable[[list[int], float, float], np.ndarray]) -> None:
    """Several periods, equal ones, one, periods of one step, low = 0 and low = high."""
    cases = [
        ([100, 200, 403], 0.2, 0.01),
        ([4, 8, 19], 1.0, 0.1),
        ([5, 5, 5], 0.5, 0.0),
        ([7], 0.3, 0.05),
        ([1, 1, 2], 0.4, 0.1),
        ([3, 2], 0.1, 0.1),
    ]
    found = []
    for lengths, high, low in cases:
        rates = answer(lengths, high, low)
        if isinstance(rates, list | tuple) and all(isinstance(r, float | int | np.floating) for r in rates):
            rates = np.array(rates, float)
        found.append(expect_shape(rates, (sum(lengths),), "the rates").astype(float))

    def like(one: Callable[..., np.ndarray]) -> bool:
        return all(
            np.allclose(a, one(*case), rtol=1e-5, atol=1e-7) for a, case in zip(found, cases, strict=True)
        )

    def right(*case: Any) -> np.ndarray:
        return _rates(*case, lambda t, T: _half(t / T))

    if like(right):
        return
    for slip, message in _RATE_SLIPS:
        if like(slip):
            raise Wrong(message)
    for rates, case in zip(found, cases, strict=True):
        off = np.flatnonzero(~np.isclose(rates, right(*case), rtol=1e-5, atol=1e-7))
        if off.size:
            step = int(off[0])
            ends = np.cumsum(case[0])
            k = int(np.searchsorted(ends, step, side="right"))
            t = step - (ends[k] - case[0][k])
            raise Wrong(
                f"lengths = {case[0]}, high = {case[1]:g}, low = {case[2]:g}: step {step}, with t = "
                f"{t} of the "
                f"{case[0][k]} steps of its period, should have {right(*case)[step]:.4g}, and has "
                f"{rates[step]:.4g}."
            )


# --- swa_update ---------------------------------------------------------------------------------


_SwaSlip = Callable[[Arrays, Arrays, int, int], Arrays]


def _swa(average: Arrays, weights: Arrays, i: int, c: int) -> Arrays:
    if i % c:
        return average
    n = i // c
    return [(a * n + w) / (n + 1) for a, w in zip(average, weights, strict=True)]


def _weighted(share: Callable[[int, int], float], always: bool = False) -> _SwaSlip:
    """A step from the average towards the weights by a share of the way."""

    def update(average: Arrays, weights: Arrays, i: int, c: int) -> Arrays:
        if i % c and not always:
            return average
        p = share(i, c)
        return [a + p * (w - a) for a, w in zip(average, weights, strict=True)]

    return update


def _summed(average: Arrays, weights: Arrays, i: int, c: int) -> Arrays:
    return average if i % c else [a + w for a, w in zip(average, weights, strict=True)]


def _too_small(average: Arrays, weights: Arrays, i: int, c: int) -> Arrays:
    n = i // c
    return average if i % c else [(a * n + w) / n for a, w in zip(average, weights, strict=True)]


def _unweighted(average: Arrays, weights: Arrays, i: int, c: int) -> Arrays:
    n = i // c
    return average if i % c else [(a + w) / (n + 1) for a, w in zip(average, weights, strict=True)]


def _early(average: Arrays, weights: Arrays, i: int, c: int) -> Arrays:
    n = (i - 1) // c + 1
    return average if (i - 1) % c else [(a * n + w) / (n + 1) for a, w in zip(average, weights, strict=True)]


_SWA_SLIPS: list[tuple[_SwaSlip, str]] = [
    (
        _weighted(lambda i, c: 1 / (i // c)),
        "The weights with which averaging began have got lost: at the first collection the average becomes "
        "the new weights alone. In the paper the start counts as a network, so the average is then "
        "one of two.",
    ),
    (
        _weighted(lambda i, c: 0.5),
        "Each collection counts one half, and the older ones less and less: that is an exponential "
        "average. In "
        "SWA all networks count the same.",
    ),
    (
        _weighted(lambda i, c: 1 / (i + 1)),
        "The number of networks in the average is not the number of steps: between two collections there are "
        "c steps.",
    ),
    (
        _weighted(lambda i, c: 1 / (i + 1), always=True),
        "Every step is collected. It is every c-th, when i is a multiple of c.",
    ),
    (
        _weighted(lambda i, c: 1 / (i // c + 1), always=True),
        "Every step is collected. It is every c-th, when i is a multiple of c.",
    ),
    (
        _weighted(lambda i, c: 1 / (i // c + 2)),
        "It looks as if one network too many were in the average already: before step c it holds one, the "
        "start.",
    ),
    (
        _weighted(lambda i, c: (i // c) / (i // c + 1)),
        "The two have changed places: it is the average that stands for many networks, and the new weights "
        "for one.",
    ),
    (_weighted(lambda i, c: 1.0), "The new weights replace the average."),
    (_weighted(lambda i, c: 0.0), "The average never changes."),
    (
        _weighted(lambda i, c: 0.01),
        "A fixed small share of the new weights is taken, as in an exponential average.",
    ),
    (_summed, "The weights are added up and never divided."),
    (
        _too_small,
        "n networks and one more were added, and divided by n. They are n + 1.",
    ),
    (
        _unweighted,
        "The average counts as one network only. It stands for n networks, so it is multiplied by n before "
        "the new one is added.",
    ),
    (
        _early,
        "The steps are counted from 1, and collected when i is a multiple of c: step c is the first, "
        "not step "
        "1.",
    ),
]


@exercise("swa_update", title="A running average of networks", stars=1)
def swa_update(answer: Callable[[Arrays, Arrays, int, int], Arrays]) -> None:
    """Several arrays, c = 1, 2 and 5, over many steps; arguments unchanged."""
    rng = np.random.default_rng(308)
    found, expected, runs = [], [], []
    for c in (5, 2, 1):
        start = [rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(2, 2))]
        path = [[rng.normal(size=w.shape) for w in start] for _ in range(4 * c)]
        average = start
        for i, weights in enumerate(path, start=1):
            average = _sequence(answer(average, weights, i, c), 3, "the average")
            for k, (a, w) in enumerate(zip(average, start, strict=True)):
                expect_shape(a, w.shape, f"array {k} of the average")
            if any(a is w for a, w in zip(average, weights, strict=True)):
                average = [np.array(a) for a in average]
            found.append(average)
        runs.append((start, path, c))

    def trace(one: _SwaSlip) -> list[Arrays]:
        visited = []
        for start, path, c in runs:
            average = start
            for i, weights in enumerate(path, start=1):
                average = one(average, weights, i, c)
                visited.append(average)
        return visited

    def like(visited: list[Arrays]) -> bool:
        return all(
            fits(a, b)
            for ours, others in zip(found, visited, strict=True)
            for a, b in zip(ours, others, strict=True)
        )

    expected = trace(_swa)
    if like(expected):
        return
    for slip, message in _SWA_SLIPS:
        if like(trace(slip)):
            raise Wrong(message)
    places = [(i, c) for _, path, c in runs for i in range(1, len(path) + 1)]
    for (i, c), ours, right in zip(places, found, expected, strict=True):
        for k, (a, b) in enumerate(zip(ours, right, strict=True)):
            if not fits(a, b):
                what = f"With c = {c}, after step i = {i}, array {k} of the average is wrong"
                if i % c:
                    raise Wrong(f"{what}. Nothing is collected at this step: it should stay as it is.")
                raise Wrong(
                    f"{what}: it should be the mean of {i // c + 1} networks, and its first number is "
                    f"{a.ravel()[0]:.4g} in place of {b.ravel()[0]:.4g}."
                )


# --- recomputed_statistics ----------------------------------------------------------------------


Hidden = list[tuple[np.ndarray, np.ndarray, np.ndarray]]
Statistics = list[tuple[np.ndarray, np.ndarray]]


def _statistics(
    hidden: Hidden,
    batches: Arrays,
    epsilon: float,
    *,
    pool: str = "exact",
    between: str = "all",
    of: str = "Z",
    relu: bool = True,
    scale: bool = True,
    shift: bool = True,
    report: str = "variance",
    root: bool = True,
    with_epsilon: bool = True,
    measured_only: bool = False,
) -> Statistics:
    """Mean and variance of every layer; the switches are typical mistakes."""
    A, found = [np.asarray(b, float) for b in batches], []
    for W, gamma, beta in hidden:
        Z = [a @ W for a in A]
        seen = {"Z": Z, "input": A, "ReLU": [np.maximum(z, 0) for z in Z]}[of]
        whole = np.concatenate(seen)
        means, variances = [z.mean(axis=0) for z in seen], [z.var(axis=0) for z in seen]
        if pool == "exact":
            mean, variance = whole.mean(axis=0), whole.var(axis=0)
        elif pool == "within":
            sizes = [len(z) for z in seen]
            mean, variance = whole.mean(axis=0), np.average(variances, axis=0, weights=sizes)
        elif pool == "unweighted":
            mean, variance = np.mean(means, axis=0), np.mean(variances, axis=0)
        elif pool == "unweighted squares":
            mean = np.mean(means, axis=0)
            variance = np.mean([np.mean(z**2, axis=0) for z in seen], axis=0) - mean**2
        elif pool == "unbiased":
            mean = whole.mean(axis=0)
            variance = whole.var(axis=0) * len(whole) / max(len(whole) - 1, 1)
        elif pool == "last":
            mean, variance = means[-1], variances[-1]
        elif pool == "first":
            mean, variance = means[0], variances[0]
        elif pool == "squares":
            mean, variance = whole.mean(axis=0), np.mean(whole**2, axis=0)
        elif pool == "complete":
            kept = np.concatenate([z for z in seen if len(z) == len(seen[0])])
            mean, variance = kept.mean(axis=0), kept.var(axis=0)
        else:  # moving averages, from 0 and 1
            mean, variance = np.zeros(whole.shape[1]), np.ones(whole.shape[1])
            for m, v in zip(means, variances, strict=True):
                share = float(pool)
                mean, variance = share * mean + (1 - share) * m, share * variance + (1 - share) * v
        kept = {"variance": variance, "deviation": np.sqrt(np.maximum(variance, 0))}
        kept["with epsilon"] = variance + epsilon
        found.append((mean, kept[report]))
        if of == "input" or measured_only:
            mean, variance = np.concatenate(Z).mean(axis=0), np.concatenate(Z).var(axis=0)
        outputs = []
        for z in Z:
            m, v = (z.mean(axis=0), z.var(axis=0)) if between == "batch" else (mean, variance)
            under = v + epsilon if with_epsilon else np.maximum(v, 1e-12)
            x = z if between == "nothing" else (z - m) / (np.sqrt(under) if root else under)
            x = x * gamma if scale and between != "nothing" else x
            x = x + beta if shift and between != "nothing" else x
            outputs.append(np.maximum(x, 0) if relu else x)
        A = outputs
    return found


_STATISTICS_SLIPS: list[tuple[dict[str, Any], str]] = [
    (
        {"pool": "within"},
        "The variances of the batches were averaged. That is the variance within the batches; that of their "
        "means about the common mean is missing.",
    ),
    (
        {"pool": "unweighted"},
        "The batches were averaged as if they had one size, and the spread of their means is missing "
        "from the "
        "variance. Collect sums over all examples, and divide at the end.",
    ),
    (
        {"pool": "unweighted squares"},
        "A small batch counts as much as a large one. Collect sums over all examples, and divide by their "
        "number at the end.",
    ),
    (
        {"pool": "within", "between": "batch"},
        "The layers were run as in training, each batch normalised by itself, and the variances were "
        "averaged. "
        "Later layers have to see what they will see at test time.",
    ),
    (
        {"pool": "unweighted", "between": "batch"},
        "The layers were run as in training, each batch normalised by itself, and the batches were "
        "averaged as "
        "if they had one size. Later layers have to see what they will see at test time.",
    ),
    (
        {"between": "batch"},
        "The first layer is right. On the way to the next, each batch was normalised by its own mean and "
        "variance, as in training. At test time it is the mean and variance of all examples.",
    ),
    (
        {"between": "nothing"},
        "The first layer is right, but the next received Z as it was: normalise, and apply γ, β and the ReLU "
        "before you go on.",
    ),
    (
        {"pool": "unbiased"},
        "The sum of squares was divided by N − 1. Batch normalisation divides by N.",
    ),
    ({"pool": "last"}, "These are the statistics of the last batch alone."),
    ({"pool": "first"}, "These are the statistics of the first batch alone."),
    (
        {"pool": "squares"},
        "The mean of the squares is not yet the variance: the square of the mean goes off.",
    ),
    ({"pool": "complete"}, "The batches that are smaller than the first were left out. All examples count."),
    ({"of": "input"}, "These are the statistics of what comes into the layer, before W."),
    ({"of": "ReLU"}, "These are the statistics of what a ReLU leaves. It is Z that is normalised."),
    (
        {"of": "ReLU", "measured_only": True},
        "These are the statistics of what a ReLU leaves. It is Z that is normalised.",
    ),
    ({"relu": False}, "The first layer is right, but on the way to the next the ReLU is missing."),
    ({"scale": False}, "The first layer is right, but on the way to the next γ is missing."),
    ({"shift": False}, "The first layer is right, but on the way to the next β is missing."),
    (
        {"scale": False, "shift": False},
        "The first layer is right, but on the way to the next γ and β are missing.",
    ),
    ({"report": "deviation"}, "The standard deviation was given, not the variance."),
    ({"report": "with epsilon"}, "ε was added to the variance that is given. It is added where it is used."),
    (
        {"root": False},
        "The first layer is right, but on the way to the next it was divided by the variance, not its root.",
    ),
    (
        {"with_epsilon": False},
        "The first layer is right, but on the way to the next ε is missing under the root.",
    ),
]
_STATISTICS_SLIPS += [
    (
        {"pool": share, "between": between},
        "These are moving averages, as in training, which still hold some of their start, or have forgotten "
        "the first batches. Every example should count the same.",
    )
    for share in ("0.9", "0.99", "0.5")
    for between in ("all", "batch")
]


@exercise("recomputed_statistics", title="The statistics of an averaged network", stars=3)
def recomputed_statistics(answer: Callable[[Hidden, Arrays, float], Statistics]) -> None:
    """One layer and three, batches of unequal sizes, a batch of one example."""
    rng = np.random.default_rng(309)
    cases = []
    for widths, sizes, epsilon in [
        ((3, 4), (6,), 1e-3),
        ((3, 4), (5, 5, 2), 1e-3),
        ((4, 4, 3), (6, 6, 6), 0.1),
        ((5, 4, 3, 2), (7, 3, 1), 0.2),
        ((2, 3, 2), (1, 1, 4), 0.05),
    ]:
        hidden = [
            (rng.normal(0, 1, (D, H)), rng.uniform(0.5, 2, H), rng.normal(0.5, 0.5, H))
            for D, H in pairwise(widths)
        ]
        batches = [rng.normal(rng.normal(1, 1), 1, (B, widths[0])) for B in sizes]
        cases.append((hidden, batches, epsilon))
    found = []
    for hidden, batches, epsilon in cases:
        layers = _sequence(answer(hidden, batches, epsilon), len(hidden), "the result", "pairs")
        pairs = []
        for k, ((W, _, _), pair) in enumerate(zip(hidden, layers, strict=True)):
            if isinstance(pair, np.ndarray) and pair.ndim == 2 and len(pair) == 2:
                pair = tuple(pair)
            mean, variance = expect_pair(pair, ("mean", "variance"))
            H = W.shape[1]
            if isinstance(mean, np.ndarray) and mean.shape == (W.shape[0],) and W.shape[0] != H:
                raise Wrong("These are the statistics of what comes into the layer, before W.")
            if np.ndim(mean) == 0 or np.ndim(variance) == 0:
                raise Wrong(
                    f"Layer {k} has one mean or one variance for all {H} units. Each unit has its own: is an "
                    "`axis=` missing?"
                )
            expect_shape(mean, (H,), f"the mean of layer {k}")
            expect_shape(variance, (H,), f"the variance of layer {k}")
            pairs.append((mean, variance))
        found.append(pairs)

    def like(**switches: Any) -> bool:
        for case, pairs in zip(cases, found, strict=True):
            for ours, right in zip(pairs, _statistics(*case, **switches), strict=True):
                if not all(a.shape == b.shape and fits(a, b) for a, b in zip(ours, right, strict=True)):
                    return False
        return True

    if like():
        return
    swapped = [[pair[::-1] for pair in _statistics(*case)] for case in cases]
    if all(
        fits(a, b)
        for pairs, right in zip(found, swapped, strict=True)
        for p, q in zip(pairs, right, strict=True)
        for a, b in zip(p, q, strict=True)
    ):
        raise Wrong("Mean and variance have changed places.")
    for switches, message in _STATISTICS_SLIPS:
        if like(**switches):
            raise Wrong(message)
    for (hidden, batches, epsilon), pairs in zip(cases, found, strict=True):
        right = _statistics(hidden, batches, epsilon)
        for k, (ours, wanted) in enumerate(zip(pairs, right, strict=True)):
            for name, a, b in zip(("mean", "variance"), ours, wanted, strict=True):
                if not fits(a, b):
                    earlier = " The layers before it are right." if k else ""
                    sizes = ", ".join(str(len(x)) for x in batches)
                    raise Wrong(
                        f"{len(hidden)} layers, batches of {sizes}: the {name} of layer {k} should be "
                        f"{listed(b)}, and is {listed(a)}.{earlier}"
                    )
