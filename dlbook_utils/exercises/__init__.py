"""Exercises that check themselves.

A notebook needs three functions::

    from dlbook_utils.exercises import check, report, solved

    check("refuse_close_calls", refuse_close_calls)  # Right, Open, or Wrong and what is wrong
    if solved("refuse_close_calls"):                 # a figure for which the answer is needed
        ...
    report()                                         # all exercises of the chapter

The checkers stand in one folder for each chapter, ``chapter_01`` and so on, and
are built from ``comparing``. ``running`` calls a learner's function: it explains
errors, endless loops and changed arguments. It needs NumPy alone.
"""

from dlbook_utils.exercises.checking import check, exercise, report, solved
from dlbook_utils.exercises.comparing import Wrong

__all__ = ["Wrong", "check", "exercise", "report", "solved"]
