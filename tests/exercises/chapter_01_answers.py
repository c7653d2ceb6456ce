"""Wrong answers to the exercises of Chapter 1, as people really give them.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

from itertools import pairwise

import numpy as np

# --- refuse_close_calls -------------------------------------------------------------------------


def refuses_at_the_margin_too(Z, margin):
    """<= for <."""
    ordered = np.sort(Z, axis=1)
    return np.where(ordered[:, -1] - ordered[:, -2] <= margin, -1, Z.argmax(axis=1))


def takes_the_next_different_score(Z, margin):
    """The second best is looked for among the scores that are smaller than the best."""
    best = Z.max(axis=1)
    second = np.where(best[:, None] > Z, Z, -np.inf).max(axis=1)
    return np.where(best - second < margin, -1, Z.argmax(axis=1))


def compares_the_score_with_the_margin(Z, margin):
    """The score is taken for its own lead."""
    return np.where(Z.max(axis=1) < margin, -1, Z.argmax(axis=1))


def refuses_the_clear_cases(Z, margin):
    """The comparison is the wrong way round."""
    ordered = np.sort(Z, axis=1)
    return np.where(ordered[:, -1] - ordered[:, -2] >= margin, -1, Z.argmax(axis=1))


def sorts_the_scores_themselves(Z, margin):
    """The method sorts in place, and what argmax then finds is always the last column."""
    Z.sort(axis=1)
    return np.where(Z[:, -1] - Z[:, -2] < margin, -1, Z.argmax(axis=1))


def looks_for_the_class_in_the_sorted_scores(Z, margin):
    """A copy this time, but the columns of a sorted copy are no classes."""
    ordered = np.sort(Z, axis=1)
    return np.where(ordered[:, -1] - ordered[:, -2] < margin, -1, ordered.argmax(axis=1))


def marks_refusals_with_nan(Z, margin):
    """A habit from data tables; it makes the indices floating-point numbers."""
    ordered = np.sort(Z, axis=1)
    return np.where(ordered[:, -1] - ordered[:, -2] < margin, np.nan, Z.argmax(axis=1))


def fills_an_array_of_floats(Z, margin):
    """np.zeros without a dtype."""
    answers = np.zeros(len(Z))
    for n, row in enumerate(Z):
        second, best = np.sort(row)[-2:]
        answers[n] = -1 if best - second < margin else np.argmax(row)
    return answers


def forgets_the_axis(Z, margin):
    """All rows at once."""
    ordered = np.sort(Z, axis=None)
    return -1 if ordered[-1] - ordered[-2] < margin else np.argmax(Z)


def gives_a_list(Z, margin):
    """A loop that appends."""
    answers = []
    for row in Z:
        second, best = np.sort(row)[-2:]
        answers.append(-1 if best - second < margin else int(np.argmax(row)))
    return answers


def forgets_to_return(Z, margin):
    """Everything is computed, and nothing is given back."""
    ordered = np.sort(Z, axis=1)
    np.where(ordered[:, -1] - ordered[:, -2] < margin, -1, Z.argmax(axis=1))


def ends_in_an_expression(Z, margin):
    """A single line, without return."""
    np.where(np.diff(np.sort(Z, axis=1))[:, -1] < margin, -1, Z.argmax(axis=1))


def never_refuses(Z, margin):
    """The margin is left for later."""
    return np.argmax(Z, axis=1)


def compares_with_the_mean(Z, margin):
    """A lead over the average of the row."""
    return np.where(Z.max(axis=1) - Z.mean(axis=1) < margin, -1, Z.argmax(axis=1))


def sorts_downwards_in_thought(Z, margin):
    """np.sort puts the smallest first: the difference is negative."""
    s = np.sort(Z, axis=1)
    return np.where(s[:, 0] - s[:, 1] < margin, -1, Z.argmax(axis=1))


def compares_the_two_lowest(Z, margin):
    """The first two columns again, with the sign mended."""
    s = np.sort(Z, axis=1)
    return np.where(s[:, 1] - s[:, 0] < margin, -1, Z.argmax(axis=1))


def gives_the_best_score(Z, margin):
    """max for argmax."""
    s = np.sort(Z, axis=1)
    return np.where(s[:, -1] - s[:, -2] < margin, -1, Z.max(axis=1))


def drops_the_refused(Z, margin):
    """Only the sure answers."""
    s = np.sort(Z, axis=1)
    return Z.argmax(axis=1)[s[:, -1] - s[:, -2] >= margin]


def takes_one_argument(Z):
    """The margin is no argument any more."""
    return Z.argmax(axis=1)


# --- absorb_scaling -----------------------------------------------------------------------------


def scales_the_weights_only(W, b, mean, scale):
    """The mean is forgotten."""
    return W / scale[:, None], b


def multiplies_by_the_scale(W, b, mean, scale):
    """To undo a division, one multiplies: true of the input, not of its weight."""
    W2 = W * scale[:, None]
    return W2, b - mean @ W2


def adds_the_mean(W, b, mean, scale):
    """A sign is lost while the terms are sorted."""
    W2 = W / scale[:, None]
    return W2, b + mean @ W2


def takes_the_old_weights_for_the_bias(W, b, mean, scale):
    """The mean is not divided by the scale."""
    return W / scale[:, None], b - mean @ W


def divides_the_mean_twice(W, b, mean, scale):
    """mean / scale, and then the new weights, which are divided already."""
    W2 = W / scale[:, None]
    return W2, b - (mean / scale) @ W2


def loses_the_old_bias(W, b, mean, scale):
    """b2 is what the means add, and nothing else."""
    W2 = W / scale[:, None]
    return W2, -mean @ W2


def divides_columns(W, b, mean, scale):
    """NumPy lines shapes up from the right: an error, unless the layer is square."""
    W2 = W / scale
    return W2, b - mean @ W2


def divides_columns_where_it_can(W, b, mean, scale):
    """The error is silenced for the shapes in which it shows."""
    W2 = W / scale if W.shape[0] == W.shape[1] else W / scale[:, None]
    return W2, b - mean @ W2


def takes_the_scale_for_positive(W, b, mean, scale):
    """A scale is a size, is it not?"""
    W2 = W / np.abs(scale)[:, None]
    return W2, b - mean @ W2


def divides_in_place(W, b, mean, scale):
    """The old layer is still needed."""
    W /= scale[:, None]
    return W, b - mean @ W


def leaves_the_weights(W, b, mean, scale):
    """Everything is put into the bias."""
    return W, b - (mean / scale) @ W


def gives_the_weights_only(W, b, mean, scale):
    """The second result is forgotten."""
    return W / scale[:, None]


def makes_the_bias_a_row(W, b, mean, scale):
    """A matrix product of (1, D) and (D, H) has two axes."""
    W2 = W / scale[:, None]
    return W2, b - mean[None, :] @ W2


def divides_another_name(W, b, mean, scale):
    """W2 = W makes no copy."""
    W2 = W
    W2 /= scale[:, None]
    return W2, b - mean @ W2


def divides_by_784_scales(W, b, mean, scale):
    """The sizes of the digits, in a function for all layers."""
    W2 = W / scale.reshape(784, 1)
    return W2, b - mean @ W2


TEMPLATES = np.ones((784, 10))


def uses_the_templates(W, b, mean, scale):
    """A global in place of the argument."""
    W2 = TEMPLATES / scale[:, None]
    return W2, b - mean @ W2


# --- favourite_image ----------------------------------------------------------------------------


def takes_the_largest_without_their_sign(w, k):
    """The largest weights in size."""
    x = np.zeros(len(w))
    x[np.argsort(np.abs(w))[::-1][:k]] = 1
    return x


def inks_k_pixels_always(w, k):
    """At most k is read as exactly k."""
    x = np.zeros(len(w))
    x[np.argsort(w)[::-1][:k]] = 1
    return x


def inks_all_positive_pixels(w, k):
    """k is forgotten."""
    return (w > 0).astype(float)


def counts_from_the_end(w, k):
    """[-k:] is right for every k but 0."""
    x = np.zeros(len(w))
    best = np.argsort(w)[-k:]
    x[best] = w[best] > 0
    return x


def takes_a_threshold(w, k):
    """The k-th largest weight as a threshold: with ties there are more."""
    if k == 0:
        return np.zeros(len(w))
    return ((w >= np.sort(w)[-k]) & (w > 0)).astype(float)


def takes_a_strict_threshold(w, k):
    """> for >=: one too few."""
    if k == 0:
        return np.zeros(len(w))
    return ((w > np.sort(w)[-k]) & (w > 0)).astype(float)


def takes_the_smallest(w, k):
    """argsort lists the smallest first."""
    x = np.zeros(len(w))
    x[np.argsort(w)[:k]] = 1
    return x


def keeps_the_weights(w, k):
    """The weights themselves, where they are largest."""
    x = np.zeros(len(w))
    best = np.argsort(w)[::-1][:k]
    x[best] = np.maximum(w[best], 0)
    return x


def scales_the_weights(w, k):
    """The picture of the weights, scaled to the largest: ink in proportion."""
    x = np.zeros(len(w))
    best = np.argsort(w)[::-1][:k]
    x[best] = np.maximum(w[best], 0)
    return x / max(x.max(), 1)


def gives_the_places(w, k):
    """Which pixels, instead of the image."""
    return np.argsort(w)[::-1][:k]


def gives_the_sum(w, k):
    """The best sum, instead of the image that gives it."""
    return np.sort(np.maximum(w, 0))[::-1][:k].sum()


def empties_the_weights(w, k):
    """Weights already used are struck out in the caller's array."""
    x = np.zeros(len(w))
    for _ in range(k):
        d = np.argmax(w)
        if w[d] > 0:
            x[d] = 1
        w[d] = -np.inf
    return x


