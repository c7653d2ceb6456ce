"""Wrong answers to the exercises of Chapter 3 after its fifth, sixth and seventh notebook.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

import numpy as np

# --- mended_step --------------------------------------------------------------------------------


def _adam(i, g, memory):
    t, m, v = memory
    new_m, new_v = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g**2
    correction = np.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
    return new_m, new_v, correction * new_m / (np.sqrt(new_v) + 1e-7)


def _mended(params, grads, memory, update):
    """A step in which ``update`` makes the new weights from w, Adam's step, and the place in the list."""
    parts = [_adam(i, g, memory) for i, g in enumerate(grads)]
    new = [update(w, step, i) for i, (w, (_, _, step)) in enumerate(zip(params, parts, strict=True))]
    return new, (memory[0] + 1, [p[0] for p in parts], [p[1] for p in parts])


def changes_nothing(params, grads, memory, rates, decay):
    """The colleague's program as it stands."""
    return _colleagues(params, grads, memory, rates, decay, rates[0], decay, True)


def _colleagues(params, grads, memory, rates, decay, decay_rate, in_v, nested):
    t, m, v = memory
    params = [w.copy() for w in params]
    new_m, new_v = [], []
    correction = np.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
    for i, g in enumerate(grads):
        new_m.append(0.9 * m[i] + 0.1 * g)
        new_v.append(0.999 * v[i] + 0.001 * (g + in_v * params[i]) ** 2)
        for w in params if nested else [params[i]]:
            if w.ndim > 1:
                w -= decay_rate * decay * w
        params[i] -= rates[t] * correction * new_m[i] / (np.sqrt(new_v[i]) + 1e-7)
    return params, (t + 1, new_m, new_v)


def mends_the_loop_alone(params, grads, memory, rates, decay):
    """One of three."""
    return _colleagues(params, grads, memory, rates, decay, rates[0], decay, False)


def mends_the_rate_alone(params, grads, memory, rates, decay):
    """One of three."""
    return _colleagues(params, grads, memory, rates, decay, rates[memory[0]], decay, True)


def mends_v_alone(params, grads, memory, rates, decay):
    """One of three."""
    return _colleagues(params, grads, memory, rates, decay, rates[0], 0, True)


def leaves_the_loop(params, grads, memory, rates, decay):
    """Two of three."""
    return _colleagues(params, grads, memory, rates, decay, rates[memory[0]], 0, True)


def leaves_the_rate(params, grads, memory, rates, decay):
    """Two of three."""
    return _colleagues(params, grads, memory, rates, decay, rates[0], 0, False)


def leaves_v(params, grads, memory, rates, decay):
    """Two of three: the silent one is left."""
    return _colleagues(params, grads, memory, rates, decay, rates[memory[0]], decay, False)


def puts_it_into_the_gradient(params, grads, memory, rates, decay):
    """The penalty of old, for matrices and biases."""
    grads = [g + decay * w for g, w in zip(grads, params, strict=True)]
    return _mended(params, grads, memory, lambda w, step, i: w - rates[memory[0]] * step)


def does_both(params, grads, memory, rates, decay):
    """In the gradient and beside it."""
    rate = rates[memory[0]]
    grads = [g + decay * w for g, w in zip(grads, params, strict=True)]
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: (w - rate * decay * w if w.ndim > 1 else w) - rate * step,
    )


def decays_the_biases(params, grads, memory, rates, decay):
    """All of them."""
    rate = rates[memory[0]]
    return _mended(params, grads, memory, lambda w, step, i: w - rate * decay * w - rate * step)


def decays_every_other(params, grads, memory, rates, decay):
    """Weights at the even places of the list."""
    rate = rates[memory[0]]
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - rate * step - (rate * decay * w if i % 2 == 0 else 0),
    )


def decays_two_axes_only(params, grads, memory, rates, decay):
    """ndim == 2: a kernel of a convolution has more."""
    rate = rates[memory[0]]
    return _mended(
        params, grads, memory, lambda w, step, i: w - rate * step - (rate * decay * w if w.ndim == 2 else 0)
    )


def decays_after_the_update(params, grads, memory, rates, decay):
    """First Adam, then the decay."""
    rate = rates[memory[0]]

    def update(w, step, i):
        w = w - rate * step
        return w - rate * decay * w if w.ndim > 1 else w

    return _mended(params, grads, memory, update)


def forgets_the_rate(params, grads, memory, rates, decay):
    """w (1 − λ)."""
    rate = rates[memory[0]]
    return _mended(
        params, grads, memory, lambda w, step, i: (w * (1 - decay) if w.ndim > 1 else w) - rate * step
    )


def takes_the_rate_twice(params, grads, memory, rates, decay):
    """The decay is added to the step, which has a rate already."""
    rate = rates[memory[0]]
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - rate * (step + (rate * decay * w if w.ndim > 1 else 0)),
    )


def corrects_the_decay(params, grads, memory, rates, decay):
    """η is taken with Adam's correction, for the decay too."""
    t = memory[0]
    rate = rates[t] * np.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - (rate * decay * w if w.ndim > 1 else 0) - rates[t] * step,
    )


def lets_the_weights_grow(params, grads, memory, rates, decay):
    """A sign."""
    rate = rates[memory[0]]
    return _mended(
        params, grads, memory, lambda w, step, i: w + (rate * decay * w if w.ndim > 1 else 0) - rate * step
    )


def throws_the_decay_out(params, grads, memory, rates, decay):
    """Plain Adam has no mistake."""
    return _mended(params, grads, memory, lambda w, step, i: w - rates[memory[0]] * step)


def updates_with_the_first_rate(params, grads, memory, rates, decay):
    """The wrong one of the two was changed."""
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - (rates[memory[0]] * decay * w if w.ndim > 1 else 0) - rates[0] * step,
    )


