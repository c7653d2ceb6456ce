"""The figures that can be played with, in a real browser: every number they show is NumPy's.

The pages are made here from ``_repr_html_``; the built book is not needed.
"""

import base64
import io
import re
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from dlbook_utils import activations, playground
from dlbook_utils.autodiff import Variable, backward
from dlbook_utils.datasets import load_mnist
from dlbook_utils.playground import _draw_a_digit, _filter_lab, _graph_steps, _optimizer_race, _small_network
from dlbook_utils.playground._figure import signed_colors
from dlbook_utils.playground._neuron import NAMES
from tests.pages.conftest import DESKTOP, OVERFLOW, serve
from tests.test_playground import path_by_array

FIGURES = {
    "neuron": playground.neuron,
    "digit_weights": playground.digit_weights,
    "small_network": playground.small_network,
    "training": lambda: playground.small_network(train=True),
    "graph_steps": playground.graph_steps,
    "optimizer_race": playground.optimizer_race,
    "filter_lab": playground.filter_lab,
    "draw_a_digit": playground.draw_a_digit,
}
# One that each figure has.
SLIDER = dict.fromkeys(FIGURES, "bias b") | {
    "graph_steps": "input x",
    "optimizer_race": "start w₁",
    "filter_lab": "filter",
    "draw_a_digit": "pen width",
}
figures = pytest.mark.parametrize("figure", FIGURES)

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Playgrounds</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Playgrounds</h1>{}<p style="height: 900px">The page goes on.</p></main></body></html>"""


@pytest.fixture
def opened(browser, tmp_path):
    """``with opened("neuron", "neuron") as page``: a page with these figures, watched for errors."""

    @contextmanager
    def opened(*names, viewport=DESKTOP, **options):
        html = PAGE.format("\n".join(FIGURES[name]()._repr_html_() for name in names))
        (tmp_path / "index.html").write_text(html, encoding="utf-8")
        context = browser.new_context(viewport=viewport, **options)
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        with serve(tmp_path) as address:
            page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
            page.goto(f"{address}/index.html")
            yield page
        context.close()
        assert errors == []

    return opened


def figure_of(page, n=0):
    return page.locator("figure.dlp").nth(n)


def numeral(text):
    return float(text.replace("−", "-"))


# --- A neuron ----------------------------------------------------------------------------------

# What stands in the drawing, in its own units: z of a tick → x; and for both curves the ticks'
# values → y, the point, and the heights of the 481 points of the line.
DRAWING = """figure => {
  const attr = (nodes, value, place) => Object.fromEntries([...nodes].map(
    n => [n.getAttribute(value), Number(n.getAttribute(place))]));
  return {
    x: attr(figure.querySelectorAll('[data-x]'), 'data-x', 'x'),
    bars: [...figure.querySelectorAll('[data-term]')].map(
      n => [Number(n.getAttribute('x')), Number(n.getAttribute('width')), n.getAttribute('class')]),
    panels: [...figure.querySelectorAll('circle')].map(circle => ({
      point: [Number(circle.getAttribute('cx')), Number(circle.getAttribute('cy'))],
      y: attr(circle.previousSibling.previousSibling.querySelectorAll('[data-y]'), 'data-y', 'y1'),
      heights: circle.previousSibling.getAttribute('d').slice(1).split(/[ML]/).map(
        pair => Number(pair.split(' ')[1])),
    })),
  };
}"""


def value_at(place, ticks):
    """The value at a place of an axis, from the axis's ticks."""
    values = sorted(float(tick) for tick in ticks)
    places = [ticks[f"{value:g}"] for value in values]
    slope, offset = np.polyfit(places, values, 1)
    return slope * place + offset


def derivative(name):
    return getattr(activations, f"{name}_grad", np.zeros_like)  # there is no step_grad


def check_neuron(figure, x1, w1, x2, w2, b, name):
    """The drawing and the printed numbers are those of this neuron."""
    z = np.round(np.float64(x1 * w1 + x2 * w2 + b), 6)
    f, slope = activations.get(name), derivative(name)
    printed = re.sub(r"\s+", " ", figure.locator(".dlp-print").inner_text())
    shown = [numeral(text) for text in re.findall(r"= (−?\d+\.\d{4})", printed)]
    np.testing.assert_allclose(shown, [z, f(z), slope(z)], atol=0.5001e-4)

    drawing = figure.evaluate(DRAWING)
    grid = np.linspace(-9, 9, 481)
    for panel, function in zip(drawing["panels"], (f, slope), strict=True):
        x, y = panel["point"]
        pixel = abs(value_at(1, panel["y"]) - value_at(0, panel["y"]))  # one unit of the drawing
        assert value_at(x, drawing["x"]) == pytest.approx(z, abs=0.002)
        assert value_at(y, panel["y"]) == pytest.approx(float(function(z)), abs=0.02 * pixel)
        heights = value_at(np.array(panel["heights"]), panel["y"])
        np.testing.assert_allclose(heights, function(grid), atol=0.02 * pixel)

    start = 0.0
    for term, (left, width, kind) in zip((x1 * w1, x2 * w2, b, z), drawing["bars"], strict=True):
        start = 0.0 if kind == "dlp-total" else start
        low, high = sorted((start, start + term))
        assert value_at(left, drawing["x"]) == pytest.approx(low, abs=0.01)
        if abs(term) > 0.1:
            assert value_at(left + width, drawing["x"]) == pytest.approx(high, abs=0.01)
            assert kind in ("dlp-total", "dlp-plus" if term > 0 else "dlp-minus")
        start += term


def press(control, key, times):
    for _ in range(times):
        control.press(key)


@pytest.mark.parametrize("activation", NAMES)
def test_neuron_by_keyboard_is_numpy_s(opened, activation):
    with opened("neuron") as page:
        figure = figure_of(page)
        figure.get_by_label("activation").select_option(activation)
        check_neuron(figure, 1, 2, 0.5, -1, -1, activation)
        press(figure.get_by_label("bias b"), "ArrowRight", 7)
        press(figure.get_by_label("input x₁"), "ArrowLeft", 13)
        check_neuron(figure, -0.3, 2, 0.5, -1, -0.3, activation)
        figure.get_by_label("weight w₁").press("End")
        figure.get_by_label("weight w₂").press("Home")
        figure.get_by_label("input x₂").press("Home")
        check_neuron(figure, -0.3, 3, -1, -3, -0.3, activation)
        press(figure.get_by_label("input x₂"), "ArrowRight", 6)  # now z = −0.9 + 1.2 − 0.3 = 0: the kink
        check_neuron(figure, -0.3, 3, -0.4, -3, -0.3, activation)
        figure.get_by_role("button", name="Start again").press("Enter")
        check_neuron(figure, 1, 2, 0.5, -1, -1, "sigmoid")


def test_neuron_at_its_limits(opened):
    """Even the longest formula and the farthest point stay inside the figure."""
    with opened("neuron", viewport={"width": 320, "height": 640}) as page:
        figure = figure_of(page)
        for label in ("input x₁", "weight w₁", "input x₂", "weight w₂", "bias b"):
            figure.get_by_label(label).press("Home")
        check_neuron(figure, -1, -3, -1, -3, -3, "sigmoid")
        figure.get_by_label("input x₁").press("End")
        figure.get_by_label("input x₂").press("End")
        for activation in NAMES:
            figure.get_by_label("activation").select_option(activation)
            check_neuron(figure, 1, -3, 1, -3, -3, activation)
            assert page.evaluate(OVERFLOW) == []
            box = figure.bounding_box()
            for part in figure.locator(".dlp-plot text, .dlp-plot rect, .dlp-print span").all():
                inner = part.bounding_box()
                assert inner["x"] >= box["x"]
                assert inner["x"] + inner["width"] <= box["x"] + box["width"]


def test_activation_is_chosen_by_keyboard(opened):
    with opened("neuron") as page:
        choice = figure_of(page).get_by_label("activation")
        choice.focus()
        page.keyboard.press("ArrowDown")
        assert choice.input_value() == "tanh"
        check_neuron(figure_of(page), 1, 2, 0.5, -1, -1, "tanh")


def test_slider_by_mouse_and_by_touch(opened):
    with opened("neuron", has_touch=True) as page:
        slider = figure_of(page).get_by_label("bias b")
        box = slider.bounding_box()
        page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
        assert slider.input_value() == "3"
        page.touchscreen.tap(box["x"] + 3, box["y"] + box["height"] / 2)
        assert slider.input_value() == "-3"
        check_neuron(figure_of(page), 1, 2, 0.5, -1, -3, "sigmoid")


def test_neuron_is_announced_when_the_hand_rests(opened):
    with opened("neuron") as page:
        page.wait_for_timeout(900)  # past the opening announcement
        status = figure_of(page).get_by_role("status")
        before = status.inner_text()
        press(figure_of(page).get_by_label("bias b"), "ArrowRight", 5)
        assert status.inner_text() == before
        page.wait_for_timeout(900)
        assert status.inner_text().startswith("z 1.00, a 0.7311")


# --- Digit weights -----------------------------------------------------------------------------


def check_digits(figure, weights, bias):
    """Every score and verdict, and the line that counts, are those of these weights."""
    data = playground.digit_weights_data()
    z = data.scores(weights, bias)
    np.testing.assert_allclose(z, (data.images / 255 * weights / 100).sum(axis=(1, 2)) + bias, atol=1e-9)
    shown = [numeral(text) for text in figure.locator(".dlp-score").all_inner_texts()]
    np.testing.assert_allclose(shown, z, atol=0.05001)
    says = figure.locator(".dlp-says").all_inner_texts()
    is_one = data.labels == 1
    assert [text.split()[-1] for text in says] == ["fires" if fires else "silent" for fires in z > 0]
    assert ["✗" in text for text in says] == list((z > 0) != is_one)
    count = f"fires for {(z > 0)[is_one].sum()} of 4 ones, {(z > 0)[~is_one].sum()} of 20 others"
    assert figure.locator(".dlp-count b").inner_text() == count


def painted(weights, row, column, value, size=3):
    reach = size // 2
    top, left = max(row - reach, 0), max(column - reach, 0)
    weights[top : row + reach + 1, left : column + reach + 1] = 100 * value


@pytest.fixture
def weights():
    return np.zeros((28, 28), dtype=int)


def spot(canvas, row, column):
    """The middle of a cell, on the page."""
    box = canvas.bounding_box()
    cell = (box["width"] - 2) / 28  # the border is 1 px
    return box["x"] + 1 + (column + 0.5) * cell, box["y"] + 1 + (row + 0.5) * cell


def test_ready_made_weights(opened):
    presets = playground.digit_weights_data().presets
    with opened("digit_weights") as page:
        figure = figure_of(page)
        check_digits(figure, *presets["the bar"])
        for name in ("average 1 − average rest", "the bar"):
            figure.get_by_role("button", name=name).press("Enter")
            check_digits(figure, *presets[name])
        figure.get_by_role("button", name="clear").press("Space")
        check_digits(figure, np.zeros((28, 28)), 0)


