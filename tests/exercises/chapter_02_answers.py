"""Wrong answers to the exercises of Chapter 2, as people really give them."""

from tests.exercises import chapter_02_graphs, chapter_02_layers

WRONG = chapter_02_graphs.WRONG | chapter_02_layers.WRONG
