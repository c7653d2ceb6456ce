"""Wrong answers to the exercises of Chapter 2 after its third, fourth and fifth notebook.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

import numpy as np

# --- lookup_backward ----------------------------------------------------------------------------


def adds_in_one_go(dy, cache):
    """The tempting line."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    dE[index] += dy
    return dE


def writes_in_place_of_adding(dy, cache):
    """= in a loop."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    for n, v in enumerate(index):
        dE[v] = dy[n]
    return dE


def keeps_the_first_share(dy, cache):
    """A row that is filled already is left alone."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    for n, v in enumerate(index):
        if not dE[v].any():
            dE[v] = dy[n]
    return dE


def averages_the_shares(dy, cache):
    """The mean over the examples of a row."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    np.add.at(dE, index, dy)
    return dE / np.maximum(np.bincount(index, minlength=V), 1)[:, None]


def divides_by_the_batch(dy, cache):
    """The 1/N of the loss, once more."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    np.add.at(dE, index, dy)
    return dE / len(dy)


def multiplies_the_last_by_the_count(dy, cache):
    """Used three times, so times three."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    dE[index] = dy
    return dE * np.bincount(index, minlength=V)[:, None]


def looks_up_forwards(dy, cache):
    """The same line as forward."""
    index, _ = cache
    return dy[index % len(dy)]


def gives_dy(dy, cache):
    """A copy needs no arithmetic."""
    return dy.copy()


def makes_rows_for_the_used_only(dy, cache):
    """np.unique lists the rows that occur."""
    index, _ = cache
    return np.stack([dy[index == v].sum(axis=0) for v in np.unique(index)])


def takes_the_size_from_the_index(dy, cache):
    """The largest index is not the number of rows."""
    index, _ = cache
    dE = np.zeros((index.max() + 1, dy.shape[1]))
    np.add.at(dE, index, dy)
    return dE


def forgets_the_transpose(dy, cache):
    """O dy: an error, unless N = V."""
    index, V = cache
    return np.dot(np.eye(V)[index], dy)


def forgets_the_transpose_where_it_can(dy, cache):
    """The error is silenced for the shapes in which it shows."""
    index, V = cache
    one_hot = np.eye(V)[index]
    return one_hot @ dy if len(dy) == V else one_hot.T @ dy


def begins_with_empty(dy, cache):
    """np.empty is quicker than np.zeros."""
    index, V = cache
    dE = np.empty((V, dy.shape[1]))
    for v in set(index.tolist()):
        dE[v] = dy[index == v].sum(axis=0)
    return dE


def begins_with_ones(dy, cache):
    """np.ones_like of something."""
    index, V = cache
    dE = np.ones((V, dy.shape[1]))
    np.add.at(dE, index, dy)
    return dE


def returns_what_add_at_returns(dy, cache):
    """np.add.at works in place and returns None."""
    index, V = cache
    return np.add.at(np.zeros((V, dy.shape[1])), index, dy)


def counts_whole_numbers(dy, cache):
    """Zeros of whole numbers."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]), dtype=int)
    np.add.at(dE, index, dy)
    return dE


def sums_everything_into_used_rows(dy, cache):
    """The sum over the batch, for each row."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    dE[index] = dy.sum(axis=0)
    return dE


def forgets_the_features(dy, cache):
    """A bincount with the sums of dy as weights."""
    index, V = cache
    return np.bincount(index, weights=dy.sum(axis=1), minlength=V)


def copies_one_share_to_all_features(dy, cache):
    """A bincount, stretched to the right shape."""
    index, V = cache
    share = np.bincount(index, weights=dy.sum(axis=1), minlength=V)
    return np.tile(share[:, None], (1, dy.shape[1]))


def counts_the_uses(dy, cache):
    """dy is taken for ones."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    np.add.at(dE, index, 1)
    return dE


def writes_ten_classes(dy, cache):
    """The sizes of the digits."""
    dE = np.zeros((10, 784))
    np.add.at(dE, cache[0], dy)
    return dE


def turns_the_sign(dy, cache):
    """Downhill already."""
    index, V = cache
    dE = np.zeros((V, dy.shape[1]))
    np.subtract.at(dE, index, dy)
    return dE


# --- weight_norm_backward -----------------------------------------------------------------------


def _of(dy, cache):
    x, V, g = cache
    length = np.sqrt(np.sum(V**2, axis=0))
    u = V / length
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return x, V, g, length, u, dW, dg, dy @ (g * u).T, dy.sum(axis=0)


def stops_at_the_weights(dy, cache):
    """dW for dV."""
    _, _, _, _, _, dW, dg, dx, db = _of(dy, cache)
    return dx, dW, dg, db


def takes_the_length_for_a_constant(dy, cache):
    """The norm depends on V too."""
    _, _, g, length, _, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * dW, dg, db


def adds_the_second_term(dy, cache):
    """A sign."""
    _, _, g, length, u, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * (dW + dg * u), dg, db


def loses_g_in_the_second_term(dy, cache):
    """Copied from the paper with a gap."""
    _, V, g, length, _, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * dW - dg / length**2 * V, dg, db


def divides_the_second_term_once(dy, cache):
    """The square is overlooked."""
    _, V, g, length, _, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * dW - g * dg / length * V, dg, db


def divides_the_second_term_three_times(dy, cache):
    """v dvᵀ / ‖v‖³, with dg, which is divided already."""
    _, V, g, length, _, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * dW - g * dg / length**3 * V, dg, db