def test_bias_by_keyboard(opened):
    bar, _ = playground.digit_weights_data().presets["the bar"]
    with opened("digit_weights") as page:
        figure = figure_of(page)
        press(figure.get_by_label("bias b"), "ArrowRight", 18)
        check_digits(figure, bar, -3.0)  # exactly where the fourth 1 is let in: see "Notice"
        figure.get_by_label("bias b").press("Home")
        check_digits(figure, bar, -40)


def test_paint_by_keyboard(opened, weights):
    with opened("digit_weights") as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="clear").click()
        canvas = figure.get_by_role("application")
        canvas.press("Space")  # the frame starts in row 13, column 13
        painted(weights, 13, 13, 1)
        check_digits(figure, weights, 0)
        press(canvas, "ArrowRight", 6)
        canvas.press("b")
        canvas.press("b")  # +1 → 0 → −1
        assert figure.get_by_label("−1").is_checked()
        for step in range(4):  # Shift and an arrow draw a line
            canvas.press("Shift+ArrowUp")
            painted(weights, 12 - step, 19, -1)
        check_digits(figure, weights, 0)
        figure.get_by_label("brush size").select_option("5")
        press(canvas, "ArrowLeft", 4)
        canvas.press("e")
        painted(weights, 9, 15, 0, size=5)
        check_digits(figure, weights, 0)
        press(canvas, "ArrowUp", 40)  # no farther than the edge
        press(canvas, "ArrowLeft", 40)
        canvas.press("Space")
        painted(weights, 0, 0, -1, size=5)
        check_digits(figure, weights, 0)
        # The keys have neither scrolled the page nor held the focus.
        assert page.evaluate("scrollY") == 0
        canvas.press("Tab")
        assert page.evaluate("document.activeElement.type") == "radio"


def test_paint_by_mouse(opened, weights):
    with opened("digit_weights") as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="clear").click()
        figure.get_by_label("brush size").select_option("1")
        canvas = figure.get_by_role("application")
        page.mouse.move(*spot(canvas, 5, 14))
        page.mouse.down()
        page.mouse.move(*spot(canvas, 22, 14))  # one jump: no cell between is left out
        page.mouse.up()
        page.mouse.move(*spot(canvas, 22, 20))  # lifted: paints nothing
        weights[5:23, 14] = 100
        check_digits(figure, weights, 0)
        figure.get_by_label("−1").check()
        page.mouse.click(*spot(canvas, 27, 27))
        page.mouse.click(*spot(canvas, 14, 17))
        weights[27, 27] = weights[14, 17] = -100
        check_digits(figure, weights, 0)
        figure.get_by_label("0", exact=True).check()
        page.mouse.click(*spot(canvas, 10, 14))
        weights[10, 14] = 0
        check_digits(figure, weights, 0)


def test_paint_by_touch_and_scroll_elsewhere(opened, weights):
    phone = {"width": 360, "height": 640}
    with opened("digit_weights", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="clear").tap()
        canvas = figure.get_by_role("application")
        canvas.scroll_into_view_if_needed()
        page.touchscreen.tap(*spot(canvas, 6, 9))
        painted(weights, 6, 9, 1)
        check_digits(figure, weights, 0)

        hand = page.context.new_cdp_session(page)
        before = page.evaluate("scrollY")

        def stroke(places):
            kinds = ["touchStart"] + ["touchMove"] * (len(places) - 1)
            for kind, (x, y) in zip(kinds, places, strict=True):
                hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
                page.wait_for_timeout(16)
            hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(100)

        stroke([spot(canvas, row, 5) for row in range(20, 3, -1)])
        for row in range(4, 21):
            painted(weights, row, 5, 1)
        check_digits(figure, weights, 0)
        assert page.evaluate("scrollY") == before

        # Beside the image the same stroke scrolls, as anywhere.
        box = figure.locator("figcaption").bounding_box()
        stroke([(180, box["y"] + box["height"] - 10 * k) for k in range(8)])
        assert page.evaluate("scrollY") > before + 30
        check_digits(figure, weights, 0)


# The colour in the middle of the left part of a cell, where no sign is drawn.
PIXEL = """(canvas, [row, column]) => {
  const size = canvas.width / 28;
  return [...canvas.getContext('2d').getImageData((column + 0.15) * size, (row + 0.15) * size, 1, 1).data];
}"""


def test_the_image_shows_the_weights(opened):
    with opened("digit_weights") as page:
        canvas = figure_of(page).get_by_role("application")
        assert canvas.evaluate(PIXEL, [14, 13]) == [0, 86, 138, 255]
        assert canvas.evaluate(PIXEL, [14, 3]) == [168, 74, 0, 255]
        figure_of(page).get_by_role("button", name="clear").click()
        assert canvas.evaluate(PIXEL, [14, 13]) == [247, 247, 247, 255]


# --- A small network ---------------------------------------------------------------------------

PLANE, NET = _small_network.PLANE, _small_network.NET
POINTS = {one.name: one for one in playground.small_network_data()}
ISLAND, CROSS = POINTS["an island"], list(_small_network.CROSS)


def changed(network, **new):
    """The same network with some of its arrays exchanged."""
    return replace(network, **{name: np.asarray(value, dtype=float) for name, value in new.items()})


def in_plane(place):
    """The point (x₁, x₂) at a place of the drawing."""
    unit = (PLANE["high"] - PLANE["low"]) / PLANE["side"]
    across, down = np.moveaxis(np.asarray(place, float), -1, 0)
    return np.stack(
        [PLANE["low"] + unit * (across - PLANE["left"]), PLANE["high"] - unit * (down - PLANE["top"])], -1
    )


MAP = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"""


def check_network(figure, network, one, cross=CROSS):
    """Colours, boundary, rings, the printed forward pass and the drawn weights are this network's."""
    check_plane(figure, network, one, cross)
    z1, h, z = (array[0] for array in network.forward(np.array([cross])))
    f = activations.get(network.activation)  # … and once more, without the figure's own forward
    np.testing.assert_allclose(f(np.array(cross) @ network.W1 + network.b1) @ network.w2 + network.b2, z)

    printed = figure.locator(".dlp-forward").inner_text()
    numerals = [numeral(text) for text in re.findall(r"−?\d+\.\d\d", printed.replace("− ", "−"))]
    products = h * network.w2
    rows = np.stack([z1, h, products], axis=1).ravel()
    np.testing.assert_allclose(numerals, [*cross, *rows, *products, network.b2, z], atol=0.00501)
    assert printed.count(f"= {network.activation}(") == 3
    assert printed.rstrip().endswith(": yes" if z > 0 else ": no")


def check_plane(figure, network, one, cross=CROSS):
    fits = (network.forward(one.points)[2] > 0) == one.labels
    assert figure.locator(".dlp-count b").inner_text() == f"right: {fits.sum()} of {len(fits)} points"
    rings = figure.locator("[data-wrong]").evaluate_all("all => all.map(n => Number(n.dataset.wrong))")
    assert rings == np.flatnonzero(~fits).tolist()

    n = PLANE["pixels"]
    step = (PLANE["high"] - PLANE["low"]) / n
    across = PLANE["low"] + (np.arange(n) + 0.5) * step
    places = np.stack(np.meshgrid(across, across[::-1]), axis=-1)  # from top to bottom
    values = network.forward(places.reshape(-1, 2))[2].reshape(n, n)
    colors = np.array(figure.locator("canvas").evaluate(MAP)).reshape(n, n, 4)
    theirs = signed_colors(_small_network.shade(values)).astype(int)
    assert np.all(colors[..., 3] == 255)
    off = np.abs(colors[..., :3] - theirs).max(axis=-1) > 3  # there are 201 shades
    assert off.mean() < (0.001 if network.activation == "step" else 1e-9)  # at a jump either is right

    edge = figure.locator("path.dlp-boundary").first.get_attribute("d")
    pieces = in_plane(np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", edge), float).reshape(-1, 2, 2))
    assert (len(pieces) == 0) == (np.all(values > 0) or np.all(values <= 0))
    pieces = pieces[np.hypot(*(pieces[:, 1] - pieces[:, 0]).T) > 0.01]
    middle, along = pieces.mean(axis=1), pieces[:, 1] - pieces[:, 0]
    aside = 0.012 * np.column_stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)[:, None]
    sides = [network.forward(middle + way * aside)[2] > 0 for way in (1, -1)]
    if len(middle):  # yes at one side and no at the other, but for the sharpest tips
        assert np.mean(sides[0] != sides[1]) > 0.9

    z = network.forward(np.array([cross]))[2][0]
    drawn = [text.replace("−", "-") for text in figure.locator(".dlp-net text").all_text_contents()]
    for weight in [*network.W1.ravel(), *network.w2]:
        assert ("0" if weight == 0 else f"{weight:+.2f}".rstrip("0").rstrip(".")) in drawn
    assert drawn[-1] == ("yes" if z > 0 else "no")


def choose(figure, group):
    figure.get_by_role("radio", name=group, exact=True).check()


def test_small_network_by_keyboard_is_numpy_s(opened):
    with opened("small_network") as page:
        figure = figure_of(page)
        network = ISLAND.solved
        check_network(figure, network, ISLAND)
        press(figure.get_by_label("bias b₁"), "ArrowRight", 3)
        press(figure.get_by_label("weight w₁₁"), "Shift+ArrowLeft", 7)
        W1, b1, w2 = network.W1.copy(), network.b1.copy(), network.w2.copy()
        b1[0] += 0.3
        W1[0, 0] -= 0.07
        check_network(figure, changed(network, W1=W1, b1=b1), ISLAND)
        choose(figure, "hidden 3")
        figure.get_by_label("weight w₂₃").press("End")
        W1[1, 2] = 8
        choose(figure, "output")
        press(figure.get_by_label("weight w₂"), "ArrowUp", 45)
        press(figure.get_by_label("bias b"), "ArrowDown", 4)
        w2[1] += 4.5
        network = changed(network, W1=W1, b1=b1, w2=w2, b2=0.6)
        check_network(figure, network, ISLAND)
        choose(figure, "cross")
        figure.get_by_label("input x₁").press("Home")
        press(figure.get_by_label("input x₂"), "ArrowRight", 3)
        check_network(figure, network, ISLAND, [-0.5, CROSS[1] + 0.3])
        figure.get_by_role("button", name="start again").press("Enter")
        check_network(figure, ISLAND.solved, ISLAND)


@pytest.mark.parametrize("name", POINTS)
def test_small_network_with_every_activation_and_button(opened, name):
    one = POINTS[name]
    with opened("small_network") as page:
        figure = figure_of(page)
        figure.get_by_label("points").first.select_option(label=name)
        check_network(figure, one.open, one)
        assert one.task in figure.locator(".dlp-count").inner_text()
        for activation in _small_network.ACTIVATIONS:
            figure.get_by_label("activation").select_option(activation)
            check_network(figure, replace(one.open, activation=activation), one)
        assert "With linear no weights can do it" in figure.locator(".dlp-count").inner_text()
        figure.get_by_role("button", name="a solution").click()
        check_network(figure, one.solved, one)
        figure.get_by_role("button", name="for you to solve").click()
        check_network(figure, one.open, one)


