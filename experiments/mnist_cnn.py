"""Train the worked example of Chapter 4, the convolutional network of 121,930 parameters, on MNIST.

    python experiments/mnist_cnn.py

All 60,000 training images, five epochs, Keras's default batches of 32: the program of the chapter, line
by line. The weights go to ``dlbook_utils/data/weights/mnist_cnn.npz``; the SHA-256 that is printed belongs
into ``dlbook_utils/pretrained.py``. The test images are read once, at the end, to say what was reached.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

from dlbook_utils.datasets import load_mnist
from dlbook_utils.pretrained import save_weights

NAME = "mnist_cnn"
EPOCHS = 5


def worked_example() -> keras.Sequential:
    """The network of Chapter 4, compiled."""
    model = keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            keras.layers.Conv2D(32, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Conv2D(64, (3, 3), activation="relu"),
            keras.layers.MaxPooling2D((2, 2)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def as_images(images: np.ndarray) -> np.ndarray:
    """uint8 images (N, 28, 28) as float32 (N, 28, 28, 1), ink from 0 to 1."""
    return images[..., None].astype(np.float32) / 255


def main() -> None:
    keras.utils.set_random_seed(0)
    (images, labels), (test_images, test_labels) = load_mnist()
    model = worked_example()
    model.fit(as_images(images), labels, epochs=EPOCHS, verbose=2)

    sha256 = save_weights(NAME, model.get_weights())
    print(f"SHA-256 of {NAME}.npz: {sha256}")
    _, exact = model.evaluate(as_images(test_images), test_labels, verbose=0)
    model.set_weights([w.astype(np.float16) for w in model.get_weights()])  # as they are stored
    _, stored = model.evaluate(as_images(test_images), test_labels, verbose=0)
    print(f"read correctly, of the test images: {exact:.2%}; with the weights as stored: {stored:.2%}")


if __name__ == "__main__":
    main()
