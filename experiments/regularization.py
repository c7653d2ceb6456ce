"""Schedules and regularization: which of them helps a small network on 8,000 pictures of clothes?

    python experiments/regularization.py

Chapter 3, "Schedules and regularization", compares 17 ways to train one network, 784-256-128-10 with
ReLU, for 2,500 steps. The hyper-parameters of each are chosen from at most four settings (of the
constant rate, with which all is compared, from six) by the accuracy on 2,000 validation images, the
mean of four seeds that serve no other purpose. Then each is trained with five further seeds, and only
these networks see the test images. A seed fixes the initial weights and the order of the images, so
that all ways can be compared in pairs. Takes about 15 minutes of one core.
"""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import product

import numpy as np

from dlbook_utils.datasets import load_fashion_mnist
from dlbook_utils.layers import Activation, Dense, Dropout
from dlbook_utils.losses import CategoricalCrossentropy
from dlbook_utils.network import Sequential
from dlbook_utils.optimizers import SGD, Adam
from dlbook_utils.results import save_result
from dlbook_utils.schedules import CosineDecay, OneCycle, PiecewiseConstantDecay
from dlbook_utils.training import accuracy, train_step

NAME = "regularization"
SEEDS = range(5)
TUNING_SEEDS = (100, 101, 102, 103)
TRAINING, VALIDATION = 8_000, 2_000
BATCH, STEPS, WARMUP, EPOCH = 64, 2_500, 250, 125
PATIENCE = 5  # epochs

Setting = dict[str, float]


@cache
def data() -> tuple[np.ndarray, ...]:
    """Rows (N, 784) of grey from 0 to 1 and one-hot classes: first the 10,000 known, then the 5,000 tests."""
    pairs = []
    for images, labels in load_fashion_mnist():
        pairs += [images.reshape(len(images), 784).astype(np.float32) / 255]  # (N, 784)
        pairs += [np.eye(10, dtype=np.float32)[labels]]  # (N, 10)
    return tuple(pairs)


def network(seed: int, dropout: float = 0.0) -> Sequential:
    """784-256-128-10, He's weights; the same weights for one seed, with dropout or without."""
    rng, masks = np.random.default_rng(seed), np.random.default_rng([seed, 2])
    layers = []
    for units in (256, 128):
        layers += [Dense(units, kernel_initializer="he_normal", seed=rng), Activation("relu")]
        layers += [Dropout(dropout, seed=masks)] if dropout else []
    made = Sequential([*layers, Dense(10, seed=rng)])
    made.build((None, 784))
    return made


