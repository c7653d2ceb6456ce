"""``quiet`` hides what compiled code writes to standard error, and nothing else."""

import os
import subprocess
import sys

import pytest

from dlbook_utils.notebook import quiet


def test_what_is_written_below_python_is_hidden_inside_and_shown_after(capfd):
    with quiet():
        os.write(2, b"hidden\n")
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"


def test_exceptions_pass_and_standard_error_comes_back(capfd):
    with pytest.raises(RuntimeError, match="boom"), quiet():
        raise RuntimeError("boom")
    os.write(2, b"shown\n")
    assert capfd.readouterr().err == "shown\n"


def test_no_file_stays_open():
    count = "len(os.listdir('/dev/fd'))" if os.path.isdir("/dev/fd") else "0"
    program = (
        "import os\nfrom dlbook_utils.notebook import quiet\n"
        f"before = {count}\nfor _ in range(5):\n    with quiet(): pass\nassert {count} == before\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
