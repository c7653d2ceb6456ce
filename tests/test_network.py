"""Sequential: equal to Keras's, weights in its order, clear about what is wrong."""

import os
import re
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import pytest

from dlbook_utils.gradient_check import assert_gradients_match
from dlbook_utils.layers import Activation, Dense, Flatten
from dlbook_utils.network import Sequential


def normal(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def both(dtype="float32"):
    """The same network twice: ours, and Keras's."""

    def layers(module):
        return [
            module.Flatten(dtype=dtype),
            module.Dense(7, activation="relu", dtype=dtype),
            module.Dense(5, use_bias=False, bias_initializer="ones", dtype=dtype),
            module.Activation("tanh", dtype=dtype),
            module.Dense(3, activation="softmax", dtype=dtype),
        ]

    import dlbook_utils.layers

    return Sequential(layers(dlbook_utils.layers)), keras.Sequential(layers(keras.layers))


# --- Against Keras ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 4, 3), (1, 4, 3), (1, 1), (5, 2, 3, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equals_keras(shape, dtype):
    ours, theirs = both(dtype)
    ours.build((None, *shape[1:]))
    theirs.build((None, *shape[1:]))
    ours.set_weights(theirs.get_weights())
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert ours.count_params() == theirs.count_params()
    assert ours.compute_output_shape((None, *shape[1:])) == theirs.output_shape
    x = normal(shape).astype(dtype)
    before = x.copy()
    x.flags.writeable = False
    y = ours.forward(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, theirs(x).numpy(), rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-7)
    np.testing.assert_array_equal(ours.forward(x, training=True), y)
    np.testing.assert_array_equal(x, before)


def test_weights_go_to_keras_and_back():
    ours, theirs = both()
    x = normal((6, 4, 3))
    y = ours.forward(x)
    theirs.build((None, 4, 3))
    theirs.set_weights(ours.get_weights())
    np.testing.assert_allclose(theirs(x).numpy(), y, rtol=1e-5, atol=1e-7)


def test_summary_says_what_keras_says(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")  # else Keras cuts its table to the terminal
    ours, theirs = both()
    ours.build((None, 28, 28))
    theirs.build((None, 28, 28))
    printed, keras_printed = [], []
    ours.summary(print_fn=printed.append)
    theirs.summary(print_fn=keras_printed.append)
    totals = r"((?:Total|Trainable|Non-trainable) params: .*\))"
    assert re.findall(totals, "\n".join(printed)) == re.findall(totals, "\n".join(keras_printed))
    rows = r"\((\w+)\)\s+[│ ]*(\(None, \d+\))\s+[│ ]*([\d,]+)"
    found = re.findall(rows, "\n".join(printed))
    assert found == re.findall(rows, "\n".join(keras_printed))
    assert len(found) == 5


def test_summary_text(capsys):
    network = Sequential([Flatten(), Dense(3, activation="relu"), Dense(2)])
    network.build((None, 28, 28))
    assert network.summary() is None
    assert capsys.readouterr().out.splitlines() == [
        'Model: "sequential"',
        "Layer (type)        Output Shape   Param #",
        "──────────────────────────────────────────",
        "flatten (Flatten)   (None, 784)          0",
        "dense (Dense)       (None, 3)        2,355",
        "dense_1 (Dense)     (None, 2)            8",
        "──────────────────────────────────────────",
        "Total params: 2,363 (9.23 KB)",
        "Trainable params: 2,363 (9.23 KB)",
        "Non-trainable params: 0 (0.00 B)",
    ]


# --- predict ------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 4, 10, 128])
@pytest.mark.parametrize("n", [1, 9, 10, 11])
def test_predict_is_forward_in_batches(n, batch_size):
    network = Sequential([Flatten(), Dense(4, activation="tanh", seed=0), Dense(2, seed=1)])
    x = normal((n, 3, 2))
    y = network.predict(x, batch_size=batch_size)
    np.testing.assert_allclose(y, network.forward(x), rtol=1e-5, atol=1e-6)
    assert y.dtype == np.float32
    assert len(network.layers[0].forward(x)) == n


def test_training_reaches_every_layer_and_predict_never_trains():
    class Recorder(Flatten):
        def forward(self, x, training=False, mask=None):
            seen.append(training)
            return super().forward(x, training, mask)

    seen = []
    network = Sequential([Recorder(), Recorder()])
    network.forward(np.ones((3, 2)), training=True)
    network.forward(np.ones((3, 2)))
    network.predict(np.ones((3, 2)))
    assert seen == [True, True, False, False, False, False]


def test_predict_of_no_examples():
    network = Sequential([Flatten(), Dense(4)])
    assert network.predict(np.ones((0, 3, 2))).shape == (0, 4)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_predict_refuses_empty_batches(batch_size):
    with pytest.raises(ValueError, match=f"expected batch_size to be at least 1, received {batch_size}"):
        Sequential([Dense(2)]).predict(np.ones((3, 2)), batch_size=batch_size)


@pytest.mark.parametrize("use", [Sequential.predict, Sequential.forward])
def test_refuses_what_is_no_batch(use):
    network = Sequential([Flatten(), Dense(2)])
    with pytest.raises(
        ValueError, match=r"Network 'sequential': expected x of shape \(N, ...\), received shape \(\)"
    ):
        use(network, 3.0)
    with pytest.raises(ValueError, match="Network 'sequential': x: expected an array of real numbers"):
        use(network, ["a"])
    assert not network.built


# --- Building -----------------------------------------------------------------------------------


def test_builds_at_the_first_forward():
    network = Sequential([Dense(4), Dense(2)])
    assert not network.built
    network.forward(normal((3, 5)))
    assert network.built
    assert [w.shape for w in network.get_weights()] == [(5, 4), (4,), (4, 2), (2,)]


def test_building_again_keeps_the_weights():
    network = Sequential([Dense(4)])
    network.build((None, 5))
    kernel = network.weights[0]
    network.build((None, 5))
    network.forward(normal((3, 5)))
    assert network.weights[0] is kernel


def test_add_to_a_built_network():
    network = Sequential()
    network.add(Flatten())
    network.add(Dense(4))
    network.build((7, 3, 2))
    network.add(Dense(2))
    assert network.built
    assert network.weights[-2].shape == (4, 2)
    misfit = Dense(3, name="mine")
    misfit.build((None, 9))
    with pytest.raises(
        ValueError, match=r"'mine' \(Dense\): expected an input with last axis 9, received shape"
    ):
        network.add(misfit)
    assert len(network.layers) == 3


def test_names_are_unique():
    network = Sequential([Dense(1), Dense(1), Flatten(), Dense(1, name="out"), Dense(1)], name="mine")
    assert [layer.name for layer in network.layers] == ["dense", "dense_1", "flatten", "out", "dense_2"]
    assert Sequential([Dense(1)]).layers[0].name == "dense"  # counted in each network anew
    with pytest.raises(
        ValueError, match="Network 'mine': expected layers with different names, received 'out' twice"
    ):
        network.add(Dense(1, name="out"))
    with pytest.raises(
        ValueError, match=r"expected a new layer, received Layer 'dense' \(Dense\) a second time"
    ):
        network.add(network.layers[0])


@pytest.mark.parametrize("bad", [None, "relu", Dense, lambda x: x, [Dense(1)]])
def test_add_refuses_what_is_no_layer(bad):
    with pytest.raises(ValueError, match="Network 'sequential': expected a Layer, received"):
        Sequential([bad])


def test_layers_that_do_not_fit_are_named():
    second = Dense(3)
    second.build((None, 9))
    network = Sequential([Dense(4), second])
    message = re.escape(
        "Layer 'dense_1' (Dense): expected an input with last axis 9, received shape (None, 4)"
    )
    with pytest.raises(ValueError, match=message):
        network.forward(normal((2, 5)))
    assert not network.layers[0].built  # nothing was made
    with pytest.raises(ValueError, match=message):
        network.build((None, 5))


def test_an_input_that_does_not_fit_names_the_layer():
    network = Sequential([Flatten(), Dense(4), Activation("relu")])
    network.build((None, 28, 28))
    message = re.escape(
        "Layer 'dense' (Dense): expected an input with last axis 784, received shape (2, 780)"
    )
    with pytest.raises(ValueError, match=message):
        network.forward(np.ones((2, 26, 30)))


USES = {
    "get_weights": lambda network: network.get_weights(),
    "set_weights": lambda network: network.set_weights([]),
    "count_params": lambda network: network.count_params(),
    "summary": lambda network: network.summary(),
}


@pytest.mark.parametrize("use", USES)
def test_an_unbuilt_network_says_so(use):
    network = Sequential([Flatten(), Dense(4)])
    with pytest.raises(
        ValueError, match=r"Network 'sequential' is not built \(Layer 'flatten' .*expected build"
    ):
        USES[use](network)


def test_summary_needs_the_shapes():
    layer = Dense(3)
    layer.build((None, 5))
    with pytest.raises(ValueError, match=r"has no shapes yet: expected build\(input_shape\)"):
        Sequential([layer]).summary()


@pytest.mark.parametrize(
    "use",
    [
        *USES.values(),
        lambda network: network.forward(np.ones((2, 3))),
        lambda network: network.predict(np.ones((2, 3))),
        lambda network: network.build((None, 3)),
        lambda network: network.compute_output_shape((None, 3)),
    ],
)
def test_an_empty_network_says_so(use):
    with pytest.raises(ValueError, match="Network 'sequential' is empty: expected at least one layer"):
        use(Sequential())


# --- Weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w[:-1], "expected 4 weight arrays, received 3"),
        (lambda w: [*w, w[0]], "expected 4 weight arrays, received 5"),
        (
            lambda w: [w[0], w[1], w[2].T, w[3]],
            "expected weight array 2 of shape (4, 2), received shape (2, 4)",
        ),
    ],
)
def test_set_weights_refuses_and_changes_nothing(change, message):
    network = Sequential([Dense(4), Dense(2)])
    network.build((None, 5))
    before = network.get_weights()
    with pytest.raises(ValueError, match=re.escape(f"Network 'sequential': {message}")):
        network.set_weights(change([w + 1 for w in before]))
    for now, then in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_get_weights_gives_copies():
    network = Sequential([Dense(4)])
    network.build((None, 5))
    network.get_weights()[0][:] = 9
    assert not (network.weights[0] == 9).any()


