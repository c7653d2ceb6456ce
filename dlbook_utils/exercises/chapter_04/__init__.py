"""The checkers of Chapter 4, convolutional networks: a module for each notebook, in their order."""

# ruff: noqa: I001  (the report lists the exercises in the order in which they are registered)
from dlbook_utils.exercises.chapter_04 import convolution
from dlbook_utils.exercises.chapter_04 import pooling_and_architecture
from dlbook_utils.exercises.chapter_04 import convolution_backward
from dlbook_utils.exercises.chapter_04 import mnist_with_keras
from dlbook_utils.exercises.chapter_04 import deeper_networks
from dlbook_utils.exercises.chapter_04 import transfer_learning

__all__ = [
    "convolution",
    "convolution_backward",
    "deeper_networks",
    "mnist_with_keras",
    "pooling_and_architecture",
    "transfer_learning",
]
