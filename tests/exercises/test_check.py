"""``check`` itself: what it says of errors, endless loops and changed arguments, and what it never does."""

import _thread
import linecache
import os
import signal
import sys
import threading
import time

import numpy as np
import pytest

from dlbook_utils.exercises import Wrong, check, checking, comparing, exercise, report, running, solved

on_main_thread = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="interrupts reach the main thread only"
)


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A kernel in which nothing has been checked, and two exercises of a chapter 99."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    checking._load()
    monkeypatch.setattr(checking, "_exercises", dict(checking._exercises))
    monkeypatch.setattr(checking, "_verdicts", {})
    monkeypatch.setattr(checking, "_checked", {})

    @exercise("double", title="Twice as much", stars=3, chapter=99)
    def double(answer):
        x = np.arange(3.0)
        comparing.expect_array(answer(x), 2 * x)

    @exercise("the_answer", title="A number", chapter=99, function=False)
    def the_answer(answer):
        if answer != 42:
            raise Wrong("It is not that number.")


def verdict(answer, capsys, name="double", **options) -> tuple[str, str]:
    """First word and the rest of what check prints, on one line."""
    assert check(name, answer, **options) is None
    first, _, rest = " ".join(capsys.readouterr().out.split()).partition(f": {name}")
    return first, rest.strip()


def test_right(capsys):
    assert verdict(lambda x: 2 * x, capsys) == ("✓ Right", "")
    assert verdict(42, capsys, "the_answer") == ("✓ Right", "")


def untouched(x):
    """What it does."""
    ...


def half_done(x):
    assert len(x)
    return ...


def uses_what_is_missing(x):
    y = ...
    return y * 2


def raises_as_nbgrader_does(x):
    raise NotImplementedError


@pytest.mark.parametrize(
    "answer", [..., None, untouched, half_done, uses_what_is_missing, raises_as_nbgrader_does, lambda x: ...]
)
def test_open(answer, capsys):
    first, rest = verdict(answer, capsys)
    assert first == "○ Open"
    assert "in place of the `...`" in rest


def test_a_stub_without_source_is_open_and_an_answer_without_return_is_not(capsys):
    names: dict = {}
    exec('def stub(x):\n    """What."""\n    ...\n\ndef forgot(x):\n    y = 2 * x', names)
    assert verdict(names["stub"], capsys)[0] == "○ Open"
    first, rest = verdict(names["forgot"], capsys)
    assert first == "✗ Wrong"
    assert "returns None" in rest


def test_an_error_that_speaks_of_an_ellipsis_is_an_error(capsys):
    def sums_too_many_axes(x):
        return np.einsum("n,n->n", np.zeros((2, 2)), np.zeros((2, 2)))  # einsum's advice: use "..."

    first, rest = verdict(sums_too_many_axes, capsys)
    assert first == "✗ Wrong"
    assert "einst" in rest


def only_prints(x):
    """What it does."""
    print(2 * x)


def test_a_line_without_return_is_wrong(capsys):
    first, rest = verdict(only_prints, capsys)
    assert first.endswith("✗ Wrong")
    assert "returns None. Is there a `return`" in rest


def test_a_value_is_open_or_wrong_too(capsys):
    assert verdict(..., capsys, "the_answer")[0] == "○ Open"
    assert verdict(41, capsys, "the_answer") == ("✗ Wrong", "It is not that number.")


def test_the_result_instead_of_the_function(capsys):
    first, rest = verdict(np.zeros(3), capsys)
    assert first == "✗ Wrong"
    assert "Expected the function itself, as in check('double', double); received ndarray." in rest


def helper(x):
    return x[7]


def breaks(x):
    return helper(x) * 2


def breaks_in_numpy(x):
    return np.concatenate([x, np.ones((2, 2))])


def test_an_error_is_explained_with_the_learners_own_line(capsys):
    first, rest = verdict(breaks, capsys)
    assert first == "✗ Wrong"
    line = helper.__code__.co_firstlineno + 1
    assert "IndexError: index 7 is out of bounds" in rest
    assert f"line {line}: return x[7]" in rest
    assert "It was called with x = [0.0, 1.0, 2.0]." in rest
    _, rest = verdict(breaks_in_numpy, capsys)
    assert f"line {breaks_in_numpy.__code__.co_firstlineno + 1}: return np.concatenate" in rest


def test_an_error_in_a_cell_whose_source_is_known_or_not(capsys):
    source = "def double(x):\n    y = 2\n    return x / nothing\n"
    names: dict = {}
    exec(compile(source, "<ipython-input-7>", "exec"), names)
    assert "NameError: name 'nothing' is not defined line 3 It was" in verdict(names["double"], capsys)[1]
    linecache.cache["<ipython-input-7>"] = (len(source), None, source.splitlines(True), "<ipython-input-7>")
    assert "line 3: return x / nothing" in verdict(names["double"], capsys)[1]


