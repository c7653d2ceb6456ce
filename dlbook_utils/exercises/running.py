"""Call a learner's function, and explain what it did instead of answering.

An error is explained with the learner's own line, an endless loop is stopped, and
a changed argument is noticed.
"""

import _thread
import ast
import contextlib
import copy
import dis
import inspect
import linecache
import os
import re
import signal
import sys
import sysconfig
import textwrap
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import Any, TypeVar

import numpy as np

from dlbook_utils.exercises.comparing import SIZES, Wrong

__all__ = [
    "Answer",
    "Open",
    "TimeUp",
    "TooMuch",
    "brief",
    "limited_output",
    "own_line",
    "run_within",
    "usable_rng",
]

Result = TypeVar("Result")

# Code below these folders is not the learner's own.
_LIBRARIES = tuple(
    os.path.normcase(str(folder))
    for folder in (
        Path(__file__).parent.parent,
        Path(np.__file__).parent,
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


class Open(Exception):
    """An exercise has not been worked on yet; or only in part, and then it says what is right so far."""


class TimeUp(BaseException):
    """Time is up. Not an ``Exception``, so that ``except Exception`` in an answer does not catch it."""


class TooMuch(BaseException):
    """Too much was printed. Like ``TimeUp``, not an ``Exception``."""


# --- Calling ------------------------------------------------------------------------------------


class Answer:
    """A learner's function, as a checker calls it.

    Parameters
    ----------
    function : callable
        What the learner wrote.

    Notes
    -----
    Calling it calls the function. Instead of returning it raises ``Open`` for an
    untouched stub, and ``Wrong`` with an explanation if the function raises an
    error, changes an argument, or returns nothing.

    Used in: the exercises of all chapters.
    """

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.name = getattr(function, "__name__", "your function")

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns for some arguments."""
        before = copy.deepcopy(arguments)
        try:
            result = self.function(*arguments)
        except (Exception, SystemExit) as error:
            # Python says "ellipsis" of a `...` that was left; einsum's ValueErrors use the word, too.
            untouched = isinstance(error, TypeError | AttributeError) and "ellipsis" in str(error)
            if untouched or isinstance(error, NotImplementedError):
                raise Open from None
            raise Wrong(self._explain(error, before)) from None
        if _is_left_out(result) or (result is None and is_stub(self.function)):
            raise Open
        for name, old, new in zip(self._names(len(arguments)), before, arguments, strict=True):
            if not _same(old, new):
                raise Wrong(
                    f"{self.name} changes its argument {name.removeprefix('argument ')} in place, and its "
                    f"caller still needs {name}. {_where_changed(name, new)}"
                )
        if result is None:
            raise Wrong(f"{self.name} returns None. Is there a `return` on every way through it?")
        return result

    def _names(self, count: int) -> list[str]:
        """What the learner calls the arguments."""
        try:
            names = list(inspect.signature(self.function).parameters)
        except (TypeError, ValueError):
            names = []
        return [names[i] if i < len(names) else f"argument {i + 1}" for i in range(count)]

    def _explain(self, error: BaseException, arguments: tuple) -> str:
        # NumPy's, and too long for a line.
        said = re.sub(r", with gufunc signature \S+|, and the inputs could not be .*", "", str(error))
        stopped = f"{type(error).__name__}: {brief(said)}".rstrip(": ")
        lines = [f"{self.name} stopped with an error:"]
        # One line, as Python gives it; a very long one is folded.
        folded = textwrap.wrap(stopped, 100) if len(stopped) > 150 else [stopped]
        lines += [f"    {line}" for line in folded]
        place = own_line(error.__traceback__)
        if place:
            lines.append(f"    {place}")
        elif isinstance(error, TypeError):
            lines.append("Does it still take the arguments that the stub took?")
        given = zip(self._names(len(arguments)), arguments, strict=True)
        if arguments:
            lines.append(
                "It was called with " + ", ".join(f"{name} {_describe(a)}" for name, a in given) + "."
            )
        if isinstance(error, TypeError) and re.search(r"bitwise_xor|for \^", said):
            lines.append("In Python ^ is no power: x² is x**2.")
        if isinstance(error, ValueError | IndexError) and (outside := _sizes_from_outside(self.function)):
            lines.append(f"It relies on {outside}. {SIZES}")
        return "\n".join(lines)


def brief(said: str, limit: int = 240) -> str:
    """What an error says, on one line, and no more of it than a reader will read."""
    said = " ".join(said.split())
    return said if len(said) <= limit else f"{said[:limit].rstrip()} …"


def _sizes_from_outside(function: Callable) -> str:
    """Global arrays and large whole numbers in a function's code, as ``W and 784``."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    names = [i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"]
    arrays = [name for name in names if isinstance(function.__globals__.get(name), np.ndarray)]
    bytes_ = (255, 256)  # the range of a byte, not a size
    numbers = [str(c) for c in _flat(code.co_consts) if type(c) is int and c >= 100 and c not in bytes_]
    return " and ".join(dict.fromkeys(arrays + numbers))


def _flat(constants: tuple) -> Iterator[Any]:
    """Constants, those in tuples too, such as a shape."""
    for constant in constants:
        yield from _flat(constant) if isinstance(constant, tuple) else (constant,)


def _is_left_out(result: Any) -> bool:
    """``...``, or a tuple or list with ``...`` in it."""
    parts = result if isinstance(result, tuple | list) else [result]
    return any(part is Ellipsis for part in parts)


def is_stub(function: Callable) -> bool:
    """Whether the body of a function still holds the ``...`` of its stub, or nothing at all."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source at hand: an empty body has no names
        code = getattr(function, "__code__", None)
        return code is not None and not code.co_names and code.co_nlocals == code.co_argcount
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    left_out = any(isinstance(s.value, ast.Constant) and s.value.value is Ellipsis for s in statements)
    if left_out or not isinstance(tree.body[0], ast.FunctionDef):
        return left_out
    return all(isinstance(s, ast.Pass) or _is_docstring(s) for s in tree.body[0].body)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _same(old: Any, new: Any) -> bool:
    """Whether an argument is as it was: array by array, and a NaN is the same as a NaN."""
    if isinstance(old, np.ndarray):
        same_form = old.shape == new.shape and old.dtype == new.dtype
        return same_form and old.tobytes() == new.tobytes()
    if isinstance(old, list | tuple):
        return len(old) == len(new) and all(_same(*pair) for pair in zip(old, new, strict=True))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    return bool(old == new) or bool(old != old and new != new)


def _where_changed(name: str, argument: Any) -> str:
    """Where to look for the line that changes an argument."""
    if isinstance(argument, list):
        return (
            f"A list or an array inside {name} counts too: look for .insert(…), .append(…), .sort(), +=, "
            "-=, *= or […] = …. Make a new one instead, as in sizes = [D, *layers] or w = w - step."
        )
    return (
        f"Make a new array instead: look for {name}.sort(), {name} += … or {name}[…] = …, or for "
        f"{name}2 = {name} followed by {name}2 /= …: {name}2 is then another name for the same array, not a "
        "copy."
    )


def _describe(argument: Any) -> str:
    shown = repr(argument.tolist() if isinstance(argument, np.ndarray | np.generic) else argument)
    if len(shown) <= 60:
        return f"= {shown}"
    shape = getattr(argument, "shape", None)
    return f"of type {type(argument).__name__}" if shape is None else f"of shape {shape}"


# --- The learner's own line ---------------------------------------------------------------------


def _is_learners(filename: str) -> bool:
    # What Cython has compiled names its source without the folder: numpy/random/_generator.pyx.
    if filename.startswith(("<frozen", "<__array_function__")) or filename.endswith((".pyx", ".pxd")):
        return False
    return not os.path.normcase(filename).startswith(_LIBRARIES)


def own_line(traceback: TracebackType | None) -> str:
    """The last line of the learner's own code in a traceback, as ``line 7: y = x[3]``.

    Parameters
    ----------
    traceback : traceback or None
        Of an exception.

    Returns
    -------
    str
        Without the source, where it is not at hand; empty if no line is the learner's.
    """
    places: Iterable[tuple[str, int]] = [
        (frame.f_code.co_filename, number)
        for frame, number in walk_tb(traceback)
        if _is_learners(frame.f_code.co_filename)
    ]
    if not places:
        return ""
    filename, number = places[-1]
    source = linecache.getline(filename, number).strip()
    return f"line {number}: {source}" if source else f"line {number}"


# --- The limit of output ------------------------------------------------------------------------


class _Limited:
    """A stream that passes on what is written to it, up to a number of characters."""

    def __init__(self, stream: Any, limit: int) -> None:
        self._stream, self._left = stream, limit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        if len(text) > self._left:
            if self._left >= 0:  # the first time; the answer may have caught what was raised
                self._stream.write(text[: self._left] + "\n…\n")
            self._left = -1
            raise TooMuch
        self._left -= len(text)
        self._stream.write(text)
        return len(text)


@contextlib.contextmanager
def limited_output(limit: int = 10_000) -> Iterator[None]:
    """Let what is printed appear, but raise ``TooMuch`` where it becomes too much.

    Parameters
    ----------
    limit : int
        Characters.

    Notes
    -----
    Endless loops with a ``print`` in them would otherwise fill the page, and the disk.
    """
    with contextlib.redirect_stdout(_Limited(sys.stdout, limit)):
        yield


# --- The time limit -----------------------------------------------------------------------------


def run_within(seconds: float, function: Callable[[], Result]) -> Result:
    """Call a function, and stop it when it takes too long.

    Parameters
    ----------
    seconds : float
        The limit.
    function : callable
        Called without arguments.

    Returns
    -------
    anything
        What the function returns.

    Raises
    ------
    TimeUp
        If it has not ended in time.
    KeyboardInterrupt
        If the reader interrupts it: that works as always.

    Notes
    -----
    A second thread interrupts the main one as Ctrl-C does, which works on Linux,
    macOS and Windows. Our handler tells the two apart. It stays in place until no
    interrupt of ours can be pending: ``signal.signal`` itself handles those that
    are before it puts the old handler back, so none comes late. A single call into
    compiled code is not interrupted before it returns. In any other thread than
    the main one there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        return function()
    previous = signal.getsignal(signal.SIGINT)
    lock, over = threading.Lock(), threading.Event()
    expired = running = False

    def watch() -> None:
        nonlocal expired
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set():
                    expired = True
                    _thread.interrupt_main()
            wait = 0.1  # and again, in case the answer caught it

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if not expired:  # the reader's own Ctrl-C
            if callable(previous):
                previous(number, frame)
                return
            raise KeyboardInterrupt
        # Never in this module's own lines, so that `running = False` below is always reached,
        # and after it nothing is raised that could cut the clearing up short.
        if running and frame is not None and frame.f_code.co_filename != __file__:
            raise TimeUp

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        threading.Thread(target=watch, daemon=True).start()
        running = True
        return function()
    finally:
        running = False
        with lock:
            over.set()
        signal.signal(signal.SIGINT, previous if previous is not None else signal.default_int_handler)


class _Rng(np.random.Generator):
    """A generator that is equal to every other, so that its use is not taken for a change."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, np.random.Generator)

    __hash__ = None


def usable_rng(seed: int) -> np.random.Generator:
    """A generator to hand to an answer, which may draw from it."""
    return _Rng(np.random.PCG64(seed))