def schedule(kind: str, top: float) -> float | Callable[[int], float]:
    """The learning rate: a number, or a function of the step."""
    if kind == "warm-up":
        return lambda t: top * min(1.0, (t + 1) / WARMUP)
    if kind == "steps":
        return PiecewiseConstantDecay([STEPS // 2, 3 * STEPS // 4], [top, top / 10, top / 100])
    if kind == "cosine":
        return CosineDecay(top, STEPS)
    if kind == "one-cycle":
        return OneCycle(top, STEPS)
    return top


def train(seed: int, setting: Setting, images: int = TRAINING) -> tuple[Sequential, int]:
    """The network after the training, and the steps that were taken."""
    X, Y, _, _ = data()
    get = setting.get
    model = network(seed, get("dropout", 0.0))
    loss = CategoricalCrossentropy(from_logits=True)
    targets = (1 - get("smoothing", 0.0)) * Y + np.float32(get("smoothing", 0.0) / 10)
    rate = schedule(get("schedule", "constant"), setting["rate"])
    common = {"weight_decay": get("decay"), "global_clipnorm": get("clip")}
    optimizer = Adam(rate, **common) if get("adam") else SGD(rate, momentum=0.9, **common)
    optimizer.exclude_from_weight_decay([w for w in model.params if w.ndim == 1])
    ema, tail = get("ema"), get("tail")
    start_of_tail = round(STEPS * (1 - tail)) if tail else 0
    averages = [w.copy() for w in model.params] if ema or tail else []
    best, best_weights, best_epoch = np.inf, [], 0

    order, step = np.random.default_rng([seed, 1]), 0
    while step < STEPS:
        rows = order.permutation(images)
        for first in range(0, images - BATCH + 1, BATCH):
            chosen = rows[first : first + BATCH]
            value, _ = train_step(model, loss, optimizer, X[chosen], targets[chosen])
            if not np.isfinite(value):
                return model, step
            step += 1
            if ema:
                for a, w in zip(averages, model.params, strict=True):
                    a += (1 - ema) * (w - a)
            elif tail and step > start_of_tail:
                for a, w in zip(averages, model.params, strict=True):
                    a += (w - a) / (step - start_of_tail)
            if step == STEPS:
                break
        if get("stop"):
            now, epoch = measure(model, slice(TRAINING, None))[1], step // EPOCH
            if now < best:
                best, best_weights, best_epoch = now, [w.copy() for w in model.params], epoch
            elif epoch - best_epoch == PATIENCE:
                break
    for w, final in zip(model.params, averages or best_weights or model.params, strict=True):
        w[...] = final
    return model, step


def measure(model: Sequential, rows: slice, test: bool = False) -> tuple[float, float]:
    """Accuracy and mean cross-entropy on some of the images."""
    X, Y = data()[2:] if test else data()[:2]
    with np.errstate(all="ignore"):
        Z = model.predict(X[rows], 1000)
        value = CategoricalCrossentropy(from_logits=True).forward(Y[rows], Z)
    if not np.isfinite(value):
        return 0.1, float(np.log(10))
    return accuracy(Y[rows].argmax(axis=1), Z), float(value)


def grid(**choices: Iterable) -> list[Setting]:
    """All combinations."""
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def grids(b: float, chosen: dict[str, Setting]) -> dict[str, list[Setting]]:
    """What is tried, at most four settings a row; b is the best constant rate, ``chosen`` has other rows'."""
    rates = (0.01, 0.02, 0.04, 0.08)

    def of(row: str, key: str) -> float:
        return chosen.get(row, {}).get(key, 0.0)

    top = of("cosine", "rate")
    return {
        "warm-up": grid(schedule=["warm-up"], rate=(b / 2, b, 2 * b, 4 * b)),
        "step decay": grid(schedule=["steps"], rate=rates),
        "cosine": grid(schedule=["cosine"], rate=rates),
        "one-cycle": grid(schedule=["one-cycle"], rate=rates),
        "weight decay": grid(decay=(0.003, 0.01, 0.03, 0.1), rate=[b]),
        "dropout": grid(dropout=(0.1, 0.2, 0.3, 0.5), rate=[b]),
        "early stopping": grid(stop=[1], rate=[b]),
        "label smoothing": grid(smoothing=(0.05, 0.1, 0.2), rate=[b]),
        "clipping": grid(clip=(0.5, 2.0), rate=(b, 2 * b)),
        "moving average": grid(ema=(0.99, 0.998), rate=(b, 2 * b)),
        "tail average": grid(tail=[0.5], rate=(b, 2 * b, 4 * b)),
        "Adam": grid(adam=[1], rate=(0.0001, 0.0003, 0.001, 0.003)),
        "cosine, decay, dropout": grid(
            schedule=["cosine"], decay=(0.01, 0.03), dropout=(0.1, 0.2), rate=[top]
        ),
        "all at once": grid(
            schedule=["one-cycle"],
            decay=[of("weight decay", "decay")],
            dropout=[of("dropout", "dropout")],
            smoothing=[of("label smoothing", "smoothing")],
            clip=[of("clipping", "clip")],
            ema=[of("moving average", "ema")],
            rate=(of("one-cycle", "rate"), 2 * of("one-cycle", "rate")),
        ),
    }


def choose(row: str, settings: list[Setting], tried: dict) -> Setting:
    """The setting with the best mean validation accuracy of the tuning seeds."""
    shares = []
    for setting in settings:
        found = [measure(train(seed, setting)[0], slice(TRAINING, None)) for seed in TUNING_SEEDS]
        shares.append(np.mean([share for share, _ in found]))
        loss = np.mean([value for _, value in found])
        tried[row].append({**setting, "accuracy": round(float(shares[-1]), 5), "loss": round(float(loss), 4)})
    best = settings[int(np.argmax(shares))]
    print(f"{row:24} {len(settings)} tried, best {max(shares):.4f} with {best}", flush=True)
    return best


def range_test(seed: int, low: float = 1e-4, high: float = 10.0, steps: int = 250) -> float:
    """A tenth of the rate at which the smoothed loss is lowest, while the rate grows by a factor per step."""
    X, Y, _, _ = data()
    model, loss = network(seed), CategoricalCrossentropy(from_logits=True)
    rates = low * (high / low) ** (np.arange(steps) / (steps - 1))
    optimizer = SGD(lambda t: rates[t], momentum=0.9)
    rows = np.random.default_rng([seed, 3]).permutation(TRAINING)
    average, smooth = 0.0, []
    with np.errstate(all="ignore"):
        for k in range(steps):
            chosen = np.take(rows, range(BATCH * k, BATCH * (k + 1)), mode="wrap")
            value, _ = train_step(model, loss, optimizer, X[chosen], Y[chosen])
            average = 0.95 * average + 0.05 * value
            smooth.append(average / (1 - 0.95 ** (k + 1)))
            if not smooth[-1] < 4 * min(smooth):
                break
    return float(rates[np.nanargmin(smooth)] / 10)


def final(row: str, setting: Setting, right: dict, images: int = TRAINING) -> dict:
    """Train with the five seeds, and open the test set."""
    X_test, Y_test = data()[2:]
    found = {key: [] for key in ("test_accuracy", "test_loss", "training_accuracy", "training_loss", "steps")}
    answers = []
    for seed in SEEDS:
        model, steps = train(seed, setting, images)
        for part, value in (("training", slice(0, images)), ("test", slice(None))):
            share, loss = measure(model, value, part == "test")
            found[f"{part}_accuracy"].append(share)
            found[f"{part}_loss"].append(loss)
        found["steps"].append(steps)
        answers.append(model.predict(X_test, 1000).argmax(axis=1) == Y_test.argmax(axis=1))
    right[row] = np.mean(answers, axis=0)  # (5000,): share of the seeds that get an image right
    gain = right[row] - right["constant rate"]
    text = ", ".join(
        f"{key} {value:.3g}" if not isinstance(value, str) else value for key, value in setting.items()
    )
    print(f"{row:24} {np.mean(found['test_accuracy']):.4f} {np.mean(found['test_loss']):.4f}", flush=True)
    return {
        "method": row,
        "setting": text,
        **found,
        "error_of_images": float(gain.std(ddof=1) / len(gain) ** 0.5),
    }


def main() -> None:
    tried: dict[str, list[Setting]] = {"constant rate": []}
    constant = choose("constant rate", grid(rate=(0.0025, 0.005, 0.01, 0.02, 0.04, 0.08)), tried)
    chosen = {"constant rate": constant, "range test": {"rate": range_test(TUNING_SEEDS[0])}}
    for row in grids(constant["rate"], chosen):
        tried[row] = []
        chosen[row] = choose(row, grids(constant["rate"], chosen)[row], tried)
    right: dict[str, np.ndarray] = {}
    rows = [final(row, setting, right) for row, setting in chosen.items()]
    rows.append(final("2,000 more images", constant, right, TRAINING + VALIDATION))
    save_result(
        NAME,
        rows,
        SEEDS,
        about="Accuracy and cross-entropy on the test images of Fashion-MNIST after 2,500 steps, for 17 "
        "ways to train one network that differ in schedule and regularization.",
        settings={
            "data": "Fashion-MNIST",
            "training_images": TRAINING,
            "validation_images": "the next 2,000, for choosing hyper-parameters and for early stopping",
            "test_images": 5_000,
            "network": "784-256-128-10, ReLU, He's initialisation",
            "optimizer": "SGD with momentum 0.9, except in the row Adam",
            "batch_size": BATCH,
            "steps": STEPS,
            "warm_up_steps": WARMUP,
            "patience_epochs": PATIENCE,
            "tuning_seeds": TUNING_SEEDS,
            "error_of_images": "standard error, over the test images, of the mean gain on the constant rate",
            "tried": tried,
        },
    )


if __name__ == "__main__":
    main()
