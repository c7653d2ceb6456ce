"""Train the small network whose inside Chapter 1 looks at: 784-64-32-10 with ReLU, on MNIST.

    python experiments/mlp_64_32.py

The first 50,000 training images train it, the other 10,000 judge it; the test images are not touched.
Every weight pays a small price for its square, so that the weights of pixels that never have ink end
near 0 and the weight images can be read. The weights go to ``dlbook_utils/data/weights/mlp_64_32.npz``;
the SHA-256 that is printed belongs into ``dlbook_utils/pretrained.py``.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.pretrained import save_weights

NAME = "mlp_64_32"
TRAINING = 50_000
EPOCHS = 20
BATCH = 128
PRICE = 1e-3  # on the squares of all weights


def main() -> None:
    keras.utils.set_random_seed(0)
    (images, labels), _ = load_mnist()
    X = images.reshape(len(images), 784).astype(np.float32) / 255  # (60000, 784)
    train, validation = slice(None, TRAINING), slice(TRAINING, None)

    def dense(units, activation=None):
        price = keras.regularizers.L2(PRICE)
        return keras.layers.Dense(units, activation, kernel_regularizer=price)

    network = keras.Sequential([keras.Input((784,)), dense(64, "relu"), dense(32, "relu"), dense(10)])
    steps = EPOCHS * -(-TRAINING // BATCH)
    network.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    network.fit(X[train], labels[train], batch_size=BATCH, epochs=EPOCHS, verbose=2)

    sha256 = save_weights(NAME, network.get_weights())
    print(f"SHA-256 of {NAME}.npz: {sha256}")
    network.set_weights([w.astype(np.float16) for w in network.get_weights()])  # as they are stored
    answers = np.argmax(network.predict(X[validation], verbose=0), axis=1)
    print(f"read correctly, of the validation images: {np.mean(answers == labels[validation]):.2%}")


if __name__ == "__main__":
    main()