def test_random_weights_are_shown_as_they_are(opened):
    with opened("small_network") as page:
        figure = figure_of(page)
        page.evaluate("let s = 1; Math.random = () => (s = (s * 16807) % 2147483647) / 2147483647")
        for _ in range(5):
            figure.get_by_role("button", name="random weights").click()
            columns = []
            for group, names in {
                "hidden 1": ("weight w₁₁", "weight w₂₁", "bias b₁"),
                "hidden 2": ("weight w₁₂", "weight w₂₂", "bias b₂"),
                "hidden 3": ("weight w₁₃", "weight w₂₃", "bias b₃"),
                "output": ("weight w₁", "weight w₂", "weight w₃", "bias b"),
            }.items():
                choose(figure, group)
                columns.append([float(figure.get_by_label(name).input_value()) for name in names])
            hidden, output = np.array(columns[:3]), columns[3]
            network = changed(ISLAND.solved, W1=hidden[:, :2].T, b1=hidden[:, 2], w2=output[:3], b2=output[3])
            check_network(figure, network, ISLAND)
            assert figure.locator(".dlp-dashed").count() == 3


def on_page(drawing, place, size):
    """A place of a drawing, on the page."""
    box = drawing.bounding_box()
    unit = box["width"] / size["width"]
    return np.array([box["x"] + unit * place[0], box["y"] + unit * place[1]])


def drag(page, start, by):
    start, by = np.array(start), np.array(by)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*(start + by / 2))
    page.mouse.move(*(start + by))
    page.mouse.up()


def hidden(figure, k):
    """Weights and bias of a hidden neuron, from its sliders."""
    choose(figure, f"hidden {k}")
    return np.array([float(node.input_value()) for node in figure.locator(".dlp-sliders input").all()])


def middle_of(figure, part):
    box = figure.locator(f"[data-drag='{part}']").last.bounding_box()
    return np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])


def test_a_line_is_shifted_and_turned_by_mouse(opened):
    with opened("small_network") as page:
        figure = figure_of(page)
        plane = figure.locator(".dlp-plane")
        unit = (PLANE["high"] - PLANE["low"]) * PLANE["width"] / PLANE["side"] / plane.bounding_box()["width"]
        network = ISLAND.solved
        badge = middle_of(figure, "shift 2")
        drag(page, badge, (-30, 12))  # pixels to the left and down
        assert figure.get_by_role("radio", name="hidden 3").is_checked()
        w, b = network.W1[:, 2], network.b1[2]
        b = round(b - w @ (np.array([-30, -12]) * unit), 2)
        found = hidden(figure, 3)
        np.testing.assert_allclose(found, [*w, b], atol=0.0101)
        network = changed(network, b1=[*network.b1[:2], found[2]])
        check_network(figure, network, ISLAND)

        # The line of neuron 1 lies flat; turned by a right angle round its middle (0.5, 0.7) it stands.
        handle = middle_of(figure, "turn 0")
        reach = handle[0] - on_page(plane, (PLANE["left"] + PLANE["side"] / 2, 0), PLANE)[0]
        drag(page, handle, (-reach, 100))  # from the left, downwards: against the clock
        found = hidden(figure, 1)
        np.testing.assert_allclose(found, [-3, 0, 1.5], atol=0.03)
        W1 = np.column_stack([found[:2], network.W1[:, 1:]])
        check_network(figure, changed(network, W1=W1, b1=[found[2], *network.b1[1:]]), ISLAND)


def test_the_cross_is_dragged_and_goes_where_one_clicks(opened):
    with opened("small_network") as page:
        figure = figure_of(page)
        plane = figure.locator(".dlp-plane")

        def at(x1, x2):
            unit = PLANE["side"] / (PLANE["high"] - PLANE["low"])
            place = PLANE["left"] + unit * (x1 - PLANE["low"]), PLANE["top"] + unit * (PLANE["high"] - x2)
            return on_page(plane, place, PLANE)

        def cross():
            choose(figure, "cross")
            return [float(figure.get_by_label(name).input_value()) for name in ("input x₁", "input x₂")]

        drag(page, at(*CROSS), at(0.3, 1.3) - at(*CROSS))
        np.testing.assert_allclose(cross(), [0.3, 1.3], atol=0.011)
        check_network(figure, ISLAND.solved, ISLAND, cross())
        drag(page, at(*cross()), (500, 0))  # no farther than the edge
        assert cross()[0] == 1.5
        page.mouse.click(*at(0.5, 0.5))
        np.testing.assert_allclose(cross(), [0.5, 0.5], atol=0.011)
        check_network(figure, ISLAND.solved, ISLAND, cross())


def test_weights_are_dragged_in_the_network(opened):
    with opened("small_network") as page:
        figure = figure_of(page)
        net = figure.locator(".dlp-net")
        start, end = np.array(NET["hidden"][2]), np.array(NET["output"])
        edge = on_page(net, start + 0.5 * (end - start), NET)
        drag(page, edge, (60, 0))  # to the right is more, 0.02 a pixel
        network = changed(ISLAND.solved, w2=[-3, -3, -1.8])
        check_network(figure, network, ISLAND)
        page.keyboard.press("ArrowLeft")  # its slider has the focus now
        network = changed(network, w2=[-3, -3, -1.9])
        check_network(figure, network, ISLAND)
        bias = on_page(net, (NET["hidden"][1][0], NET["hidden"][1][1] + 29), NET)
        drag(page, bias, (0, 40))  # and downwards is less
        check_network(figure, changed(network, b1=[-2.1, 0.65, -1.15]), ISLAND)


def test_small_network_by_touch(opened):
    """A finger on a line drags it; beside it, and up and down on a weight, the page scrolls."""
    phone = {"width": 360, "height": 640}
    with opened("small_network", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page)
        hand = page.context.new_cdp_session(page)

        def stroke(start, step, count=10):
            for n in range(count + 1):
                x, y = np.array(start) + n * np.array(step)
                kind = "touchMove" if n else "touchStart"
                hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
                page.wait_for_timeout(16)
            hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(100)

        figure.locator(".dlp-plane").scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        stroke(middle_of(figure, "shift 0"), (0, -6))
        assert page.evaluate("scrollY") == before
        b = hidden(figure, 1)[2]
        assert b < -2.6
        network = changed(ISLAND.solved, b1=[b, 1.45, -1.15])
        check_network(figure, network, ISLAND)

        figure.locator(".dlp-net").scroll_into_view_if_needed()
        net = figure.locator(".dlp-net")
        edge = on_page(net, (np.array(NET["hidden"][1]) + NET["output"]) / 2, NET)
        stroke(edge, (5, 0))
        choose(figure, "output")
        w = float(figure.get_by_label("weight w₂").input_value())
        assert -2.5 < w < -1.9
        check_network(figure, changed(network, w2=[-3, w, -3]), ISLAND)
        before = page.evaluate("scrollY")
        edge = on_page(net, (np.array(NET["hidden"][1]) + NET["output"]) / 2, NET)
        stroke(edge, (0, -8))
        assert page.evaluate("scrollY") > before + 30
        check_network(figure, changed(network, w2=[-3, w, -3]), ISLAND)  # scrolling changes nothing


def test_small_network_is_announced_and_says_which_line_is_away(opened):
    with opened("small_network") as page:
        figure = figure_of(page)
        figure.get_by_label("bias b₁").press("Home")
        assert "Line 1 is out of the picture." in figure.locator(".dlp-count").inner_text()
        assert figure.locator(".dlp-dashed").count() == 2
        page.wait_for_timeout(900)
        network = changed(ISLAND.solved, b1=[-8, 1.45, -1.15])
        fits = np.sum((network.forward(ISLAND.points)[2] > 0) == ISLAND.labels)
        said = f"right: {fits} of 16 points; at the cross z 0.22, yes"
        assert figure.get_by_role("status").inner_text() == said
        for k, words in ((2, "Lines 1 and 2 are out"), (3, "Lines 1, 2 and 3 are out")):
            choose(figure, f"hidden {k}")
            figure.get_by_label(f"bias b{'₀₁₂₃'[k]}").press("Home" if k == 2 else "End")
            assert words in figure.locator(".dlp-count").inner_text()


# --- A network that trains ---------------------------------------------------------------------

TRAINING = {one.name: one for one in playground.small_network_data(train=True)}
OPENING = _small_network.TRAINING["opening"]


def check_training(figure, begin, one, rate, steps):
    """Loss, weights, gradients and the plane are those of NumPy after so many steps."""
    network, losses = begin.train(one.points, one.labels, rate, steps)
    check_weights(figure, network, one, steps)
    return network, losses


def check_weights(figure, network, one, steps):
    loss = network.train(one.points, one.labels, 1.0, 0)[1][0]
    gradients = network.gradients(one.points, one.labels)
    readout = figure.locator(".dlp-loss")
    assert numeral(readout.inner_text().split("loss ")[1]) == pytest.approx(loss, abs=0.5001e-4)
    assert readout.inner_text().startswith(f"step {steps}, loss ")
    assert float(readout.get_attribute("data-value")) == pytest.approx(loss, rel=1e-6)
    cells = figure.locator("[data-weight]").evaluate_all(
        "all => all.map(n => [n.dataset.weight, n.firstChild.textContent, n.lastChild.textContent,"
        " Number(n.dataset.value), Number(n.dataset.gradient)])"
    )
    assert len(cells) == 13
    for words, printed_value, printed_gradient, value, gradient in cells:
        name, *place = words.split()
        at = tuple(map(int, place))
        expected = np.array(getattr(network, name))[at], np.array(gradients[name])[at]
        np.testing.assert_allclose([value, gradient], expected, rtol=1e-6, atol=1e-9)
        shown = numeral(printed_value), numeral(printed_gradient.removeprefix("∂ "))
        np.testing.assert_allclose(shown, expected, atol=0.5001e-4)
    check_plane(figure, network, one)


@pytest.mark.parametrize(
    ("name", "activation", "rate"),
    [
        ("XOR", "tanh", "1"),
        ("XOR", "relu", "0.3"),
        ("two arcs", "tanh", "3"),
        ("two arcs", "sigmoid", "10"),
        ("two arcs", "linear", "0.1"),
    ],
)
def test_training_is_numpy_s(opened, name, activation, rate):
    """After 1, 10 and 200 steps: forward, backward and update in the page are those of dlbook_utils."""
    one = TRAINING[name]
    begin = replace(one.open, activation=activation)
    with opened("training") as page:
        figure = figure_of(page)
        figure.get_by_label("points").first.select_option(label=name)
        figure.get_by_label("activation").select_option(activation)
        figure.get_by_label("learning rate").select_option(rate)
        check_training(figure, begin, one, float(rate), 0)
        step = figure.get_by_role("button", name="one step")
        step.press("Enter")
        check_training(figure, begin, one, float(rate), 1)
        press(step, "Space", 9)
        check_training(figure, begin, one, float(rate), 10)
        step.evaluate("button => { for (let n = 0; n < 190; n++) button.click(); }")
        check_training(figure, begin, one, float(rate), 200)
        figure.get_by_role("button", name="start again").press("Enter")
        check_training(figure, begin, one, float(rate), 0)


