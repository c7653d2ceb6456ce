"""What the first cell of every notebook needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Drop what compiled libraries write to standard error inside the block.

    TensorFlow reports missing graphics cards and the like while it is imported,
    below Python and before any of its own log settings is in force. Python's
    exceptions pass as always; warnings raised by Python inside the block are
    dropped with the rest, so keep the block to the import.

    Notes
    -----
    Used in: the first cell of every notebook that uses Keras.
    """
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)