def never_comes_to_an_end(w, k):
    """While there are pixels left … but where no weight is positive, none is ever added."""
    x = np.zeros(len(w))
    while x.sum() < k:
        rest = np.where(x == 0, w, 0)
        if rest.max() > 0:
            x[np.argmax(rest)] = 1
    return x


def ends_in_the_pixels(w, k):
    """A single line, without return."""
    np.argsort(w)[::-1][:k]


def inks_the_smallest_positive(w, k):
    """All is right but the order."""
    x = np.zeros(len(w))
    best = np.argsort(w)[:k]
    x[best] = w[best] > 0
    return x


def inks_the_first(w, k):
    """The order is found, and not used."""
    x = np.zeros(len(w))
    order = np.argsort(w)[::-1]
    x[:k] = w[order][:k] > 0
    return x


def takes_the_threshold_before_the_first(w, k):
    """For k = 0 the index is -1."""
    return ((w >= np.sort(w)[::-1][k - 1]) & (w > 0)).astype(float)


def takes_the_threshold_from_the_end(w, k):
    """For k = 0 the index is -0."""
    return ((w >= np.sort(w)[-k]) & (w > 0)).astype(float)


def amplifies_and_clips(w, k):
    """Nearly full ink, for weights of the usual size."""
    x = np.zeros(len(w))
    i = np.argsort(w)[::-1][:k]
    x[i] = np.clip(w[i] * 1000, 0, 1)
    return x


def makes_a_digit(w, k):
    """An image has 784 pixels, has it not?"""
    x = np.zeros(784)
    x[np.argsort(w)[::-1][:k]] = 1
    return x


WRONG = {
    "refuse_close_calls": [
        (refuses_at_the_margin_too, "exactly the margin"),
        (takes_the_next_different_score, "The best score stands there twice"),
        (compares_the_score_with_the_margin, "the best score itself were compared with the margin"),
        (refuses_the_clear_cases, "is the comparison the wrong way round?"),
        (sorts_the_scores_themselves, "changes its argument Z in place"),
        (looks_for_the_class_in_the_sorted_scores, "That is not where the best score stands."),
        (marks_refusals_with_nan, "nan is never a whole number"),
        (fills_an_array_of_floats, "with dtype=int"),
        (forgets_the_axis, "NumPy array of shape (7,)"),
        (gives_a_list, "received list"),
        (forgets_to_return, "returns None. Is there a `return`"),
        (ends_in_an_expression, "returns None. Is there a `return`"),
        (never_refuses, "it looks as if margin is not used"),
        (compares_with_the_mean, "The best two scores are"),
        (sorts_downwards_in_thought, "the best score of a row then stands in the last column"),
        (compares_the_two_lowest, "as if the two lowest scores were compared"),
        (gives_the_best_score, "The best scores themselves came back"),
        (drops_the_refused, "−1 keeps the row"),
        (takes_one_argument, "argument 2 = 0.0"),
    ],
    "absorb_scaling": [
        (scales_the_weights_only, "what does the layer add for the mean"),
        (multiplies_by_the_scale, "W2 is W times scale"),
        (adds_the_mean, "the mean has the wrong sign"),
        (takes_the_old_weights_for_the_bias, "the mean is not divided by scale"),
        (divides_the_mean_twice, "divided by scale twice"),
        (loses_the_old_bias, "b2 has lost b"),
        (divides_columns, "W2 = W / scale"),
        (divides_columns_where_it_can, "Column h of W was divided by scale[h]"),
        (takes_the_scale_for_positive, "a scale may be negative"),
        (divides_in_place, "changes its argument W in place"),
        (divides_another_name, "W2 is then another name for the same array, not a copy"),
        (divides_by_784_scales, "It relies on 784. The check calls your function with small arrays"),
        (uses_the_templates, "It relies on TEMPLATES."),
        (leaves_the_weights, "nobody divides the raw inputs by scale any more"),
        (gives_the_weights_only, "Expected two results, (W2, b2)"),
        (makes_the_bias_a_row, "an axis of length 1 too many"),
    ],
    "favourite_image": [
        (takes_the_largest_without_their_sign, "ink where the weight is negative"),
        (inks_k_pixels_always, "ink where the weight is negative"),
        (inks_all_positive_pixels, "however many are allowed"),
        (counts_from_the_end, "a slice that begins at −k means all"),
        (takes_a_threshold, "several pixels may have the same weight"),
        (takes_a_strict_threshold, "It has ink in 2 pixels only"),
        (takes_the_smallest, "np.argsort lists the smallest first"),
        (keeps_the_weights, "Those are weights, and an image was asked for."),
        (scales_the_weights, "Some of its ink is not full"),
        (gives_the_places, "not a list of its pixels"),
        (gives_the_sum, "NumPy array of shape (9,)"),
        (empties_the_weights, "changes its argument w in place"),
        (never_comes_to_an_end, "did not end within"),
        (ends_in_the_pixels, "returns None. Is there a `return`"),
        (inks_the_smallest_positive, "np.argsort lists the smallest first"),
        (inks_the_first, "These are the first 3 pixels"),
        (takes_the_threshold_before_the_first, "the index k − 1 is then −1"),
        (takes_the_threshold_from_the_end, "the index −k is −0"),
        (amplifies_and_clips, "Some of its ink is not full"),
        (makes_a_digit, "all sizes must come from the arguments"),
    ],
}


# --- softmax_with_temperature -------------------------------------------------------------------


def multiplies_by_the_temperature(z, T):
    """Hotter is more, so multiply."""
    z = z * T
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def divides_the_probabilities(z, T):
    """The temperature is applied to the result."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) / T


def divides_the_exponentials(z, T):
    """exp(z) / T, and then the sum is made 1: T cancels."""
    e = np.exp(z - z.max(axis=1, keepdims=True)) / T
    return e / e.sum(axis=1, keepdims=True)


def leaves_the_sum_cold(z, T):
    """Only the numerator is divided."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.exp((z - z.max(axis=1, keepdims=True)) / T) / e.sum(axis=1, keepdims=True)


def leaves_the_sum_cold_and_overflows(z, T):
    """The same, by the formula."""
    return np.exp(z / T) / np.exp(z).sum(axis=1, keepdims=True)


def forgets_the_softmax(z, T):
    """The division was the new part."""
    return z / T


def writes_the_formula(z, T):
    """Right on paper."""
    e = np.exp(z / T)
    return e / e.sum(axis=1, keepdims=True)


def subtracts_one_maximum_for_all(z, T):
    """The largest of all logits: rows far below it have no exponential that is not 0."""
    e = np.exp((z - z.max()) / T)
    return e / e.sum(axis=1, keepdims=True)


