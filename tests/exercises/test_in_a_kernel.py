"""``check`` in a real Jupyter kernel: lines of cells, endless loops, and the reader's own interrupt."""

import time

import pytest
from jupyter_client.manager import start_new_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    options = {"extra_arguments": ["--IPKernelApp.log_level=40"], "cwd": tmp_path_factory.mktemp("kernel")}
    manager, client = start_new_kernel(kernel_name="python3", **options)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, *cells: str, after_start=None) -> str:
    """Execute cells. Returns what they printed, and the names of errors, on one line."""
    printed = []

    def listen(message):
        content = message["content"]
        printed.append(content.get("text", "") + content.get("ename", ""))
        if after_start and "started" in content.get("text", ""):
            after_start()

    for cell in cells:
        client.execute_interactive(cell, output_hook=listen, timeout=60)
    return " ".join("".join(printed).split())


IMPORT = "from dlbook_utils.exercises import check, report, solved"


def test_the_learners_own_line_stands_in_a_cell(kernel):
    _, client = kernel
    answer = "def favourite_image(w, k):\n    order = w.argsort()\n    return order[100]"
    shown = run(client, IMPORT, answer, 'check("favourite_image", favourite_image)')
    assert "✗ Wrong: favourite_image" in shown
    assert "line 3: return order[100]" in shown


def test_a_stub_in_a_cell_is_open(kernel):
    _, client = kernel
    stub = 'def favourite_image(w, k):\n    """What."""\n    n = len(w)\n    ...'
    shown = run(client, IMPORT, stub, 'check("favourite_image", favourite_image)', "report()")
    assert "○ Open: favourite_image" in shown
    assert "Error" not in shown


def test_an_endless_loop_in_a_cell_is_stopped_and_the_kernel_goes_on(kernel):
    _, client = kernel
    answer = "def favourite_image(w, k):\n    while True:\n        k += 1"
    call = 'check("favourite_image", favourite_image, seconds=0.5)'
    shown = run(client, IMPORT, answer, call, "import time; time.sleep(0.5)", "print('still here')")
    assert "did not end within 0.5 seconds." in shown
    assert shown.endswith("still here")
    assert "KeyboardInterrupt" not in shown


def test_the_readers_own_interrupt_works(kernel):
    manager, client = kernel
    answer = "def favourite_image(w, k):\n    print('started', flush=True)\n    while True:\n        k += 1"
    started = time.monotonic()
    shown = run(
        client,
        IMPORT,
        answer,
        'check("favourite_image", favourite_image, seconds=50)',
        after_start=manager.interrupt_kernel,
    )
    assert "KeyboardInterrupt" in shown
    assert "did not end" not in shown
    assert time.monotonic() - started < 40
    assert run(client, "print('still here')") == "still here"