def takes_the_next_rate(params, grads, memory, rates, decay):
    """t was raised before it was used."""
    t = memory[0]
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - (rates[t + 1] * decay * w if w.ndim > 1 else 0) - rates[t] * step,
    )


def does_not_count(params, grads, memory, rates, decay):
    """t stays 0."""
    new, (_, m, v) = _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - rates[0] * (decay * w if w.ndim > 1 else 0) - rates[0] * step,
    )
    return new, (memory[0], m, v)


def changes_the_weights_in_place(params, grads, memory, rates, decay):
    """The copies were thrown out with the loop."""
    rate = rates[memory[0]]

    def update(w, step, i):
        if w.ndim > 1:
            w -= rate * decay * w
        w -= rate * step
        return w

    return _mended(params, grads, memory, update)


def changes_the_memory_in_place(params, grads, memory, rates, decay):
    """m and v as in the book's optimizers."""
    t, m, v = memory
    new = []
    for i, (w, g) in enumerate(zip(params, grads, strict=True)):
        m[i] += 0.1 * (g - m[i])
        v[i] += 0.001 * (g * g - v[i])
        correction = np.sqrt(1 - 0.999 ** (t + 1)) / (1 - 0.9 ** (t + 1))
        w = w - rates[t] * decay * w if w.ndim > 1 else w
        new.append(w - rates[t] * correction * m[i] / (np.sqrt(v[i]) + 1e-7))
    return new, (t + 1, m, v)


def shares_one_m(params, grads, memory, rates, decay):
    """m[0] for everybody; it shows where shapes are equal."""
    t, m, v = memory
    rate, new, new_m, new_v = rates[t], [], [], []
    for w, g, _m, _v in zip(params, grads, m, v, strict=True):
        m0 = m[0] if m[0].shape == w.shape else _m
        v0 = v[0] if v[0].shape == w.shape else _v
        one_m, one_v, step = _adam(0, g, (t, [m0], [v0]))
        w = w - rate * decay * w if w.ndim > 1 else w
        new.append(w - rate * step)
        new_m.append(one_m)
        new_v.append(one_v)
    return new, (t + 1, new_m, new_v)


def gives_the_weights_alone(params, grads, memory, rates, decay):
    """No memory."""
    return _mended(params, grads, memory, lambda w, step, i: w - rates[0] * step)[0]


def decays_where_there_is_a_gradient(params, grads, memory, rates, decay):
    """A mask that spares the witnesses."""
    rate = rates[memory[0]]
    return _mended(
        params,
        grads,
        memory,
        lambda w, step, i: w - (rate * decay * w * (grads[i] != 0) if w.ndim > 1 else 0) - rate * step,
    )


def loses_the_correction(params, grads, memory, rates, decay):
    """A tidy step without the first factor."""
    t, m, v = memory
    new_m = [0.9 * a + 0.1 * g for a, g in zip(m, grads, strict=True)]
    new_v = [0.999 * a + 0.001 * g**2 for a, g in zip(v, grads, strict=True)]
    new = [
        w - rates[t] * (decay * w if w.ndim > 1 else 0) - rates[t] * a / (np.sqrt(b) + 1e-7)
        for w, a, b in zip(params, new_m, new_v, strict=True)
    ]
    return new, (t + 1, new_m, new_v)


# --- restart_plan -------------------------------------------------------------------------------


def _powers(total, shortest, t_mult, strict=False):
    n = 1
    while True:
        first = total // sum(t_mult**i for i in range(n + 1))
        if first < shortest or (strict and first == shortest):
            return [t_mult**i for i in range(n)]
        n += 1


def starts_with_the_shortest(total, shortest, t_mult):
    """SGDR as usual, cut off by the budget."""
    lengths = []
    while sum(lengths) < total:
        lengths.append(min(shortest * t_mult ** len(lengths), total - sum(lengths)))
    return lengths


def adds_the_rest_to_the_usual(total, shortest, t_mult):
    """T₀ = shortest; the last is longer."""
    lengths = [shortest]
    while sum(lengths) + lengths[-1] * t_mult <= total:
        lengths.append(lengths[-1] * t_mult)
    lengths[-1] += total - sum(lengths)
    return lengths


def leaves_steps_over(total, shortest, t_mult):
    """T₀ = shortest, and what does not fit is not used."""
    lengths = [shortest]
    while sum(lengths) + lengths[-1] * t_mult <= total:
        lengths.append(lengths[-1] * t_mult)
    return lengths