def forgets_the_factor(dy, cache):
    """The projection alone."""
    _, _, _, _, u, dW, dg, dx, db = _of(dy, cache)
    return dx, dW - dg * u, dg, db


def projects_all_columns_together(dy, cache):
    """One number for the whole matrix."""
    _, _, g, length, u, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * (dW - np.sum(dW * u) * u), dg, db


def projects_rows(dy, cache):
    """axis=1."""
    _, _, g, length, u, dW, dg, dx, db = _of(dy, cache)
    return dx, g / length * (dW - np.sum(dW * u, axis=1, keepdims=True) * u), dg, db


def takes_the_length_of_rows(dy, cache):
    """axis=1 from the start; a cube hides it."""
    x, V, g = cache
    length = np.sqrt(np.sum(V**2, axis=1, keepdims=True))
    u = V / length
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return dy @ (g * u).T, g / length * (dW - dg * u), dg, dy.sum(axis=0)


def takes_one_length(dy, cache):
    """np.linalg.norm without axis."""
    x, V, g = cache
    length = np.linalg.norm(V)
    u = V / length
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return dy @ (g * u).T, g / length * (dW - dg * u), dg, dy.sum(axis=0)


def forgets_the_root(dy, cache):
    """The sum of squares is the square of the length."""
    x, V, g = cache
    length = np.sum(V**2, axis=0)
    u = V / length
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return dy @ (g * u).T, g / length * (dW - dg * u), dg, dy.sum(axis=0)


def goes_back_through_V(dy, cache):
    """dx with V in the place of W."""
    _, V, _, _, _, _, dg, _, db = _of(dy, cache)
    return dy @ V.T, weight_norm_dV(dy, cache), dg, db


def goes_back_through_the_direction(dy, cache):
    """dx without g."""
    _, _, _, _, u, _, dg, _, db = _of(dy, cache)
    return dy @ u.T, weight_norm_dV(dy, cache), dg, db


def weight_norm_dV(dy, cache):
    _, _, g, length, u, dW, dg, _, _ = _of(dy, cache)
    return g / length * (dW - dg * u)


def multiplies_dg_by_W(dy, cache):
    """W for its direction."""
    _, _, g, _, u, dW, _, dx, db = _of(dy, cache)
    return dx, weight_norm_dV(dy, cache), np.sum(dW * g * u, axis=0), db


def multiplies_dg_by_V(dy, cache):
    """V for its direction."""
    _, V, _, _, _, dW, _, dx, db = _of(dy, cache)
    return dx, weight_norm_dV(dy, cache), np.sum(dW * V, axis=0), db


def takes_the_direction_of_W(dy, cache):
    """W / ‖W‖ is −u where g is negative, and 0/0 where g is 0."""
    _, _, g, length, u, dW, _, dx, db = _of(dy, cache)
    w = g * u / np.maximum(np.sqrt(np.sum((g * u) ** 2, axis=0)), 1e-12)
    dg = np.sum(dW * w, axis=0)
    return dx, g / length * (dW - dg * w), dg, db


def averages_the_bias(dy, cache):
    """mean for sum."""
    _, _, _, _, _, _, dg, dx, _ = _of(dy, cache)
    return dx, weight_norm_dV(dy, cache), dg, dy.mean(axis=0)


def sums_the_bias_along_the_rows(dy, cache):
    """axis=1, where it can."""
    _, _, _, _, _, _, dg, dx, db = _of(dy, cache)
    return dx, weight_norm_dV(dy, cache), dg, dy.sum(axis=1) if dy.shape[0] == dy.shape[1] else db


def swaps_V_and_g(dy, cache):
    """Another order."""
    _, _, _, _, _, _, dg, dx, db = _of(dy, cache)
    return dx, dg, weight_norm_dV(dy, cache), db


def leaves_the_bias_out(dy, cache):
    """Three results."""
    _, _, _, _, _, _, dg, dx, _ = _of(dy, cache)
    return dx, weight_norm_dV(dy, cache), dg


def divides_everything_by_N(dy, cache):
    """The 1/N of the loss, once more."""
    _, _, _, _, _, _, dg, dx, db = _of(dy, cache)
    N = len(dy)
    return dx, weight_norm_dV(dy, cache) / N, dg / N, db / N


def normalises_V_in_place(dy, cache):
    """The cache belongs to forward."""
    x, V, g = cache
    length = np.sqrt(np.sum(V**2, axis=0))
    V /= length
    dW = x.T @ dy
    dg = np.sum(dW * V, axis=0)
    return dy @ (g * V).T, g / length * (dW - dg * V), dg, dy.sum(axis=0)


def sums_dg_along_the_rows(dy, cache):
    """axis=1, where it can."""
    _, _, _, _, u, dW, dg, dx, db = _of(dy, cache)
    wrong = np.sum(dW * u, axis=1) if u.shape[0] == u.shape[1] else dg
    return dx, weight_norm_dV(dy, cache), wrong, db


def forgets_the_transpose_of_W(dy, cache):
    """dy @ W, where it can."""
    _, _, g, _, u, _, dg, dx, db = _of(dy, cache)
    return dy @ (g * u) if u.shape[0] == u.shape[1] else dx, weight_norm_dV(dy, cache), dg, db