def test_training_opens_after_some_steps_and_begins_again(opened):
    one = TRAINING["XOR"]
    with opened("training") as page:
        figure = figure_of(page)
        check_training(figure, one.open, one, 1, OPENING)
        figure.get_by_role("button", name="start again").click()
        check_training(figure, one.open, one, 1, 0)
        figure.get_by_label("learning rate").select_option("0.1")
        press(figure.get_by_role("button", name="one step"), "Enter", 3)
        check_training(figure, one.open, one, 0.1, 3)
        figure.get_by_label("activation").select_option("sigmoid")  # the same weights, from the start
        check_training(figure, replace(one.open, activation="sigmoid"), one, 0.1, 0)
        figure.get_by_role("button", name="one step").click()
        figure.get_by_role("button", name="random weights").click()
        begin = numbers_in(figure, "sigmoid")
        assert np.abs(begin.w2 - one.open.w2).max() > 0
        press(figure.get_by_role("button", name="one step"), "Enter", 3)
        check_training(figure, begin, one, 0.1, 3)
        figure.get_by_role("button", name="start again").click()
        check_training(figure, begin, one, 0.1, 0)


def numbers_in(figure, activation):
    """The network that the table shows, in full."""
    cells = dict(
        figure.locator("[data-weight]").evaluate_all(
            "all => all.map(n => [n.dataset.weight, Number(n.dataset.value)])"
        )
    )
    return _small_network.SmallNetwork(
        activation,
        np.array([[cells[f"W1 {i} {k}"] for k in range(3)] for i in range(2)]),
        np.array([cells[f"b1 {k}"] for k in range(3)]),
        np.array([cells[f"w2 {k}"] for k in range(3)]),
        cells["b2"],
    )


def steps_of(figure):
    return int(re.search(r"\d+", figure.locator(".dlp-loss").inner_text()).group())


def test_training_runs_and_pauses(opened):
    one = TRAINING["XOR"]
    with opened("training") as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="train").press("Enter")
        page.wait_for_function(
            "document.querySelector('.dlp-count b').textContent === 'right: 40 of 40 points'"
        )
        page.keyboard.press("Space")  # the same button: pause
        steps = steps_of(figure)
        check_training(figure, one.open, one, 1, steps)
        assert "The loss wants more" in figure.locator(".dlp-count").inner_text()
        page.wait_for_timeout(900)
        assert steps_of(figure) == steps
        assert figure.get_by_role("status").inner_text().startswith(f"step {steps}, loss 0.")
        # The curve is the course of the losses.
        losses = one.open.train(one.points, one.labels, 1, steps)[1]
        box = _small_network.TRAINING["chart"]
        places = np.array(
            re.findall(r"([\d.]+) ([\d.]+)", figure.locator(".dlp-curve").get_attribute("d")), float
        )
        heights = (box["bottom"] - places[:, 1]) / (box["bottom"] - box["top"])
        np.testing.assert_allclose(heights, losses, atol=1e-3)


def test_training_takes_a_weight_as_the_hand_leaves_it(opened):
    one = TRAINING["XOR"]
    with opened("training") as page:
        figure = figure_of(page)
        figure.get_by_label("bias b₁").press("Home")
        network, _ = one.open.train(one.points, one.labels, 1, OPENING)
        network = changed(network, b1=[-_small_network.TRAINING_LIMIT, *network.b1[1:]])
        check_weights(figure, network, one, OPENING)
        figure.get_by_role("button", name="one step").click()
        network, _ = network.train(one.points, one.labels, 1, 1)
        check_weights(figure, network, one, OPENING + 1)


def test_a_step_lets_no_gradient_through(opened):
    one = TRAINING["XOR"]
    with opened("training") as page:
        figure = figure_of(page)
        figure.get_by_label("activation").select_option("step")
        press(figure.get_by_role("button", name="one step"), "Enter", 5)
        network = numbers_in(figure, "step")
        assert np.array_equal(network.W1, one.open.W1)
        assert np.array_equal(network.b1, one.open.b1)
        assert not np.array_equal(network.w2, one.open.w2)
        assert "the hidden neurons’ lines stand still" in figure.locator(".dlp-count").inner_text()


def test_a_rate_that_is_too_large_stays_in_the_picture(opened):
    """However far the loss jumps, everything is drawn inside the figure."""
    one = TRAINING["XOR"]
    phone = {"width": 360, "height": 640}
    with opened("training", viewport=phone) as page:
        figure = figure_of(page)
        for activation in ("relu", "tanh"):
            figure.get_by_label("activation").select_option(activation)
            figure.get_by_label("learning rate").select_option("10")
            step = figure.get_by_role("button", name="one step")
            step.evaluate("button => { for (let n = 0; n < 60; n++) button.click(); }")
            losses = replace(one.open, activation=activation).train(one.points, one.labels, 10, 60)[1]
            assert max(losses) > 1.5
            assert figure.locator(".dlp-most").text_content() == f"{max(losses):.1f}"
            assert page.evaluate(OVERFLOW) == []
            box = figure.bounding_box()
            for part in figure.locator("svg text, td, .dlp-area-curve path").all():
                inner = part.bounding_box()
                assert inner["x"] >= box["x"] - 0.5
                assert inner["x"] + inner["width"] <= box["x"] + box["width"] + 0.5


def test_training_with_reduced_motion_changes_once_a_second(opened):
    with opened("training", reduced_motion="reduce") as page:
        figure = figure_of(page)
        page.evaluate(
            "() => { window.seen = []; new MutationObserver(() => window.seen.push(performance.now()))"
            ".observe(document.querySelector('.dlp-loss'), { childList: true }); }"
        )
        figure.get_by_role("button", name="train").click()
        page.wait_for_timeout(2500)
        figure.get_by_role("button", name="pause").click()
        seen = page.evaluate("window.seen")
        assert len(seen) in (2, 3)
        assert min(np.diff(seen)) > 900
        check_training(figure, TRAINING["XOR"].open, TRAINING["XOR"], 1, OPENING + 50 * len(seen))


def test_training_by_touch(opened):
    phone = {"width": 360, "height": 640}
    with opened("training", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="one step").tap()
        figure.get_by_role("button", name="one step").tap()
        check_training(figure, TRAINING["XOR"].open, TRAINING["XOR"], 1, OPENING + 2)


# --- A graph -----------------------------------------------------------------------------------

STEPS = _graph_steps.STEPS
LAST = len(STEPS) - 1


def tape(x, w):
    """Values and gradients by name, from the package's tape."""
    leaves = {"x": Variable(x), "w": Variable(w)}
    z = leaves["x"] * leaves["w"]
    a = np.tanh(z)
    s = z + a
    e = s - 0.5
    L = np.square(e)
    nodes = leaves | {"z": z, "a": a, "s": s, "e": e, "L": L}
    gradients = backward(L)
    return (
        {name: float(node.value) for name, node in nodes.items()},
        {name: float(gradients[node]) for name, node in nodes.items()},
    )


GRAPH = """figure => ({
  boxes: Object.fromEntries([...figure.querySelectorAll('[data-node]')].map(box => [box.dataset.node,
    ['value-of', 'gradient-of'].map(name => {
      const node = box.querySelector('.dlp-' + name);
      return node && [node.textContent, node.dataset.value];
    }).concat([box.querySelector('.dlp-name-of').textContent, box.classList.contains('dlp-now')])])),
  wires: Object.fromEntries([...figure.querySelectorAll('[data-edge]')].map(wire => [wire.dataset.edge, {
    back: wire.classList.contains('dlp-back'),
    texts: [...wire.querySelectorAll('text')].map(text => text.textContent) }])),
})"""


def check_graph(figure, at, x, w):
    """What is shown after so many steps is the tape's, and nothing is shown too early."""
    values, gradients = tape(x, w)
    taken = STEPS[: at + 1]
    computed = {"x", "w", *(step.compute for step in taken)}
    arrived = [step.edge for step in taken if step.edge]
    graph = figure.evaluate(GRAPH)
    for name, (value, gradient, label, _) in graph["boxes"].items():
        if name == "y":
            assert (value[0], gradient, label) == ("0.5", None, "given")
            continue
        if name in computed:
            assert float(value[1]) == pytest.approx(values[name], abs=1e-12)
            assert numeral(value[0]) == pytest.approx(values[name], abs=0.5001e-4)
        else:
            assert value == ["?", None]
        shares = [edge for edge in arrived if edge[1] == name]
        if shares == [("s", "z")]:  # one of two: what the sum hands back as it is
            expected, words = gradients["s"], f"∂L/∂{name} so far"
        else:
            expected, words = gradients[name], f"∂L/∂{name}"
        assert label == words
        if shares or (name == "L" and any(step.seed for step in taken)):
            assert float(gradient[1]) == pytest.approx(expected, abs=1e-12)
            assert numeral(gradient[0]) == pytest.approx(expected, abs=0.5001e-4)
        else:
            assert gradient == ["?", None]
    for words, wire in graph["wires"].items():
        assert wire["back"] == (tuple(words.split()) in arrived)
    if ("a", "z") in arrived:
        shares = [numeral(graph["wires"][words]["texts"][1][2:]) for words in ("s z", "a z")]
        assert sum(shares) == pytest.approx(gradients["z"], abs=1.01e-4)

    now = _graph_steps.run(at, x, w)
    said = re.sub(r"\s+", " ", figure.locator(".dlp-said").inner_text()).replace("\u2060", "")
    way = ", forward" if STEPS[at].compute else ", back" if at else ""
    assert said == f"step {at} of {LAST}{way} {_graph_steps.sentence(at, now)}"
    marked = [name for name, box in graph["boxes"].items() if box[3]]
    assert marked == [name for name in (STEPS[at].compute, STEPS[at].seed, *STEPS[at].edge[1:]) if name]


def test_graph_by_keyboard_is_the_tape_s(opened):
    with opened("graph_steps") as page:
        figure = figure_of(page)
        check_graph(figure, _graph_steps.FIRST, 1.5, 0.4)
        figure.get_by_role("button", name="start again").press("Enter")
        check_graph(figure, 0, 1.5, 0.4)
        figure.get_by_role("button", name="back").press("Space")  # there is nothing before
        check_graph(figure, 0, 1.5, 0.4)
        step = figure.get_by_role("button", name="step →")
        for at in range(1, LAST + 1):
            step.press("Space" if at % 2 else "Enter")
            check_graph(figure, at, 1.5, 0.4)
        step.press("Enter")  # nor after
        check_graph(figure, LAST, 1.5, 0.4)
        step.press("ArrowLeft")
        check_graph(figure, LAST - 1, 1.5, 0.4)
        step.press("ArrowRight")
        check_graph(figure, LAST, 1.5, 0.4)