def subtracts_the_undivided_maximum(z, T):
    """The shift cancels, whatever it is, but it has to be large enough."""
    e = np.exp(z / T - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def takes_powers_of_the_probabilities(z, T):
    """exp(z / T) = exp(z) ** (1 / T), but a rounded 0 stays 0."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p = p ** (1 / T)
    return p / p.sum(axis=1, keepdims=True)


def clips_the_exponents(z, T):
    """No overflow any more, and no answer."""
    e = np.exp(np.clip(z / T, -500, 500))
    return e / e.sum(axis=1, keepdims=True)


def sums_the_columns(z, T):
    """The other axis, throughout."""
    e = np.exp((z - z.max(axis=0, keepdims=True)) / T)
    return e / e.sum(axis=0, keepdims=True)


def sums_down_after_the_right_maximum(z, T):
    """The other axis, in the sum."""
    e = np.exp((z - z.max(axis=1, keepdims=True)) / T)
    return e / e.sum(axis=0)


def sums_everything(z, T):
    """Right for one example."""
    e = np.exp((z - z.max()) / T)
    return e / e.sum()


def forgets_keepdims(z, T):
    """In the sum."""
    e = np.exp((z - z.max(axis=1, keepdims=True)) / T)
    return e / e.sum(axis=1)


def forgets_keepdims_twice(z, T):
    """In both places."""
    e = np.exp((z - z.max(axis=1)) / T)
    return e / e.sum(axis=1)


def forgets_keepdims_in_the_maximum(z, T):
    """In the maximum."""
    e = np.exp((z - z.max(axis=1)) / T)
    return e / e.sum(axis=1, keepdims=True)


def forgets_keepdims_where_it_can(z, T):
    """The square case is mended by hand."""
    e = np.exp((z - z.max(axis=1, keepdims=True)) / T)
    return e / (e.sum(axis=1, keepdims=True) if len(z) == z.shape[1] else e.sum(axis=1))


def divides_in_place_too(z, T):
    """The caller's logits."""
    z /= T
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gives_the_winner(z, T):
    """The limit of small T, for every T."""
    return np.argmax(z / T, axis=1)


def gives_a_one_for_the_winner(z, T):
    """The limit again, one-hot."""
    return np.eye(z.shape[1])[np.argmax(z, axis=1)]


def takes_the_temperature_twice(z, T):
    """Divided before the maximum is subtracted, and after."""
    z = z / T
    e = np.exp((z - z.max(axis=1, keepdims=True)) / T)
    return e / e.sum(axis=1, keepdims=True)


def subtracts_the_largest_size(z, T):
    """The larger in size, the nearer to overflow; for negative logits that is the smallest."""
    z = z / T
    e = np.exp(z - np.abs(z).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def divides_the_maximum_only(z, T):
    """A bracket is missing, and the shift cancels, whatever it is."""
    e = np.exp(z - z.max(axis=1, keepdims=True) / T)
    return e / e.sum(axis=1, keepdims=True)


def adds_the_maximum(z, T):
    """The sign of the shift."""
    e = np.exp((z + z.max(axis=1, keepdims=True)) / T)
    return e / e.sum(axis=1, keepdims=True)


# --- maxout -------------------------------------------------------------------------------------


def takes_the_largest_unit(X, W, b):
    """axis=1 is the axis of the units."""
    return (np.tensordot(X, W, axes=1) + b).max(axis=1)


def takes_the_largest_unit_first(X, W, b):
    """The axes are put in another order, and the last is no longer that of the pieces."""
    return (np.tensordot(X, W, axes=1).transpose(0, 2, 1) + b.T).max(axis=2)


def starts_from_zero(X, W, b):
    """A running maximum that begins with zeros."""
    best = np.zeros((len(X), W.shape[1]))
    for p in range(W.shape[2]):
        best = np.maximum(best, X @ W[:, :, p] + b[:, p])
    return best


def adds_a_relu(X, W, b):
    """A bend belongs behind every layer; but the maximum is the bend."""
    return np.maximum((np.tensordot(X, W, axes=1) + b).max(axis=2), 0)


def compares_two_pieces(X, W, b):
    """Two pieces, as in the example."""
    return np.maximum(X @ W[:, :, 0] + b[:, 0], X @ W[:, :, 1] + b[:, 1])


def forgets_the_bias(X, W, b):
    """The weights are all one thinks of."""
    return np.tensordot(X, W, axes=1).max(axis=2)


def adds_the_largest_bias(X, W, b):
    """Each part has its maximum."""
    return np.tensordot(X, W, axes=1).max(axis=2) + b.max(axis=1)


def adds_the_bias_at_the_end(X, W, b):
    """As a layer does."""
    return np.tensordot(X, W, axes=1).max(axis=2) + b


def takes_the_largest_weights(X, W, b):
    """max before the sum."""
    return X @ W.max(axis=2) + b.max(axis=1)


def multiplies_by_a_stack(X, W, b):
    """@ works on the last two axes of W."""
    return (X @ W + b).max(axis=-1)


def cuts_the_totals_in_the_wrong_order(X, W, b):
    """reshape takes any shape with the right product."""
    N, (D, H, P) = len(X), W.shape
    Z = X @ W.reshape(D, H * P) + b.reshape(H * P)
    return Z.reshape(N, P, H).max(axis=1)


def averages_the_pieces(X, W, b):
    """mean for max."""
    return (np.tensordot(X, W, axes=1) + b).mean(axis=2)


def takes_the_smallest_piece(X, W, b):
    """min for max."""
    return (np.tensordot(X, W, axes=1) + b).min(axis=2)


def takes_the_largest_in_size(X, W, b):
    """np.abs, since |x| is a maxout unit."""
    return np.abs(np.tensordot(X, W, axes=1) + b).max(axis=2)


def says_which_piece(X, W, b):
    """argmax for max."""
    return (np.tensordot(X, W, axes=1) + b).argmax(axis=2)


def keeps_the_axis(X, W, b):
    """keepdims=True, from habit."""
    return (np.tensordot(X, W, axes=1) + b).max(axis=2, keepdims=True)


def gives_all_pieces(X, W, b):
    """The maximum is left for later."""
    return np.tensordot(X, W, axes=1) + b


def takes_one_maximum(X, W, b):
    """No axis."""
    return (np.tensordot(X, W, axes=1) + b).max()


def adds_the_bias_of_the_first_piece(X, W, b):
    """One bias a unit, as in a layer."""
    return (np.tensordot(X, W, axes=1) + b[:, :1]).max(axis=2)


def starts_from_minus_100(X, W, b):
    """A number that no total can lie below, it seems."""
    best = np.full((len(X), W.shape[1]), -100.0)
    for p in range(W.shape[2]):
        best = np.maximum(best, X @ W[:, :, p] + b[:, p])
    return best


def cuts_the_weights_in_the_wrong_order(X, W, b):
    """The pieces before the units, for a loop over pieces; the biases are not cut."""
    D, H, P = W.shape
    V = W.reshape(D, P * H).reshape(D, P, H)
    return np.max([X @ V[:, p] + b[:, p] for p in range(P)], axis=0)


# --- forward_mended -----------------------------------------------------------------------------


def _hidden(X, weights):
    """The logits, as the code in the notebook computes them."""
    W1, b1, W2, b2, W3, b3 = weights
    A1 = np.maximum(X @ W1 + b1, 0)
    A2 = np.maximum(A1 @ W2 + b2, 0)
    return A2 @ W3 + b3


def _rows_to_one(Z):
    e = np.exp(Z - Z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def changes_nothing(images, weights):
    """The code as it was."""
    X = images.reshape(len(weights[0]), -1).T
    e = np.exp(_hidden(X, weights))
    return e / e.sum()


def mends_the_softmax_only(images, weights):
    """The shape of X is right, so X is."""
    X = images.reshape(len(weights[0]), -1).T
    return _rows_to_one(_hidden(X, weights))


def mends_the_pixels_only(images, weights):
    """The accuracy is right again, so everything is."""
    e = np.exp(_hidden(images.reshape(len(images), -1), weights))
    return e / e.sum()


def says_where_the_rows_are_and_turns(images, weights):
    """(D, N) in another way, and the same numbers."""
    X = images.reshape(-1, len(images)).T
    return _rows_to_one(_hidden(X, weights))


def reads_column_by_column(images, weights):
    """images.T has the axes (J, I, N)."""
    X = images.T.reshape(-1, len(images)).T
    return _rows_to_one(_hidden(X, weights))


def counts_as_fortran_does(images, weights):
    """order="F" was found in a forum."""
    X = images.reshape(len(images), -1, order="F")
    return _rows_to_one(_hidden(X, weights))


def sums_over_the_batch(images, weights):
    """axis=0 for axis=1."""
    Z = _hidden(images.reshape(len(images), -1), weights)
    e = np.exp(Z - Z.max(axis=0))
    return e / e.sum(axis=0)


def loses_the_axis_of_the_sum(images, weights):
    """axis=1 without keepdims."""
    e = np.exp(_hidden(images.reshape(len(images), -1), weights))
    return e / e.sum(axis=1)


def bends_the_logits_too(images, weights):
    """A loop over all layers, with the same line for each."""
    X = images.reshape(len(images), -1)
    for W, b in zip(weights[::2], weights[1::2]):  # noqa: B905
        X = np.maximum(X @ W + b, 0)
    return _rows_to_one(X)


def loses_the_bends(images, weights):
    """A loop again, and no bend."""
    X = images.reshape(len(images), -1)
    for W, b in zip(weights[::2], weights[1::2]):  # noqa: B905
        X = X @ W + b
    return _rows_to_one(X)


def gives_the_logits(images, weights):
    """What goes wrong in the softmax is left out."""
    return _hidden(images.reshape(len(images), -1), weights)


def gives_the_answers(images, weights):
    """The digits themselves."""
    return _hidden(images.reshape(len(images), -1), weights).argmax(axis=1)


def writes_784(images, weights):
    """The sizes of MNIST."""
    return _rows_to_one(_hidden(images.reshape(-1, 784), weights))


def divides_by_the_largest_sum(images, weights):
    """One number for all rows, another one."""
    e = np.exp(_hidden(images.reshape(len(images), -1), weights))
    return e / e.sum(axis=1).max()


def goes_image_by_image_and_stacks(images, weights):
    """One at a time was right. But each of them keeps its batch axis."""
    return np.array([_rows_to_one(_hidden(i.reshape(1, -1), weights)) for i in images])


def scales_by_the_brightest_pixel(images, weights):
    """A habit: ink from 0 to 1, by the batch's own maximum."""
    return _rows_to_one(_hidden(images.reshape(len(images), -1) / images.max(), weights))


def calls_the_old_one_for_each_image(images, weights):
    """One after another was right, so one after another it is."""
    return np.concatenate([changes_nothing(images[n : n + 1], weights) for n in range(len(images))])


# --- three_switches -----------------------------------------------------------------------------


def takes_over_xor():
    """The network of (1.8), with one input more."""
    return np.ones((3, 2)), np.array([0, -1]), np.array([1, -2]), -0.5


def says_yes_to_any():
    """One neuron that counts."""
    return np.ones((3, 1)), np.zeros(1), np.ones(1), -0.5


def turns_back_too_weakly():
    """1, −2, 1: the slopes add up to 0 and z stays where it is."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([1, -2, 1]), -0.5


def takes_alternating_weights():
    """1, −1, 1: after the first turn z stays level."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([1, -1, 1]), -0.5


def adds_instead_of_subtracting():
    """To begin at 1 is written as +1."""
    return np.ones((3, 3)), np.array([0, 1, 2]), np.array([1, -2, 2]), -0.5


def loses_the_threshold():
    """The sign of the last bias."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([1, -2, 2]), 0.5


def looks_for_each_odd_input():
    """A neuron for each of the four inputs that are odd."""
    X = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    return 2 * X.T - 1, 1 - X.sum(axis=1), np.ones(4), -0.5


def says_the_opposite():
    """Even for odd."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([-1, 2, -2]), 0.5


def takes_the_rows_for_neurons():
    """Each row of W1 a neuron: two of them here."""
    return np.ones((2, 3)), np.array([0, -1]), np.array([1, -2]), -0.5


def turns_the_square():
    """Rows for neurons, where it is not seen."""
    W1 = np.array([[2, 2, 2], [1, 1, 1], [3, 3, 3]])
    return W1, np.array([0, -1, -6]), np.array([0.5, -2, 2 / 3]), -0.5


def makes_the_bias_a_row_too():
    """Shape (1, 3)."""
    return np.ones((3, 3)), np.array([[0, -1, -2]]), np.array([1, -2, 2]), -0.5


def makes_the_output_a_column():
    """Weights of a layer with one neuron, (3, 1)."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([[1], [-2], [2]]), -0.5


def forgets_the_last_bias():
    """Three results."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([1, -2, 2])


def ends_at_zero():
    """z = 0 is taken for a yes."""
    return np.ones((3, 3)), np.array([0, -1, -2]), np.array([1, -2, 2]), -1


def counts_the_majority():
    """At least two."""
    return np.ones((3, 1)), np.array([-1]), np.ones(1), -0.5


def leaves_a_switch_out():
    """XOR of the first two."""
    W1 = np.array([[1, 1], [1, 1], [0, 0]])
    return W1, np.array([0, -1]), np.array([1, -2]), -0.5


def writes_a_ragged_list():
    """A number is missing in a row."""
    return [[1, 1, 1], [1, 1], [1, 1, 1]], [0, -1, -2], [1, -2, 2], -0.5


# --- network_for_abs ----------------------------------------------------------------------------


def uses_one_neuron():
    """max(x, 0) with a weight."""
    return np.array([1]), np.array([0]), np.array([1]), 0


def subtracts_the_left_half():
    """relu(x) − relu(−x) is x."""
    return np.array([1, -1]), np.array([0, 0]), np.array([1, -1]), 0


def points_both_the_same_way():
    """Both neurons fire on the right."""
    return np.array([1, 1]), np.array([0, 0]), np.array([1, 1]), 0


def gives_both_a_bias():
    """A bias each, since a neuron has one."""
    return np.array([1, -1]), np.array([1, 1]), np.array([1, 1]), 0


def gives_both_a_bias_and_takes_it_back():
    """The height at 0 is mended with b2."""
    return np.array([1, -1]), np.array([1, 1]), np.array([1, 1]), -2


def halves_it():
    """Half of each side, as in a mean."""
    return np.array([1, -1]), np.array([0, 0]), np.array([0.5, 0.5]), 0


def lifts_it():
    """b2 from another exercise."""
    return np.array([1, -1]), np.array([0, 0]), np.array([1, 1]), -0.5


def uses_three_neurons():
    """x is carried along as relu(x) − relu(−x)."""
    return np.array([1, 1, -1]), np.array([0, 0, 0]), np.array([2, -1, 1]), 0


def carries_x_from_far_left():
    """x + 100 is positive, on the paper."""
    return np.array([-1, 1]), np.array([0, 100]), np.array([2, 1]), -100


def writes_matrices():
    """Shapes of layers: (1, 2) and (2, 1)."""
    return np.array([[1, -1]]), np.array([0, 0]), np.array([[1], [1]]), 0


def gives_the_function():
    """The function itself."""
    return lambda x: abs(x)


def bends_again_at_1000():
    """The neuron that looks to the left begins far away, since "however far" seems to end there."""
    return np.array([-1, 1]), np.array([1000, 0]), np.array([1, 2]), -1000


def bends_again_at_a_million():
    """The same, further away."""
    return np.array([-1, 1]), np.array([1e6, 0]), np.array([1, 2]), -1e6


def bends_again_at_minus_3000():
    """The same on the left, where the other neuron falls."""
    return np.array([1, -1]), np.array([3000, 0]), np.array([1, 2]), -3000


# --- network_for_dead_zone ----------------------------------------------------------------------


def rises_on_both_sides():
    """Two ReLUs that look outwards, and are added."""
    return np.array([1, -1]), np.array([-1, -1]), np.array([1, 1]), 0


def forgets_the_left():
    """A ReLU that begins at 1."""
    return np.array([1]), np.array([-1]), np.array([1]), 0


def looks_to_the_right_twice():
    """Bends at −1 and 1, both neurons as in the notebook's hat."""
    return np.array([1, 1]), np.array([1, -1]), np.array([-1, 1]), 0


def looks_inwards():
    """The biases +1: the neurons fire in the zone."""
    return np.array([1, -1]), np.array([1, 1]), np.array([1, -1]), 0


def bends_twice_at_one():
    """The left neuron is silent below 1, not below −1."""
    return np.array([1, -1]), np.array([-1, 1]), np.array([1, -1]), 0


def subtracts_the_clipped_x():
    """x − clip(x, −1, 1), term by term."""
    return np.array([1, -1, 1, 1]), np.array([0, 0, 1, -1]), np.array([1, -1, -1, 1]), 1


def scales_the_weight_only():
    """The slope is put into w1 and w2, and the bias is forgotten."""
    return np.array([2, -2]), np.array([-1, -1]), np.array([0.5, -0.5]), 0


def turns_it_round():
    """The signs of both."""
    return np.array([1, -1]), np.array([-1, -1]), np.array([-1, 1]), 0


def doubles_it():
    """Two for one."""
    return np.array([1, -1]), np.array([-1, -1]), np.array([2, -2]), 0


def lifts_the_zone():
    """b2 = 1, so that the line meets x again on the right."""
    return np.array([1, -1]), np.array([-1, -1]), np.array([1, -1]), 1


def makes_no_bend():
    """Both terms cancel."""
    return np.array([1, 1]), np.array([-1, -1]), np.array([0, 0]), 0


def is_nearly_right():
    """Rounded to three places."""
    return np.array([1, -1]), np.array([-1, -1]), np.array([0.999, -1]), 0


WRONG |= {
    "softmax_with_temperature": [
        (multiplies_by_the_temperature, "the softmax of z times T"),
        (divides_the_probabilities, "no longer sum to 1"),
        (divides_the_exponentials, "T cancels"),
        (leaves_the_sum_cold, "in the numerator only"),
        (leaves_the_sum_cold_and_overflows, "in the numerator only"),
        (forgets_the_softmax, "the logits divided by T"),
        (writes_the_formula, "exp gives inf above 709"),
        (subtracts_one_maximum_for_all, "give each row its own maximum"),
        (subtracts_the_undivided_maximum, "the maximum of z, not that of z / T"),
        (takes_powers_of_the_probabilities, "are right on paper"),
        (clips_the_exponents, "makes the largest exponent of every row 0"),
        (sums_the_columns, "The columns sum to 1"),
        (sums_down_after_the_right_maximum, "The columns sum to 1"),
        (sums_everything, "All the numbers together sum to 1"),
        (forgets_keepdims, "divided by the sum of row k"),
        (forgets_keepdims_twice, "Maxima and sums of shape (N,)"),
        (forgets_keepdims_in_the_maximum, "The maximum of row k was subtracted from column k"),
        (forgets_keepdims_where_it_can, "could not be broadcast together with shapes (3,5) (3,)"),
        (divides_in_place_too, "changes its argument z in place"),
        (gives_the_winner, "to have the shape (3, 3), received (3,)"),
        (gives_a_one_for_the_winner, "the limit for small T"),
        (takes_the_temperature_twice, "divided by T twice"),
        (subtracts_the_largest_size, "take z.max, not np.abs(z).max"),
        (divides_the_maximum_only, "z − m / T divides only m"),
        (adds_the_maximum, "exp gives inf above 709"),
    ],
    "maxout": [
        (takes_the_largest_unit, "the last goes, the pieces"),
        (takes_the_largest_unit_first, "the last goes, the pieces"),
        (starts_from_zero, "A running maximum that begins with zeros is a ReLU"),
        (adds_a_relu, "Nothing below 0 came back"),
        (compares_two_pieces, "Only the first two pieces are compared"),
        (forgets_the_bias, "without their biases"),
        (adds_the_largest_bias, "The bias belongs to the piece"),
        (adds_the_bias_at_the_end, "The bias belongs to the piece"),
        (takes_the_largest_weights, "which piece is the largest depends on x"),
        (multiplies_by_a_stack, "a stack of D matrices"),
        (cuts_the_totals_in_the_wrong_order, "let the unit come before the piece"),
        (averages_the_pieces, "the mean of the pieces"),
        (takes_the_smallest_piece, "the smallest of the pieces"),
        (takes_the_largest_in_size, "a piece's sign counts"),
        (says_which_piece, "How large it is was asked for"),
        (keeps_the_axis, "an axis of length 1 too many"),
        (gives_all_pieces, "Those are all the pieces"),
        (takes_one_maximum, "received float64"),
        (adds_the_bias_of_the_first_piece, "Each has its own, b[h, p]"),
        (starts_from_minus_100, "has to begin with the first piece, or with −inf"),
        (cuts_the_weights_in_the_wrong_order, "let the unit come before the piece"),
    ],
    "forward_mended": [
        (changes_nothing, "which pixels stand in its first row?"),
        (mends_the_softmax_only, "which pixels stand in its first row?"),
        (mends_the_pixels_only, "By what is each row divided?"),
        (says_where_the_rows_are_and_turns, "which pixels stand in its first row?"),
        (reads_column_by_column, "column after column"),
        (counts_as_fortran_does, "column after column"),
        (sums_over_the_batch, "Each image should sum to 1 over the classes"),
        (loses_the_axis_of_the_sum, "line up with the classes"),
        (bends_the_logits_too, "The last layer has none"),
        (loses_the_bends, "The two ReLUs are missing"),
        (gives_the_logits, "Those are the logits"),
        (gives_the_answers, "One number an image came back"),
        (writes_784, "It relies on 784"),
        (divides_by_the_largest_sum, "By what is each row divided?"),
        (goes_image_by_image_and_stacks, "an axis of length 1 too many"),
        (scales_by_the_brightest_pixel, "ink from 0 to 1 already"),
        (calls_the_old_one_for_each_image, "Let one pass take all images"),
    ],
    "three_switches": [
        (takes_over_xor, "From two to three z has to turn once more"),
        (says_yes_to_any, "From one switch to two z has to fall"),
        (turns_back_too_weakly, "From two to three z has to turn once more"),
        (takes_alternating_weights, "From one switch to two z has to fall"),
        (adds_instead_of_subtracting, "With the other signs in b1"),
        (loses_the_threshold, "With the other sign of b2"),
        (looks_for_each_odd_input, "let the neurons count switches, as in (1.8)"),
        (says_the_opposite, "Every answer is the opposite"),
        (takes_the_rows_for_neurons, "Is it transposed?"),
        (turns_the_square, "With W1 transposed it would be right"),
        (makes_the_bias_a_row_too, "received (1, 3)"),
        (makes_the_output_a_column, "w2 must have the shape (3,); received (3, 1)"),
        (forgets_the_last_bias, "(W1, b1, w2, b2); received 3"),
        (ends_at_zero, "z = 0 counts as a no"),
        (counts_the_majority, "below, above, below and above 0"),
        (leaves_a_switch_out, "below, above, below and above 0"),
        (writes_a_ragged_list, "Expected W1 to hold numbers"),
    ],
    "network_for_abs": [
        (uses_one_neuron, "For x ≥ 0 all is right"),
        (subtracts_the_left_half, "Left of 0 its slope is 1 and should be -1"),
        (points_both_the_same_way, "Left of 0 its slope is 0 and should be -1"),
        (gives_both_a_bias, "bend the line at x = [-1, 1]"),
        (gives_both_a_bias_and_takes_it_back, "bend the line at x = [-1, 1]"),
        (halves_it, "0.5 times what it should be"),
        (lifts_it, "too low by 0.5"),
        (uses_three_neurons, "with 3 neurons; 2 are enough"),
        (carries_x_from_far_left, "Left of -100 its slope is -2"),
        (writes_matrices, "w1 must have the shape (2,); received (1, 2)"),
        (gives_the_function, "(w1, b1, w2, b2); received one, of type"),
        (bends_again_at_1000, "Right of 1000 its slope is 2 and should be 1"),
        (bends_again_at_a_million, "Right of 1e+06 its slope is 2 and should be 1"),
        (bends_again_at_minus_3000, "Left of -3000 its slope is -2 and should be -1"),
    ],
    "network_for_dead_zone": [
        (rises_on_both_sides, "Left of -1 its slope is -1 and should be 1"),
        (forgets_the_left, "bend the line at x = [1], where"),
        (looks_to_the_right_twice, "Left of -1 its slope is 0 and should be 1"),
        (looks_inwards, "From x = -1 to 1 its slope is 2 and should be 0"),
        (bends_twice_at_one, "bend the line at x = [1], where"),
        (subtracts_the_clipped_x, "with 4 neurons; 2 are enough"),
        (scales_the_weight_only, "bend the line at x = [-0.5, 0.5]"),
        (turns_it_round, "-1 times what it should be"),
        (doubles_it, "2 times what it should be"),
        (lifts_the_zone, "too high by 1"),
        (makes_no_bend, "No neuron bends the line"),
        (is_nearly_right, "Right of 1 its slope is 0.999"),
    ],
}


# --- random_leaky_stddev ------------------------------------------------------------------------


def squares_the_mean_slope(fan_in, low, high):
    """(E a)² for E[a²]."""
    return np.sqrt(2 / ((1 + ((low + high) / 2) ** 2) * fan_in))


def forgets_the_square(fan_in, low, high):
    """The mean slope itself."""
    return np.sqrt(2 / ((1 + (low + high) / 2) * fan_in))


def averages_the_bounds(fan_in, low, high):
    """As if only the bounds were drawn."""
    return np.sqrt(2 / ((1 + (low**2 + high**2) / 2) * fan_in))


def takes_the_variance_of_the_slope(fan_in, low, high):
    """The formula of the uniform distribution that everybody knows."""
    return np.sqrt(2 / ((1 + (high - low) ** 2 / 12) * fan_in))


def loses_the_mixed_term(fan_in, low, high):
    """(h³ − l³)/(h − l) is not h² + l²."""
    return np.sqrt(2 / ((1 + (low**2 + high**2) / 3) * fan_in))


def begins_at_zero(fan_in, low, high):
    """The integral from 0 to high."""
    return np.sqrt(2 / ((1 + high**2 / 3) * fan_in))


def divides_by_the_width(fan_in, low, high):
    """Right, unless the bounds are equal."""
    return np.sqrt(2 / ((1 + (high**3 - low**3) / (3 * (high - low))) * fan_in))


def divides_python_numbers_by_the_width(fan_in, low, high):
    """The same with Python's numbers, where 0/0 is an error."""
    low, high = float(low), float(high)
    return np.sqrt(2 / ((1 + (high**3 - low**3) / (3 * (high - low))) * fan_in))


def takes_the_upper_bound(fan_in, low, high):
    """A leaky ReLU with the slope high."""
    return np.sqrt(2 / ((1 + high**2) * fan_in))


def gives_the_variance(fan_in, low, high):
    """The root is forgotten."""
    return 2 / ((1 + (low**2 + low * high + high**2) / 3) * fan_in)


def counts_both_halves_whole(fan_in, low, high):
    """E[f(z)²] = (1 + E[a²]) E[z²]."""
    return np.sqrt(1 / ((1 + (low**2 + low * high + high**2) / 3) * fan_in))


def counts_the_left_half_only(fan_in, low, high):
    """He's 2 is divided by E[a²]."""
    return np.sqrt(2 / ((low**2 + low * high + high**2) / 3 * fan_in))


def takes_plain_he(fan_in, low, high):
    """The slopes are left for later."""
    return np.sqrt(2 / fan_in)


def roots_the_fan_in_only(fan_in, low, high):
    """A closing bracket too early."""
    return 2 / (1 + (low**2 + low * high + high**2) / 3) / np.sqrt(fan_in)


def roots_the_gain_only(fan_in, low, high):
    """A closing bracket too early, the other way."""
    return np.sqrt(2 / (1 + (low**2 + low * high + high**2) / 3)) / fan_in


def multiplies_by_the_fan_in(fan_in, low, high):
    """2 / q * n is read as 2 / (q n)."""
    return np.sqrt(2 / (1 + (low**2 + low * high + high**2) / 3) * fan_in)


def gives_the_gain(fan_in, low, high):
    """What some libraries call the gain."""
    return np.sqrt(2 / (1 + (low**2 + low * high + high**2) / 3))


def turns_the_factor_over(fan_in, low, high):
    """What the bend keeps, not what undoes it."""
    return np.sqrt((1 + (low**2 + low * high + high**2) / 3) / 2 / fan_in)


def keeps_the_variance_of_the_activations(fan_in, low, high):
    """np.var of the activations."""
    kept = (1 + (low**2 + low * high + high**2) / 3) / 2 - (1 - (low + high) / 2) ** 2 / (2 * np.pi)
    return np.sqrt(1 / (fan_in * kept))


def writes_a_hat(fan_in, low, high):
    """^ for **, as on paper."""
    return np.sqrt(2 / ((1 + (low ^ 2 + low * high + high ^ 2) / 3) * fan_in))


def leaves_brackets_out(fan_in, low, high):
    """2 / 1 + …"""
    return np.sqrt(2 / 1 + (low**2 + low * high + high**2) / 3 / fan_in)


def averages_the_rule(fan_in, low, high):
    """The standard deviation for each slope, and the mean of them."""
    a = np.linspace(low, high, 1001)
    return np.mean(np.sqrt(2 / ((1 + a**2) * fan_in)))


def averages_the_rule_for_the_variance(fan_in, low, high):
    """The same, and the root at the end."""
    a = np.linspace(low, high, 1001)
    return np.sqrt(np.mean(2 / ((1 + a**2) * fan_in)))


def averages_the_rule_of_drawn_slopes(fan_in, low, high):
    """An experiment with the rule."""
    a = np.random.default_rng(0).uniform(low, high, 100_000)
    return np.mean(np.sqrt(2 / ((1 + a**2) * fan_in)))


def draws_the_slopes(fan_in, low, high):
    """An experiment in place of an integral."""
    a = np.random.default_rng(0).uniform(low, high, 100_000)
    return np.sqrt(2 / ((1 + np.mean(a**2)) * fan_in))


def draws_the_weights(fan_in, low, high):
    """The weights themselves."""
    stddev = (2 / ((1 + (low**2 + low * high + high**2) / 3) * fan_in)) ** 0.5
    return np.random.default_rng(0).normal(0, stddev, (fan_in, 256))


# --- vote_cross_entropy -------------------------------------------------------------------------


def softmax_of(Z):
    """Equation (1.15), for the answers below."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def takes_the_formula_as_it_stands(votes, Z):
    """exp, divide, log."""
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    return -np.sum(votes * np.log(P)) / votes.sum()


def takes_the_log_of_a_stable_softmax(votes, Z):
    """Overflow is thought of, underflow is not."""
    return -np.sum(votes * np.log(softmax_of(Z))) / votes.sum()


def skips_the_nans(votes, Z):
    """nan is treated, its cause is not."""
    return -np.nansum(votes * np.log(softmax_of(Z))) / votes.sum()


def forgets_to_shift(votes, Z):
    """log-sum-exp, not shifted."""
    return np.sum(votes * (np.log(np.exp(Z).sum(axis=1, keepdims=True)) - Z)) / votes.sum()


def shifts_by_a_constant(votes, Z):
    """A shift that saves large logits, and no others."""
    return np.sum(votes * (np.log(np.exp(Z - 1e4).sum(axis=1, keepdims=True)) + 1e4 - Z)) / votes.sum()


def takes_the_largest_of_all(votes, Z):
    """One maximum for all rows is harmless, until a row lies far below it."""
    L = np.log(np.exp(Z - Z.max()).sum(axis=1, keepdims=True)) + Z.max()
    return np.sum(votes * (L - Z)) / votes.sum()


def clips_the_probabilities(votes, Z):
    """As libraries do that receive probabilities."""
    return -np.sum(votes * np.log(np.clip(softmax_of(Z), 1e-12, 1))) / votes.sum()


def adds_something_small(votes, Z):
    """log(p + 1e-9)."""
    return -np.sum(votes * np.log(softmax_of(Z) + 1e-9)) / votes.sum()


def clips_the_logits(votes, Z):
    """Logits beyond 300 are cut off, so that exp survives."""
    return -np.sum(votes * np.log(softmax_of(np.clip(Z, -300, 300)))) / votes.sum()


def repairs_the_infinities(votes, Z):
    """nan_to_num turns −inf into the most negative number there is."""
    return -np.sum(votes * np.nan_to_num(np.log(softmax_of(Z)))) / votes.sum()


def makes_shares_first(votes, Z):
    """Every image is one example, is it not?"""
    Y = votes / votes.sum(axis=1, keepdims=True)
    return -np.mean(np.sum(Y * np.log(softmax_of(Z)), axis=1))


def weighs_shares_again(votes, Z):
    """Shares, and then as many times as there are votes: right, if there are any."""
    shifted = Z - Z.max(axis=1, keepdims=True)
    L = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    counts = votes.sum(axis=1)
    return -np.sum(counts * np.sum(votes / counts[:, None] * L, axis=1)) / counts.sum()


def divides_by_the_images(votes, Z):
    """A mean over the rows."""
    return -np.mean(np.sum(votes * np.log(softmax_of(Z)), axis=1))


def divides_by_everything(votes, Z):
    """np.mean of the array."""
    return -np.mean(votes * np.log(softmax_of(Z)))


def adds_up(votes, Z):
    """A sum, and no mean."""
    return -np.sum(votes * np.log(softmax_of(Z)))


def asks_the_majority(votes, Z):
    """As for class numbers."""
    return -np.mean(np.log(softmax_of(Z)[np.arange(len(Z)), votes.argmax(axis=1)]))


def forgets_the_minus(votes, Z):
    """The sign."""
    return np.sum(votes * np.log(softmax_of(Z))) / votes.sum()


def subtracts_the_entropy(votes, Z):
    """The divergence, which is 0 at its least."""
    Y = votes / votes.sum(axis=1, keepdims=True)
    return np.mean(np.sum(Y * (np.log(Y) - np.log(softmax_of(Z))), axis=1))


def takes_bits(votes, Z):
    """log2, as in information theory."""
    return -np.sum(votes * np.log2(softmax_of(Z))) / votes.sum()


def goes_down_the_columns(votes, Z):
    """axis=0 in the softmax."""
    E = np.exp(Z - Z.max(axis=0))
    return -np.sum(votes * np.log(E / E.sum(axis=0))) / votes.sum()


def forgets_the_axes(votes, Z):
    """One maximum and one sum for everything."""
    E = np.exp(Z - Z.max())
    return -np.sum(votes * np.log(E / E.sum())) / votes.sum()


def sums_without_keepdims(votes, Z):
    """(N, K) by (N,)."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return -np.sum(votes * np.log(E / E.sum(axis=1))) / votes.sum()


def subtracts_the_maximum_once(votes, Z):
    """The shift is undone nowhere."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return np.sum(votes * (np.log(E.sum(axis=1, keepdims=True)) - Z)) / votes.sum()


def takes_logits_for_log_probabilities(votes, Z):
    """No softmax at all."""
    return -np.sum(votes * Z) / votes.sum()


def adds_probabilities_first(votes, Z):
    """The logarithm of the expected probability, for the expected logarithm."""
    P = np.sum(votes * softmax_of(Z), axis=1) / votes.sum(axis=1)
    return -np.mean(np.log(P))


def gives_a_loss_for_each_image(votes, Z):
    """(N,)."""
    return -np.sum(votes * np.log(softmax_of(Z)), axis=1) / votes.sum(axis=1)


def shifts_in_place(votes, Z):
    """The caller's logits change."""
    Z -= Z.max(axis=1, keepdims=True)
    return np.sum(votes * (np.log(np.exp(Z).sum(axis=1, keepdims=True)) - Z)) / votes.sum()


def subtracts_the_mean_of_the_row(votes, Z):
    """Any shift cancels, on paper."""
    return _shifted_by(Z.mean(axis=1, keepdims=True), votes, Z)


def subtracts_the_smallest(votes, Z):
    """min for max."""
    return _shifted_by(Z.min(axis=1, keepdims=True), votes, Z)


def subtracts_the_largest_in_size(votes, Z):
    """The largest of the sizes."""
    return _shifted_by(np.abs(Z).max(axis=1, keepdims=True), votes, Z)


def takes_the_maximum_down_the_columns(votes, Z):
    """axis=0 in the maximum only."""
    Z = Z - Z.max(axis=0)
    return -np.sum(votes * (Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))) / votes.sum()


def _shifted_by(m, votes, Z):
    return -np.sum(votes * (Z - m - np.log(np.exp(Z - m).sum(axis=1, keepdims=True)))) / votes.sum()


# --- which_loss ---------------------------------------------------------------------------------


class Choices(dict):
    """A dict of choices with a name, as functions have one."""

    def __init__(self, name, choices):
        super().__init__(choices)
        self.__name__ = name


def choosing(name, **others):
    """The choices that fit, but for some."""
    fitting = {
        "digit": ("softmax", "sparse_categorical_crossentropy"),
        "photo": ("sigmoid", "binary_crossentropy"),
        "survey": ("softmax", "categorical_crossentropy"),
        "scan": ("sigmoid", "binary_crossentropy"),
        "sensor": ("linear", "mean_absolute_error"),
        "bakery": ("linear", "mean_squared_error"),
        "courier": ("linear", "mean_absolute_error"),
    }
    return Choices(name, fitting | others)


# --- possible_inputs ----------------------------------------------------------------------------


def numbers(D, layers):
    """Weights and biases, for the answers below."""
    sizes = [D, *layers]
    return sum(a * b for a, b in pairwise(sizes)), sum(layers)


def fitting(rows, biases, cut, count=numbers):
    """The right answer, if count is right."""

    def fits(D, layers, millions):
        weights, more = count(D, layers)
        total = weights + more if biases else weights
        return (int(total / 1e4) / 100 if cut else round(total / 1e6, 2)) == millions

    return [D for D in range(1, 1001) if all(fits(D, *row) for row in rows)]


def counts_biases_always(rows, biases, cut):
    """The argument is overlooked."""
    return fitting(rows, True, cut)


def counts_no_biases(rows, biases, cut):
    """Weights are weights."""
    return fitting(rows, False, cut)


def rounds_always(rows, biases, cut):
    """Who would cut?"""
    return fitting(rows, biases, False)


def confuses_cut_and_round(rows, biases, cut):
    """if cut: round."""
    return fitting(rows, biases, not cut)


def gives_the_inputs_biases(rows, biases, cut):
    """sum(sizes) instead of sum(sizes[1:])."""
    return fitting(rows, biases, cut, lambda D, n: (numbers(D, n)[0], D + sum(n)))


def gives_each_layer_one_bias(rows, biases, cut):
    """len(layers)."""
    return fitting(rows, biases, cut, lambda D, n: (numbers(D, n)[0], len(n)))


def leaves_the_output_out(rows, biases, cut):
    """Hidden layers only."""
    return fitting(rows, biases, cut, lambda D, n: numbers(D, n[:-1]))


def lets_any_row_decide(rows, biases, cut):
    """Every number that fits some row."""
    return sorted({D for row in rows for D in fitting([row], biases, cut)})


def lists_rows_one_after_another(rows, biases, cut):
    """A loop over rows around the loop over D."""
    return [D for row in rows for D in fitting([row], biases, cut)]


def compares_the_first_row(rows, biases, cut):
    """return inside the loop."""
    for row in rows:
        return fitting([row], biases, cut)


def gives_the_first_number(rows, biases, cut):
    """The answer must be one number."""
    return min(fitting(rows, biases, cut), default=0)


def gives_the_side(rows, biases, cut):
    """The question behind the question."""
    fits = fitting(rows, biases, cut)
    return [side for side in range(1, 32) if side**2 in fits]


def tries_squares_only(rows, biases, cut):
    """Images are square, are they not?"""
    fits = fitting(rows, biases, cut)
    return [side**2 for side in range(1, 32) if side**2 in fits]


def stops_before_1000(rows, biases, cut):
    """range(1, 1000)."""
    return [D for D in fitting(rows, biases, cut) if D < 1000]


def begins_with_0(rows, biases, cut):
    """range(1001)."""
    none = all(numbers(0, n)[0] + biases * sum(n) < 5000 and m == 0 for n, m in rows)
    return [0] * none + fitting(rows, biases, cut)


def compares_products(rows, biases, cut):
    """Whole hundredths are compared with a product of floating-point numbers."""

    def hundredths(D, layers):
        weights, more = numbers(D, layers)
        total = weights + biases * more
        return total // 10_000 if cut else round(total / 10_000)

    return [D for D in range(1, 1001) if all(hundredths(D, n) == m * 100 for n, m in rows)]


def allows_a_hundredth(rows, biases, cut):
    """Nearly as printed, on either side."""

    def off(D, layers, millions):
        weights, more = numbers(D, layers)
        return abs((weights + biases * more) / 1e6 - millions)

    return [D for D in range(1, 1001) if all(off(D, *row) < 0.01 for row in rows)]


def compares_text(rows, biases, cut):
    """Two decimals as text; the printed number has lost its zeros."""

    def shown(D, layers):
        weights, more = numbers(D, layers)
        total = weights + biases * more
        return f"{total // 10_000 / 100 if cut else total / 1e6:.2f}"

    return [D for D in range(1, 1001) if all(shown(D, n) == str(m) for n, m in rows)]


def names_the_reading_too(rows, biases, cut):
    """The reading, so that it is clear what fits."""
    return [(D, biases, cut) for D in fitting(rows, biases, cut)]


def gives_a_list_for_each_row(rows, biases, cut):
    """What fits the rows one by one."""
    return [fitting([row], biases, cut) for row in rows]


def gives_a_mask(rows, biases, cut):
    """Which of the thousand fit."""
    fits = fitting(rows, biases, cut)
    return [D in fits for D in range(1, 1001)]


def takes_the_stretch(rows, biases, cut):
    """What fits lies in one stretch; there may be none."""
    fits = fitting(rows, biases, cut)
    return list(range(min(fits), max(fits) + 1))


def gives_zero_for_none(rows, biases, cut):
    """An empty list looks like an error."""
    return fitting(rows, biases, cut) or [0]


def puts_the_inputs_before_the_layers(rows, biases, cut):
    """insert changes the caller's list; what comes back is right."""
    fits = fitting(rows, biases, cut)
    for layers, _ in rows:
        layers.insert(0, 1000)
    return fits


WRONG |= {
    "random_leaky_stddev": [
        (squares_the_mean_slope, "as if the mean slope were squared"),
        (forgets_the_square, "as if the mean slope stood there"),
        (averages_the_bounds, "as if only the two bounds were squared"),
        (takes_the_variance_of_the_slope, "as if the variance of the slope stood where"),
        (loses_the_mixed_term, "as if low·high were missing"),
        (begins_at_zero, "as if the slopes always began at 0"),
        (divides_by_the_width, "Where the bounds are equal, high − low is 0"),
        (divides_python_numbers_by_the_width, "ZeroDivisionError"),
        (takes_the_upper_bound, "as if every slope were the upper bound"),
        (gives_the_variance, "That is the variance of the weights"),
        (counts_both_halves_whole, "Each side of 0 holds only half"),
        (counts_the_left_half_only, "the right side, where f(z) = z, were left out"),
        (takes_plain_he, "as if the slopes are not used"),
        (roots_the_fan_in_only, "The root was drawn of fan_in only"),
        (roots_the_gain_only, "fan_in belongs under it"),
        (multiplies_by_the_fan_in, "It grows with fan_in"),
        (gives_the_gain, "as if fan_in is not used"),
        (turns_the_factor_over, "The weights must undo it"),
        (keeps_the_variance_of_the_activations, "as if the variance of f(z) had been kept"),
        (writes_a_hat, "In Python ^ is no power: x² is x**2."),
        (leaves_brackets_out, "He's rule must come out"),
        (averages_the_rule, "Average a² first"),
        (averages_the_rule_for_the_variance, "Average a² first"),
        (averages_the_rule_of_drawn_slopes, "Average a² first"),
        (draws_the_slopes, "the mean of a² is an integral, and can be had exactly"),
        (draws_the_weights, "nothing is drawn here"),
    ],
    "vote_cross_entropy": [
        (takes_the_formula_as_it_stands, "0 · log 0 is nan"),
        (takes_the_log_of_a_stable_softmax, "0 · log 0 is nan"),
        (skips_the_nans, "log 0 is −inf"),
        (forgets_to_shift, "e^10000 is inf in floating point"),
        (shifts_by_a_constant, "The logarithms of the softmax are"),
        (takes_the_largest_of_all, "is the maximum that of the row?"),
        (clips_the_probabilities, "stops growing"),
        (adds_something_small, "stops growing"),
        (clips_the_logits, "stops growing"),
        (repairs_the_infinities, "log 0 is −inf"),
        (makes_shares_first, "Each image counts alike here"),
        (weighs_shares_again, "Is a row divided by its own votes?"),
        (divides_by_the_images, "divided by the number of images"),
        (divides_by_everything, "divided by the size of the array"),
        (adds_up, "It is the sum over all votes"),
        (asks_the_majority, "as if only the class with most votes counted"),
        (forgets_the_minus, "The sign is the wrong way round"),
        (subtracts_the_entropy, "that is the Kullback–Leibler divergence"),
        (takes_bits, "It is in bits"),
        (goes_down_the_columns, "as if the softmax ran down the columns"),
        (forgets_the_axes, "as if one softmax were taken of the whole array"),
        (sums_without_keepdims, "operands could not be broadcast together"),
        (subtracts_the_maximum_once, "inside the exponentials only"),
        (takes_logits_for_log_probabilities, "as if the logits themselves were taken for log p"),
        (adds_probabilities_first, "The logarithms of the softmax are [-0.3133, -1.3133]"),
        (gives_a_loss_for_each_image, "One number for all votes was asked for"),
        (shifts_in_place, "changes its argument Z in place"),
        (subtracts_the_mean_of_the_row, "something other than the row's largest logit m is subtracted"),
        (subtracts_the_smallest, "something other than the row's largest logit m is subtracted"),
        (subtracts_the_largest_in_size, "something other than the row's largest logit m is subtracted"),
        (takes_the_maximum_down_the_columns, "The maximum was taken down the columns"),
    ],
    "which_loss": [
        (
            choosing("class_numbers_as_amounts", digit=("linear", "mean_squared_error")),
            "a total may be negative",
        ),
        (
            choosing("squares_on_a_softmax", digit=("softmax", "mean_squared_error")),
            "is its name, not an amount",
        ),
        (
            choosing("rows_for_numbers", digit=("softmax", "categorical_crossentropy")),
            "a single number from 0 to 9",
        ),
        (
            choosing("ten_sigmoids", digit=("sigmoid", "binary_crossentropy")),
            "ten sigmoids answer each for itself",
        ),
        (choosing("softmax_for_labels", photo=("softmax", "categorical_crossentropy")), "share a total of 1"),
        (choosing("half_the_labels", photo=("sigmoid", "categorical_crossentropy")), "would cost nothing"),
        (
            choosing("shares_as_numbers", survey=("softmax", "mean_squared_error")),
            "cost a confident mistake 1 at most",
        ),
        (
            choosing("the_favourite_answer", survey=("softmax", "sparse_categorical_crossentropy")),
            "a row of five shares",
        ),
        (
            choosing("softmax_of_one", scan=("softmax", "binary_crossentropy")),
            "the softmax of a single number is 1",
        ),
        (choosing("median_of_a_rare_yes", scan=("sigmoid", "mean_absolute_error")), "ninety-nine are 0"),
        (
            choosing("squares_for_outliers", sensor=("linear", "mean_squared_error")),
            "960,400 errors of one degree",
        ),
        (choosing("squashed_degrees", sensor=("sigmoid", "mean_absolute_error")), "a temperature need not"),
        (choosing("median_of_sales", bakery=("linear", "mean_absolute_error")), "the year's total"),
        (
            choosing("mean_of_delays", courier=("linear", "mean_squared_error")),
            "more than half of all come earlier",
        ),
        (
            choosing(
                "squares_for_everything",
                **dict.fromkeys(["digit", "survey", "sensor", "courier"], ("linear", "mean_squared_error")),
            ),
            "(Not yet right either: survey, sensor, courier.)",
        ),
        (
            choosing("half_done", scan=(..., ...), courier=("linear", "binary_crossentropy")),
            "this output is none",
        ),
        (
            choosing("misspelt", digit=("softmax", "sparse_crossentropy")),
            "is not among the losses, which are mean_squared_error",
        ),
        (
            choosing("in_the_wrong_order", digit=("sparse_categorical_crossentropy", "softmax")),
            "among the activations",
        ),
        (choosing("one_name_only", photo="binary_crossentropy"), "expected two names, (activation, loss)"),
        (choosing("without_quotes", photo=(np.tanh, "binary_crossentropy")), "expected names in quotes"),
        (
            choosing("a_task_of_its_own", weather=("linear", "mean_squared_error")),
            "There is no task 'weather'",
        ),
    ],
    "possible_inputs": [
        (counts_biases_always, "they are always counted"),
        (counts_no_biases, "they are never counted"),
        (rounds_always, "it is always rounded"),
        (confuses_cut_and_round, "have changed places"),
        (gives_the_inputs_biases, "as if the inputs had biases"),
        (gives_each_layer_one_bias, "as if each layer had one bias"),
        (leaves_the_output_out, "as if the output layer were left out"),
        (lets_any_row_decide, "as if one row that fits were enough"),
        (lists_rows_one_after_another, "Some numbers came back more than once"),
        (compares_the_first_row, "as if only the first row were compared"),
        (gives_the_first_number, "Expected a list of all numbers of inputs that fit"),
        (gives_the_side, "the sides of square images"),
        (tries_squares_only, "Only square numbers came back"),
        (stops_before_1000, "1000 itself belongs to the numbers tried"),
        (begins_with_0, "the whole numbers from 1 to 1000"),
        (compares_products, "Are products compared with == there?"),
        (allows_a_hundredth, "to hundredths of a million, is that"),
        (
            compares_text,
            "is missing, and every row comes out as printed: [21] has 10,017 weights, 0.01; [3, 1]",
        ),
        (names_the_reading_too, "received a list of tuples"),
        (gives_a_list_for_each_row, "received a list of lists"),
        (gives_a_mask, "received a list with False in it"),
        (takes_the_stretch, "ValueError: min() "),
        (gives_zero_for_none, "received [0]. The numbers to be tried are"),
        (puts_the_inputs_before_the_layers, "as in sizes = [D, *layers]"),
    ],
}