def takes_the_absolute_length(dy, cache):
    """A length is positive, is it not?"""
    _, _, g, length, u, dW, dg, dx, db = _of(dy, cache)
    return dx, np.abs(g) / length * (dW - dg * u), dg, db


def takes_the_direction_from_W(dy, cache):
    """W / g, which has no value where g is 0."""
    x, V, g = cache
    length = np.sqrt(np.sum(V**2, axis=0))
    W = g * V / length
    u = W / g
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return dy @ W.T, g / length * (dW - dg * u), dg, dy.sum(axis=0)


def sums_the_squares_with_a_floor(dy, cache):
    """1e-5 against a division by 0: too much for short columns."""
    x, V, g = cache
    length = np.sqrt(np.sum(V**2, axis=0)) + 1e-5
    u = V / length
    dW = x.T @ dy
    dg = np.sum(dW * u, axis=0)
    return dy @ (g * u).T, g / length * (dW - dg * u), dg, dy.sum(axis=0)


# --- checkpointed_gradients ---------------------------------------------------------------------


def keeps_everything(x, layers, upstream, k):
    """Backpropagation as it always was."""
    caches = []
    for forward, _ in layers:
        x, cache = forward(x)
        caches.append(cache)
    dy, dWs = upstream(x), []
    for (_, backward), cache in zip(layers[::-1], caches[::-1], strict=True):
        dy, dW = backward(dy, cache)
        dWs.append(dW)
    return dy, dWs[::-1]


def keeps_all_inputs(x, layers, upstream, k):
    """No caches, but every input; and each layer is computed once more."""
    inputs = []
    for forward, _ in layers:
        inputs.append(x)
        x = forward(x)[0]
    dy, dWs = upstream(x), []
    for forward, backward in layers[::-1]:
        dy, dW = backward(dy, forward(inputs.pop())[1])
        dWs.append(dW)
    return dy, dWs[::-1]


def keeps_copies_of_all_inputs(x, layers, upstream, k):
    """The same with copies, which no counter of the layers' own arrays would see."""
    inputs = []
    for forward, _ in layers:
        inputs.append(x.copy())
        x = forward(x)[0]
    dy, dWs = upstream(x), []
    for forward, backward in layers[::-1]:
        dy, dW = backward(dy, forward(inputs.pop())[1])
        dWs.append(dW)
    return dy, dWs[::-1]


def keeps_the_caches_of_the_first_pass(x, layers, upstream, k):
    """Every k-th input, and the caches beside it."""
    kept, first, a = [], [], x
    for number, (forward, _) in enumerate(layers):
        if number % k == 0:
            kept.append(a)
        a, cache = forward(a)
        first.append(cache)
    return _way_back(kept, layers, upstream(a), k)


