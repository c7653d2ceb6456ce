"""Wrong answers to the exercises of Chapter 4, as people really give them."""

from tests.exercises import chapter_04_layers, chapter_04_practice

WRONG = chapter_04_layers.WRONG | chapter_04_practice.WRONG