def test_another_number_of_arguments(capsys):
    first, rest = verdict(lambda x, y: x, capsys)
    assert first == "✗ Wrong"
    assert "TypeError" in rest
    assert "Does it still take the arguments that the stub took?" in rest


def test_exit_does_not_end_the_kernel(capsys):
    assert "SystemExit" in verdict(lambda x: exit(), capsys)[1]


def changes_its_argument(x):
    x *= 2
    return x


def test_in_place_damage_even_where_the_result_is_right(capsys):
    first, rest = verdict(changes_its_argument, capsys)
    assert first == "✗ Wrong"
    assert "changes_its_argument changes its argument x in place" in rest


@pytest.mark.parametrize(
    "given",
    [np.array([np.nan]), [np.array([np.nan, 1.0]), 2.0], {"m": (np.ones(2), float("nan"))}, [[1, 2], "word"]],
)
def test_arguments_that_stayed_as_they_were(given):
    """Containers of arrays are compared array by array; NaN is unequal to itself, and yet unchanged."""
    assert running.Answer(lambda x: 1)(given) == 1


@pytest.mark.parametrize("given", [[np.zeros(2), 2.0], {"m": (np.zeros(2),)}, {"n": 1, "m": [np.zeros(1)]}])
def test_an_array_changed_inside_a_container(given):
    def reaches_in(x):
        found = x["m"][0] if isinstance(x, dict) else x[0]
        found += 1
        return 1

    with pytest.raises(Wrong, match="changes its argument x in place"):
        running.Answer(reaches_in)(given)


def test_a_result_that_the_checker_cannot_use(capsys, monkeypatch):
    @exercise("odd", title="Odd", chapter=99)
    def odd(answer):
        answer(1) + 1

    first, rest = verdict(lambda x: "one", capsys, "odd")
    assert first == "✗ Wrong"
    assert "TypeError" in rest


# --- Endless loops ------------------------------------------------------------------------------


def loops(x):
    while True:
        x = x + 0


def loops_and_catches(x):
    while True:
        try:
            x = x + 0
        except Exception:
            x = 0


def loops_and_catches_everything(x):
    tries = 0
    while tries < 3:
        try:
            while True:
                x = x + 0
        except:  # noqa: E722
            tries += 1
    while True:
        x = x + 0


@on_main_thread
@pytest.mark.parametrize("answer", [loops, loops_and_catches, loops_and_catches_everything])
def test_an_endless_loop_is_stopped(answer, capsys):
    before = signal.getsignal(signal.SIGINT)
    started = time.monotonic()
    first, rest = verdict(answer, capsys, seconds=0.2)
    assert first == "✗ Wrong"
    assert "double did not end within 0.2 seconds. line " in rest
    assert time.monotonic() - started < 5
    assert signal.getsignal(signal.SIGINT) is before


@on_main_thread
def test_no_late_interrupt_leaks_out():
    """Functions that end at about the moment at which their time is up."""
    before = signal.getsignal(signal.SIGINT)

    def work(until):
        while time.perf_counter() < until:
            pass
        return "done"

    stopped = 0
    for i in range(60):
        limit = 0.02
        until = time.perf_counter() + limit + (i % 30 - 10) * 1e-3
        try:
            assert running.run_within(limit, lambda until=until: work(until)) == "done"
        except running.TimeUp:
            stopped += 1
        assert signal.getsignal(signal.SIGINT) is before
    for _ in range(20):  # an interrupt that is still on its way would arrive here
        time.sleep(0.01)
    assert 0 < stopped < 60


@on_main_thread
def test_a_real_interrupt_passes(capsys):
    """The reader's own Ctrl-C is a KeyboardInterrupt, as always."""

    def interrupted(x):
        _thread.interrupt_main()
        time.sleep(0.01)
        return 2 * x

    with pytest.raises(KeyboardInterrupt):
        check("double", interrupted)
    assert verdict(lambda x: 2 * x, capsys) == ("✓ Right", "")


def test_in_another_thread_there_is_no_limit_but_an_answer():
    given = []
    thread = threading.Thread(target=lambda: given.append(running.run_within(1e-9, lambda: 5)))
    thread.start()
    thread.join()
    assert given == [5]


# --- Floods of output ---------------------------------------------------------------------------


def floods(x):
    while True:
        print("hello")


def floods_and_catches(x):
    while True:
        try:
            print("hello")
        except BaseException:
            x = x + 0


@pytest.mark.parametrize("answer", [floods, floods_and_catches])
@on_main_thread
def test_a_flood_of_output_is_stopped(answer, capsys):
    stdout = sys.stdout
    check("double", answer, seconds=0.5)
    printed = capsys.readouterr().out
    assert printed.startswith("hello\nhello\n")
    assert len(printed) < 10_500
    assert sys.stdout is stdout
    flood, _, message = printed.partition("✗ Wrong: double\n")
    assert flood.endswith("\n…\n")
    if answer is floods:
        assert "double printed so much that it was stopped." in message
        assert 'print("hello")' in message


