"""Wrong answers to the exercises of Chapter 3, as people really give them."""

from tests.exercises import chapter_03_descent, chapter_03_practice

WRONG = chapter_03_descent.WRONG | chapter_03_practice.WRONG
