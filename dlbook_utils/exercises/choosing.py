"""Answers that are choices: a dictionary that a learner fills in, entry by entry."""

from collections.abc import Callable, Sequence
from typing import Any

from dlbook_utils.exercises.comparing import Wrong
from dlbook_utils.exercises.running import Open

__all__ = ["check_choices"]


def check_choices(
    found: Any,
    names: Sequence[str],
    form: str,
    reason: Callable[[str, Any], str],
    made: Callable[[Any], bool] = lambda choice: isinstance(choice, str),
) -> None:
    """Everything that is filled in has to be right.

    Parameters
    ----------
    found : anything
        What the learner wrote; a dictionary, if it is right.
    names : sequence of str
        What has to be chosen for, in the order in which it is looked at.
    form : str
        How an entry is written, for the message, as in ``"diagnoses[patient] = diagnosis"``.
    reason : callable
        ``reason(name, choice)`` says why a choice is wrong; empty if it is right, or not made yet.
    made : callable
        Whether an entry holds a choice, and not the ``...`` of the stub.

    Raises
    ------
    Wrong
        If an entry is wrong, with the reason of the first; or if there is no such entry.
    Open
        If nothing is wrong and something is still missing; it says what is right so far.

    Notes
    -----
    Used in: the exercises of Chapters 1 to 4.
    """
    if found == {...}:  # the stub: three dots between the braces, and nothing else
        raise Open
    if not isinstance(found, dict):
        raise Wrong(f"Expected a dict, {form}; received {type(found).__name__}.")
    if unknown := [name for name in found if name not in names]:
        kind = form[form.index("[") + 1 : form.index("]")]
        raise Wrong(f"There is no {kind} {unknown[0]!r}. They are {', '.join(names)}.")
    reasons = {name: reason(name, found[name]) for name in names if name in found}
    wrong = [name for name, why in reasons.items() if why]
    if wrong:
        others = f"\n(Not yet right either: {', '.join(wrong[1:])}.)" if wrong[1:] else ""
        raise Wrong(f"{wrong[0]}: {reasons[wrong[0]]}{others}")
    chosen = [name for name in names if made(found.get(name))]
    missing = [name for name in names if name not in chosen]
    if missing:
        so_far = f"Right so far: {', '.join(chosen)}. Still missing: {', '.join(missing)}."
        raise Open(so_far if chosen else "")