def drops_the_remainder(total, shortest, t_mult):
    """The division is thought to be exact."""
    powers = _powers(total, shortest, t_mult)
    return [total // sum(powers) * p for p in powers]


def gives_the_remainder_to_the_first(total, shortest, t_mult):
    """The wrong end."""
    lengths = drops_the_remainder(total, shortest, t_mult)
    lengths[0] += total - sum(lengths)
    return lengths


def makes_a_period_of_the_remainder(total, shortest, t_mult):
    """An extra one."""
    lengths = drops_the_remainder(total, shortest, t_mult)
    left = total - sum(lengths)
    return lengths + [left] * (left > 0)


def stops_one_too_early(total, shortest, t_mult):
    """n counts from 0."""
    powers = _powers(total, shortest, t_mult)
    powers = powers[:-1] or powers
    lengths = [total // sum(powers) * p for p in powers]
    lengths[-1] += total - sum(lengths)
    return lengths


def asks_for_more_than_the_shortest(total, shortest, t_mult):
    """> for >=."""
    powers = _powers(total, shortest, t_mult, strict=True)
    lengths = [total // sum(powers) * p for p in powers]
    lengths[-1] += total - sum(lengths)
    return lengths


def stops_one_too_late(total, shortest, t_mult):
    """The loop ends when it is too short already."""
    powers = _powers(total, shortest, t_mult)
    powers.append(powers[-1] * t_mult)
    lengths = [total // sum(powers) * p for p in powers]
    lengths[-1] += total - sum(lengths)
    return lengths


def divides_with_a_slash(total, shortest, t_mult):
    """Floats."""
    powers = _powers(total, shortest, t_mult)
    return [total / sum(powers) * p for p in powers]


def rounds_each(total, shortest, t_mult):
    """Each length rounded by itself."""
    powers = _powers(total, shortest, t_mult)
    return [round(total / sum(powers) * p) for p in powers]


def uses_the_formula(total, shortest, t_mult):
    """(mⁿ − 1)/(m − 1), and m = 1."""
    n = 1
    while total // ((t_mult ** (n + 1) - 1) // (t_mult - 1)) >= shortest:
        n += 1
    lengths = [total // ((t_mult**n - 1) // (t_mult - 1)) * t_mult**i for i in range(n)]
    lengths[-1] += total - sum(lengths)
    return lengths


def makes_equal_periods(total, shortest, t_mult):
    """Divided by the number of periods."""
    n = len(_powers(total, shortest, t_mult))
    lengths = [total // n] * n
    lengths[-1] += total - sum(lengths)
    return lengths


def gives_the_ends(total, shortest, t_mult):
    """Where the restarts are."""
    lengths = drops_the_remainder(total, shortest, t_mult)
    lengths[-1] += total - sum(lengths)
    return np.cumsum(lengths).tolist()


def goes_backwards(total, shortest, t_mult):
    """The longest first."""
    lengths = drops_the_remainder(total, shortest, t_mult)
    lengths[-1] += total - sum(lengths)
    return lengths[::-1]


def gives_the_first_length(total, shortest, t_mult):
    """T₀ is all one needs."""
    return total // sum(_powers(total, shortest, t_mult))


def never_ends(total, shortest, t_mult):
    """n is not raised."""
    n = 1
    while n > 0:
        n = 1
    return [n]


# --- restart_rates ------------------------------------------------------------------------------


def _waves(lengths, high, low, wave):
    return np.concatenate([low + (high - low) * wave(np.arange(T), T) for T in lengths])


def includes_the_end(lengths, high, low):
    """linspace."""
    waves = [(1 + np.cos(np.linspace(0, np.pi, T))) / 2 for T in lengths]
    return low + (high - low) * np.concatenate(waves)


def counts_from_one(lengths, high, low):
    """t of the step itself."""
    return _waves(lengths, high, low, lambda t, T: (1 + np.cos(np.pi * (t + 1) / T)) / 2)


def never_restarts(lengths, high, low):
    """One period of all steps."""
    return _waves([sum(lengths)], high, low, lambda t, T: (1 + np.cos(np.pi * t / T)) / 2)


def restarts_one_late(lengths, high, low):
    """≤ for <."""
    rates, end, start = [], lengths[0], 0
    k = 0
    for t in range(sum(lengths)):
        if t > end:
            k += 1
            start, end = end, end + lengths[k]
        rates.append(low + (high - low) * (1 + np.cos(np.pi * (t - start) / lengths[k])) / 2)
    return np.array(rates)


def uses_the_first_length(lengths, high, low):
    """t % T₀."""
    t = np.arange(sum(lengths)) % lengths[0]
    return low + (high - low) * (1 + np.cos(np.pi * t / lengths[0])) / 2


def goes_up(lengths, high, low):
    """1 − cos."""
    return _waves(lengths, high, low, lambda t, T: (1 - np.cos(np.pi * t / T)) / 2)


def goes_straight(lengths, high, low):
    """Triangles."""
    return _waves(lengths, high, low, lambda t, T: 1 - t / T)


def forgets_pi(lengths, high, low):
    """Radians."""
    return _waves(lengths, high, low, lambda t, T: (1 + np.cos(t / T)) / 2)


def takes_a_whole_wave(lengths, high, low):
    """2π."""
    return _waves(lengths, high, low, lambda t, T: (1 + np.cos(2 * np.pi * t / T)) / 2)


def forgets_the_half(lengths, high, low):
    """1 + cos is up to 2."""
    return _waves(lengths, high, low, lambda t, T: 1 + np.cos(np.pi * t / T))


def forgets_low(lengths, high, low):
    """Down to 0."""
    return _waves(lengths, high, 0, lambda t, T: (1 + np.cos(np.pi * t / T)) / 2)


def adds_low_to_all(lengths, high, low):
    """low + high …"""
    return low + forgets_low(lengths, high, low)


def stops_at_low(lengths, high, low):
    """np.maximum."""
    return np.maximum(forgets_low(lengths, high, low), low)


def swaps_high_and_low(lengths, high, low):
    """In the wrong order."""
    return _waves(lengths, low, high, lambda t, T: (1 + np.cos(np.pi * t / T)) / 2)


def gives_a_list_of_arrays(lengths, high, low):
    """Not concatenated."""
    return [low + (high - low) * (1 + np.cos(np.pi * np.arange(T) / T)) / 2 for T in lengths]


def lowers_the_top(lengths, high, low):
    """m_mul = 0.5."""
    parts = [
        low + (high * 0.5**k - low) * (1 + np.cos(np.pi * np.arange(T) / T)) / 2
        for k, T in enumerate(lengths)
    ]
    return np.concatenate(parts)


def makes_one_step_more(lengths, high, low):
    """arange(T + 1)."""
    waves = [(1 + np.cos(np.pi * np.arange(T + 1) / T)) / 2 for T in lengths]
    return low + (high - low) * np.concatenate(waves)


# --- swa_update ---------------------------------------------------------------------------------


def _towards(average, weights, share):
    return [a + share * (w - a) for a, w in zip(average, weights, strict=True)]


def loses_the_start(average, weights, i, c):
    """n − 1 for n."""
    return average if i % c else _towards(average, weights, c / i)


def halves(average, weights, i, c):
    """The mean of the two."""
    return average if i % c else _towards(average, weights, 0.5)


def counts_steps(average, weights, i, c):
    """n = i."""
    return average if i % c else _towards(average, weights, 1 / (i + 1))


def collects_every_step(average, weights, i, c):
    """No c."""
    return _towards(average, weights, 1 / (i + 1))


def collects_every_step_with_n(average, weights, i, c):
    """No condition, but n = i // c."""
    return _towards(average, weights, 1 / (i // c + 1))


def counts_one_more(average, weights, i, c):
    """n = i/c + 1."""
    return average if i % c else _towards(average, weights, 1 / (i // c + 2))


def swaps_the_two(average, weights, i, c):
    """(w n + average)/(n + 1)."""
    n = i // c
    return average if i % c else _towards(average, weights, n / (n + 1))


def takes_the_new(average, weights, i, c):
    """No averaging."""
    return average if i % c else [w.copy() for w in weights]


def never_changes(average, weights, i, c):
    """i % c where not i % c was meant, for c > 1."""
    return average


def collects_between(average, weights, i, c):
    """The condition the wrong way round."""
    if not i % c:
        return average
    n = i // c
    return _towards(average, weights, 1 / (n + 1))


def adds_up(average, weights, i, c):
    """Divide at the end."""
    return average if i % c else [a + w for a, w in zip(average, weights, strict=True)]


def divides_by_n(average, weights, i, c):
    """(n a + w)/n."""
    n = i // c
    return average if i % c else [(a * n + w) / n for a, w in zip(average, weights, strict=True)]


def forgets_n_times(average, weights, i, c):
    """(a + w)/(n + 1)."""
    n = i // c
    return average if i % c else [(a + w) / (n + 1) for a, w in zip(average, weights, strict=True)]


def collects_from_step_one(average, weights, i, c):
    """As if the steps counted from 0."""
    if (i - 1) % c:
        return average
    n = (i - 1) // c + 1
    return _towards(average, weights, 1 / (n + 1))


def averages_exponentially(average, weights, i, c):
    """0.99."""
    return average if i % c else _towards(average, weights, 0.01)


def adds_in_place(average, weights, i, c):
    """a += …"""
    if i % c == 0:
        for a, w in zip(average, weights, strict=True):
            a += (w - a) / (i // c + 1)
    return average


def gives_nothing_between(average, weights, i, c):
    """The other way through has no return."""
    if i % c == 0:
        return _towards(average, weights, 1 / (i // c + 1))
    return None


def averages_the_first_array(average, weights, i, c):
    """A return inside the loop's body, as it were."""
    if i % c:
        return average
    return [_towards(average, weights, 1 / (i // c + 1))[0], *average[1:]]


# --- recomputed_statistics ----------------------------------------------------------------------


def _forward(A, W, gamma, beta, mean, variance, epsilon):
    return np.maximum(gamma * (A @ W - mean) / np.sqrt(variance + epsilon) + beta, 0)


def _through(hidden, batches, epsilon, of_batches, forward=_forward):
    """Statistics by a rule for a list of Z, and a way to the next layer."""
    found = []
    for W, gamma, beta in hidden:
        mean, variance = of_batches([A @ W for A in batches])
        found.append((mean, variance))
        batches = [forward(A, W, gamma, beta, mean, variance, epsilon) for A in batches]
    return found


def _exact(Z):
    whole = np.concatenate(Z)
    return whole.mean(axis=0), whole.var(axis=0)


def averages_the_variances(hidden, batches, epsilon):
    """Only what varies within the batches."""

    def rule(Z):
        sizes = [len(z) for z in Z]
        return _exact(Z)[0], np.average([z.var(axis=0) for z in Z], axis=0, weights=sizes)

    return _through(hidden, batches, epsilon, rule)


def averages_batches_equally(hidden, batches, epsilon):
    """np.mean of the batches' statistics."""

    def rule(Z):
        return np.mean([z.mean(axis=0) for z in Z], axis=0), np.mean([z.var(axis=0) for z in Z], axis=0)

    return _through(hidden, batches, epsilon, rule)


def averages_squares_equally(hidden, batches, epsilon):
    """E[z²] − E[z]², with every batch counting the same."""

    def rule(Z):
        mean = np.mean([z.mean(axis=0) for z in Z], axis=0)
        return mean, np.mean([(z**2).mean(axis=0) for z in Z], axis=0) - mean**2

    return _through(hidden, batches, epsilon, rule)


def _by_batch(A, W, gamma, beta, mean, variance, epsilon):
    z = A @ W
    return _forward(A, W, gamma, beta, z.mean(axis=0), z.var(axis=0), epsilon)


def runs_as_in_training(hidden, batches, epsilon):
    """training=True, with exact pooling of each layer."""
    return _through(hidden, batches, epsilon, _exact, _by_batch)


def runs_as_in_training_with_means(hidden, batches, epsilon):
    """training=True, and the mean of the batches."""

    def rule(Z):
        return np.mean([z.mean(axis=0) for z in Z], axis=0), np.mean([z.var(axis=0) for z in Z], axis=0)

    return _through(hidden, batches, epsilon, rule, _by_batch)


def moves_an_average(hidden, batches, epsilon):
    """momentum = 0.9, from 0 and 1."""

    def rule(Z):
        mean, variance = np.zeros(Z[0].shape[1]), np.ones(Z[0].shape[1])
        for z in Z:
            mean = 0.9 * mean + 0.1 * z.mean(axis=0)
            variance = 0.9 * variance + 0.1 * z.var(axis=0)
        return mean, variance

    return _through(hidden, batches, epsilon, rule)


def does_not_normalise_between(hidden, batches, epsilon):
    """Z goes on as it is."""
    return _through(hidden, batches, epsilon, _exact, lambda A, W, *rest: np.maximum(A @ W, 0))


def divides_by_one_less(hidden, batches, epsilon):
    """ddof=1."""

    def rule(Z):
        whole = np.concatenate(Z)
        return whole.mean(axis=0), whole.var(axis=0, ddof=1)

    return _through(hidden, batches, epsilon, rule)


def keeps_the_last_batch(hidden, batches, epsilon):
    """Overwritten in the loop."""
    return _through(hidden, batches, epsilon, lambda Z: _exact(Z[-1:]))


def takes_the_first_batch(hidden, batches, epsilon):
    """One batch will do."""
    return _through(hidden, batches, epsilon, lambda Z: _exact(Z[:1]))


def forgets_to_subtract(hidden, batches, epsilon):
    """E[z²]."""

    def rule(Z):
        whole = np.concatenate(Z)
        return whole.mean(axis=0), (whole**2).mean(axis=0)

    return _through(hidden, batches, epsilon, rule)


def leaves_small_batches_out(hidden, batches, epsilon):
    """drop_remainder."""
    return _through(hidden, batches, epsilon, lambda Z: _exact([z for z in Z if len(z) == len(Z[0])]))


def measures_after_the_relu(hidden, batches, epsilon):
    """Of what fires."""
    found, right = [], _through(hidden, batches, epsilon, _exact)
    for (W, gamma, beta), (mean, variance) in zip(hidden, right, strict=True):
        fired = np.maximum(np.concatenate([A @ W for A in batches]), 0)
        found.append((fired.mean(axis=0), fired.var(axis=0)))
        batches = [_forward(A, W, gamma, beta, mean, variance, epsilon) for A in batches]
    return found


def measures_the_input(hidden, batches, epsilon):
    """Of A, before W."""
    found, right = [], _through(hidden, batches, epsilon, _exact)
    for (W, gamma, beta), (mean, variance) in zip(hidden, right, strict=True):
        found.append(_exact(batches))
        batches = [_forward(A, W, gamma, beta, mean, variance, epsilon) for A in batches]
    return found


def forgets_the_relu(hidden, batches, epsilon):
    """Normalised and passed on."""
    return _through(
        hidden,
        batches,
        epsilon,
        _exact,
        lambda A, W, g, b, mean, variance, e: g * (A @ W - mean) / np.sqrt(variance + e) + b,
    )


def forgets_gamma(hidden, batches, epsilon):
    """γ = 1."""
    return _through(hidden, batches, epsilon, _exact, lambda A, W, g, b, *rest: _forward(A, W, 1, b, *rest))


def forgets_beta(hidden, batches, epsilon):
    """β = 0."""
    return _through(hidden, batches, epsilon, _exact, lambda A, W, g, b, *rest: _forward(A, W, g, 0, *rest))


def forgets_the_root(hidden, batches, epsilon):
    """Divided by σ² + ε."""
    return _through(
        hidden,
        batches,
        epsilon,
        _exact,
        lambda A, W, g, b, mean, v, e: np.maximum(g * (A @ W - mean) / (v + e) + b, 0),
    )


def forgets_epsilon(hidden, batches, epsilon):
    """ε = 0; a unit that is always 0 needs it, so with a floor."""
    return _through(
        hidden,
        batches,
        epsilon,
        _exact,
        lambda A, W, g, b, mean, v, e: _forward(A, W, g, b, mean, np.maximum(v, 1e-12), 0),
    )


def gives_deviations(hidden, batches, epsilon):
    """std."""
    return [(mean, np.sqrt(variance)) for mean, variance in _through(hidden, batches, epsilon, _exact)]


def gives_epsilon_with_it(hidden, batches, epsilon):
    """Ready for the root."""
    return [(mean, variance + epsilon) for mean, variance in _through(hidden, batches, epsilon, _exact)]


def swaps_mean_and_variance(hidden, batches, epsilon):
    """(variance, mean)."""
    return [pair[::-1] for pair in _through(hidden, batches, epsilon, _exact)]


def gives_the_last_layer(hidden, batches, epsilon):
    """A return in the loop, or after it."""
    return _through(hidden, batches, epsilon, _exact)[-1:]


def forgets_the_axis(hidden, batches, epsilon):
    """One number for a layer."""
    return [(mean.mean(), variance.mean()) for mean, variance in _through(hidden, batches, epsilon, _exact)]


def adds_variances_about_batch_means_and_keeps_sum(hidden, batches, epsilon):
    """Sums, never divided."""

    def rule(Z):
        whole = np.concatenate(Z)
        return whole.mean(axis=0), np.sum((whole - whole.mean(axis=0)) ** 2, axis=0)

    found = _through(hidden, batches, epsilon, _exact)
    return [(found[0][0], rule([A @ hidden[0][0] for A in batches])[1]), *found[1:]]


def overwrites_the_batches(hidden, batches, epsilon):
    """batches[k] = …"""
    found = []
    for W, gamma, beta in hidden:
        mean, variance = _exact([A @ W for A in batches])
        found.append((mean, variance))
        for k, A in enumerate(batches):
            batches[k] = _forward(A, W, gamma, beta, mean, variance, epsilon)
    return found


# --- too_narrow_by ------------------------------------------------------------------------------


def _errors(right):
    G, m = right.shape
    return np.std(right.mean(axis=1)) / np.sqrt(G), np.std(right) / np.sqrt(G * m)


def gives_the_square(right):
    """Variances."""
    return (_errors(right)[0] / _errors(right)[1]) ** 2


def turns_it_round(right):
    """Too narrow: below 1."""
    return _errors(right)[1] / _errors(right)[0]


def forgets_both_roots(right):
    """Deviations, not errors."""
    return np.std(right.mean(axis=1)) / np.std(right)


def divides_both_by_one_root(right):
    """The same n."""
    return (np.std(right.mean(axis=1)) / np.sqrt(right.size)) / (np.std(right) / np.sqrt(right.size))


def takes_the_root_of_m(right):
    """As if all copies were alike."""
    return np.sqrt(right.shape[1])


def takes_m(right):
    """Nine copies, one example."""
    return right.shape[1]


def averages_over_the_digits(right):
    """axis=0."""
    m = right.shape[1]
    return np.std(right.mean(axis=0)) / np.sqrt(m) / _errors(right)[1]


def averages_over_the_digits_with_g(right):
    """axis=0, and the root of G."""
    return np.std(right.mean(axis=0)) / np.sqrt(len(right)) / _errors(right)[1]


def gives_the_correlation(right):
    """ρ."""
    m = right.shape[1]
    return (gives_the_square(right) - 1) / max(m - 1, 1)


def takes_m_for_m_minus_one(right):
    """1 + m ρ."""
    return np.sqrt(max(1 + right.shape[1] * gives_the_correlation(right), 0))


def adds_the_copies(right):
    """sum for mean."""
    return np.std(right.sum(axis=1)) / np.sqrt(len(right)) / _errors(right)[1]


def gives_the_honest_error(right):
    """Not a ratio."""
    return _errors(right)[0]


def gives_the_other_error(right):
    """Not a ratio."""
    return _errors(right)[1]


def gives_one_for_each_copy(right):
    """An array."""
    return np.std(right, axis=0)


def uses_nine(right):
    """m = 9 from the exercise."""
    return _errors(right)[0] / (np.std(right) / np.sqrt(9 * len(right)))


def uses_the_first_copy(right):
    """The error of one column for the honest one."""
    return np.std(right[:, 0]) / np.sqrt(len(right)) / _errors(right)[1]


def gives_both_errors(right):
    """A pair."""
    return _errors(right)


# --- draw_clusters ------------------------------------------------------------------------------


def _rows(cluster, drawn):
    return np.concatenate([np.flatnonzero(cluster == name) for name in drawn])


def draws_rows(cluster, rng):
    """The ordinary bootstrap."""
    return rng.integers(len(cluster), size=len(cluster))


def draws_from_the_rows(cluster, rng):
    """A large cluster stands in the hat more often."""
    return _rows(cluster, rng.choice(cluster, size=len(np.unique(cluster))))


def draws_as_many_as_rows(cluster, rng):
    """N for G."""
    return _rows(cluster, rng.choice(np.unique(cluster), size=len(cluster)))


def draws_without_replacement(cluster, rng):
    """A permutation."""
    return _rows(cluster, rng.permutation(np.unique(cluster)))


def uses_isin(cluster, rng):
    """Twice is once."""
    names = np.unique(cluster)
    return np.flatnonzero(np.isin(cluster, rng.choice(names, size=len(names))))


def gives_a_mask(cluster, rng):
    """True and False."""
    names = np.unique(cluster)
    return np.isin(cluster, rng.choice(names, size=len(names)))


def gives_names(cluster, rng):
    """The clusters, not the rows."""
    names = np.unique(cluster)
    return rng.choice(names, size=len(names))


def takes_names_for_numbers(cluster, rng):
    """Names 0 to G − 1."""
    G = len(np.unique(cluster))
    return _rows(cluster, rng.integers(G, size=G))


def takes_the_largest_name(cluster, rng):
    """G = max + 1."""
    G = cluster.max() + 1
    return _rows(cluster, rng.integers(G, size=G))


def takes_one_row_each(cluster, rng):
    """The first row of each cluster."""
    names, first = np.unique(cluster, return_index=True)
    return first[rng.integers(len(names), size=len(names))]


def draws_rows_inside(cluster, rng):
    """In two stages."""
    names = np.unique(cluster)
    drawn = rng.choice(names, size=len(names))
    parts = [np.flatnonzero(cluster == name) for name in drawn]
    return np.concatenate([rng.choice(part, size=len(part)) for part in parts])


def makes_its_own_generator(cluster, rng):
    """Seed 0."""
    names = np.unique(cluster)
    return _rows(cluster, np.random.default_rng(0).choice(names, size=len(names)))


def uses_the_global_one(cluster, rng):
    """np.random."""
    names = np.unique(cluster)
    return _rows(cluster, np.random.choice(names, size=len(names)))  # noqa: NPY002


def gives_a_list_of_arrays_of_rows(cluster, rng):
    """Not joined."""
    names = np.unique(cluster)
    return [np.flatnonzero(cluster == name) for name in rng.choice(names, size=len(names))]


def believes_in_equal_sizes(cluster, rng):
    """Sorted, side by side, and all of one size."""
    G = len(np.unique(cluster))
    m = len(cluster) // G
    return (rng.integers(G, size=G)[:, None] * m + np.arange(m)).ravel()


def fills_up_to_n_rows(cluster, rng):
    """Clusters until there are as many rows as before, then cut."""
    names = np.unique(cluster)
    return _rows(cluster, rng.choice(names, size=4 * len(names)))[: len(cluster)]


def draws_one_less(cluster, rng):
    """G − 1, but at least 1."""
    names = np.unique(cluster)
    return _rows(cluster, rng.choice(names, size=max(len(names) - 1, 1)))


def forgets_the_last(cluster, rng):
    """integers(G − 1)."""
    names = np.unique(cluster)
    G = len(names)
    return _rows(cluster, names[rng.integers(max(G - 1, 1), size=G)])


def sorts_the_names_in_place(cluster, rng):
    """cluster.sort()."""
    cluster.sort()
    names = np.unique(cluster)
    return _rows(cluster, rng.choice(names, size=len(names)))


def draws_one_and_repeats(cluster, rng):
    """One name, G times."""
    names = np.unique(cluster)
    return _rows(cluster, np.repeat(rng.choice(names), len(names)))


# --- four_curves --------------------------------------------------------------------------------


RIGHT_CURVES = {
    "Cairo": "noisy_labels",
    "Kyoto": "validation_small",
    "Lima": "dropout_on",
    "Oslo": "slow_statistics",
}


class Causes(dict):
    """A dict of causes with a name, as functions have one."""

    def __init__(self, name, causes):
        super().__init__(causes)
        self.__name__ = name


def naming(name, **others):
    """The right causes, but for some."""
    return Causes(name, RIGHT_CURVES | others)


class ListOfCauses(list):
    """Causes in the order of the runs, without their names."""

    __name__ = "a_list"


WRONG = {
    "mended_step": [
        (changes_nothing, "two more mistakes are left"),
        (mends_the_loop_alone, "one more mistake is left"),
        (mends_the_rate_alone, "one more mistake is left"),
        (mends_v_alone, "one more mistake is left"),
        (leaves_the_loop, "With 4 arrays in the list it is multiplied 4 times"),
        (leaves_the_rate, "with the η of this very step"),
        (leaves_v, "λw still gets into v"),
        (puts_it_into_the_gradient, "Here λw gets into m"),
        (does_both, "decays a second time"),
        (decays_the_biases, "The biases decay too"),
        (decays_every_other, "should be multiplied by"),
        (decays_two_axes_only, "should be multiplied by"),
        (decays_after_the_update, "The decay comes after the update"),
        (forgets_the_rate, "takes the share λ off"),
        (takes_the_rate_twice, "a factor η²"),
        (corrects_the_decay, "Adam's correction for the first steps got into the decay"),
        (lets_the_weights_grow, "the wrong sign"),
        (throws_the_decay_out, "Nothing decays any more"),
        (updates_with_the_first_rate, "The update has the rate of the first step"),
        (takes_the_next_rate, "the rate of the step that follows"),
        (does_not_count, "It counts the steps taken"),
        (changes_the_weights_in_place, "changes its argument params in place"),
        (changes_the_memory_in_place, "changes its argument memory in place"),
        (shares_one_m, "although nothing decays"),
        (gives_the_weights_alone, "Expected two results, (params, memory)"),
        (decays_where_there_is_a_gradient, "has a number without a gradient"),
        (loses_the_correction, "for the first steps has got lost"),
    ],
    "restart_plan": [
        (starts_with_the_shortest, "is cut off by the end of the budget"),
        (adds_the_rest_to_the_usual, "as long as the budget allows"),
        (leaves_steps_over, "steps are left over"),
        (drops_the_remainder, "these steps are in no period"),
        (gives_the_remainder_to_the_first, "went into the first period"),
        (makes_a_period_of_the_remainder, "became a period of its own"),
        (stops_one_too_early, "One more period would fit"),
        (asks_for_more_than_the_shortest, "as many as possible were asked for"),
        (stops_one_too_late, "the first is shorter than"),
        (divides_with_a_slash, "not a whole number of type int"),
        (rounds_each, "has to be"),
        (uses_the_formula, "ZeroDivisionError"),
        (makes_equal_periods, "All periods have one length"),
        (gives_the_ends, "Together they have"),
        (goes_backwards, "in the reverse order"),
        (gives_the_first_length, "Expected a list of the lengths"),
        (never_ends, "did not end within"),
    ],
    "restart_rates": [
        (includes_the_end, "divide by T"),
        (counts_from_one, "it begins with 0"),
        (never_restarts, "There is no restart"),
        (restarts_one_late, "still belongs to the period before"),
        (uses_the_first_length, "All periods look as long as the first"),
        (goes_up, "from low to high"),
        (goes_straight, "in a straight line"),
        (forgets_pi, "a π is missing"),
        (takes_a_whole_wave, "a whole wave"),
        (forgets_the_half, "The ½ before the bracket"),
        (forgets_low, "low is not used"),
        (adds_low_to_all, "begins with high + low"),
        (stops_at_low, "is stopped at low"),
        (swaps_high_and_low, "Have the two changed places"),
        (gives_a_list_of_arrays, "to be a NumPy array of shape (703,)"),
        (lowers_the_top, "step 100, with t = 0"),
        (makes_one_step_more, "to have the shape (703,), received (706,)"),
    ],
    "swa_update": [
        (loses_the_start, "the start counts as a network"),
        (halves, "Each collection counts one half"),
        (counts_steps, "is not the number of steps"),
        (collects_every_step, "Every step is collected"),
        (collects_every_step_with_n, "Every step is collected"),
        (counts_one_more, "one network too many"),
        (swaps_the_two, "The two have changed places"),
        (takes_the_new, "replace the average"),
        (never_changes, "The average never changes"),
        (collects_between, "Nothing is collected at this step"),
        (adds_up, "never divided"),
        (divides_by_n, "They are n + 1"),
        (forgets_n_times, "counts as one network only"),
        (collects_from_step_one, "step c is the first"),
        (averages_exponentially, "as in an exponential average"),
        (adds_in_place, "changes its argument average in place"),
        (gives_nothing_between, "returns None"),
        (averages_the_first_array, "array 1 of the average is wrong"),
    ],
    "recomputed_statistics": [
        (averages_the_variances, "the variance within the batches"),
        (averages_batches_equally, "as if they had one size"),
        (averages_squares_equally, "A small batch counts as much as a large one"),
        (runs_as_in_training, "each batch was normalised by its own mean"),
        (runs_as_in_training_with_means, "as if they had one size"),
        (moves_an_average, "moving averages, as in training"),
        (does_not_normalise_between, "received Z as it was"),
        (divides_by_one_less, "divided by N − 1"),
        (keeps_the_last_batch, "the last batch alone"),
        (takes_the_first_batch, "the first batch alone"),
        (forgets_to_subtract, "the square of the mean goes off"),
        (leaves_small_batches_out, "smaller than the first were left out"),
        (measures_after_the_relu, "what a ReLU leaves"),
        (measures_the_input, "before W"),
        (forgets_the_relu, "the ReLU is missing"),
        (forgets_gamma, "γ is missing"),
        (forgets_beta, "β is missing"),
        (forgets_the_root, "by the variance, not its root"),
        (forgets_epsilon, "ε is missing under the root"),
        (gives_deviations, "The standard deviation was given"),
        (gives_epsilon_with_it, "ε was added to the variance that is given"),
        (swaps_mean_and_variance, "Mean and variance have changed places"),
        (gives_the_last_layer, "a list of 2 pairs"),
        (forgets_the_axis, "is an `axis=` missing"),
        (adds_variances_about_batch_means_and_keeps_sum, "the variance of layer 0 should be"),
        (overwrites_the_batches, "changes its argument batches in place"),
    ],
    "too_narrow_by": [
        (gives_the_square, "a ratio of variances"),
        (turns_it_round, "the other way round"),
        (forgets_both_roots, "has to be divided by the root of its number"),
        (divides_both_by_one_root, "has to be divided by the root of its number"),
        (takes_the_root_of_m, "√m is right only if"),
        (takes_m, "m would be the ratio of variances"),
        (averages_over_the_digits, "The mean was taken over the digits"),
        (averages_over_the_digits_with_g, "The mean was taken over the digits"),
        (gives_the_correlation, "the correlation of two copies"),
        (takes_m_for_m_minus_one, "is m − 1, not m"),
        (adds_the_copies, "added up, and not averaged"),
        (gives_the_honest_error, "a standard error itself, the honest one"),
        (gives_the_other_error, "the one that ignores the digits"),
        (gives_one_for_each_copy, "to be one number"),
        (uses_nine, "in 5 copies"),
        (uses_the_first_copy, "the factor should be"),
        (gives_both_errors, "to be one number"),
    ],
    "draw_clusters": [
        (draws_rows, "some rows came more often than others"),
        (draws_from_the_rows, "A cluster with more rows is drawn more often"),
        (draws_as_many_as_rows, "is the number of rows"),
        (draws_without_replacement, "Every cluster comes exactly once"),
        (uses_isin, "taken once only"),
        (gives_a_mask, "a mask of True and False"),
        (gives_names, "Are these names of clusters"),
        (takes_names_for_numbers, "are to be drawn"),
        (takes_the_largest_name, "are to be drawn"),
        (takes_one_row_each, "only one row came"),
        (draws_rows_inside, "some rows came more often than others"),
        (makes_its_own_generator, "are all the same"),
        (uses_the_global_one, "Draw with the rng that is handed over"),
        (gives_a_list_of_arrays_of_rows, "np.concatenate makes one array"),
        (believes_in_equal_sizes, "some rows came more often than others"),
        (fills_up_to_n_rows, "some rows came more often than others"),
        (draws_one_less, "are to be drawn"),
        (forgets_the_last, "not equally likely"),
        (sorts_the_names_in_place, "changes its argument cluster in place"),
        (draws_one_and_repeats, "(its variance)"),
    ],
    "four_curves": [
        (naming("cairo_rate", Cairo="rate_too_large"), "the training loss itself would go up and down"),
        (naming("cairo_dropout", Cairo="dropout_on"), "no worse than the validation digits"),
        (naming("cairo_overfitting", Cairo="overfitting"), "much better than the validation digits"),
        (naming("cairo_early", Cairo="rate_falls_too_soon"), "would stand still"),
        (naming("kyoto_rate", Kyoto="rate_too_large"), "from one epoch to the next"),
        (naming("kyoto_overfitting", Kyoto="overfitting"), "and rise from epoch to epoch"),
        (naming("kyoto_noisy", Kyoto="noisy_labels"), "fewer training labels"),
        (naming("kyoto_sorted", Kyoto="not_shuffled"), "times the mean loss"),
        (naming("lima_noisy", Lima="noisy_labels"), "fewer training labels"),
        (naming("lima_leaked", Lima="validation_leaked"), "to the end the validation loss"),
        (naming("lima_slow", Lima="slow_statistics"), "in epoch 2 it is"),
        (naming("oslo_leaked", Oslo="validation_leaked"), "in the last four epochs the two are"),
        (naming("oslo_unscaled", Oslo="validation_unscaled"), "after epoch 1 the two are"),
        (naming("oslo_small", Oslo="validation_small"), "a few values only, far apart"),
        (naming("oslo_dropout", Oslo="dropout_on"), "much worse than after the epoch"),
        (naming("two_runs", Cairo="overfitting", Oslo="overfitting"), "(Not yet right either: Oslo.)"),
        (naming("a_spelling", Lima="dropout"), "is not among the causes"),
        (naming("two_at_once", Lima=("dropout_on", "overfitting")), "expected one cause"),
        (naming("somewhere_else", Paris="overfitting"), "There is no run 'Paris'"),
        (ListOfCauses(RIGHT_CURVES.values()), "Expected a dict"),
    ],
}
