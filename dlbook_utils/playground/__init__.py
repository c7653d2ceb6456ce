"""Figures that can be played with in the page, without a kernel.

Each function gives a ``Playground``. As the last line of a cell it shows itself
in JupyterLab, in Colab and in the built book: the HTML brings its own script and
style, loads nothing, and shows its opening state where no script may run::

    from dlbook_utils import playground

    playground.neuron()

Every number that a figure prints can be computed here in Python too.
"""

from dlbook_utils.playground._digit_weights import digit_weights, digit_weights_data
from dlbook_utils.playground._draw_a_digit import as_mnist, draw_a_digit, read_digit
from dlbook_utils.playground._figure import Playground
from dlbook_utils.playground._filter_lab import filter_lab
from dlbook_utils.playground._graph_steps import graph_steps
from dlbook_utils.playground._neuron import neuron
from dlbook_utils.playground._optimizer_race import optimizer_race
from dlbook_utils.playground._small_network import (
    SmallNetwork,
    SmallNetworkData,
    small_network,
    small_network_data,
)

__all__ = [
    "Playground",
    "SmallNetwork",
    "SmallNetworkData",
    "as_mnist",
    "digit_weights",
    "digit_weights_data",
    "draw_a_digit",
    "filter_lab",
    "graph_steps",
    "neuron",
    "optimizer_race",
    "read_digit",
    "small_network",
    "small_network_data",
]