@pytest.mark.parametrize(("x", "w"), [("Home", "Home"), ("Home", "End"), ("End", "End"), (-7, 3), (-15, -9)])
def test_graph_with_other_inputs_at_every_step(opened, x, w):
    with opened("graph_steps") as page:
        figure = figure_of(page)
        numbers = []
        for label, move, begin in (("input x", x, 1.5), ("weight w", w, 0.4)):
            slider = figure.get_by_label(label)
            if isinstance(move, str):
                slider.press(move)
                numbers.append(-2.0 if move == "Home" else 2.0)
            else:
                press(slider, "ArrowRight" if move > 0 else "ArrowLeft", abs(move))
                numbers.append(round(begin + move / 10, 1))
            check_graph(figure, _graph_steps.FIRST, numbers[0], numbers[1] if len(numbers) == 2 else 0.4)
        figure.get_by_role("slider", name="step").press("Home")
        for at in range(LAST + 1):
            check_graph(figure, at, *numbers)
            figure.get_by_role("slider", name="step").press("ArrowRight")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_graph_plays_to_its_end(opened, motion):
    with opened("graph_steps", reduced_motion=motion) as page:
        figure = figure_of(page)
        press(figure.get_by_role("button", name="step →"), "Enter", 1)  # 11 of 13
        figure.get_by_role("button", name="play").press("Enter")
        check_graph(figure, 11, 1.5, 0.4)
        page.wait_for_timeout(2200)
        check_graph(figure, 12, 1.5, 0.4)
        figure.get_by_role("button", name="pause").press("Enter")
        page.wait_for_timeout(2200)
        check_graph(figure, 12, 1.5, 0.4)
        figure.get_by_role("button", name="play").press("Enter")
        page.wait_for_timeout(2200)
        check_graph(figure, 13, 1.5, 0.4)
        assert figure.get_by_role("button", name="pause").count() == 0
        assert page.evaluate("document.getAnimations().length") == 0
        figure.get_by_role("button", name="play").press("Enter")  # from the beginning
        check_graph(figure, 0, 1.5, 0.4)
        figure.get_by_role("button", name="step →").press("Enter")  # the hand stops the clock
        assert figure.get_by_role("button", name="pause").count() == 0
        check_graph(figure, 1, 1.5, 0.4)


def test_graph_by_touch_and_mouse(opened):
    phone = {"width": 360, "height": 740}
    with opened("graph_steps", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="step →").tap()
        check_graph(figure, 11, 1.5, 0.4)
        figure.get_by_role("button", name="back").click()
        check_graph(figure, 10, 1.5, 0.4)
        box = figure.get_by_role("slider", name="step").bounding_box()
        page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
        check_graph(figure, LAST, 1.5, 0.4)


def test_graph_is_announced(opened):
    with opened("graph_steps") as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="step →").press("Enter")
        page.wait_for_timeout(900)
        status = figure.get_by_role("status")
        assert status.evaluate("node => getComputedStyle(node).position") == "absolute"  # heard, not seen
        said = status.text_content().replace("\u2060", "")
        assert said == f"step 11 of 13, back. {_graph_steps.sentence(11, _graph_steps.run(11, 1.5, 0.4))}"


# Pairs of texts of the drawing that touch, and texts that stick out of their box.
TOUCHING = """figure => {
  const rect = node => node.getBoundingClientRect(), faults = [];
  const texts = [...figure.querySelectorAll('svg text')].filter(text => text.textContent);
  const boxes = [...figure.querySelectorAll('[data-node] rect')];
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  texts.forEach((text, n) => {
    for (const other of texts.slice(n + 1)) {
      if (meet(rect(text), rect(other))) faults.push(`${text.textContent} | ${other.textContent}`);
    }
    for (const box of boxes) {
      const [a, b] = [rect(text), rect(box)], own = box.parentNode === text.parentNode;
      if (own ? a.left < b.left || a.right > b.right : meet(a, b)) faults.push(`${text.textContent} | a box`);
    }
  });
  return faults;
}"""


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_in_the_graph_touches(opened, width):
    with opened("graph_steps", viewport={"width": width, "height": 740}) as page:
        figure = figure_of(page)
        for x in ("Home", "End"):
            for w in ("Home", "End"):
                figure.get_by_label("input x").press(x)
                figure.get_by_label("weight w").press(w)
                figure.get_by_role("slider", name="step").press("Home")
                for _ in range(LAST + 1):
                    assert figure.evaluate(TOUCHING) == []
                    figure.get_by_role("slider", name="step").press("ArrowRight")
        assert page.evaluate(OVERFLOW) == []


# --- A race ------------------------------------------------------------------------------------

SURFACES, OPTIMIZERS = _optimizer_race.SURFACES, _optimizer_race.OPTIMIZERS
AREA, CHART = _optimizer_race.PLANE, _optimizer_race.CHART

RACE = """figure => {
  const number = text => Number(text.replace(/[^-.0-9]/g, ''));
  const pairs = (name) => Object.fromEntries([...figure.querySelectorAll(`[data-${name}]`)].map(path =>
    [path.getAttribute(`data-${name}`), path.getAttribute('d').slice(1).split('L').map(
      pair => pair.split(' ').map(number))]));
  return {
    rows: Object.fromEntries([...figure.querySelectorAll('[data-optimizer]')].map(row => [
      row.dataset.optimizer,
      [...row.querySelectorAll('td')].map(cell => [cell.textContent, cell.dataset.value])])),
    rates: [...figure.querySelectorAll('.dlp-eta')].map(node => Number(node.textContent.slice(4))),
    paths: pairs('path'), courses: pairs('course'),
    labels: [...figure.querySelectorAll('.dlp-area-map .dlp-strong')].map(node => node.textContent).sort(),
    start: ['cx', 'cy'].map(name => Number(figure.querySelector('.dlp-start').getAttribute(name))),
  };
}"""


def in_area(places):
    """Places of the drawing of weights, as far as it is drawn."""
    unit = AREA["side"] / (2 * _optimizer_race.LIMIT)
    w = np.clip(places, -999, 999)
    return np.stack([AREA["left"] + unit * (w[:, 0] + 2), AREA["top"] + unit * (2 - w[:, 1])], axis=1)


def exact(text):
    """The number, and how much the printed one may be away from it."""
    mantissa, _, power = text.partition("·10")
    power = int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    digits = len(mantissa.partition(".")[2])
    return float(mantissa) * 10.0**power, 0.5001 * 10.0 ** (power - digits)


def check_race(figure, surface, count, start=None, factor=1.0, momentum=0.8, off=()):
    """Numbers, paths, losses and words are those of plain NumPy after so many steps."""
    start = SURFACES[surface].start if start is None else start
    paths = {kind: path_by_array(surface, kind, start, count, factor, momentum) for kind in OPTIMIZERS}
    losses = {kind: np.array([SURFACES[surface].loss(*w)[0] for w in path]) for kind, path in paths.items()}
    gone = {kind for kind in OPTIMIZERS if not losses[kind][-1] <= 1e6}
    race = figure.evaluate(RACE)
    np.testing.assert_allclose(race["rates"], [one.rate * factor for one in OPTIMIZERS.values()], rtol=0.0051)
    for kind, path in paths.items():
        words, values = zip(*race["rows"][kind], strict=True)
        if kind in off:
            assert words == ("–", "–", "–")
            continue
        expected = [*path[-1], losses[kind][-1]]
        np.testing.assert_allclose([float(value) for value in values], expected, rtol=1e-9, atol=1e-11)
        if kind in gone:
            assert words == ("–", "–", "diverged")
        else:
            np.testing.assert_allclose([numeral(text) for text in words[:2]], expected[:2], atol=0.5001e-4)
            value, slack = exact(words[2])
            assert value == pytest.approx(expected[2], abs=slack)
        np.testing.assert_allclose(race["paths"][kind], in_area(path), atol=0.0501)
        course = np.array(race["courses"][kind])
        last = max(count, _optimizer_race.OPENING)
        across = CHART["left"] + np.arange(len(path)) / last * (CHART["right"] - CHART["left"])
        np.testing.assert_allclose(course[:, 0], across, atol=0.0501)
        inside = (course[:, 1] > CHART["top"] + 0.5) & (course[:, 1] < CHART["bottom"] - 0.5)
        if inside.sum() > 2 and np.ptp(course[inside, 1]) > 5:  # a straight line in log₁₀ of the loss
            power = np.log10(losses[kind][inside])
            fitted = np.polyval(np.polyfit(power, course[inside, 1], 1), power)
            np.testing.assert_allclose(course[inside, 1], fitted, atol=0.15)
    running = [kind for kind in OPTIMIZERS if kind not in off]
    assert set(race["paths"]) == set(race["courses"]) == set(running)
    visible = [OPTIMIZERS[kind].name for kind in running if np.all(np.abs(paths[kind][-1]) <= 2)]
    assert race["labels"] == sorted(visible)
    np.testing.assert_allclose(race["start"], in_area(np.array([start]))[0], atol=0.01)

    said = figure.locator(".dlp-count").inner_text()
    assert said.startswith(f"step {count}\n")
    for kind in running:
        name = OPTIMIZERS[kind].name
        words = f"{name} has diverged: its loss passed a million at step {len(paths[kind]) - 1}."
        assert (words.lower() in said.lower()) == (kind in gone)
        climbs = kind not in gone and losses[kind][-1] > losses[kind][0]
        assert (f"{name} is higher than it began.".lower() in said.lower()) == climbs
    ahead = [kind for kind in running if kind not in gone]
    if count and len(ahead) > 1:
        best = min(ahead, key=lambda kind: losses[kind][-1])
        assert f"Lowest now: {OPTIMIZERS[best].name}." in said
    return paths


@pytest.mark.parametrize("surface", SURFACES)
def test_race_is_numpy_s_on_every_surface(opened, surface):
    """After 0, 1, 10, 40 and 100 steps."""
    with opened("optimizer_race") as page:
        figure = figure_of(page)
        figure.get_by_label("surface").select_option(surface)
        check_race(figure, surface, 40)
        figure.get_by_role("button", name="start again").press("Enter")
        check_race(figure, surface, 0)
        step = figure.get_by_role("button", name="one step")
        step.press("Enter")
        check_race(figure, surface, 1)
        press(step, "Space", 9)
        check_race(figure, surface, 10)
        step.evaluate("button => { for (let n = 0; n < 90; n++) button.click(); }")
        check_race(figure, surface, 100)


def test_race_by_keyboard(opened):
    with opened("optimizer_race") as page:
        figure = figure_of(page)
        check_race(figure, "ravine", 40)
        press(figure.get_by_label("start w₁"), "ArrowRight", 4)
        press(figure.get_by_label("start w₂"), "Shift+ArrowDown", 13)
        check_race(figure, "ravine", 40, (-1.2, 0.47))
        rates = figure.get_by_label("rates")
        press(rates, "ArrowLeft", 5)
        assert "× 0.562" in figure.inner_text()
        assert rates.get_attribute("aria-valuetext") == "times 0.562"
        check_race(figure, "ravine", 40, (-1.2, 0.47), 0.562)
        press(figure.get_by_role("slider", name="momentum"), "ArrowRight", 3)
        check_race(figure, "ravine", 40, (-1.2, 0.47), 0.562, 0.95)
        for name in ("Adam", "plain"):
            figure.get_by_role("checkbox", name=name).press("Space")
        check_race(figure, "ravine", 40, (-1.2, 0.47), 0.562, 0.95, off=("plain", "adam"))
        for name in ("momentum", "Nesterov", "RMSprop"):
            figure.get_by_role("checkbox", name=name).press("Space")
        assert figure.locator("[data-path]").count() == 0
        for name in ("plain", "momentum", "Nesterov", "RMSprop", "Adam"):
            figure.get_by_role("checkbox", name=name).press("Space")
        figure.get_by_label("surface").focus()
        page.keyboard.press("ArrowDown")  # its own start; rates and momentum stay
        check_race(figure, "turned", 40, None, 0.562, 0.95)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("steps", [3, 20])
