"""The exercise after "training_in_practice": four runs, and the checker of diagnoses.

Do not read on before you have solved it. The causes are written down here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.choosing import check_choices
from dlbook_utils.layers import Activation, Dense, Dropout, Layer
from dlbook_utils.losses import SparseCategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.normalization import BatchNormalization
from dlbook_utils.optimizers import SGD
from dlbook_utils.training import evaluate, minibatches, train_step

__all__ = ["CAUSES", "RUNS", "curves_of", "four_curves"]

CAUSES = {
    "rate_too_large": "the learning rate is too large",
    "rate_falls_too_soon": "the learning rate is almost 0 long before the end",
    "not_shuffled": "the digits come sorted by class, in every epoch",
    "overfitting": "the network learns the training digits by heart",
    "dropout_on": "nothing is wrong: half of the hidden units are dropped in training, and in training only",
    "slow_statistics": "the moving averages of the batch normalisation follow too slowly",
    "noisy_labels": "many of the training labels are wrong, the validation labels are right",
    "validation_small": "there are only a few validation digits",
    "validation_leaked": "the validation digits are among the training digits",
    "validation_unscaled": "the validation pixels go from 0 to 255, the training pixels from 0 to 1",
}
_CAUSE = {
    "Cairo": "noisy_labels",
    "Kyoto": "validation_small",
    "Lima": "dropout_on",
    "Oslo": "slow_statistics",
}
RUNS = tuple(_CAUSE)

Curves = dict[str, np.ndarray]
_trained: dict[str, Curves] = {}  # in this session


# --- The runs -----------------------------------------------------------------------------------


def curves_of(run: str) -> Curves:
    """Train a network on 5,000 digits for 12 epochs, and say what was measured.

    Parameters
    ----------
    run : str
        One of ``RUNS``, each with one cause for its strange curves, or ``"healthy"``.

    Returns
    -------
    dict of str to array
        For each epoch, (12,): ``loss`` and ``accuracy`` of the training digits, averaged while the
        weights were changing, as ``fit`` reports them; ``train_loss`` and ``train_accuracy`` of
        training digits after the epoch, measured as the validation digits are; and of these
        ``val_loss`` and ``val_accuracy``. ``steps``, (12, 50), is the loss of each mini-batch.

    Raises
    ------
    ValueError
        If there is no such run.

    Notes
    -----
    Used in: Chapter 3.
    """
    if run != "healthy" and run not in _CAUSE:
        raise ValueError(f"Expected one of {', '.join(RUNS)}, or 'healthy'; received {run!r}.")
    if run not in _trained:
        _trained[run] = _train(run)
    return {name: values.copy() for name, values in _trained[run].items()}


def _train(run: str) -> Curves:
    (images, labels), _ = load_mnist()
    cause, seed = _CAUSE.get(run, ""), ["healthy", *RUNS].index(run)

    def rows(part: slice) -> tuple[np.ndarray, np.ndarray]:
        chosen = images[part]
        return chosen.reshape(len(chosen), 784).astype(np.float32) / 255, labels[part].astype(np.int64)

    (x, y), (x_val, y_val) = rows(slice(5000)), rows(slice(50_000, 52_000))
    rng = np.random.default_rng(seed)
    if cause == "noisy_labels":
        spoilt = rng.random(len(y)) < 0.3
        y[spoilt] = rng.integers(10, size=np.count_nonzero(spoilt))
    elif cause == "validation_small":
        x_val, y_val = x_val[:25], y_val[:25]
    layers: list[Layer] = [
        Dense(32, use_bias=False, seed=seed),
        BatchNormalization(momentum=0.996 if cause == "slow_statistics" else 0.9),
        Activation("relu"),
    ]
    layers += [Dropout(0.5, seed=seed)] if cause == "dropout_on" else []
    network = Sequential([*layers, Dense(10, seed=seed + 100)])
    loss, optimizer = SparseCategoricalCrossentropy(from_logits=True), SGD(0.1)
    names = ("loss", "accuracy", "train_loss", "train_accuracy", "val_loss", "val_accuracy")
    record: dict[str, list] = {name: [] for name in (*names, "steps")}
    for _ in range(12):
        values, right = [], 0
        for x_batch, y_batch in minibatches(x, y, 100, rng):
            value, logits = train_step(network, loss, optimizer, x_batch, y_batch)
            values.append(value)
            right += np.count_nonzero(np.argmax(logits, axis=1) == y_batch)
        after = evaluate(network, loss, x[:2000], y[:2000])
        val = evaluate(network, loss, x_val, y_val)
        measured = (np.mean(values), right / len(y), *after.values(), *val.values())
        for name, number in zip(names, measured, strict=True):
            record[name].append(number)
        record["steps"].append(values)
    return {name: np.array(numbers) for name, numbers in record.items()}


# What curves_of gave on one machine, for checks before anything was trained: rounded.
_RECORD: dict[str, dict[str, list[float]]] = {
    "Cairo": {
        "loss": [1.694, 1.445, 1.382, 1.343, 1.313, 1.288, 1.266, 1.247, 1.223, 1.203, 1.184, 1.164],
        "accuracy": [
            0.5342,
            0.6386,
            0.653,
            0.6656,
            0.6704,
            0.673,
            0.6774,
            0.6846,
            0.6844,
            0.687,
            0.6918,
            0.691,
        ],
        "train_loss": [1.455, 1.362, 1.302, 1.266, 1.238, 1.21, 1.183, 1.159, 1.137, 1.113, 1.096, 1.083],
        "train_accuracy": [
            0.6335,
            0.6585,
            0.6785,
            0.681,
            0.6855,
            0.6895,
            0.694,
            0.698,
            0.7035,
            0.709,
            0.7145,
            0.7155,
        ],
        "val_loss": [0.893, 0.769, 0.727, 0.708, 0.659, 0.647, 0.612, 0.651, 0.657, 0.617, 0.642, 0.669],
        "val_accuracy": [
            0.8475,
            0.873,
            0.8865,
            0.8915,
            0.8925,
            0.893,
            0.903,
            0.8975,
            0.896,
            0.8945,
            0.894,
            0.88,
        ],
        "worst_place": [1.093],
    },
    "Kyoto": {
        "loss": [1.014, 0.492, 0.372, 0.306, 0.265, 0.238, 0.214, 0.195, 0.179, 0.165, 0.149, 0.136],
        "accuracy": [
            0.7402,
            0.8836,
            0.9104,
            0.9252,
            0.9326,
            0.9368,
            0.9446,
            0.9474,
            0.9522,
            0.9608,
            0.9646,
            0.9686,
        ],
        "train_loss": [0.584, 0.4, 0.329, 0.276, 0.245, 0.215, 0.196, 0.18, 0.164, 0.146, 0.137, 0.124],
        "train_accuracy": [
            0.8635,
            0.8995,
            0.9165,
            0.9295,
            0.9365,
            0.945,
            0.9495,
            0.9495,
            0.9595,
            0.97,
            0.9685,
            0.9755,
        ],
        "val_loss": [0.809, 0.485, 0.437, 0.328, 0.291, 0.268, 0.267, 0.261, 0.236, 0.215, 0.251, 0.243],
        "val_accuracy": [0.76, 0.96, 0.88, 0.92, 0.92, 0.92, 0.96, 1.0, 0.96, 0.92, 0.92, 0.92],
        "worst_place": [1.219],
    },
    "Lima": {
        "loss": [1.303, 0.853, 0.748, 0.678, 0.624, 0.591, 0.589, 0.552, 0.537, 0.536, 0.527, 0.501],
        "accuracy": [
            0.5888,
            0.743,
            0.7712,
            0.7882,
            0.805,
            0.8154,
            0.8152,
            0.8208,
            0.829,
            0.8276,
            0.8366,
            0.8426,
        ],
        "train_loss": [0.659, 0.496, 0.42, 0.369, 0.334, 0.31, 0.298, 0.278, 0.265, 0.251, 0.239, 0.223],
        "train_accuracy": [
            0.851,
            0.896,
            0.909,
            0.918,
            0.92,
            0.9265,
            0.9285,
            0.9325,
            0.9355,
            0.937,
            0.944,
            0.9465,
        ],
        "val_loss": [0.705, 0.539, 0.464, 0.428, 0.397, 0.376, 0.371, 0.353, 0.346, 0.342, 0.332, 0.325],
        "val_accuracy": [
            0.8395,
            0.8775,
            0.89,
            0.892,
            0.895,
            0.8975,
            0.8955,
            0.904,
            0.9055,
            0.904,
            0.9045,
            0.9075,
        ],
        "worst_place": [1.142],
    },
    "Oslo": {
        "loss": [0.988, 0.483, 0.365, 0.305, 0.262, 0.234, 0.21, 0.193, 0.177, 0.162, 0.147, 0.136],
        "accuracy": [
            0.7524,
            0.8858,
            0.9078,
            0.9214,
            0.9352,
            0.9418,
            0.9448,
            0.952,
            0.9574,
            0.9608,
            0.9656,
            0.9674,
        ],
        "train_loss": [1.117, 0.839, 0.611, 0.471, 0.387, 0.325, 0.269, 0.244, 0.199, 0.17, 0.154, 0.143],
        "train_accuracy": [
            0.771,
            0.821,
            0.8825,
            0.911,
            0.922,
            0.9335,
            0.947,
            0.9495,
            0.9625,
            0.9685,
            0.9715,
            0.9725,
        ],
        "val_loss": [1.115, 0.843, 0.638, 0.519, 0.447, 0.393, 0.353, 0.344, 0.31, 0.293, 0.291, 0.288],
        "val_accuracy": [
            0.7835,
            0.8065,
            0.8535,
            0.881,
            0.89,
            0.901,
            0.9105,
            0.9065,
            0.913,
            0.9155,
            0.9145,
            0.9145,
        ],
        "worst_place": [1.301],
    },
}


def _worst_place(steps: np.ndarray) -> float:
    """How many times larger than the mean the loss is at the worst place of an epoch, over epochs."""
    mean = steps[4:].mean(axis=0)
    return float(mean.max() / mean.mean())


def _curves(run: str) -> Curves:
    """What the learner has seen, if the run was trained in this session; else the record."""
    if run in _trained:
        curves = _trained[run]
        return curves | {"worst_place": np.array([_worst_place(curves["steps"])])}
    return {name: np.array(numbers) for name, numbers in _RECORD[run].items()}


# --- The checker --------------------------------------------------------------------------------


_Test = tuple[str, Callable[[Curves], bool], Callable[[Curves], str]]  # foretells, holds, is seen


def _late(numbers: np.ndarray) -> float:
    """The mean of the last four epochs."""
    return float(np.mean(numbers[-4:]))


def _rises(numbers: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(numbers) > 0))


def _jump(numbers: np.ndarray) -> float:
    """The smallest difference between two of the values."""
    values = np.unique(np.round(numbers, 6))
    return float(np.diff(values).min()) if len(values) > 1 else 0.0


def _three_accuracies(c: Curves) -> str:
    return (
        f"in the last four epochs the training digits have an accuracy of {_late(c['accuracy']):.1%} during "
        f"the epoch and {_late(c['train_accuracy']):.1%} after it, the validation digits "
        f"{_late(c['val_accuracy']):.1%}"
    )


_SHUFFLED: _Test = (
    "the loss of the steps would be high at the same places in every epoch",
    lambda c: c["worst_place"][0] > 1.6,
    lambda c: (
        "averaged over the epochs 5 to 12, the worst place has only "
        f"{c['worst_place'][0]:.1f} times the mean loss"
    ),
)
_TESTS: dict[str, list[_Test]] = {
    "rate_too_large": [
        (
            "the training loss itself would go up and down",
            lambda c: _rises(c["loss"]) >= 3,
            lambda c: f"it rises at {_rises(c['loss'])} of the 11 steps from one epoch to the next",
        )
    ],
    "rate_falls_too_soon": [
        (
            "the training loss would stand still in the last epochs",
            lambda c: c["loss"][-1] > 0.99 * c["loss"][-5],
            lambda c: f"from epoch 8 to 12 it goes from {c['loss'][-5]:.3f} to {c['loss'][-1]:.3f}",
        )
    ],
    "not_shuffled": [_SHUFFLED],
    "overfitting": [
        (
            "the training digits, measured after the epoch, would in the end be read much better than the "
            "validation digits",
            lambda c: _late(c["train_accuracy"]) - _late(c["val_accuracy"]) > 0.02,
            _three_accuracies,
        ),
        (
            "the validation loss would turn, and rise from epoch to epoch",
            lambda c: _rises(c["val_loss"][-5:]) == 4,
            lambda c: f"it rises in {_rises(c['val_loss'][-5:])} of the last 4 epochs",
        ),
    ],
    "dropout_on": [
        (
            "after the epoch, with all units at work, the training digits would be read no worse than the "
            "validation digits",
            lambda c: _late(c["train_accuracy"]) > _late(c["val_accuracy"]) - 0.02,
            _three_accuracies,
        ),
        (
            "in training the same digits would be read much worse than after the epoch, up to the end",
            lambda c: _late(c["train_accuracy"]) - _late(c["accuracy"]) > 0.05,
            _three_accuracies,
        ),
    ],
    "slow_statistics": [
        (
            "in the first epochs the same training digits would have a much larger loss after the epoch than "
            "during it",
            lambda c: c["train_loss"][1] > 1.2 * c["loss"][1],
            lambda c: f"in epoch 2 it is {c['train_loss'][1]:.2f} after and {c['loss'][1]:.2f} during",
        ),
    ],
    "noisy_labels": [
        (
            "even after the epoch the answers would agree with fewer training labels than validation labels",
            lambda c: _late(c["val_accuracy"]) - _late(c["train_accuracy"]) > 0.05,
            _three_accuracies,
        ),
    ],
    "validation_small": [
        (
            "the validation accuracy could take a few values only, far apart",
            lambda c: _jump(c["val_accuracy"]) > 0.009,
            lambda c: f"two of its values are only {_jump(c['val_accuracy']):.2%} apart",
        ),
    ],
    "validation_leaked": [
        (
            "to the end the validation loss would be that of the training digits after the epoch",
            lambda c: 0.8 < _late(c["val_loss"]) / _late(c["train_loss"]) < 1.1,
            lambda c: (
                f"in the last four epochs the two are {_late(c['val_loss']):.3f} and "
                f"{_late(c['train_loss']):.3f}"
            ),
        ),
    ],
    "validation_unscaled": [
        (
            "the validation loss would be many times that of the training digits, from the first epoch on",
            lambda c: c["val_loss"][0] > 4 * c["train_loss"][0],
            lambda c: f"after epoch 1 the two are {c['val_loss'][0]:.2f} and {c['train_loss'][0]:.2f}",
        ),
    ],
}


@exercise("four_curves", title="Four strange curves", stars=1, function=False)
def four_curves(found: dict[str, str]) -> None:
    """Every run that is filled in; open, if nothing is wrong and one is still missing."""
    check_choices(found, RUNS, "four_curves[run] = cause", _refuted)


def _refuted(run: str, cause: Any) -> str:
    """What speaks against a cause; empty if nothing does, or none is named yet."""
    if cause is Ellipsis or cause is None:
        return ""
    if not isinstance(cause, str):
        return f"expected one cause, in quotes; received {type(cause).__name__}."
    if cause not in CAUSES:
        return f"{cause!r} is not among the causes, which are {', '.join(CAUSES)}."
    if cause == _CAUSE[run]:
        return ""
    curves = _curves(run)
    for foretells, holds, seen in _TESTS[cause]:
        if not holds(curves):
            return f"{cause} is not it: {foretells}. Here {seen(curves)}."
    return f"{cause} is not it, though it would look alike."
