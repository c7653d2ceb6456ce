"""Wrong answers to the exercises of Chapter 1, as people really give them.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

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
