"""The shared drawings: what they draw, and what they refuse."""

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")
import matplotlib.pyplot as plt

from dlbook_utils import plotting


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_use_style_is_colour_blind_safe_and_white():
    with mpl.rc_context():
        plotting.use_style()
        colors = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
        assert colors[:3] == [plotting.COLORS[name] for name in ("blue", "orange", "green")]
        assert mpl.rcParams["savefig.facecolor"] == "white"


def test_signed_colours_are_white_at_zero_and_blue_above():
    below, zero, above = (np.array(plotting.SIGNED(value)[:3]) for value in (0.0, 0.5, 1.0))
    assert zero.min() > 0.95
    assert above[2] > above[0]  # blue
    assert below[0] > below[2]  # orange


def test_show_weights_has_zero_in_the_middle():
    _, ax = plt.subplots()
    weights = np.array([[0.5, -2.0], [0.0, 1.0]])
    drawn = plotting.show_weights(ax, weights, "w")
    assert drawn.get_clim() == (-2.0, 2.0)
    assert ax.get_title() == "w"
    assert list(ax.get_xticks()) == []


def test_show_weights_of_zeros():
    _, ax = plt.subplots()
    assert plotting.show_weights(ax, np.zeros((2, 2))).get_clim() == (-1.0, 1.0)


@pytest.mark.parametrize(("n", "columns", "rows"), [(1, 8, 1), (8, 8, 1), (9, 8, 2), (5, 2, 3)])
def test_image_grid_draws_every_image_once(n, columns, rows):
    images = np.random.default_rng(n).random((n, 4, 6))
    before = images.copy()
    fig = plotting.image_grid(images, [str(i) for i in range(n)], columns=columns)
    drawn = [ax for ax in fig.axes if ax.images]
    assert len(drawn) == n
    assert len(fig.axes) == rows * min(columns, n)
    for i, ax in enumerate(drawn):
        assert np.array_equal(ax.images[0].get_array(), images[i])
        assert ax.get_title() == str(i)
    assert np.array_equal(images, before)


def test_image_grid_of_weights_has_one_scale():
    fig = plotting.image_grid(np.array([[[1.0]], [[-3.0]]]), signed=True)
    assert {ax.images[0].get_clim() for ax in fig.axes} == {(-3.0, 3.0)}


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"expected images \(N, height, width\).*received shape \(4, 4\)"):
        plotting.image_grid(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="expected 2 titles, one for each image, received 1"):
        plotting.image_grid(np.zeros((2, 4, 4)), ["a"])
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"received shape \(4,\)"):
        plotting.show_image(ax, np.zeros(4))


def test_show_graph_draws_every_box_arrow_and_note():
    _, ax = plt.subplots()
    boxes = {"x": (0, 0), "w": (1, 0), "x·w\n6": (0.5, 1)}
    plotting.show_graph(ax, boxes, [("x", "x·w\n6"), ("w", "x·w\n6")], {"w": "slope 2"})
    written = [t.get_text() for t in ax.texts]
    assert {"x", "w\n", "x·w\n6", "\nslope 2"} <= set(written)
    assert sum(t.arrow_patch is not None for t in ax.texts if hasattr(t, "arrow_patch")) == 2
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # row 0 at the top
    for arrows, notes in (([("x", "y")], {}), ([], {"z": "slope"})):
        with pytest.raises(ValueError, match="expected arrows and notes between the boxes, received"):
            plotting.show_graph(ax, boxes, arrows, notes)
