"""The exercise after the fourth notebook, gradient checking: five patients, and the checker of diagnoses.

Do not read on before you have solved it. The patients' faults are written down here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlbook_utils.activations import log_softmax, softmax
from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.choosing import check_choices

__all__ = ["DIAGNOSES", "PATIENTS", "diagnoses", "gradients_of", "loss_of"]

DIAGNOSES = {
    "softmax_axis": "the softmax in (p − Y)/N was taken over the batch, not over the classes",
    "bias_averaged": "the gradient of a bias is the mean over the examples, not the sum",
    "bias_decayed": "the penalty's gradient was added to the biases too, which are not in the penalty",
    "decay_forgotten": "the penalty is in the loss, but not in the gradient of the weights",
    "decay_doubled": "the penalty's gradient is twice too large: its ½ was overlooked",
    "updated_weights": "the gradient went back through W2 after W2 had been updated",
    "mask_redrawn": "on the way back, other units are silenced than on the way forward",
    "mask_unscaled": "on the way back, the factor 1/(1 − rate) of the surviving units is missing",
    "relu_forgotten": "the ReLU lets every gradient through",
    "relu_by_gradient": "the ReLU looks at the sign of the gradient, not at the sign of its own input",
}
_FAULTS = {
    "Ada": "updated_weights",
    "Ben": "relu_by_gradient",
    "Cleo": "bias_averaged",
    "Dan": "mask_redrawn",
    "Eve": "decay_doubled",
}
PATIENTS = tuple(_FAULTS)

Weights = Sequence[np.ndarray]


# --- The patients -------------------------------------------------------------------------------


def loss_of(
    X: np.ndarray, y: np.ndarray, weights: Weights, decay: float = 0.0, rate: float = 0.0, seed: int = 0
) -> float:
    """The loss that all patients minimise, and compute without a fault.

    Parameters
    ----------
    X : array (N, D)
    y : array (N,) of int
        Classes.
    weights : list of four arrays
        W1 (D, H), b1 (H,), W2 (H, K), b2 (K,).
    decay : float
        The penalty is ½ · decay · (Σ W1² + Σ W2²).
    rate : float
        The probability with which each hidden unit is silenced for an example. The others are multiplied
        by 1/(1 − rate).
    seed : int
        Decides which hidden units are silenced.

    Returns
    -------
    float
        The mean cross-entropy of the softmax of max(X W1 + b1, 0) W2 + b2, plus the penalty.

    Notes
    -----
    Used in: Chapter 2.
    """
    W1, b1, W2, b2 = weights
    mask = _mask(np.random.default_rng(seed), (len(X), len(b1)), rate)
    Z2 = np.maximum(X @ W1 + b1, 0) * mask @ W2 + b2
    data = -np.mean(log_softmax(Z2)[np.arange(len(y)), y])
    return float(data + decay / 2 * (np.sum(W1**2) + np.sum(W2**2)))


def gradients_of(
    patient: str,
    X: np.ndarray,
    y: np.ndarray,
    weights: Weights,
    decay: float = 0.0,
    rate: float = 0.0,
    learning_rate: float = 0.0,
    seed: int = 0,
) -> list[np.ndarray]:
    """The gradients with which a patient would update its weights.

    Parameters
    ----------
    patient : str
        One of ``PATIENTS``, each with one fault, or ``"healthy"``.
    X, y, weights, decay, rate, seed
        As for ``loss_of``. Nothing is changed.
    learning_rate : float
        That of the training step of which this is a part.

    Returns
    -------
    list of four arrays
        For W1, b1, W2 and b2.

    Raises
    ------
    ValueError
        If there is no such patient.

    Notes
    -----
    Used in: Chapter 2.
    """
    if patient != "healthy" and patient not in _FAULTS:
        raise ValueError(f"Expected one of {', '.join(PATIENTS)}, or 'healthy'; received {patient!r}.")
    return _gradients(_FAULTS.get(patient, ""), X, y, weights, decay, rate, learning_rate, seed)


def _mask(rng: np.random.Generator, shape: tuple[int, int], rate: float) -> np.ndarray:
    return (rng.random(shape) >= rate) / (1 - rate)


def _gradients(
    fault: str,
    X: np.ndarray,
    y: np.ndarray,
    weights: Weights,
    decay: float,
    rate: float,
    learning_rate: float,
    seed: int,
) -> list[np.ndarray]:
    W1, b1, W2, b2 = weights
    N = len(X)
    rng = np.random.default_rng(seed)
    mask = _mask(rng, (N, len(b1)), rate)  # (N, H)
    Z1 = X @ W1 + b1
    A1 = np.maximum(Z1, 0) * mask
    Z2 = A1 @ W2 + b2  # (N, K)
    dZ2 = softmax(Z2, axis=0 if fault == "softmax_axis" else 1)
    dZ2[np.arange(N), y] -= 1
    dZ2 /= N
    in_loss = decay * {"decay_forgotten": 0, "decay_doubled": 2}.get(fault, 1)
    dW2 = A1.T @ dZ2 + in_loss * W2
    W = W2 - learning_rate * dW2 if fault == "updated_weights" else W2
    if fault == "mask_redrawn":
        mask = _mask(rng, mask.shape, rate)
    elif fault == "mask_unscaled":
        mask = mask * (1 - rate)
    dA1 = dZ2 @ W.T * mask
    passed = {"relu_forgotten": np.ones_like(Z1), "relu_by_gradient": dA1 > 0}.get(fault, Z1 > 0)
    dZ1 = dA1 * passed
    db1, db2 = dZ1.sum(axis=0), dZ2.sum(axis=0)
    if fault == "bias_averaged":
        db1, db2 = db1 / N, db2 / N
    elif fault == "bias_decayed":
        db1, db2 = db1 + decay * b1, db2 + decay * b2
    return [X.T @ dZ1 + in_loss * W1, db1, dW2, db2]


# --- The checker --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Test:
    """An experiment that a diagnosis has to pass: what it foretells, and whether that is seen."""

    foretells: str
    holds: Callable[[dict[str, tuple[float, float]]], bool]  # gets length and angle of each array
    settings: dict[str, float] = field(default_factory=dict)


_Findings = dict[str, tuple[float, float]]


def _examine(fault: str, N: int = 8, lift: float = 0.0, **settings: float) -> _Findings:
    """For each array the length of a gradient, relative to that of the right one, and the angle between them.

    Parameters
    ----------
    fault : str
        A key of ``DIAGNOSES``.
    N : int
        Examples.
    lift : float
        Is added to all hidden biases.
    **settings
        decay, rate and learning_rate, 0.1, 0.5 and 0.5 if not given.
    """
    rng = np.random.default_rng(9)
    X, y = rng.uniform(0, 1, (8, 20))[:N], rng.integers(4, size=8)[:N]
    weights = [
        rng.normal(0, 0.4, (20, 16)),
        rng.normal(0, 0.3, 16) + lift,
        rng.normal(0, 0.4, (16, 4)),
        rng.normal(0, 0.5, 4),
    ]
    now = {"decay": 0.1, "rate": 0.5, "learning_rate": 0.5} | settings
    found, right = (_gradients(f, X, y, weights, seed=0, **now) for f in (fault, ""))
    names = ("W1", "b1", "W2", "b2")
    return {name: _compare(one, other) for name, one, other in zip(names, found, right, strict=True)}


def _compare(found: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    lengths = np.sqrt(np.sum(found**2)), np.sqrt(np.sum(right**2))
    cosine = np.sum(found * right) / max(lengths[0] * lengths[1], 1e-300)
    return float(lengths[0] / lengths[1]), float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _wrong(findings: _Findings) -> list[str]:
    """The arrays whose gradient is not right."""
    return [name for name, (length, angle) in findings.items() if abs(length - 1) > 1e-6 or angle > 1e-3]


def _spoils(*names: str) -> _Test:
    every = (
        "all four gradients" if len(names) == 4 else f"the gradients of {' and '.join(names)}, and no other"
    )
    return _Test(f"it would spoil {every}", lambda findings: _wrong(findings) == list(names))


def _heals(what: str, **settings: float) -> _Test:
    return _Test(f"{what}, nothing would be wrong", lambda findings: not _wrong(findings), settings)


def _stays(what: str, **settings: float) -> _Test:
    return _Test(f"{what}, something would still be wrong", lambda findings: bool(_wrong(findings)), settings)


# What each diagnosis foretells. A patient that has it passes all of its tests, any other fails one.
_TESTS = {
    "softmax_axis": [_spoils("W1", "b1", "W2", "b2")],
    "bias_averaged": [
        _spoils("b1", "b2"),
        _Test(
            "with 4 digits in place of 8, the biases' gradients would be a quarter of the right ones, no "
            "longer an eighth",
            lambda findings: all(np.allclose(findings[b], (0.25, 0), atol=1e-4) for b in ("b1", "b2")),
            {"N": 4},
        ),
    ],
    "bias_decayed": [_spoils("b1", "b2"), _heals("without a penalty", decay=0.0)],
    "decay_forgotten": [
        _spoils("W1", "W2"),
        _heals("without a penalty", decay=0.0),
        _Test(
            "with a penalty so large that nothing else counts, next to nothing would be left of the "
            "gradients",
            lambda findings: all(findings[W][0] < 0.1 for W in ("W1", "W2")),
            {"decay": 1000.0},
        ),
    ],
    "decay_doubled": [
        _spoils("W1", "W2"),
        _heals("without a penalty", decay=0.0),
        _Test(
            "with a penalty so large that nothing else counts, the gradients would be twice too long",
            lambda findings: all(abs(findings[W][0] - 2) < 0.05 for W in ("W1", "W2")),
            {"decay": 1000.0},
        ),
    ],
    "updated_weights": [_spoils("W1", "b1"), _heals("with a learning rate of 0", learning_rate=0.0)],
    "mask_redrawn": [
        _spoils("W1", "b1"),
        _heals("if no unit is silenced", rate=0.0),
        _Test(
            "without a penalty, W1's gradient would point in another direction",
            lambda findings: findings["W1"][1] > 1,
            {"decay": 0.0},
        ),
    ],
    "mask_unscaled": [
        _spoils("W1", "b1"),
        _heals("if no unit is silenced", rate=0.0),
        _Test(
            "without a penalty, W1's gradient would be shorter by the factor 1 − rate, and keep its "
            "direction",
            lambda findings: np.allclose(findings["W1"], (0.5, 0), atol=1e-3),
            {"decay": 0.0},
        ),
    ],
    "relu_forgotten": [
        _spoils("W1", "b1"),
        _stays("with a learning rate of 0", learning_rate=0.0),
        _stays("if no unit is silenced", rate=0.0),
        _heals("if all hidden units fire, and the ReLU has nothing to hold back", lift=5.0),
    ],
    "relu_by_gradient": [
        _spoils("W1", "b1"),
        _stays("with a learning rate of 0", learning_rate=0.0),
        _stays("if no unit is silenced", rate=0.0),
        _stays("even if all hidden units fire", lift=5.0),
    ],
}


@exercise("diagnoses", title="Diagnosis from symptoms", stars=2, function=False)
def diagnoses(found: dict[str, str]) -> None:
    """Every patient that is filled in; open, if nothing is wrong and somebody is still missing."""
    check_choices(found, PATIENTS, "diagnoses[patient] = diagnosis", _refuted)


def _refuted(patient: str, diagnosis: Any) -> str:
    """The experiment that speaks against a diagnosis; empty if there is none, or no diagnosis yet."""
    if diagnosis is Ellipsis or diagnosis is None:
        return ""
    if not isinstance(diagnosis, str):
        return f"expected one diagnosis, in quotes; received {type(diagnosis).__name__}."
    if diagnosis not in DIAGNOSES:
        return f"{diagnosis!r} is not among the diagnoses, which are {', '.join(DIAGNOSES)}."
    if diagnosis == _FAULTS[patient]:
        return ""
    for test in _TESTS[diagnosis]:
        findings = _examine(_FAULTS[patient], **test.settings)
        if not test.holds(findings):
            break
    changed = "".join(f", {name}={value:g}" for name, value in test.settings.items())
    call = f"examine({patient!r}{changed})"
    return f"{diagnosis} is not it: {test.foretells}. Look at {call}: {_seen(findings, test)}"


def _seen(findings: _Findings, test: _Test) -> str:
    """What an experiment shows, in words."""
    wrong = _wrong(findings)
    if not wrong:
        return "there all four are right."
    if not test.settings or len(wrong) < 2:
        return f"there {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong."
    lengths = [findings[name][0] for name in wrong]
    angles = [findings[name][1] for name in wrong]
    if max(angles) < 0.5 and max(lengths) - min(lengths) < 0.02:
        return f"there {' and '.join(wrong)} have the right direction and {lengths[0]:.3g} times the length."
    if min(angles) > 0.5:
        return f"there {' and '.join(wrong)} have the wrong direction."
    return f"there {' and '.join(wrong)} are still wrong."
