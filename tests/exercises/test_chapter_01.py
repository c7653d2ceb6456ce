"""Right answers to the exercises of Chapter 1 that differ from the book's, and answers that are half done."""

import numpy as np
import pytest

from dlbook_utils.exercises import check
from tests.exercises.chapter_01_answers import choosing, fitting


def divides_first(z, T):
    z = z / T
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def starts_from_minus_infinity(X, W, b):
    best = np.full((len(X), W.shape[1]), -np.inf)
    for p in range(W.shape[2]):
        best = np.maximum(best, X @ W[:, :, p] + b[:, p])
    return best


def multiplies_once_and_cuts(X, W, b):
    D, H, P = W.shape
    return np.max((X @ W.reshape(D, H * P)).reshape(len(X), H, P) + b, axis=2)


def turns_round_and_scales():
    return [-4, 0.5], [0, 0], [0.25, 2], 0


def bends_nearly_at_0():
    return [1e-3, -1e-3], [1e-12, 0], [1e3, 1e3], 0


def goes_layer_by_layer(images, weights):
    A = np.stack([image.ravel() for image in images])
    for i in range(0, len(weights), 2):
        A = A @ weights[i] + weights[i + 1]
        if i + 2 < len(weights):
            A = np.maximum(A, 0)
    e = np.exp(A)
    return e / e.sum(axis=1)[:, None]


def gives_an_array(rows, biases, cut):
    return np.array(fitting(rows, biases, cut), dtype=int)


def gives_numpy_numbers(rows, biases, cut):
    return [np.int64(D) for D in fitting(rows, biases, cut)[::-1]]


def gives_a_set(rows, biases, cut):
    return set(fitting(rows, biases, cut))


def adds_the_maximum_again(votes, Z):
    m = Z.max(axis=1)
    log_sum_exp = m + np.log(np.exp(Z - m[:, None]).sum(axis=1))
    return (votes.sum(axis=1) @ log_sum_exp - np.sum(votes * Z)) / votes.sum()


def treats_equal_bounds_apart(fan_in, low, high):
    square = low**2 if low == high else (high**3 - low**3) / (3 * (high - low))
    return float((2 / (fan_in * (1 + square))) ** 0.5)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("softmax_with_temperature", divides_first),
        ("maxout", starts_from_minus_infinity),
        ("maxout", multiplies_once_and_cuts),
        ("network_for_abs", turns_round_and_scales),
        ("network_for_abs", bends_nearly_at_0),
        ("forward_mended", goes_layer_by_layer),
        ("possible_inputs", gives_an_array),
        ("possible_inputs", gives_numpy_numbers),
        ("possible_inputs", gives_a_set),
        ("vote_cross_entropy", adds_the_maximum_again),
        ("random_leaky_stddev", treats_equal_bounds_apart),
    ],
)
def test_another_right_answer_is_right(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"✓ Right: {name}\n"


UNTOUCHED = dict.fromkeys(["digit", "photo", "survey", "scan", "sensor", "bakery", "courier"], (..., ...))


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (UNTOUCHED, ""),
        (
            UNTOUCHED | {task: choosing("right")[task] for task in ("digit", "bakery")},
            "Right so far: digit, bakery. Still missing: photo, survey, scan, sensor, courier.",
        ),
        (choosing("half_a_pair", scan=("sigmoid", ...)), "Still missing: scan."),
    ],
)
def test_choices_that_are_still_open(choices, words, capsys):
    check("which_loss", choices)
    printed = capsys.readouterr().out
    assert "○ Open: which_loss\n" in printed
    assert words in " ".join(printed.split())