def _way_back(kept, layers, dy, k):
    dWs = []
    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        a, caches = kept[start // k], []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in reversed(segment):
            dy, dW = backward(dy, caches.pop())
            dWs.append(dW)
    return dy, dWs[::-1]


def _way_forward(x, layers, k):
    kept, a = [], x
    for number, (forward, _) in enumerate(layers):
        if number % k == 0:
            kept.append(a)
        a, _ = forward(a)
    return kept, a


def keeps_all_that_is_recomputed(x, layers, upstream, k):
    """One list of caches for all segments, and nothing is taken out of it."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs, caches = upstream(a), [], {}
    for start in reversed(range(0, len(layers), k)):
        a = kept[start // k]
        numbers = range(start, min(start + k, len(layers)))
        for number in numbers:
            a, caches[number] = layers[number][0](a)
        for number in reversed(numbers):
            dy, dW = layers[number][1](dy, caches[number])
            dWs.append(dW)
    return dy, dWs[::-1]


def keeps_all_gradients_on_the_way(x, layers, upstream, k):
    """A list of all dy, of which only the last is needed."""
    kept, a = _way_forward(x, layers, k)
    dys, dWs = [upstream(a)], []
    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        a, caches = kept.pop(), []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in reversed(segment):
            dy, dW = backward(dys[-1], caches.pop())
            dys.append(dy)
            dWs.append(dW)
    return dys[-1], dWs[::-1]


def holds_two_segments(x, layers, upstream, k):
    """The new caches are made while the old ones still have their name."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []

    def recomputed(segment, a):
        caches = []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        return caches

    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        caches = recomputed(segment, kept[start // k])
        for (_, backward), cache in zip(segment[::-1], caches[::-1], strict=True):
            dy, dW = backward(dy, cache)
            dWs.append(dW)
    return dy, dWs[::-1]


def begins_at_x_for_every_layer(x, layers, upstream, k):
    """No memory at all, and L²/2 forward passes."""
    a = x
    for forward, _ in layers:
        a, _ = forward(a)
    dy, dWs = upstream(a), []
    for number in reversed(range(len(layers))):
        a = x
        for forward, _ in layers[: number + 1]:
            a, cache = forward(a)
        dy, dW = layers[number][1](dy, cache)
        dWs.append(dW)
    return dy, dWs[::-1]


def begins_at_the_segment_for_every_layer(x, layers, upstream, k):
    """Each layer's cache is made by a run of its own."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []
    for number in reversed(range(len(layers))):
        start = number // k * k
        a = kept[number // k]
        for forward, _ in layers[start : number + 1]:
            a, cache = forward(a)
        dy, dW = layers[number][1](dy, cache)
        dWs.append(dW)
    return dy, dWs[::-1]


def begins_at_x_for_every_segment(x, layers, upstream, k):
    """The segments' inputs are recomputed too."""
    a = x
    for forward, _ in layers:
        a, _ = forward(a)
    dy, dWs = upstream(a), []
    for start in reversed(range(0, len(layers), k)):
        a, caches = x, []
        for number, (forward, _) in enumerate(layers[: start + k]):
            a, cache = forward(a)
            if number >= start:
                caches.append(cache)
        for _, backward in reversed(layers[start : start + k]):
            dy, dW = backward(dy, caches.pop())
            dWs.append(dW)
    return dy, dWs[::-1]


def recomputes_twice(x, layers, upstream, k):
    """First the inputs of the segment, then each layer again for its cache."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []
    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        inputs = [kept[start // k]]
        for forward, _ in segment[:-1]:
            inputs.append(forward(inputs[-1])[0])
        for forward, backward in reversed(segment):
            dy, dW = backward(dy, forward(inputs.pop())[1])
            dWs.append(dW)
    return dy, dWs[::-1]


def gives_the_gradients_backwards(x, layers, upstream, k):
    """In the order in which they come."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = _way_back(kept, layers, upstream(a), k)
    return dy, dWs[::-1]


def loses_the_short_segment(x, layers, upstream, k):
    """L // k segments."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []
    for s in reversed(range(len(layers) // k)):
        segment = layers[s * k : (s + 1) * k]
        a, caches = kept[s], []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in reversed(segment):
            dy, dW = backward(dy, caches.pop())
            dWs.append(dW)
    return dy, dWs[::-1]


def counts_segments_from_the_end(x, layers, upstream, k):
    """Segments of k from the last layer on, whose inputs were not kept."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []
    stop = len(layers)
    while stop > 0:
        start = max(stop - k, 0)
        a, caches = kept.pop(), []
        for forward, _ in layers[start:stop]:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in reversed(layers[start:stop]):
            dy, dW = backward(dy, caches.pop())
            dWs.append(dW)
        stop = start
    return dy, dWs[::-1]


def keeps_outputs_in_place_of_inputs(x, layers, upstream, k):
    """The array is kept after the layer, not before it."""
    kept, a = [], x
    for number, (forward, _) in enumerate(layers):
        a, _ = forward(a)
        if number % k == 0:
            kept.append(a)
    return _way_back(kept, layers, upstream(a), k)


def begins_each_segment_with_the_upstream_gradient(x, layers, upstream, k):
    """The gradient does not go from segment to segment."""
    kept, a = _way_forward(x, layers, k)
    top, dWs = upstream(a), []
    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        a, caches, dy = kept[start // k], [], top
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in reversed(segment):
            dy, dW = backward(dy, caches.pop())
            dWs.append(dW)
    return dy, dWs[::-1]


def asks_upstream_with_the_last_input_kept(x, layers, upstream, k):
    """The output of the chain got lost."""
    kept, _ = _way_forward(x, layers, k)
    return _way_back(kept, layers, upstream(kept[-1]), k)


def takes_caches_from_the_front(x, layers, upstream, k):
    """pop(0): the first cache for the last layer."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []
    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        a, caches = kept[start // k], []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in reversed(segment):
            dy, dW = backward(dy, caches.pop(0))
            dWs.append(dW)
    return dy, dWs[::-1]


def goes_through_the_segment_forwards(x, layers, upstream, k):
    """reversed is forgotten."""
    kept, a = _way_forward(x, layers, k)
    dy, dWs = upstream(a), []
    for start in reversed(range(0, len(layers), k)):
        segment = layers[start : start + k]
        a, caches = kept[start // k], []
        for forward, _ in segment:
            a, cache = forward(a)
            caches.append(cache)
        for _, backward in segment:
            dy, dW = backward(dy, caches.pop())
            dWs.append(dW)
    return dy, dWs[::-1]


def gives_the_gradients_only(x, layers, upstream, k):
    """dx is forgotten."""
    kept, a = _way_forward(x, layers, k)
    return _way_back(kept, layers, upstream(a), k)[1]


def gives_the_upstream_gradient_for_dx(x, layers, upstream, k):
    """dy is never replaced outside the loop."""
    kept, a = _way_forward(x, layers, k)
    top = upstream(a)
    return top, _way_back(kept, layers, top, k)[1]


def prepares_room_for_all(x, layers, upstream, k):
    """An array for all inputs, made in advance."""
    room = np.empty((len(layers), *x.shape))
    kept, a = [], x
    for number, (forward, _) in enumerate(layers):
        room[number] = a
        if number % k == 0:
            kept.append(a)
        a, _ = forward(a)
    return _way_back(kept, layers, upstream(a), k)


def forgets_that_forward_gives_two(x, layers, upstream, k):
    """y, cache is taken for y."""
    for forward, _ in layers:
        x = forward(x)
    return upstream(x), []


def adds_gradients_up(x, layers, upstream, k):
    """One sum in place of a list."""
    kept, a = _way_forward(x, layers, k)
    dx, dWs = _way_back(kept, layers, upstream(a), k)
    return dx, sum(dWs)


def never_leaves_the_last_segment(x, layers, upstream, k):
    """A while loop that does not count."""
    kept, a = _way_forward(x, layers, k)
    while kept:
        a = kept[-1]
    return a, []


# --- diagnoses ----------------------------------------------------------------------------------

RIGHT_DIAGNOSES = {
    "Ada": "updated_weights",
    "Ben": "relu_by_gradient",
    "Cleo": "bias_averaged",
    "Dan": "mask_redrawn",
    "Eve": "decay_doubled",
}


class Diagnoses(dict):
    """A dict of diagnoses with a name, as functions have one."""

    def __init__(self, name, diagnoses):
        super().__init__(diagnoses)
        self.__name__ = name


def diagnosing(name, **others):
    """The right diagnoses, but for some."""
    return Diagnoses(name, RIGHT_DIAGNOSES | others)


class ListOfDiagnoses(list):
    """Diagnoses in the patients' order, without their names."""

    __name__ = "a_list"


# --- rms_norm_forward ---------------------------------------------------------------------------


def _root(x, epsilon):
    return np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + epsilon)


def normalises_the_layer(x, gamma, epsilon):
    """Layer normalisation, as in the notebook."""
    mean = x.mean(axis=-1, keepdims=True)
    r = np.sqrt(np.mean((x - mean) ** 2, axis=-1, keepdims=True) + epsilon)
    x_hat = (x - mean) / r
    return gamma * x_hat, (x_hat, r, gamma)


def divides_by_the_deviation(x, gamma, epsilon):
    """np.var for the mean square."""
    r = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    return gamma * x / r, (x / r, r, gamma)


def divides_by_the_length(x, gamma, epsilon):
    """The sum of squares, without the mean."""
    r = np.sqrt(np.sum(x**2, axis=-1, keepdims=True) + epsilon)
    return gamma * x / r, (x / r, r, gamma)


def leaves_the_root_out(x, gamma, epsilon):
    """Divided by the mean square."""
    r = np.mean(x**2, axis=-1, keepdims=True) + epsilon
    return gamma * x / r, (x / r, r, gamma)


def adds_epsilon_to_the_root(x, gamma, epsilon):
    """ε outside."""
    r = _root(x, 0) + epsilon
    return gamma * x / r, (x / r, r, gamma)


def leaves_epsilon_out(x, gamma, epsilon):
    """0/0 for a row of zeros; caught at once by the large ε."""
    r = _root(x, 0)
    return gamma * x / r, (x / r, r, gamma)


def runs_down_the_columns(x, gamma, epsilon):
    """axis=0, as in batch normalisation."""
    r = np.sqrt(np.mean(x**2, axis=0, keepdims=True) + epsilon)
    return gamma * x / r, (x / r, r, gamma)


def takes_axis_1(x, gamma, epsilon):
    """The last axis of a matrix, but not of more."""
    r = np.sqrt(np.mean(x**2, axis=1, keepdims=True) + epsilon)
    return gamma * x / r, (x / r, r, gamma)


def takes_one_mean(x, gamma, epsilon):
    """No axis."""
    r = np.sqrt(np.mean(x**2) + epsilon)
    return gamma * x / r, (x / r, r, gamma)


def forgets_keepdims(x, gamma, epsilon):
    """(N,) lines up with the columns."""
    r = np.sqrt(np.mean(x**2, axis=-1) + epsilon)
    return gamma * x / r, (x / r, r, gamma)


def forgets_gamma(x, gamma, epsilon):
    """x_hat for y."""
    r = _root(x, epsilon)
    return x / r, (x / r, r, gamma)


def caches_the_scaled(x, gamma, epsilon):
    """y in the cache in the place of x_hat."""
    r = _root(x, epsilon)
    y = gamma * x / r
    return y, (y, r, gamma)


def caches_x(x, gamma, epsilon):
    """The input in the cache."""
    r = _root(x, epsilon)
    return gamma * x / r, (x, r, gamma)


def caches_the_mean_square(x, gamma, epsilon):
    """r² in the cache."""
    r = _root(x, epsilon)
    return gamma * x / r, (x / r, r**2, gamma)


def caches_a_flat_root(x, gamma, epsilon):
    """r without its last axis."""
    r = _root(x, epsilon)
    return gamma * x / r, (x / r, r[..., 0], gamma)


def caches_two(x, gamma, epsilon):
    """gamma is forgotten."""
    r = _root(x, epsilon)
    return gamma * x / r, (x / r, r)


def gives_y_alone(x, gamma, epsilon):
    """No cache."""
    return gamma * x / _root(x, epsilon)


def divides_x_in_place(x, gamma, epsilon):
    """x /= r."""
    r = _root(x, epsilon)
    x /= r
    return gamma * x, (x, r, gamma)


def takes_absolute_values(x, gamma, epsilon):
    """The mean absolute value."""
    r = np.abs(x).mean(axis=-1, keepdims=True) + epsilon
    return gamma * x / r, (x / r, r, gamma)


def writes_a_fixed_epsilon(x, gamma, epsilon):
    """1e-6, whatever is asked for."""
    r = _root(x, 1e-6)
    return gamma * x / r, (x / r, r, gamma)


def squares_the_mean(x, gamma, epsilon):
    """The square of the mean in place of the mean of the squares."""
    r = np.sqrt(np.mean(x, axis=-1, keepdims=True) ** 2 + epsilon)
    return gamma * x / r, (x / r, r, gamma)


# --- rms_norm_backward --------------------------------------------------------------------------


def _rms(dy, cache):
    x_hat, r, gamma = cache
    dx_hat = gamma * dy
    inner = np.mean(dx_hat * x_hat, axis=-1, keepdims=True)
    return x_hat, r, gamma, dx_hat, inner, np.sum(dy * x_hat, axis=tuple(range(dy.ndim - 1)))


def goes_back_as_layer_normalisation(dy, cache):
    """Both means."""
    x_hat, r, _, d, inner, dgamma = _rms(dy, cache)
    return (d - d.mean(axis=-1, keepdims=True) - x_hat * inner) / r, dgamma


def keeps_the_wrong_mean(dy, cache):
    """The first mean in place of the second."""
    _, r, _, d, _, dgamma = _rms(dy, cache)
    return (d - d.mean(axis=-1, keepdims=True)) / r, dgamma


def takes_r_for_a_constant(dy, cache):
    """Divided by r, and done."""
    _, r, _, d, _, dgamma = _rms(dy, cache)
    return d / r, dgamma


def loses_gamma(dy, cache):
    """dy for dx_hat."""
    x_hat, r, _, _, _, dgamma = _rms(dy, cache)
    return (dy - x_hat * np.mean(dy * x_hat, axis=-1, keepdims=True)) / r, dgamma


def multiplies_by_gamma_last(dy, cache):
    """γ outside the mean."""
    x_hat, r, gamma, _, _, dgamma = _rms(dy, cache)
    return gamma * (dy - x_hat * np.mean(dy * x_hat, axis=-1, keepdims=True)) / r, dgamma


def sums_along_the_features(dy, cache):
    """sum for mean."""
    x_hat, r, _, d, _, dgamma = _rms(dy, cache)
    return (d - x_hat * np.sum(d * x_hat, axis=-1, keepdims=True)) / r, dgamma


def adds_what_comes_through_r(dy, cache):
    """A sign."""
    x_hat, r, _, d, inner, dgamma = _rms(dy, cache)
    return (d + x_hat * inner) / r, dgamma


def divides_the_second_by_r_cubed(dy, cache):
    """The formula for x, with x_hat."""
    x_hat, r, _, d, inner, dgamma = _rms(dy, cache)
    return d / r - x_hat * inner / r**3, dgamma


def forgets_the_outer_x_hat(dy, cache):
    """The mean alone."""
    _, r, _, d, inner, dgamma = _rms(dy, cache)
    return (d - inner) / r, dgamma


def forgets_the_division(dy, cache):
    """The bracket alone."""
    x_hat, _, _, d, inner, dgamma = _rms(dy, cache)
    return d - x_hat * inner, dgamma


def keeps_the_two_of_the_square(dy, cache):
    """2x/D, and no root."""
    x_hat, r, _, d, inner, dgamma = _rms(dy, cache)
    return (d - 2 * x_hat * inner) / r, dgamma


def goes_down_the_columns(dy, cache):
    """axis=0."""
    x_hat, r, _, d, _, dgamma = _rms(dy, cache)
    return (d - x_hat * np.mean(d * x_hat, axis=0, keepdims=True)) / r, dgamma


def takes_axis_1_backwards(dy, cache):
    """The features of a matrix, but not of more axes."""
    x_hat, r, _, d, _, dgamma = _rms(dy, cache)
    return (d - x_hat * np.mean(d * x_hat, axis=1, keepdims=True)) / r, dgamma


def forgets_keepdims_backwards(dy, cache):
    """(N,) lines up with the columns."""
    x_hat, r, _, d, _, dgamma = _rms(dy, cache)
    return (d - x_hat * np.mean(d * x_hat, axis=-1)) / r, dgamma


def averages_gamma(dy, cache):
    """A mean over the examples."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r, np.mean(dy * x_hat, axis=tuple(range(dy.ndim - 1)))


def sums_gamma_over_the_first_axis(dy, cache):
    """axis=0, where there may be more."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r, np.sum(dy * x_hat, axis=0)


def sums_gamma_over_the_features(dy, cache):
    """axis=-1, which a square hides."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r, np.sum(dy * x_hat, axis=-1)


def multiplies_gamma_by_x(dy, cache):
    """x for x_hat."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r, np.sum(dy * x_hat * r, axis=tuple(range(dy.ndim - 1)))


def gives_beta_for_gamma(dy, cache):
    """The gradient of a shift."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r, dy.sum(axis=tuple(range(dy.ndim - 1)))


def puts_gamma_into_dgamma(dy, cache):
    """dx_hat for dy."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r, np.sum(d * x_hat, axis=tuple(range(dy.ndim - 1)))


def swaps_x_and_gamma(dy, cache):
    """The order of the results."""
    x_hat, r, _, d, inner, dgamma = _rms(dy, cache)
    return dgamma, (d - x_hat * inner) / r


def projects_exactly(dy, cache):
    """x_hat scaled to length √D first, as if ε were 0."""
    x_hat, r, _, d, _, dgamma = _rms(dy, cache)
    u = x_hat / np.sqrt(np.mean(x_hat**2, axis=-1, keepdims=True) + 1e-300)
    return (d - u * np.mean(d * u, axis=-1, keepdims=True)) / r, dgamma


def scales_dy_in_place(dy, cache):
    """dy *= gamma."""
    x_hat, r, gamma = cache
    dgamma = np.sum(dy * x_hat, axis=tuple(range(dy.ndim - 1)))
    dy *= gamma
    return (dy - x_hat * np.mean(dy * x_hat, axis=-1, keepdims=True)) / r, dgamma


def gives_dx_alone(dy, cache):
    """One result."""
    x_hat, r, _, d, inner, _ = _rms(dy, cache)
    return (d - x_hat * inner) / r


WRONG = {
    "lookup_backward": [
        (adds_in_one_go, "of several writes to one row the last remains"),
        (writes_in_place_of_adding, "of several writes to one row the last remains"),
        (keeps_the_first_share, "Only the first of them has arrived"),
        (averages_the_shares, "the mean over the examples which used the row"),
        (divides_by_the_batch, "the 1/N is in dy already"),
        (multiplies_the_last_by_the_count, "The shares differ: add them"),
        (looks_up_forwards, "a row for each of its rows, used or not"),
        (gives_dy, "a row for each of its rows, used or not"),
        (makes_rows_for_the_used_only, "rows that no example used are missing"),
        (takes_the_size_from_the_index, "rows that no example used are missing"),
        (forgets_the_transpose, "shapes (5,6) and (5,3) not aligned"),
        (forgets_the_transpose_where_it_can, "The one-hot matrix is not transposed"),
        (begins_with_empty, "np.empty begins with whatever lay in memory"),
        (begins_with_ones, "did dE begin with ones?"),
        (returns_what_add_at_returns, "returns None"),
        (counts_whole_numbers, "dE holds whole numbers"),
        (sums_everything_into_used_rows, "A row gets only the shares of the examples that used it"),
        (forgets_the_features, "to have the shape (6, 3), received (6,)"),
        (copies_one_share_to_all_features, "Each entry of the row has its own share"),
        (counts_the_uses, "Each use brings its own upstream gradient"),
        (writes_ten_classes, "It relies on 784"),
        (turns_the_sign, "The sign is the wrong way round"),
    ],
    "weight_norm_backward": [
        (stops_at_the_weights, "That is the gradient of W"),
        (takes_the_length_for_a_constant, "as if ‖V‖ were a constant"),
        (adds_the_second_term, "The second term has the wrong sign"),
        (loses_g_in_the_second_term, "The second term has lost its g"),
        (divides_the_second_term_once, "V is divided by ‖V‖ once"),
        (divides_the_second_term_three_times, "to a power too many"),
        (forgets_the_factor, "the factor g / ‖V‖ is missing"),
        (projects_all_columns_together, "the sum runs over all of V"),
        (projects_rows, "the sum runs along the rows"),
        (takes_the_length_of_rows, "as if the length of each row were taken"),
        (takes_one_length, "one length were taken of the whole of V"),
        (forgets_the_root, "‖V‖ is the root of the sum of squares"),
        (goes_back_through_V, "V itself stands where W"),
        (goes_back_through_the_direction, "as if g were missing"),
        (multiplies_dg_by_W, "without another g"),
        (multiplies_dg_by_V, "as if the division by ‖V‖ were missing"),
        (takes_the_direction_of_W, "Where g is negative, the sign is wrong"),
        (averages_the_bias, "That is a mean over the examples"),
        (sums_the_bias_along_the_rows, "The bias of a neuron serves all examples"),
        (swaps_V_and_g, "in this order"),
        (leaves_the_bias_out, "received 3"),
        (divides_everything_by_N, "That is a mean over the examples"),
        (normalises_V_in_place, "changes its argument cache in place"),
        (sums_dg_along_the_rows, "The length g belongs to a column"),
        (forgets_the_transpose_of_W, "W is not transposed"),
        (takes_the_absolute_length, "The sign of g got lost"),
        (sums_the_squares_with_a_floor, "nothing has to be added to its length"),
        (takes_the_direction_from_W, "do not divide by g"),
    ],
    "checkpointed_gradients": [
        (keeps_everything, "nothing is recomputed, and k is not used"),
        (keeps_all_inputs, "Already at the end of the way forward"),
        (keeps_copies_of_all_inputs, "Already at the end of the way forward"),
        (keeps_the_caches_of_the_first_pass, "a cache holds arrays too"),
        (keeps_all_that_is_recomputed, "on the way back all that is recomputed stays"),
        (keeps_all_gradients_on_the_way, "keep one dy only"),
        (holds_two_segments, "That is two segments at once"),
        (begins_at_x_for_every_layer, "recomputed from x again and again"),
        (begins_at_the_segment_for_every_layer, "a segment were recomputed for each of its layers"),
        (begins_at_x_for_every_segment, "recomputed from x again and again"),
        (recomputes_twice, "Two are enough"),
        (gives_the_gradients_backwards, "turn dWs round"),
        (loses_the_short_segment, "k does not divide L"),
        (counts_segments_from_the_end, "was called forward with"),
        (keeps_outputs_in_place_of_inputs, "was called forward with"),
        (begins_each_segment_with_the_upstream_gradient, "the segment behind it gave"),
        (asks_upstream_with_the_last_input_kept, "upstream wants the output of the last layer"),
        (takes_caches_from_the_front, "got the cache of another layer"),
        (goes_through_the_segment_forwards, "got the cache of another layer"),
        (gives_the_gradients_only, "Expected two results, (dx, dWs)"),
        (gives_the_upstream_gradient_for_dx, "It is the upstream gradient of the last layer"),
        (prepares_room_for_all, "Already at the end of the way forward"),
        (forgets_that_forward_gives_two, "forward(x) gives y and a cache"),
        (adds_gradients_up, "Expected dWs to be a list"),
        (never_leaves_the_last_segment, "did not end within"),
    ],
    "diagnoses": [
        (diagnosing("ada_by_gradient", Ada="relu_by_gradient"), "examine('Ada', learning_rate=0)"),
        (diagnosing("ada_without_relu", Ada="relu_forgotten"), "there all four are right"),
        (diagnosing("ada_redrawn", Ada="mask_redrawn"), "if no unit is silenced, nothing would be wrong"),
        (diagnosing("ada_averaged", Ada="bias_averaged"), "the gradients of b1 and b2, and no other"),
        (diagnosing("ben_without_relu", Ben="relu_forgotten"), "examine('Ben', lift=5)"),
        (diagnosing("ben_updated", Ben="updated_weights"), "with a learning rate of 0"),
        (diagnosing("ben_redrawn", Ben="mask_redrawn"), "examine('Ben', rate=0)"),
        (diagnosing("ben_softmax", Ben="softmax_axis"), "it would spoil all four gradients"),
        (diagnosing("cleo_decayed", Cleo="bias_decayed"), "without a penalty, nothing would be wrong"),
        (diagnosing("cleo_softmax", Cleo="softmax_axis"), "there b1 and b2 are wrong"),
        (diagnosing("cleo_updated", Cleo="updated_weights"), "the gradients of W1 and b1, and no other"),
        (diagnosing("dan_unscaled", Dan="mask_unscaled"), "have the wrong direction"),
        (diagnosing("dan_by_gradient", Dan="relu_by_gradient"), "something would still be wrong"),
        (diagnosing("dan_updated", Dan="updated_weights"), "examine('Dan', learning_rate=0)"),
        (diagnosing("eve_forgotten", Eve="decay_forgotten"), "next to nothing would be left"),
        (diagnosing("eve_unscaled", Eve="mask_unscaled"), "there W1 and W2 are wrong"),
        (
            diagnosing("two_patients", Ada="relu_forgotten", Eve="decay_forgotten"),
            "(Not yet right either: Eve.)",
        ),
        (diagnosing("a_spelling", Cleo="bias_average"), "is not among the diagnoses"),
        (diagnosing("two_at_once", Dan=("mask_redrawn", "mask_unscaled")), "expected one diagnosis"),
        (diagnosing("somebody_else", Adam="mask_redrawn"), "There is no patient 'Adam'"),
        (ListOfDiagnoses(RIGHT_DIAGNOSES.values()), "Expected a dict"),
    ],
    "rms_norm_forward": [
        (normalises_the_layer, "That is layer normalisation"),
        (divides_by_the_deviation, "It was divided by the standard deviation"),
        (divides_by_the_length, "the root of the sum of squares"),
        (leaves_the_root_out, "the root is missing"),
        (adds_epsilon_to_the_root, "ε was added to the root"),
        (leaves_epsilon_out, "as if ε is not used"),
        (runs_down_the_columns, "the mean ran down the columns"),
        (takes_axis_1, "the mean ran along axis 1"),
        (takes_one_mean, "one mean were taken of the whole array"),
        (forgets_keepdims, "Column d was divided by the root of row d"),
        (forgets_gamma, "γ is missing"),
        (caches_the_scaled, "not yet multiplied by γ"),
        (caches_x, "x_hat in the cache is not"),
        (caches_the_mean_square, "the root of the mean square plus ε"),
        (caches_a_flat_root, "keepdims=True"),
        (caches_two, "three arrays, (x_hat, r, gamma); received 2"),
        (gives_y_alone, "Expected two results, (y, cache)"),
        (divides_x_in_place, "changes its argument x in place"),
        (takes_absolute_values, "the mean of the absolute values"),
        (writes_a_fixed_epsilon, "as if ε is not used"),
        (squares_the_mean, "It is the squares whose mean is taken"),
    ],
    "rms_norm_backward": [
        (goes_back_as_layer_normalisation, "the backward pass of layer normalisation"),
        (keeps_the_wrong_mean, "the wrong one is left"),
        (takes_r_for_a_constant, "as if r were a constant"),
        (loses_gamma, "as if γ were missing"),
        (multiplies_by_gamma_last, "γ was multiplied at the end"),
        (sums_along_the_features, "a sum where a mean belongs"),
        (adds_what_comes_through_r, "The second term has the wrong sign"),
        (divides_the_second_by_r_cubed, "The second term is divided by r³"),
        (forgets_the_outer_x_hat, "has lost its x̂ outside the mean"),
        (forgets_the_division, "The division by r is missing"),
        (keeps_the_two_of_the_square, "twice too large"),
        (goes_down_the_columns, "the mean ran down the columns"),
        (takes_axis_1_backwards, "the mean ran along axis 1"),
        (forgets_keepdims_backwards, "The mean of row d was used in column d"),
        (averages_gamma, "That is a mean over the examples"),
        (sums_gamma_over_the_first_axis, "All axes but the last count examples"),
        (sums_gamma_over_the_features, "The sum ran along the features"),
        (multiplies_gamma_by_x, "dy was multiplied by x"),
        (gives_beta_for_gamma, "the gradient of a shift β"),
        (puts_gamma_into_dgamma, "There is a γ in it"),
        (swaps_x_and_gamma, "dx and dgamma have changed places"),
        (projects_exactly, "as if ε were 0"),
        (scales_dy_in_place, "changes its argument dy in place"),
        (gives_dx_alone, "Expected two results, (dx, dgamma)"),
    ],
}