def test_race_says_who_diverges(opened, surface, steps):
    """Whatever happens to a path, it stays in the picture, and is said."""
    phone = {"width": 360, "height": 740}
    with opened("optimizer_race", viewport=phone) as page:
        figure = figure_of(page)
        figure.get_by_label("surface").select_option(surface)
        press(figure.get_by_label("rates"), "ArrowRight", steps)
        paths = check_race(figure, surface, 40, None, {3: 1.41, 20: 10.0}[steps])
        if surface == "ravine":
            assert len(paths["plain"]) < 41
        assert page.evaluate(OVERFLOW) == []
        box = figure.bounding_box()
        for part in figure.locator("svg text, td, .dlp-area-curve path").all():
            inner = part.bounding_box()
            assert inner["x"] >= box["x"] - 0.5
            assert inner["x"] + inner["width"] <= box["x"] + box["width"] + 0.5
        clip = figure.locator(".dlp-clip")
        assert clip.evaluate("node => getComputedStyle(node).overflow") == "hidden"
        matrix = "node => { const { a, d, e, f } = node.getScreenCTM(); return [a, d, e, f]; }"
        inner, outer = (figure.locator(part).evaluate(matrix) for part in (".dlp-clip", ".dlp-area-map"))
        assert inner == pytest.approx(outer, abs=0.01)  # what is clipped lies where it belongs


def start_of(figure):
    return [float(figure.get_by_label(name).input_value()) for name in ("start w₁", "start w₂")]


def race_place(figure, w):
    return on_page(figure.locator(".dlp-area-map"), in_area(np.array([w]))[0], AREA)


def test_the_start_is_dragged_and_goes_where_one_clicks(opened):
    with opened("optimizer_race") as page:
        figure = figure_of(page)
        begin = race_place(figure, (-1.6, 0.6))
        drag(page, begin, race_place(figure, (1, 1.5)) - begin)
        np.testing.assert_allclose(start_of(figure), [1, 1.5], atol=0.011)
        check_race(figure, "ravine", 40, start_of(figure))
        drag(page, race_place(figure, start_of(figure)), (600, -600))  # no farther than the corner
        assert start_of(figure) == [2, 2]
        check_race(figure, "ravine", 40, (2, 2))
        page.mouse.click(*race_place(figure, (-0.5, -1)))
        np.testing.assert_allclose(start_of(figure), [-0.5, -1], atol=0.011)
        check_race(figure, "ravine", 40, start_of(figure))


def test_race_by_touch(opened):
    phone = {"width": 360, "height": 640}
    with opened("optimizer_race", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page)
        hand = page.context.new_cdp_session(page)
        figure.locator(".dlp-area-map").scroll_into_view_if_needed()

        def stroke(start, step):
            for n in range(11):
                x, y = np.array(start) + n * np.array(step)
                kind = "touchMove" if n else "touchStart"
                hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
                page.wait_for_timeout(16)
            hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(100)

        before = page.evaluate("scrollY")
        stroke(race_place(figure, (-1.6, 0.6)), (2, -5))
        assert page.evaluate("scrollY") == before
        w = start_of(figure)
        assert w[0] > -1.5
        assert w[1] > 1
        check_race(figure, "ravine", 40, w)
        stroke(race_place(figure, (1, 0)), (0, -8))  # beside the ring the page scrolls
        assert page.evaluate("scrollY") > before + 30
        check_race(figure, "ravine", 40, w)
        page.touchscreen.tap(*race_place(figure, (1, -1)))
        np.testing.assert_allclose(start_of(figure), [1, -1], atol=0.02)
        figure.get_by_role("button", name="one step").tap()
        check_race(figure, "ravine", 41, start_of(figure))


def test_race_runs_pauses_and_ends(opened):
    with opened("optimizer_race") as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="run").press("Enter")
        page.wait_for_function("Number(document.querySelector('.dlp-count b').textContent.slice(5)) > 44")
        page.keyboard.press("Space")  # the same button: pause
        count = int(figure.locator(".dlp-count b").inner_text()[5:])
        check_race(figure, "ravine", count)
        page.wait_for_timeout(900)
        check_race(figure, "ravine", count)
        assert figure.get_by_role("status").inner_text().startswith(f"step {count}. Lowest now: ")
        step = figure.get_by_role("button", name="one step")
        step.evaluate("button => { for (let n = 0; n < 400; n++) button.click(); }")
        assert "400 steps are all." in figure.locator(".dlp-count").inner_text()
        figure.get_by_role("button", name="run").click()  # there is nothing left to run
        assert figure.get_by_role("button", name="pause").count() == 0


def test_race_with_reduced_motion_changes_once_a_second(opened):
    with opened("optimizer_race", reduced_motion="reduce") as page:
        figure = figure_of(page)
        page.evaluate(
            "() => { window.seen = []; new MutationObserver(() => window.seen.push(performance.now()))"
            ".observe(document.querySelector('.dlp-count'), { childList: true }); }"
        )
        figure.get_by_role("button", name="run").click()
        page.wait_for_timeout(2500)
        figure.get_by_role("button", name="pause").click()
        seen = page.evaluate("window.seen")
        assert len(seen) in (2, 3)
        assert min(np.diff(seen)) > 900
        check_race(figure, "ravine", 40 + 10 * len(seen))


PIXELS = """async image => {
  const picture = new Image();
  picture.src = image.getAttribute('href');
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  return [canvas.width, [...pen.getImageData(0, 0, canvas.width, canvas.height).data]];
}"""


@pytest.mark.parametrize("surface", SURFACES)
def test_contours_are_those_of_the_loss(opened, surface):
    with opened("optimizer_race") as page:
        figure = figure_of(page)
        for key in dict.fromkeys(["ravine", surface]):
            figure.get_by_label("surface").select_option(key)
        size, pixels = figure.locator("image").evaluate(PIXELS)
        middles = (np.arange(size) + 0.5) / size * 4 - 2
        loss = SURFACES[surface].loss(*np.meshgrid(middles, middles[::-1]))[0]
        theirs = signed_colors(_optimizer_race.shade(SURFACES[surface], loss)).astype(int)
        off = np.abs(np.array(pixels).reshape(size, size, 4)[..., :3] - theirs).max(axis=-1) > 2
        assert off.mean() < 0.001  # at the edge of a band either is right


def test_names_of_the_paths_do_not_cover_each_other(opened):
    meet = """figure => {
      const names = [...figure.querySelectorAll('.dlp-area-map .dlp-strong')];
      const boxes = names.map(name => name.getBoundingClientRect());
      return boxes.some((a, i) => boxes.slice(i + 1).some(b => a.left < b.right && b.left < a.right
        && a.top < b.bottom - 1 && b.top < a.bottom - 1));
    }"""
    with opened("optimizer_race", viewport={"width": 360, "height": 740}) as page:
        figure = figure_of(page)
        for surface in SURFACES:
            figure.get_by_label("surface").select_option(surface)
            assert not figure.evaluate(meet)


# --- A filter ----------------------------------------------------------------------------------

IMAGES, KERNELS = _filter_lab.images(), _filter_lab.KERNELS


