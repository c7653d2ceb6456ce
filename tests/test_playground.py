"""The figures that can be played with: what their HTML contains before any script has run."""

import base64
import io
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from dlbook_utils import activations, playground, plotting
from dlbook_utils.datasets import load_mnist
from dlbook_utils.playground import _figure, _small_network
from dlbook_utils.playground._neuron import NAMES

FIGURES = {
    "neuron": playground.neuron,
    "digit_weights": playground.digit_weights,
    "small_network": playground.small_network,
}
figures = pytest.mark.parametrize("name", FIGURES)
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Reader(HTMLParser):
    """Reads HTML strictly: every element is closed, in the right order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.words))


def html_of(name):
    return FIGURES[name]()._repr_html_()


@figures
def test_html_is_well_formed_and_light(name):
    html = html_of(name)
    reader = Reader(html)
    assert reader.elements[0][0] == "figure"
    assert len(html.encode()) < 60_000


@figures
def test_nothing_is_loaded(name):
    html = html_of(name)
    assert set(re.findall(r"https?://[^\"'\s]*", html)) <= {"http://www.w3.org/2000/svg"}
    for _, attributes in Reader(html).elements:
        for attribute in ("src", "href"):
            assert attributes.get(attribute, "data:").startswith("data:")
    assert not re.search(r"@import|url\(", html)


@figures
def test_two_figures_share_no_id(name):
    """There is none: labels enclose their controls, and what needs a name gets it from the script."""
    for _, attributes in Reader(html_of(name) + html_of(name)).elements:
        assert "id" not in attributes


@figures
def test_scripts_leave_no_names_and_style_stays_inside(name):
    html = html_of(name)
    assert re.search(r'<script>\n\(\(\) => \{\n"use strict";\n.*\}\)\(\);\n</script>', html, re.S)
    style = re.search(r"<style>(.*?)</style>", html, re.S).group(1)
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    for selectors in re.findall(r"([^{}@;]+)\{", re.sub(r"@container[^{]*\{", "", style)):
        for selector in selectors.split(","):
            assert ".dlp" in selector


@figures
def test_no_formula_marks_outside_the_script(name):
    """A notebook would take dollar signs for TeX."""
    assert "$" not in Reader(html_of(name)).text


@figures
def test_it_says_what_to_try_and_what_to_notice_and_works_without_script(name):
    text = Reader(html_of(name)).text
    assert "Try:" in text
    assert "Notice:" in text
    assert "it can be played with where scripts run" in text


@figures
def test_every_call_gives_the_same_html(name):
    assert html_of(name) == html_of(name)


@figures
def test_a_notebook_shows_it(name):
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    formats, _ = formatter.format(FIGURES[name]())
    assert formats["text/html"] == html_of(name)
    assert formats["text/plain"].startswith("<Playground: ")


def test_neuron_at_rest_prints_what_numpy_computes():
    z = np.array([1.0, 0.5]) @ np.array([2.0, -1.0]) - 1.0
    a, slope = activations.sigmoid(z), activations.sigmoid_grad(z)
    text = Reader(playground.neuron().html).text
    assert f"= {z:.4f}" in text
    assert f"sigmoid({z:.4f}) = {a:.4f}" in text
    assert f"a′ = {slope:.4f}" in text


def test_neuron_offers_every_elementwise_activation():
    elementwise = set(activations._BY_NAME) - {"softmax", "log_softmax"}
    assert set(NAMES) == elementwise


def test_digits_at_rest_have_the_scores_that_numpy_computes():
    data = playground.digit_weights_data()
    weights = np.full((28, 28), -1.0)
    weights[4:24, 12:16] = 1.0
    scores = (data.images / 255 * weights).sum(axis=(1, 2)) - 12
    html = playground.digit_weights().html
    printed = re.findall(r'<span class="dlp-score">(.*?)</span><span class="dlp-says">(.*?)</span>', html)
    assert len(printed) == 24
    for (score, says), z, label in zip(printed, scores, data.labels, strict=True):
        assert float(score.replace("−", "-")) == round(z, 1)
        assert says.split()[-1] == ("fires" if z > 0 else "silent")
        assert ("✗" in says) == ((z > 0) != (label == 1))
    is_one = data.labels == 1
    count = f"fires for {(scores > 0)[is_one].sum()} of 4 ones, {(scores > 0)[~is_one].sum()} of 20 others"
    assert count in Reader(html).text


def test_what_digit_weights_says_to_notice_is_so():
    """With the bar, a bias that lets the fourth 1 fire lets a 3 and an 8 fire as well."""
    data = playground.digit_weights_data()
    scores = data.scores(*data.presets["the bar"])
    slanting = scores[data.labels == 1].min()
    assert set(data.labels[(scores > slanting) & (data.labels != 1)]) == {3, 8}
    solved = data.scores(*data.presets["average 1 − average rest"]) > 0
    assert np.array_equal(solved, data.labels == 1)  # the task has a solution


def test_the_travelling_digit_is_there_and_no_other_test_image():
    (x, y), (x_test, _) = load_mnist()
    data = playground.digit_weights_data()
    seven = np.flatnonzero(data.labels == 7)[0]
    assert np.array_equal(data.images[seven], x_test[0])
    validation = {image.tobytes(): label for image, label in zip(x[50_000:], y[50_000:], strict=True)}
    for i, image in enumerate(data.images):
        assert i == seven or validation[image.tobytes()] == data.labels[i]


def test_the_presets_are_the_notebook_s_weights():
    (x, y), _ = load_mnist()
    rows, is_one = x[:50_000].reshape(-1, 784).astype(np.float32) / 255, y[:50_000] == 1
    average, bias = playground.digit_weights_data().presets["average 1 − average rest"]
    by_the_data = rows[is_one].mean(axis=0) - rows[~is_one].mean(axis=0)
    np.testing.assert_allclose(average.ravel() / 100, by_the_data, atol=0.005 + 1e-5)
    sums = rows @ (average.ravel() / 100).astype(np.float32)
    halves = np.arange(-5, 5.5, 0.5)
    right = [np.mean((sums + b > 0) == is_one) for b in halves]
    assert bias == halves[np.argmax(right)]


def test_packed_digits_and_weights_can_be_read_back():
    html = playground.digit_weights().html
    known = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html).group(1))
    data = playground.digit_weights_data()
    stream = io.BytesIO(base64.b64decode(known["digits"]))
    for image in data.images:
        top, left, height, width = stream.read(4)
        unpacked = np.zeros((28, 28), dtype=np.uint8)
        box = np.frombuffer(stream.read(height * width), dtype=np.uint8).reshape(height, width)
        unpacked[top : top + height, left : left + width] = box
        assert np.array_equal(unpacked, image)
    assert stream.read() == b""
    for preset in known["presets"]:
        weights, bias = data.presets[preset["name"]]
        assert np.array_equal(np.frombuffer(base64.b64decode(preset["weights"]), np.int8), weights.ravel())
        assert preset["bias"] == bias


def test_small_network_at_rest_prints_what_numpy_computes():
    island = playground.small_network_data()[_small_network.FIRST]
    network = island.solved
    z1 = np.array(_small_network.CROSS) @ network.W1 + network.b1
    h = activations.relu(z1)
    z = h @ network.w2 + network.b2
    text = Reader(playground.small_network().html).text.replace("−", "-")
    for k in range(3):
        assert f"= relu({z1[k]:.2f}) = {h[k]:.2f} " in text
    assert f"+ {network.b2:.2f} = {z:.2f}: {'yes' if z > 0 else 'no'}" in text
    assert f"right: {len(island.points)} of {len(island.points)} points" in text


def test_the_network_of_xor_is_the_chapter_s():
    """Equation (1.8): h₁ = max(x₁ + x₂, 0), h₂ = max(x₁ + x₂ − 1, 0), z = h₁ − 2h₂ − ½."""
    network = playground.small_network_data()[0].solved
    x = np.random.default_rng(0).uniform(-0.5, 1.5, size=(100, 2))
    total = x.sum(axis=1)
    _, h, z = network.forward(x)
    np.testing.assert_allclose(h[:, 0], np.maximum(total, 0), atol=1e-9)
    np.testing.assert_allclose(h[:, 1], np.maximum(total - 1, 0), atol=1e-9)
    np.testing.assert_allclose(z, h[:, 0] - 2 * h[:, 1] - 0.5, atol=1e-9)


def right(network, one):
    return np.sum((network.forward(one.points)[2] > 0) == one.labels)


@pytest.mark.parametrize("one", playground.small_network_data(), ids=lambda one: one.name)
def test_points_of_the_small_network_can_be_told_apart_but_not_by_a_line(one):
    assert right(one.solved, one) == len(one.points)
    assert right(one.open, one) < len(one.points)
    assert abs(one.solved.forward(one.points)[2]).min() > 0.1  # a slip of the hand spoils nothing
    # If a line separates points, so does one through two of them, moved by as little as one likes.
    best = 0
    for p, q in itertools.combinations(one.points, 2):
        sides = (one.points - p) @ np.array([p[1] - q[1], q[0] - p[0]])
        free = np.isclose(sides, 0)  # those on the line itself may be counted on either side
        for way in (1, -1):
            best = max(best, np.sum(free | ((way * sides > 0) == one.labels)))
    assert best < len(one.points)


def test_tasks_of_the_small_network_are_so():
    """What a task calls right already is as in the solution, and the rest can be mended."""
    xor, island, stripe = playground.small_network_data()
    assert np.array_equal(xor.open.W1, xor.solved.W1)
    assert np.array_equal(xor.open.b1, xor.solved.b1)
    assert np.flatnonzero(xor.open.w2 != xor.solved.w2).tolist() == [1]
    assert np.array_equal(island.open.w2, island.solved.w2)
    assert island.open.b2 == island.solved.b2
    lengths = [np.hypot(*network.W1) for network in (island.open, island.solved)]
    np.testing.assert_allclose(*lengths)  # lines need to be shifted and turned, no more
    for name in ("W1", "b1"):
        before, after = getattr(stripe.open, name), getattr(stripe.solved, name)
        assert np.array_equal(before[..., 1], -after[..., 1])
        assert np.array_equal(before[..., [0, 2]], after[..., [0, 2]])
    assert np.array_equal(stripe.open.w2, stripe.solved.w2)


def test_png_can_be_read():
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for written in (image, image[..., 0]):
        raw = base64.b64decode(_figure.png(written).removeprefix("data:image/png;base64,"))
        read = plotting.plt.imread(io.BytesIO(raw), format="png")
        assert np.array_equal(np.round(read * 255), written)


def test_signed_colours_are_the_book_s():
    values = np.linspace(-1, 1, 9).reshape(1, 9)
    theirs = plotting.SIGNED((values + 1) / 2)[..., :3] * 255
    np.testing.assert_allclose(_figure.signed_colors(values), theirs, atol=2)


@pytest.mark.parametrize(
    ("value", "digits", "plus", "text"),
    [(-0.004, 2, "", "0.00"), (-1.5, 1, "", "−1.5"), (2, 1, "+", "+2.0"), (0, 1, "+", "0.0")],
)
def test_numbers_are_printed_with_a_real_minus_and_no_minus_zero(value, digits, plus, text):
    assert _figure.number(value, digits, plus) == text
