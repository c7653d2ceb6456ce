"""The shipped data: complete, in Keras's order, checked at each load, small."""

import hashlib
import struct
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from dlbook_utils import datasets

LOADERS = {"mnist": datasets.load_mnist, "fashion_mnist": datasets.load_fashion_mnist}
every_set = pytest.mark.parametrize("name", LOADERS)


@pytest.fixture(scope="module")
def loaded():
    return {name: load() for name, load in LOADERS.items()}


@pytest.mark.parametrize(
    ("name", "train", "test"), [("mnist", 60_000, 10_000), ("fashion_mnist", 10_000, 5_000)]
)
def test_shapes_and_types(loaded, name, train, test):
    for (x, y), n in zip(loaded[name], (train, test), strict=True):
        assert x.shape == (n, 28, 28)
        assert y.shape == (n,)
        assert x.dtype == y.dtype == np.uint8
        assert (x.min(), x.max()) == (0, 255)
        assert (y.min(), y.max()) == (0, 9)


def test_every_source_has_its_loader_and_its_licence():
    assert set(datasets.SOURCES) == set(LOADERS)
    for source in datasets.SOURCES.values():
        assert source.origin
        assert source.licence


# --- MNIST is MNIST -----------------------------------------------------------------------------


def test_mnist_first_labels(loaded):
    (_, y_train), (_, y_test) = loaded["mnist"]
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]


def test_mnist_class_counts(loaded):
    (_, y_train), (_, y_test) = loaded["mnist"]
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def idx_md5(array):
    """MD5 of the array as the original IDX file: magic number, sizes, then the bytes."""
    header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
    return hashlib.md5(header + array.tobytes(), usedforsecurity=False).hexdigest()


def test_mnist_is_bit_by_bit_the_original_files(loaded):
    (x_train, y_train), (x_test, y_test) = loaded["mnist"]
    assert idx_md5(x_train) == "6bbc9ace898e44ae57da46a324031adb"  # train-images-idx3-ubyte
    assert idx_md5(y_train) == "a25bea736e30d166cdddb491f175f624"  # train-labels-idx1-ubyte
    assert idx_md5(x_test) == "2646ac647ad5339dbf082846283269ea"  # t10k-images-idx3-ubyte
    assert idx_md5(y_test) == "27ae3e4e09519cfbb04c329615203637"  # t10k-labels-idx1-ubyte


# --- Fashion-MNIST ------------------------------------------------------------------------------


def test_fashion_mnist_labels_and_counts(loaded):
    (_, y_train), (_, y_test) = loaded["fashion_mnist"]
    assert y_train[:5].tolist() == [9, 0, 0, 3, 0]
    assert y_test[:5].tolist() == [9, 2, 1, 1, 6]
    assert np.bincount(y_train).tolist() == [942, 1027, 1016, 1019, 974, 989, 1021, 1022, 990, 1000]
    assert np.bincount(y_test).tolist() == [507, 481, 521, 500, 521, 485, 482, 500, 526, 477]
    assert len(set(datasets.FASHION_MNIST_LABELS)) == 10
    assert datasets.FASHION_MNIST_LABELS[y_train[0]] == "Ankle boot"


# --- The files ----------------------------------------------------------------------------------


@every_set
def test_each_load_gives_fresh_arrays(name, loaded):
    (x_train, _), _ = LOADERS[name]()
    x_train[:] = 0
    (again, _), _ = LOADERS[name]()
    np.testing.assert_array_equal(again, loaded[name][0][0])


@pytest.mark.parametrize("damage", ["one bit", "cut short", "empty"])
@every_set
def test_a_damaged_file_is_refused(monkeypatch, tmp_path, name, damage):
    file = datasets.SOURCES[name].file
    raw = bytearray(files("dlbook_utils").joinpath("data", file).read_bytes())
    if damage == "one bit":
        raw[len(raw) // 2] ^= 1
    else:
        del raw[0 if damage == "empty" else -1 :]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / file).write_bytes(raw)
    monkeypatch.setattr(datasets, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=rf"{file} is damaged: expected SHA-256 \w{{64}}, received \w{{64}}"):
        LOADERS[name]()


def test_pickled_objects_are_refused(monkeypatch, tmp_path):
    """Even a file with the right checksum cannot run code."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "mnist.npz"
    objects = np.array([{}], dtype=object)
    np.savez(file, x_train=objects, y_train=objects, x_test=objects, y_test=objects)
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr(datasets, "files", lambda package: tmp_path)
    monkeypatch.setitem(datasets.SOURCES, "mnist", replace(datasets.SOURCES["mnist"], sha256=checksum))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        datasets.load_mnist()


def test_the_data_stay_small():
    sizes = [
        file.stat().st_size for file in files("dlbook_utils").joinpath("data").rglob("*") if file.is_file()
    ]
    assert sum(sizes) < 60e6
