"""The helper package of the course book *Deep Learning: From First Principles to Big Data*.

Each module belongs to a chapter that builds its content from scratch; the
package holds the finished form, under Keras's names. Import what you need::

    from dlbook_utils.layers import Dense
    from dlbook_utils.datasets import load_mnist
"""

from importlib.metadata import version

__version__ = version("dlbook_utils")