def prints(x):
    print("x is", x)
    return 2 * x


def test_ordinary_output_appears(capsys):
    check("double", prints)
    assert capsys.readouterr().out == "x is [0. 1. 2.]\n✓ Right: double\n"


# --- Under nbgrader -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_nbgrader_gets_an_exception(mode, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    check("double", lambda x: 2 * x)
    with pytest.raises(AssertionError, match="Open: double"):
        check("double", untouched)
    with pytest.raises(AssertionError, match="2 times what they should be"):
        check("double", lambda x: 4 * x)
    report()
    assert not solved("double")
    assert os.environ["NBGRADER_EXECUTION"] == mode


# --- Names and the report -----------------------------------------------------------------------


def test_an_unknown_name():
    with pytest.raises(ValueError, match=r"no exercise 'favorite_image'; did you mean 'favourite_image'\?"):
        check("favorite_image", untouched)
    with pytest.raises(ValueError, match="known are"):
        solved("zzzz")


def test_two_exercises_cannot_have_one_name():
    with pytest.raises(ValueError, match="has 'favourite_image' too"):
        exercise("favourite_image", title="Again", chapter=99)(lambda answer: None)
    with pytest.raises(ValueError, match="Expected a chapter"):
        exercise("new", title="New")(lambda answer: None)


def test_solved(capsys):
    assert not solved("double")
    assert "something to show as soon as double is right" in capsys.readouterr().out
    check("double", lambda x: 2 * x)
    capsys.readouterr()
    assert solved("double")
    assert capsys.readouterr().out == ""
    check("double", lambda x: x)
    assert not solved("double")


def test_solved_notices_another_function(capsys):
    cell = "def double(x):\n    return {} * x\n"
    names: dict = {}
    exec(cell.format(2), names)
    check("double", names["double"])
    assert solved("double")
    exec(cell.format(2), names)  # the same cell, run again
    assert solved("double")
    capsys.readouterr()
    exec(cell.format(3), names)
    assert not solved("double")
    assert capsys.readouterr().out == "double has changed since it was checked: run its check again.\n"
    names["double"] = 7
    assert not solved("double")


def test_solved_with_a_function_of_another_name(capsys):
    names: dict = {}
    exec("def mine(x):\n    return 2 * x\n\ndef double(x):\n    ...\n", names)
    check("double", names["mine"])
    assert not solved("double")  # the cell would call the stub
    exec("double = mine", names)
    assert solved("double")


def test_report(capsys):
    report()
    assert "Nothing has been checked yet" in capsys.readouterr().out
    report(99)
    assert "2 exercises: 0 right, 0 wrong, 2 open." in capsys.readouterr().out
    check("double", lambda x: 3 * x)
    check("the_answer", 42)
    capsys.readouterr()
    report()
    assert capsys.readouterr().out == (
        "✗ Wrong  ★★★  Twice as much  double\n"
        "✓ Right  ★    A number       the_answer\n"
        "\n2 exercises: 1 right, 1 wrong, 0 open.\n"
    )
    with pytest.raises(ValueError, match="chapter with exercises"):
        report(98)


# --- Comparing ----------------------------------------------------------------------------------

SQUARE = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (SQUARE.tolist(), r"NumPy array of shape \(2, 2\), received list"),
        (SQUARE.astype(str), "real numbers, received the dtype"),
        (SQUARE[:1], r"the shape \(2, 2\), received \(1, 2\)"),
        (SQUARE[None], "axis of length 1 too many"),
        (np.float64(1), "NumPy array|single number"),
        (SQUARE * np.nan, "4 of the 4 numbers in the result are nan or inf"),
        (SQUARE.T, "It is the right array, transposed"),
        (-SQUARE, "The sign is the wrong way round"),
        (SQUARE * 10, "All of them are 10 times what they should be"),
        (SQUARE + 0.5, r"All of them are off by the same amount, \+0.5"),
        (SQUARE[::-1].copy(), "stand in another order"),
        (np.zeros((2, 2)), "All of them are zero"),
        (SQUARE + np.array([[0, 0], [1, 0]]), r"1 of the 4 .* expected 3 at index \[1, 0\], received 4\.$"),
    ],
)
def test_comparing_names_the_typical_error(found, message):
    with pytest.raises(Wrong, match=message):
        comparing.expect_array(found, SQUARE)


def test_comparing_accepts():
    comparing.expect_array(SQUARE * (1 + 1e-9), SQUARE)
    comparing.expect_array(SQUARE.astype(np.float32), SQUARE)
    comparing.expect_array(np.float32(2), np.array(2.0))
    comparing.expect_integers(np.arange(3))
    assert comparing.expect_pair((1, 2), ("a", "b")) == (1, 2)
    with pytest.raises(Wrong, match=r"\(2, 3\), received \(3, 2\)\. Is it transposed"):
        comparing.expect_shape(np.ones((3, 2)), (2, 3))
