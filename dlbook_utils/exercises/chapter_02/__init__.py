"""The checkers of Chapter 2, backpropagation: a module for each notebook, in their order."""

# ruff: noqa: I001  (the report lists the exercises in the order in which they are registered)
from dlbook_utils.exercises.chapter_02 import derivatives
from dlbook_utils.exercises.chapter_02 import computational_graphs
from dlbook_utils.exercises.chapter_02 import backward_of_layers
from dlbook_utils.exercises.chapter_02 import gradient_checking
from dlbook_utils.exercises.chapter_02 import normalization

__all__ = [
    "backward_of_layers",
    "computational_graphs",
    "derivatives",
    "gradient_checking",
    "normalization",
]
