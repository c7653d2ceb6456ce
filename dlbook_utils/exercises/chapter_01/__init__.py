"""The checkers of Chapter 1, forward propagation: a module for each notebook, in their order."""

# ruff: noqa: I001  (the report lists the exercises in the order in which they are registered)
from dlbook_utils.exercises.chapter_01 import neurons_and_layers
from dlbook_utils.exercises.chapter_01 import activation_functions
from dlbook_utils.exercises.chapter_01 import multilayer_perceptron
from dlbook_utils.exercises.chapter_01 import initialization
from dlbook_utils.exercises.chapter_01 import loss_functions

__all__ = [
    "activation_functions",
    "initialization",
    "loss_functions",
    "multilayer_perceptron",
    "neurons_and_layers",
]
