"""The checkers of Chapter 3, optimizers: a module for each notebook, in their order."""

# ruff: noqa: I001  (the report lists the exercises in the order in which they are registered)
from dlbook_utils.exercises.chapter_03 import gradient_descent
from dlbook_utils.exercises.chapter_03 import stochastic_gradient_descent
from dlbook_utils.exercises.chapter_03 import momentum
from dlbook_utils.exercises.chapter_03 import adaptive_methods
from dlbook_utils.exercises.chapter_03 import schedules_and_regularization
from dlbook_utils.exercises.chapter_03 import generalization
from dlbook_utils.exercises.chapter_03 import training_in_practice

__all__ = [
    "adaptive_methods",
    "generalization",
    "gradient_descent",
    "momentum",
    "schedules_and_regularization",
    "stochastic_gradient_descent",
    "training_in_practice",
]