def pixels_of(canvas):
    """What a canvas shows, (height, width, 3); as a PNG it comes faster than as a list of numbers."""
    png = canvas.evaluate("canvas => canvas.toDataURL()").partition(",")[2]
    return np.array(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(int)


def check_filter(figure, image, kernel, place, stride=1, padding="valid", colors=False):
    """The nine products, their sum, the place, and the colours are those of this kernel (in tenths)."""
    pixels, kernel = IMAGES[image].pixels, np.array(kernel)
    output = _filter_lab.filtered(pixels, kernel, stride, padding)
    count, before, after = _filter_lab.places(len(pixels), stride, padding)
    row, column = place
    padded = np.pad(pixels, (before, after))
    window = padded[row * stride : row * stride + 3, column * stride : column * stride + 3]
    shown = [
        [numeral(text.strip("= ×")) for text in figure.locator(f".dlp-{part}").all_inner_texts()]
        for part in ("pixel", "product")
    ]
    np.testing.assert_allclose(shown[0], window.ravel() / 100, atol=1e-12)
    np.testing.assert_allclose(shown[1], (window * kernel).ravel() / 1000, atol=1e-12)
    fields = figure.locator(".dlp-nine input").evaluate_all("all => all.map(field => field.value)")
    np.testing.assert_allclose([float(value) for value in fields], kernel.ravel() / 10, atol=1e-12)
    said = figure.locator(".dlp-count").inner_text()
    assert numeral(re.search(r"nine: (\S+)", said).group(1)) * 1000 == pytest.approx(output[row, column])
    assert f"row {row}, column {column} of {count} × {count}" in said
    picture, most = _filter_lab.picture_of(output, IMAGES[image].is_ink)
    legend = figure.locator(".dlp-legend span").all_inner_texts()
    assert legend == _filter_lab.legend(output, most, IMAGES[image].is_ink)
    if colors:
        expected = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1)
        drawn = pixels_of(figure.get_by_role("img", name="Output"))
        cell = len(drawn) // count  # near its upper left corner neither dash nor frame is drawn
        drawn = drawn[cell // 6 :: cell, cell // 6 :: cell]
        wrong = np.any(abs(drawn - expected.astype(int)) > 1, axis=-1)
        far = np.hypot(*(np.indices(wrong.shape) - np.reshape(place, (2, 1, 1)))) > 4  # the frame's arms
        assert not wrong[far].any()


def window_of(figure):
    return figure.get_by_role("application")


def opening_place():
    return _filter_lab.START["row"], _filter_lab.START["column"]


@pytest.mark.parametrize("image", IMAGES)
def test_ready_made_filters_are_numpy_s(opened, image):
    with opened("filter_lab") as page:
        figure, place = figure_of(page), opening_place()
        check_filter(figure, "photograph", KERNELS["horizontal edges"], place, colors=True)
        if image == "digit":
            figure.get_by_label("the digit 7", exact=True).check()
            place = (10, 13)
        for name, kernel in KERNELS.items():
            figure.get_by_label("filter").select_option(name)
            check_filter(figure, image, kernel, place, colors=True)


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_padding_and_stride_are_keras_s(opened, image, stride, padding):
    with opened("filter_lab") as page:
        figure = figure_of(page)
        figure.get_by_label({"photograph": "photograph", "digit": "the digit 7"}[image], exact=True).check()
        figure.get_by_label(padding, exact=True).check()
        figure.get_by_label(str(stride), exact=True).check()
        figure.get_by_label("filter").select_option("emboss")
        count = _filter_lab.places(len(IMAGES[image].pixels), stride, padding)[0]
        press(window_of(figure), "Shift+ArrowUp", 9)  # into the corners, and no farther
        press(window_of(figure), "Shift+ArrowLeft", 9)
        check_filter(figure, image, KERNELS["emboss"], (0, 0), stride, padding, colors=True)
        outside = figure.locator(".dlp-outside").count()
        assert outside == (5 if (padding, stride) == ("same", 1) else 0)
        press(window_of(figure), "Shift+ArrowDown", 9)
        press(window_of(figure), "Shift+ArrowRight", 9)
        last = (count - 1, count - 1)
        check_filter(figure, image, KERNELS["emboss"], last, stride, padding)
        assert figure.locator(".dlp-outside").count() == (5 if padding == "same" else 0)
        assert page.evaluate("scrollY") == 0


def test_weights_of_the_filter_by_keyboard_and_by_button(opened):
    with opened("filter_lab") as page:
        figure, place = figure_of(page), opening_place()
        kernel = np.array(KERNELS["horizontal edges"])
        field = figure.get_by_label("weight, row 0, column 2")
        field.press("ArrowUp")
        kernel[0, 2] = -5
        check_filter(figure, "photograph", kernel, place)
        assert figure.get_by_label("filter").input_value() == "weights of your own"
        press(field, "Shift+ArrowDown", 2)
        kernel[0, 2] = -7
        check_filter(figure, "photograph", kernel, place, colors=True)
        field.fill("-2.26")  # rounded to tenths, the field as well once it is left
        kernel[0, 2] = -23
        field.blur()
        check_filter(figure, "photograph", kernel, place)
        for wrong, right in (("40", 90), ("-1e9", -90), ("", -90)):
            field.fill(wrong)
            field.blur()
            kernel[0, 2] = right
            check_filter(figure, "photograph", kernel, place)
        figure.get_by_label("weight, row 2, column 0").focus()
        raise_it = figure.get_by_role("button", name="raise the weight in row 2, column 0 by 0.5")
        press(raise_it, "Enter", 3)
        figure.get_by_role("button", name="lower the weight in row 2, column 0").click()
        kernel[2, 0] = 20
        check_filter(figure, "photograph", kernel, place)
        figure.get_by_label("filter").select_option("identity")  # and by hand to another known filter
        press(figure.get_by_label("weight, row 1, column 1"), "Shift+ArrowDown", 8)
        for k in (0, 1, 2, 3, 5, 6, 7, 8):
            figure.get_by_label(f"weight, row {k // 3}, column {k % 3}").press("Shift+ArrowUp")
        assert figure.get_by_label("filter").input_value() == "blur"
        check_filter(figure, "photograph", KERNELS["blur"], place, colors=True)


def on_canvas(canvas, row, column, count):
    """The middle of a cell of a canvas with as many cells, on the page; the border is 1 px."""
    box = canvas.bounding_box()
    cell = (box["width"] - 2) / count
    return box["x"] + 1 + (column + 0.5) * cell, box["y"] + 1 + (row + 0.5) * cell


def test_the_window_by_mouse(opened):
    with opened("filter_lab", viewport={"width": 1280, "height": 1200}) as page:
        figure, kernel = figure_of(page), KERNELS["horizontal edges"]
        canvas, result = window_of(figure), figure.get_by_role("img", name="Output")
        page.mouse.move(*on_canvas(canvas, 31, 21, 66))  # pixel (30, 20): the margin is one cell wide
        page.mouse.down()
        check_filter(figure, "photograph", kernel, (29, 19))
        page.mouse.move(*on_canvas(canvas, 11, 51, 66))
        page.mouse.up()
        page.mouse.move(*on_canvas(canvas, 40, 40, 66))
        check_filter(figure, "photograph", kernel, (9, 49))
        page.mouse.click(*on_canvas(canvas, 0, 65, 66))
        check_filter(figure, "photograph", kernel, (0, 61))
        page.mouse.click(*on_canvas(result, 44, 7, 62))  # on the output: its own pixel
        check_filter(figure, "photograph", kernel, (44, 7))
        figure.get_by_label("2", exact=True).check()  # a stride of 2: the window stays where it is
        check_filter(figure, "photograph", kernel, (22, 3), stride=2)


def test_the_window_and_the_weights_by_touch(opened):
    phone = {"width": 360, "height": 740}
    with opened("filter_lab", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure, kernel = figure_of(page), np.array(KERNELS["horizontal edges"])
        canvas = window_of(figure)
        canvas.scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        page.touchscreen.tap(*on_canvas(canvas, 31, 21, 66))
        check_filter(figure, "photograph", kernel, (29, 19))
        hand = page.context.new_cdp_session(page)
        for kind, row in (("touchStart", 31), ("touchMove", 28), ("touchMove", 25), ("touchEnd", None)):
            places = [] if row is None else [on_canvas(canvas, row, 21, 66)]
            points = [{"x": x, "y": y} for x, y in places]
            hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.wait_for_timeout(30)
        check_filter(figure, "photograph", kernel, (23, 19))
        assert page.evaluate("scrollY") == before
        field = figure.get_by_label("weight, row 0, column 0")
        field.tap()
        assert field.get_attribute("inputmode") == "none"  # no keyboard hides the figure
        figure.get_by_role("button", name="raise the weight").tap()
        kernel[0, 0] = -5
        check_filter(figure, "photograph", kernel, (23, 19))


def test_filter_is_announced_when_the_hand_rests(opened):
    with opened("filter_lab") as page:
        press(window_of(figure_of(page)), "ArrowDown", 2)
        page.wait_for_timeout(900)
        row, column = opening_place()
        value = _filter_lab.filtered(IMAGES["photograph"].pixels, KERNELS["horizontal edges"])[
            row + 2, column
        ]
        heard = figure_of(page).get_by_role("status").inner_text()
        assert heard == f"row {row + 2}, column {column}: the sum is {_filter_lab.exact(value)}"


# --- A network that reads ----------------------------------------------------------------------


def drawn_on(figure):
    window_of(figure).evaluate("canvas => canvas.blur()")  # takes the pen off the sheet
    # Each pixel's block is 4 × 4; at its middle neither the dashed box nor the pen is drawn.
    return 255 - pixels_of(window_of(figure))[2::4, 2::4, 0]


def check_reading(figure, image, label=None, given=None):
    """The ten probabilities, what is said, and both layers' maps are those of this image."""
    reading = playground.read_digit(image)
    p = reading.probabilities
    shown = figure.locator(".dlp-bars tr").evaluate_all("all => all.map(row => Number(row.dataset.value))")
    np.testing.assert_allclose(shown, p, atol=1e-4)
    printed = figure.locator(".dlp-bars td:last-child").all_inner_texts()
    np.testing.assert_allclose([float(text) for text in printed], p, atol=0.6e-3)
    widths = figure.locator(".dlp-bar").evaluate_all("all => all.map(bar => parseFloat(bar.style.width))")
    np.testing.assert_allclose(widths, 100 * p, atol=0.06)
    head, rest = _draw_a_digit.said(np.array(shown), label, is_empty=not np.any(image))
    assert figure.locator(".dlp-count").inner_text().split("\n") == [head, rest]
    assert figure.locator(".dlp-best th").inner_text() == str(np.argmax(p))
    for layer, maps in enumerate((reading.first, reading.second)):
        expected = _draw_a_digit.picture_of_maps(layer, maps)
        board = figure.locator("canvas.dlp-maps").nth(layer)
        drawn = pixels_of(board)
        assert drawn.shape == expected.shape
        assert abs(drawn - expected.astype(int)).max() <= 3
        assert board.get_attribute("aria-label") == _draw_a_digit.said_of_maps(layer, maps)
    pixels = 255 - pixels_of(figure.get_by_role("img", name="What the network gets"))[2::8, 2::8, 0]
    cross = np.zeros((28, 28), dtype=bool)
    cross[14, 13:16] = cross[13:16, 14] = True
    assert np.array_equal(pixels[~cross], image[~cross])


def check_drawing(figure, label=None):
    """Whatever is on the sheet: scaled and centred, and read, as NumPy does it."""
    sheet = drawn_on(figure)
    scaled = figure.get_by_role("checkbox").is_checked()
    image = playground.as_mnist(sheet) if scaled else _draw_a_digit.shrunk(sheet)
    check_reading(figure, image, label)
    return sheet


DIGITS = [*range(20), 340, 435, 684, 1901, 2135]  # as in tests/test_playground.py, where Keras reads them


def test_real_digits_are_read_as_by_numpy(opened, monkeypatch):
    """Twenty-five, of which the network is not sure of some; as buttons of the same figure."""
    _, (x, y) = load_mnist()
    monkeypatch.setattr(_draw_a_digit, "PRESETS", {f"image {n}": (n, 4) for n in DIGITS})
    _draw_a_digit.preset_images.cache_clear()
    try:
        with opened("draw_a_digit") as page:
            figure = figure_of(page)
            for n in DIGITS:
                figure.get_by_role("button", name=f"image {n}", exact=True).click()
                image = playground.as_mnist(np.kron(x[n], np.ones((4, 4), dtype=np.uint8)))
                assert np.array_equal(image, x[n])
                check_reading(figure, image, label=y[n])
    finally:
        _draw_a_digit.preset_images.cache_clear()


def test_presets_of_the_sheet(opened):
    with opened("draw_a_digit") as page:
        figure = figure_of(page)
        for name, (index, _) in _draw_a_digit.PRESETS.items():
            label = _draw_a_digit.preset_images()[index][1]
            figure.get_by_role("button", name=name, exact=True).press("Enter")
            assert np.array_equal(check_drawing(figure, label), _draw_a_digit.sheet_of(name))
            assert ("✗" in figure.locator(".dlp-count").inner_text()) == ("misreads" in name)
            figure.get_by_role("checkbox").uncheck()
            check_drawing(figure, label)
            assert ("✗" in figure.locator(".dlp-count").inner_text()) == (len(name) > 1)
            figure.get_by_role("checkbox").check()
        figure.get_by_role("button", name="clear").click()
        assert not check_drawing(figure).any()
        assert "the sheet is empty" in figure.locator(".dlp-count").inner_text()


def test_draw_by_mouse(opened):
    """A large 1 in a corner, then the rubber; each stroke is read at once."""
    with opened("draw_a_digit", viewport={"width": 1280, "height": 1200}) as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="clear").click()
        canvas = window_of(figure)
        page.mouse.move(*spot(canvas, 2, 4))
        page.mouse.down()
        page.mouse.move(*spot(canvas, 24, 5))  # one jump: no gap
        page.mouse.up()
        page.mouse.move(*spot(canvas, 24, 20))  # lifted: draws nothing
        sheet = check_drawing(figure)
        assert np.all(sheet[10:98, 16:25].max(axis=1) == 255)
        assert not sheet[:, 30:].any()
        assert figure.locator(".dlp-count b").inner_text().startswith("reads a 1,")
        figure.get_by_label("rubber").check()
        figure.get_by_label("pen width").press("End")
        page.mouse.click(*spot(canvas, 13, 4))
        rubbed = check_drawing(figure)
        assert not rubbed[50:58, 14:22].any()
        assert rubbed.sum() < sheet.sum()
        figure.get_by_role("checkbox").uncheck()
        check_drawing(figure)


def test_draw_by_keyboard(opened):
    with opened("draw_a_digit") as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="clear").click()
        canvas = window_of(figure)
        press(canvas, "ArrowUp", 8)
        canvas.press("Space")
        dot = check_drawing(figure)
        assert dot[4 * 6 + 2, 4 * 14 + 2] == 255
        assert 4 * np.pi * 25 / 5 < (dot > 127).sum() < 2 * np.pi * 25  # 2.5 pixels of 4 across
        press(canvas, "Shift+ArrowDown", 15)
        line = check_drawing(figure)
        assert np.all(line[26:87, 4 * 14 + 2] == 255)
        assert figure.locator(".dlp-count b").inner_text().startswith("reads a 1,")
        canvas.press("e")
        assert check_drawing(figure)[4 * 21 + 2, 4 * 14 + 2] == 0
        press(canvas, "ArrowLeft", 40)  # no farther than the edge
        press(canvas, "ArrowDown", 40)
        canvas.press("Space")
        assert check_drawing(figure)[110, 1] == 255
        assert page.evaluate("scrollY") == 0
        canvas.press("Tab")
        assert page.evaluate("document.activeElement.type") == "radio"


