"""The figures that can be played with, in a real browser: every number they show is NumPy's.

The pages are made here from ``_repr_html_``; the built book is not needed.
"""

import re
from contextlib import contextmanager

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from dlbook_utils import activations, playground
from dlbook_utils.playground._neuron import NAMES
from tests.pages.conftest import DESKTOP, OVERFLOW, serve

FIGURES = {"neuron": playground.neuron, "digit_weights": playground.digit_weights}
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


# --- Both --------------------------------------------------------------------------------------

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
  const controls = [...document.querySelectorAll('.dlp :is(input, select, button, canvas)')];
  const style = getComputedStyle(around);
  return node.closest('.dlp') && `${controls.indexOf(node)}: ${style.outlineStyle} ${style.outlineWidth}`;
}"""


@figures
def test_every_control_has_a_name_and_shows_its_focus(opened, figure):
    with opened(figure) as page:
        controls = figure_of(page).locator("input, select, button, canvas")
        reached = set()
        for _ in range(controls.count()):
            page.keyboard.press("Tab")
            reached.add(page.evaluate(FOCUSED))
        reached.discard(None)
        radios = figure_of(page).locator("input[type=radio]").count()
        assert len(reached) == controls.count() - max(radios - 1, 0)  # a radio group is one stop
        assert {text.split(": ")[1] for text in reached} == {"solid 3px"}


@figures
def test_nothing_moves_by_itself(opened, figure):
    with opened(figure, reduced_motion="reduce") as page:
        figure_of(page).get_by_label("bias b").press("ArrowRight")
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


def points(figure):
    return [(node.get_attribute("cx"), node.get_attribute("cy")) for node in figure.locator("circle").all()]


def test_without_javascript_the_opening_state_stands(opened):
    presets = playground.digit_weights_data().presets
    with opened("neuron", "digit_weights", java_script_enabled=False) as page:
        for n in range(2):
            assert figure_of(page, n).locator("input, select, button, canvas").count() == 0
            assert figure_of(page, n).get_by_text("This is the figure at rest").is_visible()
        assert "= 0.6225" in figure_of(page, 0).locator(".dlp-print").inner_text()
        still = points(figure_of(page, 0))
        check_digits(figure_of(page, 1), *presets["the bar"])
    with opened("neuron") as page:  # the script draws the same points at the same places
        assert not figure_of(page).get_by_text("This is the figure at rest").is_visible()
        live = points(figure_of(page))
    assert live == still


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
        figure_of(page).get_by_label("bias b").press("End")
        page.evaluate("html => { window.kept = html; }", FIGURES[figure]()._repr_html_())
        page.evaluate(AS_JUPYTERLAB_DOES)
        assert figure_of(page, 1).get_by_label("bias b").is_visible()
        first, second = (figure_of(page, n).get_by_label("bias b").input_value() for n in (0, 1))
        assert first != second