# --- The package --------------------------------------------------------------------------------


def test_the_core_imports_neither_tensorflow_nor_keras():
    program = (
        "import sys, dlbook_utils.network, dlbook_utils.datasets\n"
        "sys.exit(bool({'tensorflow', 'keras', 'torch', 'scipy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# --- Backward -----------------------------------------------------------------------------------


def deep_network(dtype="float64"):
    network = Sequential(
        [
            Flatten(dtype=dtype),
            Dense(6, activation="tanh", seed=0, dtype=dtype),
            Activation("softplus", dtype=dtype),
            Dense(4, activation="log_softmax", seed=1, dtype=dtype),
        ]
    )
    network.build((None, 3, 2))
    return network


def test_backward_of_a_network_is_right_in_every_parameter():
    network, x = deep_network(), np.random.default_rng(2).normal(size=(5, 3, 2))
    arguments = {"x": x, **{f"w{i}": w.copy() for i, w in enumerate(network.params)}}

    def forward(x, **params):
        for w, value in zip(network.params, params.values(), strict=True):
            w[...] = value
        return network.forward(x), None

    def backward(dy, cache):
        return network.backward(dy), *network.grads

    assert_gradients_match(forward, backward, arguments, np.random.default_rng(3))


def test_grads_stand_in_the_order_of_params():
    network = deep_network("float32")
    y = network.forward(np.ones((2, 3, 2), np.float32))
    network.backward(np.ones_like(y))
    assert [g.shape for g in network.grads] == [w.shape for w in network.params]
    assert [g.dtype for g in network.grads] == [np.float32] * 4


def test_backward_before_forward_is_refused():
    with pytest.raises(ValueError, match=r"expected forward\(x\) to be called before backward\(dy\)"):
        deep_network().backward(np.ones((2, 4)))
    with pytest.raises(ValueError, match="is empty: expected at least one layer"):
        Sequential().backward(np.ones((2, 4)))
