"""The shipped weights: complete, checked at each load, as good as the record says."""

import hashlib
from dataclasses import replace

import keras
import numpy as np
import pytest

from dlbook_utils import layers, network, pretrained
from dlbook_utils.datasets import load_mnist

every_file = pytest.mark.parametrize("name", pretrained.WEIGHTS)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Weights are written and read in a folder of the test's own."""
    monkeypatch.setattr(pretrained, "_path", lambda name: tmp_path / f"{name}.npz")
    return tmp_path


@every_file
def test_weights_are_float32_and_finite_and_made_by_a_script(name, request):
    for w in pretrained.load_weights(name):
        assert w.dtype == np.float32
        assert np.isfinite(w).all()
    assert (request.config.rootpath / pretrained.WEIGHTS[name].made_by).is_file()


def test_mlp_reads_digits():
    _, (images, labels) = load_mnist()
    X = images.reshape(-1, 784).astype(np.float32) / 255
    mlp = network.Sequential(
        [layers.Dense(64, activation="relu"), layers.Dense(32, activation="relu"), layers.Dense(10)]
    )
    mlp.build((None, 784))
    mlp.set_weights(pretrained.load_weights("mlp_64_32"))
    assert np.mean(np.argmax(mlp.predict(X), axis=1) == labels) > 0.97


def test_the_worked_example_reads_digits():
    _, (images, labels) = load_mnist()
    X = images[..., None].astype(np.float32) / 255  # (10000, 28, 28, 1)
    kinds = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *[kinds.Conv2D(32, 3, activation="relu"), kinds.MaxPooling2D()],
            *[kinds.Conv2D(64, 3, activation="relu"), kinds.MaxPooling2D(), kinds.Flatten()],
            *[kinds.Dense(64, activation="relu"), kinds.Dense(10)],
        ]
    )
    weights = pretrained.load_weights("mnist_cnn")
    assert sum(w.size for w in weights) == 121_930
    model.set_weights(weights)
    answers = np.argmax(model.predict(X, batch_size=500, verbose=0), axis=1)
    assert np.mean(answers == labels) >= 0.985


def test_what_is_saved_is_loaded_rounded_to_float16(folder, monkeypatch):
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape).astype(np.float32) for shape in [(5, 3), (3,)] * 6]  # more than ten
    sha256 = pretrained.save_weights("small", weights)
    assert sha256 == hashlib.sha256((folder / "small.npz").read_bytes()).hexdigest()
    monkeypatch.setitem(pretrained.WEIGHTS, "small", pretrained.Pretrained("", "", sha256))
    loaded = pretrained.load_weights("small")
    assert len(loaded) == len(weights)
    for ours, given in zip(loaded, weights, strict=True):
        np.testing.assert_array_equal(ours, given.astype(np.float16).astype(np.float32))


def test_a_damaged_file_is_refused(monkeypatch):
    damaged = replace(pretrained.WEIGHTS["mlp_64_32"], sha256="0" * 64)
    monkeypatch.setitem(pretrained.WEIGHTS, "mlp_64_32", damaged)
    with pytest.raises(ValueError, match="damaged: expected SHA-256 0000"):
        pretrained.load_weights("mlp_64_32")


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="expected one of mlp_64_32, mnist_cnn; received 'mlp'"):
        pretrained.load_weights("mlp")


@pytest.mark.parametrize("bad", [1e5, np.inf, np.nan])
def test_numbers_that_float16_cannot_hold_are_refused(folder, bad):
    with pytest.raises(ValueError, match="received others in array 1"):
        pretrained.save_weights("small", [np.ones(2), np.array([1.0, bad])])
    assert not list(folder.iterdir())