def test_draw_by_touch_and_scroll_elsewhere(opened):
    phone = {"width": 360, "height": 740}
    with opened("draw_a_digit", viewport=phone, has_touch=True, is_mobile=True) as page:
        figure = figure_of(page)
        figure.get_by_role("button", name="clear").tap()
        canvas = window_of(figure)
        canvas.scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        hand = page.context.new_cdp_session(page)

        def stroke(places):
            kinds = ["touchStart"] + ["touchMove"] * (len(places) - 1)
            for kind, (x, y) in zip(kinds, places, strict=True):
                hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
                page.wait_for_timeout(30)
            hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(100)

        stroke([spot(canvas, row, 12) for row in range(24, 3, -2)])
        sheet = check_drawing(figure)
        assert np.all(sheet[20:98, 50] == 255)
        assert page.evaluate("scrollY") == before
        head = figure.locator(".dlp-count").bounding_box()
        stroke([(180, head["y"] + head["height"] / 2 - 10 * k) for k in range(8)])
        assert page.evaluate("scrollY") > before + 30
        assert np.array_equal(drawn_on(figure), sheet)


def test_reading_is_announced_when_the_hand_rests(opened):
    with opened("draw_a_digit") as page:
        page.wait_for_timeout(900)
        heard = figure_of(page).get_by_role("status")
        assert heard.inner_text().startswith("reads a 7, probability above 0.999; MNIST’s label: 7 ✓")
        window_of(figure_of(page)).press("ArrowUp")
        page.wait_for_timeout(900)
        assert heard.inner_text() == "row 13, column 14, paper"


STROKES = """canvas => {
  const box = canvas.getBoundingClientRect();
  canvas.setPointerCapture = () => {};
  canvas.hasPointerCapture = () => true;
  for (let k = 0; k < 40; k++) {
    const place = { clientX: box.left + 40 + 4 * k, clientY: box.top + 60 + 40 * Math.sin(k) };
    const kind = k ? 'pointermove' : 'pointerdown';
    canvas.dispatchEvent(new PointerEvent(kind, { ...place, button: 0, pointerId: 1 }));
  }
}"""


def test_it_reads_while_one_draws(opened):
    """A piece of a stroke is drawn, scaled, read and shown in less than 50 ms of the page's own time."""
    with opened("draw_a_digit") as page:
        clock = page.context.new_cdp_session(page)
        clock.send("Performance.enable", {"timeDomain": "threadTicks"})  # others may use this machine too

        def seconds():
            metrics = clock.send("Performance.getMetrics")["metrics"]
            return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

        before = seconds()
        window_of(figure_of(page)).evaluate(STROKES)
        assert (seconds() - before) / 40 < 0.05
        check_drawing(figure_of(page))


# --- All ---------------------------------------------------------------------------------------

THEMES = {  # how the three places, and the reader's system, ask for dark
    "book": "document.documentElement.dataset.theme = '{}'",
    "JupyterLab": "document.body.dataset.jpThemeLight = String('{}' === 'light')",
    "Colab": "document.documentElement.setAttribute('theme', '{}')",
}


@figures
@pytest.mark.parametrize("place", [*THEMES, "system"])
def test_light_and_dark_and_accessible(opened, figure, place):
    backgrounds = set()
    for theme, other in (("light", "dark"), ("dark", "light")):
        # The page's own wish has precedence over the system's.
        with opened(figure, color_scheme=theme if place == "system" else other) as page:
            if place in THEMES:
                page.evaluate(THEMES[place].format(theme))
            color = figure_of(page).evaluate("node => getComputedStyle(node).backgroundColor")
            assert (int(re.search(r"\d+", color).group()) < 128) == (theme == "dark")
            backgrounds.add(color)
            violations = Axe().run(page, options={"preload": False}).response["violations"]
            found = [(v["id"], n["target"], n["failureSummary"]) for v in violations for n in v["nodes"]]
            # The bare page of this test is not what is examined.
            assert [fault for fault in found if "figure" in str(fault) or "dlp" in str(fault)] == []
    assert len(backgrounds) == 2


@figures
@pytest.mark.parametrize("width", [320, 360, 500, 760, 1280])
def test_fits_every_width(opened, figure, width):
    with opened(figure, viewport={"width": width, "height": 700}) as page:
        assert page.evaluate(OVERFLOW) == []
        box = figure_of(page).bounding_box()
        for part in figure_of(page).locator("*:visible:not(.dlp-heard)").all():
            inner = part.bounding_box()
            assert inner is None or inner["x"] + inner["width"] <= box["x"] + box["width"] + 0.5


# Which control of the figure has the focus, and the outline by which one sees it.
FOCUSED = """() => {
  const node = document.activeElement, around = node.closest('.dlp-radio') || node;
  const controls = [...document.querySelectorAll('.dlp :is(input, select, button, canvas[tabindex])')];
  const style = getComputedStyle(around);
  return node.closest('.dlp') && `${controls.indexOf(node)}: ${style.outlineStyle} ${style.outlineWidth}`;
}"""


@figures
def test_every_control_has_a_name_and_shows_its_focus(opened, figure):
    with opened(figure) as page:
        controls = figure_of(page).locator("input, select, button, canvas[tabindex]")
        reached = set()
        for _ in range(controls.count()):
            page.keyboard.press("Tab")
            reached.add(page.evaluate(FOCUSED))
        reached.discard(None)
        radios = figure_of(page).locator("input[type=radio]")
        groups = set(radios.evaluate_all("all => all.map(radio => radio.name)"))
        assert len(reached) == controls.count() - radios.count() + len(groups)  # a radio group is one stop
        assert {text.split(": ")[1] for text in reached} == {"solid 3px"}


@figures
def test_nothing_moves_by_itself(opened, figure):
    with opened(figure, reduced_motion="reduce") as page:
        figure_of(page).get_by_label(SLIDER[figure]).first.press("ArrowRight")
        assert page.evaluate("document.getAnimations().length") == 0


def test_figures_on_one_page_are_independent(opened):
    bar, bias = playground.digit_weights_data().presets["the bar"]
    with opened("neuron", "digit_weights", "neuron", "digit_weights") as page:
        press(figure_of(page, 2).get_by_label("bias b"), "ArrowLeft", 10)
        check_neuron(figure_of(page, 0), 1, 2, 0.5, -1, -1, "sigmoid")
        check_neuron(figure_of(page, 2), 1, 2, 0.5, -1, -2, "sigmoid")
        figure_of(page, 1).get_by_role("button", name="clear").click()
        figure_of(page, 1).get_by_label("−1").check()
        check_digits(figure_of(page, 1), np.zeros((28, 28)), 0)
        check_digits(figure_of(page, 3), bar, bias)
        assert figure_of(page, 3).get_by_label("+1").is_checked()
        names = ["slider", "radios", "axes", "curve", "start", "ACTIVATIONS", "signedColor"]
        assert [page.evaluate(f"typeof {name}") for name in names] == ["undefined"] * len(names)


def test_neighbours_leave_each_other_s_layout_alone(opened):
    """Styles that several figures share come again with each, after the first figure's own."""
    size = "node => [...node.querySelectorAll('.dlp-columns > *')].map(n => n.getBoundingClientRect().width)"
    alone = {}
    for name in FIGURES:
        with opened(name) as page:
            alone[name] = figure_of(page).evaluate(size)
    for names in (list(FIGURES), list(FIGURES)[::-1]):
        with opened(*names) as page:
            for n, name in enumerate(names):
                assert figure_of(page, n).evaluate(size) == pytest.approx(alone[name], abs=0.5)


# What figures print beside their drawings.
SAID = {
    "small_network": [".dlp-forward span", ".dlp-count"],
    "training": [".dlp-loss", ".dlp-count", ".dlp-grads tr"],
    "graph_steps": [".dlp-said", "svg text"],
    "optimizer_race": [".dlp-count", "tr", "svg text"],
    "filter_lab": [".dlp-count", ".dlp-pixel", ".dlp-product", ".dlp-legend"],
    "draw_a_digit": [".dlp-count", ".dlp-bars tr"],
}


def points(figure):
    """Where the circles stand that are drawn, not those that only feel a finger."""
    circles = figure.locator("circle:not(.dlp-hit)").all()
    return [(float(node.get_attribute("cx")), float(node.get_attribute("cy"))) for node in circles]


def test_without_javascript_the_opening_state_stands(opened):
    presets = playground.digit_weights_data().presets
    names = list(FIGURES)

    def said(page, name):
        figure = figure_of(page, names.index(name))
        texts = [text for part in SAID[name] for text in figure.locator(part).all_text_contents()]
        return [re.sub(r"\s+", " ", text).strip() for text in texts]

    with opened(*names, java_script_enabled=False) as page:
        for n in range(len(names)):
            assert figure_of(page, n).locator("input, select, button, canvas").count() == 0
            assert figure_of(page, n).get_by_text("This is the figure at rest").is_visible()
        assert "= 0.6225" in figure_of(page, 0).locator(".dlp-print").inner_text()
        still = [points(figure_of(page, n)) for n in (0, 2, 3)]
        then = {name: said(page, name) for name in SAID}
        check_digits(figure_of(page, 1), *presets["the bar"])
    with opened(*names) as page:  # the script draws the same points at the same places
        assert not figure_of(page).get_by_text("This is the figure at rest").is_visible()
        for n, places in zip((0, 2, 3), still, strict=True):
            np.testing.assert_allclose(points(figure_of(page, n)), places, atol=0.01)
        assert {name: said(page, name) for name in SAID} == then


AS_JUPYTERLAB_DOES = """() => {
  const figure = document.querySelector('figure'), text = window.kept;
  const host = document.createElement('div');
  host.innerHTML = text;  // scripts that come this way do not run …
  for (const script of host.querySelectorAll('script')) {  // … so they are copied
    const copy = document.createElement('script');
    for (const { name, value } of script.attributes) copy.setAttribute(name, value);
    copy.textContent = script.textContent;
    script.replaceWith(copy);
  }
  document.querySelector('main').append(host);
}"""


@figures
def test_comes_alive_in_the_way_of_notebooks(opened, figure):
    """Also beside a living copy of itself, which it leaves alone."""
    with opened(figure) as page:
        figure_of(page).get_by_label(SLIDER[figure]).first.press("End")
        page.evaluate("html => { window.kept = html; }", FIGURES[figure]()._repr_html_())
        page.evaluate(AS_JUPYTERLAB_DOES)
        assert figure_of(page, 1).get_by_label(SLIDER[figure]).first.is_visible()
        first, second = (figure_of(page, n).get_by_label(SLIDER[figure]).first.input_value() for n in (0, 1))
        assert first != second
