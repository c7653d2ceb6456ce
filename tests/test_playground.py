"""The figures that can be played with: what their HTML contains before any script has run."""

import base64
import io
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from dlbook_utils import activations, optimizers, playground, plotting
from dlbook_utils.autodiff import Variable, backward
from dlbook_utils.datasets import load_mnist
from dlbook_utils.gradient_check import numerical_gradient
from dlbook_utils.playground import (
    _draw_a_digit,
    _figure,
    _filter_lab,
    _graph_steps,
    _optimizer_race,
    _small_network,
)
from dlbook_utils.playground._neuron import NAMES
from dlbook_utils.pretrained import load_weights

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
    html = re.sub(r'"weights":"[^"]{100000,}"', "", html)  # trained weights apart
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


def best_line(one):
    """How many points one line gets right, if those that lie on it count as right.

    If a line separates points, so does one through two of them, moved by as little as one likes.
    """
    best = 0
    for p, q in itertools.combinations(one.points, 2):
        sides = (one.points - p) @ np.array([p[1] - q[1], q[0] - p[0]])
        free = np.isclose(sides, 0)
        for way in (1, -1):
            best = max(best, np.sum(free | ((way * sides > 0) == one.labels)))
    return best


@pytest.mark.parametrize("one", playground.small_network_data(), ids=lambda one: one.name)
def test_points_of_the_small_network_can_be_told_apart_but_not_by_a_line(one):
    assert right(one.solved, one) == len(one.points)
    assert right(one.open, one) < len(one.points)
    assert abs(one.solved.forward(one.points)[2]).min() > 0.1  # a slip of the hand spoils nothing
    assert best_line(one) < len(one.points)


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


# --- A network that trains ---------------------------------------------------------------------

TRAINING = {one.name: one for one in playground.small_network_data(train=True)}
sets = pytest.mark.parametrize("one", TRAINING.values(), ids=TRAINING)


def by_hand(network, one, rate, steps):
    """The same training in plain NumPy, with f′ from dlbook_utils.activations."""
    f, slope = activations.get(network.activation), getattr(activations, f"{network.activation}_grad")
    W1, b1, w2, b2 = network.W1.copy(), network.b1.copy(), network.w2.copy(), network.b2
    x, y, losses = one.points, one.labels.astype(float), []
    for step in range(steps + 1):
        z1 = x @ W1 + b1
        h = f(z1)
        z = h @ w2 + b2
        p = 1 / (1 + np.exp(-z))
        losses.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
        dz = (p - y) / len(y)
        dz1 = np.outer(dz, w2) * slope(z1)
        if step < steps:
            W1, b1 = W1 - rate * x.T @ dz1, b1 - rate * dz1.sum(axis=0)
            w2, b2 = w2 - rate * dz @ h, b2 - rate * dz.sum()
    return W1, b1, w2, b2, losses


@sets
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_training_is_plain_numpy_s(one, activation):
    begin = _small_network.SmallNetwork(activation, *list(vars(one.open).values())[1:])
    trained, losses = begin.train(one.points, one.labels, 0.3, 50)
    *weights, expected = by_hand(begin, one, 0.3, 50)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)
    for weight, name in zip(weights, ("W1", "b1", "w2", "b2"), strict=True):
        np.testing.assert_allclose(getattr(trained, name), weight, rtol=1e-8)
        assert np.array_equal(getattr(begin, name), getattr(one.open, name))


@sets
def test_gradients_of_the_small_network_are_those_of_nudging(one):
    gradients = one.open.gradients(one.points, one.labels)
    for name in ("W1", "b1", "w2", "b2"):

        def loss(value, name=name):
            network = _small_network.SmallNetwork(**vars(one.open) | {name: value})
            return network.train(one.points, one.labels, 1.0, 0)[1][0]

        numerical = numerical_gradient(loss, np.array(getattr(one.open, name), dtype=float))
        np.testing.assert_allclose(gradients[name], numerical, rtol=1e-5, atol=1e-9)


@sets
def test_points_to_train_on(one):
    """As many circles as squares, inside the picture, and no line tells them apart."""
    assert len(one.points) == 40
    assert one.labels.sum() == 20
    assert np.all((one.points > -0.45) & (one.points < 1.45))
    assert best_line(one) < len(one.points)


def test_training_at_rest_prints_what_numpy_computes():
    one = TRAINING["XOR"]
    W1, b1, w2, b2, losses = by_hand(one.open, one, 1, 40)
    html = FIGURES["training"]().html
    text = Reader(html).text.replace("−", "-")
    assert f"step 40, loss {losses[-1]:.4f}" in text
    cells = re.findall(r'data-weight="(.*?)">(.*?)<span>∂ (.*?)</span>', html)
    assert len(cells) == 13
    expected = {"W1": W1, "b1": b1, "w2": w2, "b2": np.array(b2)}
    after = dict(zip(expected, by_hand(one.open, one, 1, 41), strict=False))
    for words, value, gradient in cells:
        name, *place = words.split()
        at = tuple(map(int, place))
        assert float(value.replace("−", "-")) == pytest.approx(expected[name][at], abs=0.5001e-4)
        moved = expected[name][at] - np.asarray(after[name])[at]  # with the rate 1
        assert float(gradient.replace("−", "-")) == pytest.approx(moved, abs=0.5001e-4)


def test_what_the_training_says_to_notice_is_so():
    xor, arcs = TRAINING.values()
    coin = np.log(2)

    def course(one, rate, steps, activation="tanh"):
        begin = _small_network.SmallNetwork(activation, *list(vars(one.open).values())[1:])
        trained, losses = begin.train(one.points, one.labels, rate, steps)
        return right(trained, one), np.array(losses)

    for rate, steps in ((0.3, 400), (1, 200), (3, 100)):
        score, losses = course(xor, rate, steps)
        assert score == 40
        assert losses[-1] < 0.15
    losses = course(xor, 1, 25)[1]
    assert np.all(abs(losses[8:] - coin) < 0.025)  # it lingers
    score, losses = course(xor, 10, 200)
    assert losses.max() > 3 * coin  # it overshoots
    assert score < 40
    assert course(xor, 1, 2000, "linear")[0] < 40
    assert course(arcs, 3, 1000)[0] == 40  # and the other points can be learnt, too


# --- A graph -----------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [-2.0, -0.3, 0.0, 1.5, 2.0])
@pytest.mark.parametrize("w", [-1.1, 0.4, 2.0])
def test_graph_steps_are_the_tape_s(x, w):
    x, w = Variable(x), Variable(w)
    z = x * w
    a = np.tanh(z)
    s = z + a
    e = s - 0.5
    L = np.square(e)
    gradients = backward(L)
    last = _graph_steps.run(len(_graph_steps.STEPS) - 1, float(x.value), float(w.value))
    for name, variable in {"x": x, "w": w, "z": z, "a": a, "s": s, "e": e, "L": L}.items():
        assert last.value[name] == pytest.approx(float(variable.value), abs=1e-12)
        assert last.gradient[name] == pytest.approx(float(gradients[variable]), abs=1e-12)
    shares = [share for (_, end), (_, share) in last.edges.items() if end == "z"]
    assert len(shares) == 2
    assert sum(shares) == pytest.approx(float(gradients[z]), abs=1e-12)


def test_every_step_of_the_graph_uses_what_is_there():
    """Forward each node after its arguments; back each node once all its shares have come in."""
    steps, edges = _graph_steps.STEPS, _graph_steps.EDGES
    known = {"x", "w", "y"}
    for step in steps:
        if step.compute:
            assert known.issuperset(_graph_steps.NODES[step.compute].arguments)
            known.add(step.compute)
    assert known == set(_graph_steps.NODES)
    back = [step.edge for step in steps if step.edge]
    assert sorted(back) == sorted(edge for edge in edges if edge[1] != "y")
    for n, (start, _) in enumerate(back):
        assert {edge for edge in edges if edge[1] == start} <= set(back[:n])
    assert [bool(step.compute) for step in steps] == [False] + 5 * [True] + 8 * [False]


@pytest.mark.parametrize(("x", "w"), [(1.5, 0.4), (-2.0, 2.0), (-0.7, -1.3)])
def test_sentences_of_the_graph_are_true(x, w):
    """Whatever stands between two equals signs and can be computed has the value that is claimed."""
    claims = 0
    for at in range(len(_graph_steps.STEPS)):
        text = _graph_steps.sentence(at, _graph_steps.run(at, x, w)).replace("²", "**2")
        assert "{" not in text
        assert not re.search(r"[·+−] −", text)  # a negative number behind a sign has its brackets
        for part in re.split(r"[.,:;] |[.]$", text):
            values = []
            for side in part.split(" = "):
                side = side.replace("−", "-").replace("·", "*")
                if re.fullmatch(r"[-+*(). 0-9]+", side):
                    values.append(eval(side))
            largest = max([1.0, *map(float, re.findall(r"\d+\.\d+", part))])
            for value in values[1:]:  # each factor has been rounded
                assert value == pytest.approx(values[0], abs=1e-4 * largest)
                claims += 1
    assert claims >= 9


def test_graph_at_rest_shows_one_share_of_two():
    text = Reader(playground.graph_steps().html).text
    ds = 2 * (0.6 + np.tanh(0.6) - 0.5)
    assert f"∂L/∂z so far {ds:.4f}" in text
    assert f"∂L/∂a {ds:.4f}" in text
    assert f"= {ds:.4f}" in text
    assert "∂L/∂x ?" in text
    assert f"step 10 of 13, back {_graph_steps.sentence(10, _graph_steps.run(10, 1.5, 0.4))}" in (
        text.replace("\u2060", "")
    )


def test_what_the_graph_says_to_notice_is_so():
    """At the ends of both sliders tanh is flat, and the share through it next to nothing."""
    for x, w in ((2, 2), (-2, 2)):
        edges = _graph_steps.run(13, x, w).edges
        assert abs(edges["a", "z"][1]) < 0.002 * abs(edges["s", "z"][1])


# --- A race ------------------------------------------------------------------------------------

SURFACES, OPTIMIZERS = _optimizer_race.SURFACES, _optimizer_race.OPTIMIZERS
surfaces = pytest.mark.parametrize("surface", SURFACES)
kinds = pytest.mark.parametrize("kind", OPTIMIZERS)


def gradient(surface, w):
    return np.array(SURFACES[surface].loss(*w)[1:])


def path_by_array(surface, kind, start, count, factor=1.0, momentum=0.8):
    """The places of one optimizer in plain NumPy, (count + 1, 2); fewer where the loss passes 10⁶.

    In Keras's order of operations: RMSprop, once it has arrived, makes much of the last digit.
    """
    rate = OPTIMIZERS[kind].rate * factor
    places, u, v = [np.array(start, dtype=float)], np.zeros(2), np.zeros(2)
    for t in range(1, count + 1):
        w, g = places[-1], gradient(surface, places[-1])
        if kind == "plain":
            step = -rate * g
        elif kind in ("momentum", "nesterov"):
            u = momentum * u - rate * g
            step = u if kind == "momentum" else momentum * u - rate * g
        elif kind == "rmsprop":
            v = 0.9 * v + (1 - 0.9) * (g * g)
            step = -rate * g / np.sqrt(v + 1e-7)
        else:
            u, v = u + (1 - 0.9) * (g - u), v + (1 - 0.999) * (g * g - v)
            step = -rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * u / (np.sqrt(v) + 1e-7)
        places.append(w + step)
        if not SURFACES[surface].loss(*places[-1])[0] <= 1e6:
            break
    return np.array(places)


@surfaces
def test_gradients_of_the_surfaces_are_those_of_nudging(surface):
    for w in np.random.default_rng(0).uniform(-2, 2, size=(20, 2)):
        nudged = numerical_gradient(lambda w: SURFACES[surface].loss(*w)[0], w.copy())
        np.testing.assert_allclose(gradient(surface, w), nudged, rtol=1e-5, atol=1e-6)


@surfaces
def test_lowest_places_are_lowest(surface):
    one = SURFACES[surface]
    across = np.linspace(-2, 2, 201)
    losses = one.loss(*np.meshgrid(across, across))[0]
    assert losses.min() >= 0
    assert losses.max() == pytest.approx(_optimizer_race._top(one))
    for w in one.lowest:
        assert one.loss(*w)[0] == pytest.approx(0, abs=1e-9)


def test_the_ravine_has_condition_number_30_and_turned_the_same():
    curvatures = []
    for surface in ("ravine", "turned"):
        hessian = np.stack([gradient(surface, w) for w in np.eye(2)])
        curvatures.append(np.linalg.eigvalsh(hessian))
    np.testing.assert_allclose(curvatures, [[1, 30]] * 2, rtol=1e-12)
    assert SURFACES["ravine"].loss(*SURFACES["ravine"].start)[0] == pytest.approx(
        SURFACES["turned"].loss(*SURFACES["turned"].start)[0]
    )


@surfaces
@kinds
@pytest.mark.parametrize(("factor", "momentum"), [(1.0, 0.8), (0.316, 0.95), (1.41, 0.5)])
def test_the_race_is_plain_numpy_s(surface, kind, factor, momentum):
    start = SURFACES[surface].start
    path = _optimizer_race.race(surface, start, 100, factor, momentum)[kind]
    expected = path_by_array(surface, kind, start, 100, factor, momentum)
    assert len(path.places) == len(expected)
    assert path.diverged == (len(expected) < 101 or path.losses[-1] > 1e6)
    np.testing.assert_allclose(path.places, expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(path.losses, [SURFACES[surface].loss(*w)[0] for w in path.places])


@surfaces
@kinds
def test_the_race_is_that_of_the_package_s_optimizers(surface, kind):
    rate = OPTIMIZERS[kind].rate
    optimizer = {
        "plain": lambda: optimizers.SGD(rate),
        "momentum": lambda: optimizers.SGD(rate, momentum=0.8),
        "nesterov": lambda: optimizers.SGD(rate, momentum=0.8, nesterov=True),
        "rmsprop": lambda: optimizers.RMSprop(rate),
        "adam": lambda: optimizers.Adam(rate),
    }[kind]()
    w = np.array(SURFACES[surface].start)
    path = _optimizer_race.race(surface, SURFACES[surface].start, 100)[kind]
    for place in path.places[1:]:
        optimizer.apply([gradient(surface, w)], [w])
        np.testing.assert_allclose(place, w, rtol=1e-9, atol=1e-11)


@kinds
def test_steps_of_the_race_are_keras_s(kind, monkeypatch):
    """With hyperparameters that float32 can hold, since Keras keeps some of them in float32."""
    keras = pytest.importorskip("keras")
    beta_2, epsilon = 1 - 2.0**-10, 2.0**-23
    for name, value in {"RHO": 0.875, "BETA_1": 0.875, "BETA_2": beta_2, "EPSILON": epsilon}.items():
        monkeypatch.setattr(_optimizer_race, name, value)
    rate = 0.125 if kind == "adam" else 0.03125
    for surface in SURFACES:
        theirs = {
            "plain": lambda: keras.optimizers.SGD(rate),
            "momentum": lambda: keras.optimizers.SGD(rate, momentum=0.75),
            "nesterov": lambda: keras.optimizers.SGD(rate, momentum=0.75, nesterov=True),
            "rmsprop": lambda: keras.optimizers.RMSprop(rate, rho=0.875, epsilon=epsilon),
            "adam": lambda: keras.optimizers.Adam(rate, 0.875, beta_2, epsilon),
        }[kind]()
        start = SURFACES[surface].start
        ours = _optimizer_race.steps(kind, lambda x, y, s=surface: gradient(s, (x, y)), start, rate, 0.75)
        w = keras.Variable(np.array(start), dtype="float64")
        for _ in range(20):
            theirs.apply([keras.ops.convert_to_tensor(gradient(surface, w.numpy()))], [w])
            np.testing.assert_allclose(next(ours), w.numpy(), rtol=1e-12)


def test_race_at_rest_prints_what_numpy_computes():
    html = playground.optimizer_race().html
    text = Reader(html).text
    paths = {kind: path_by_array("ravine", kind, (-1.6, 0.6), 40) for kind in OPTIMIZERS}
    losses = {kind: SURFACES["ravine"].loss(*path[-1])[0] for kind, path in paths.items()}
    for kind, path in paths.items():
        row = re.search(f'data-optimizer="{kind}">(.*?)</tr>', html).group(1)
        values, words = zip(*re.findall(r'<td data-value="(.*?)">(.*?)</td>', row), strict=True)
        np.testing.assert_allclose([float(v) for v in values], [*path[-1], losses[kind]], rtol=1e-9)
        assert list(words) == [*(_figure.number(w, 4) for w in path[-1]), _optimizer_race.brief(losses[kind])]
        drawn = re.search(f'data-path="{kind}" d="M(.*?)"', html).group(1)
        assert drawn.count("L") == 40
    winner = OPTIMIZERS[min(losses, key=losses.get)].name
    assert f"step 40 Lowest now: {winner}." in text


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        *[(0, "0.00"), (6.68, "6.68"), (123.4, "123"), (0.001234, "0.00123"), (9.996e-4, "0.00100")],
        *[(8.81e-4, "8.81·10⁻⁴"), (5.2e-14, "5.20·10⁻¹⁴"), (61234.0, "6.12·10⁴")],
    ],
)
def test_losses_have_three_digits(loss, text):
    assert _optimizer_race.brief(loss) == text


def test_what_the_race_says_to_notice_is_so():
    race = {key: _optimizer_race.race(key, one.start, 40) for key, one in SURFACES.items()}
    ravine = {kind: np.array(path.places) for kind, path in race["ravine"].items()}
    w1, w2 = ravine["plain"].T
    assert np.all(w2[:20:2] > 0)  # it zig-zags: the side changes at every step
    assert np.all(w2[1:20:2] < 0)
    assert np.all(np.diff(w1) > 0)  # and creeps
    assert w1[-1] < 0
    sides = np.sign(ravine["momentum"][:20, 1])
    assert np.sum(sides[1:] != sides[:-1]) < 8  # slower swings: plain changes its side 19 times
    assert ravine["momentum"][:, 0].max() > 0.1  # it overshoots
    along = np.diff(ravine["momentum"][:, 0])
    assert along.max() > 3 * along[0]  # it gathers speed, while plain descent only slows down
    assert np.all(np.diff(w1, n=2) < 0)
    for kind in ("plain", "momentum", "nesterov"):  # who does the same when the ravine is turned?
        np.testing.assert_allclose(race["turned"][kind].losses, race["ravine"][kind].losses, rtol=1e-9)
    for kind in ("rmsprop", "adam"):
        assert race["turned"][kind].losses[-1] > 3 * race["ravine"][kind].losses[-1]
    # Raised learning rates let somebody diverge, and soon.
    raised = _optimizer_race.race("ravine", SURFACES["ravine"].start, 40, 1.41)
    assert [kind for kind, path in raised.items() if path.diverged] == ["plain", "nesterov"]


# --- Pieces ------------------------------------------------------------------------------------


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


# --- A filter ----------------------------------------------------------------------------------

IMAGES, KERNELS = _filter_lab.images(), _filter_lab.KERNELS


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_filter_s_output_is_keras_s(image, padding, stride):
    keras = pytest.importorskip("keras")
    pixels = IMAGES[image].pixels
    kernels = np.random.default_rng(0).integers(-90, 91, (3, 3, 1, 5))
    kernels[..., 0] = np.array(KERNELS["emboss"])[..., None]
    theirs = keras.ops.conv(
        (pixels / 100).astype("float32")[None, ..., None],
        (kernels / 10).astype("float32"),
        strides=stride,
        padding=padding,
    )
    for k in range(5):
        ours = _filter_lab.filtered(pixels, kernels[..., 0, k], stride, padding)
        assert ours.dtype == np.int64
        np.testing.assert_allclose(ours / 1000, np.asarray(theirs)[0, ..., k], atol=1e-4)


def test_the_photograph_is_scikit_learn_s():
    datasets = pytest.importorskip("sklearn.datasets")
    grey = datasets.load_sample_image("china.jpg")[20:404, 4:388] @ np.array([0.299, 0.587, 0.114])
    means = grey.reshape(64, 6, 64, 6).mean(axis=(1, 3))
    # One level: another decoder of JPEG may round otherwise.
    np.testing.assert_allclose(IMAGES["photograph"].pixels, means / 2.55, atol=1.5)
    assert "danielbuechele" in Reader(playground.filter_lab().html).text
    assert "CC BY 2.0" in Reader(playground.filter_lab().html).text


def test_the_filters_do_what_their_names_say():
    sums = {name: np.sum(kernel) for name, kernel in KERNELS.items()}
    assert sums == dict.fromkeys(("identity", "blur", "sharpen", "emboss"), 10) | dict.fromkeys(
        ("horizontal edges", "vertical edges", "Laplace"), 0
    )
    pixels = IMAGES["photograph"].pixels.astype(int)
    outputs = {name: _filter_lab.filtered(pixels, kernel) for name, kernel in KERNELS.items()}
    assert np.array_equal(outputs["identity"], 10 * pixels[1:-1, 1:-1])
    steps = {name: np.abs(np.diff(outputs[name])).mean() for name in ("blur", "identity", "sharpen")}
    assert steps["blur"] < 0.75 * steps["identity"] < 0.5 * steps["sharpen"]
    assert np.array_equal(
        _filter_lab.filtered(pixels.T, KERNELS["vertical edges"]), outputs["horizontal edges"].T
    )
    even = np.full((9, 9), 83)
    for name, total in sums.items():
        assert np.all(_filter_lab.filtered(even, KERNELS[name]) == 83 * total)


def test_filter_at_rest_prints_what_numpy_computes():
    text = Reader(playground.filter_lab().html).text.replace("−", "-")
    row, column = _filter_lab.START["row"], _filter_lab.START["column"]
    window = IMAGES["photograph"].pixels[row : row + 3, column : column + 3] / 100
    products = window * np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
    table = re.search(r"pixel × weight = product (.*?) sum", text).group(1)
    shown = np.array([float(numeral) for numeral in re.findall(r"-?[\d.]+", table)]).reshape(3, 3, 3)
    np.testing.assert_allclose(shown[..., 0], window)
    np.testing.assert_allclose(shown[..., 2], products, atol=1e-12)
    assert f"sum of the nine: {products.sum():.2f} " in text
    assert abs(products.sum()) > 1.5  # it opens at an edge


# --- A network that reads ----------------------------------------------------------------------


def test_read_digit_is_keras_s():
    keras = pytest.importorskip("keras")
    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    first = layers.Conv2D(32, 3, activation="relu")(inputs)
    second = layers.Conv2D(64, 3, activation="relu")(layers.MaxPooling2D()(first))
    x = layers.Dense(64, activation="relu")(layers.Flatten()(layers.MaxPooling2D()(second)))
    model = keras.Model(inputs, [first, second, layers.Dense(10, activation="softmax")(x)])
    model.set_weights(load_weights("mnist_cnn"))
    _, (x_test, _) = load_mnist()
    images = x_test[[*range(20), 340, 435, 684, 1901, 2135]]  # also some that it is not sure of
    theirs = model.predict(images[..., None].astype("float32") / 255, verbose=0)
    for n, image in enumerate(images):
        ours = playground.read_digit(image)
        for name, expected in zip(("first", "second", "probabilities"), theirs, strict=True):
            np.testing.assert_allclose(getattr(ours, name), expected[n], atol=2e-5)
        assert ours.probabilities.dtype == np.float32


def test_digits_of_mnist_are_as_mnist():
    """Its makers' recipe leaves them as they are, also when their pixels have been enlarged."""
    _, (x_test, _) = load_mnist()
    same = [np.array_equal(playground.as_mnist(image), image) for image in x_test[:500]]
    assert np.mean(same) > 0.99
    for image in x_test[np.flatnonzero(same)[:20]]:
        for k in (2, 4):
            assert np.array_equal(playground.as_mnist(np.kron(image, np.ones((k, k), np.uint8))), image)


def test_as_mnist_does_what_it_says():
    drawing = np.zeros((112, 112), dtype=np.uint8)
    assert not playground.as_mnist(drawing).any()
    drawing[5:36, 60:75] = 255  # 31 × 15: becomes 20 × 10, in the middle
    expected = np.zeros((28, 28))
    expected[4:24, 9:19] = 255
    before = drawing.copy()
    result = playground.as_mnist(drawing)
    assert result.dtype == np.uint8
    assert np.array_equal(drawing, before)
    assert np.array_equal(result, expected)
    assert np.array_equal(playground.as_mnist(np.roll(drawing, (70, -55), axis=(0, 1))), result)
    rng = np.random.default_rng(0)
    for height, width in ((1, 1), (3, 50), (97, 8), (28, 28), (23, 21)):
        blot = rng.integers(0, 256, (height, width)) | 1
        small = playground.as_mnist(blot)
        sides = [np.ptp(np.flatnonzero(small.any(axis=axis))) + 1 for axis in (1, 0)]
        assert max(sides) == 20
        # Ink is kept, up to rounding: the mean over the box does not change.
        box = small[small.any(axis=1)][:, small.any(axis=0)]
        assert box.mean() == pytest.approx(blot.mean(), abs=0.5)
        n = np.arange(28)
        for axis in (0, 1):
            assert n @ small.sum(axis=axis) / small.sum() == pytest.approx(14, abs=0.5001)


@pytest.mark.parametrize("drawing", [np.zeros((28, 28)), np.zeros(784, int), np.full((9, 9), 256), [[-1]]])
def test_as_mnist_refuses_what_is_no_drawing(drawing):
    with pytest.raises(ValueError, match="expected"):
        playground.as_mnist(drawing)


@pytest.mark.parametrize("shape", [(784,), (28, 28, 1), (1, 28, 28), (27, 28)])
def test_read_digit_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"expected \(28, 28\)"):
        playground.read_digit(np.zeros(shape))


def test_presets_of_the_sheet_are_read_as_their_names_say():
    for name, (index, _) in _draw_a_digit.PRESETS.items():
        image, label = _draw_a_digit.preset_images()[index]
        sheet = _draw_a_digit.sheet_of(name)
        given = playground.as_mnist(sheet)
        assert np.array_equal(given, image)
        probabilities = playground.read_digit(given).probabilities
        assert (np.argmax(probabilities) != label) == ("misreads" in name)
        assert probabilities.max() > 0.85
        as_it_is = _draw_a_digit.shrunk(sheet)
        if "corner" in name:  # why scaling and centring matter
            lost = playground.read_digit(as_it_is).probabilities
            assert np.argmax(lost) != label
            assert lost[label] < 0.05
        else:
            assert np.array_equal(as_it_is, image)
    assert _draw_a_digit.preset_images()[0][1] == 7  # the travelling digit opens the figure
    assert next(iter(_draw_a_digit.PRESETS.values())) == (0, 4)


def test_the_maps_shown_are_those_that_vary_most():
    (x, _), _ = load_mnist()
    readings = [playground.read_digit(image) for image in x[50_000:50_100]]
    for n, name in enumerate(("first", "second")):
        maps = np.stack([getattr(reading, name) for reading in readings])
        spread = maps.std(axis=(1, 2)).mean(axis=0)
        shown = list(_draw_a_digit.MAPS[n])
        others = np.delete(spread, shown)
        assert len(shown) == 12
        assert spread[shown].min() >= others.max() - 1e-4
        assert _draw_a_digit.FULL[n] == pytest.approx(np.quantile(maps, 0.995), rel=0.05)


def test_weights_stand_in_the_page_as_they_are_stored():
    html = playground.draw_a_digit().html
    known = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html).group(1))
    numbers = np.frombuffer(base64.b64decode(known["weights"]), "<f2").astype(np.float32)
    weights = load_weights("mnist_cnn")
    assert [tuple(shape) for shape in known["shapes"]] == [w.shape for w in weights]
    assert np.array_equal(numbers, np.concatenate([w.ravel() for w in weights]))
    assert len(numbers) == 121_930


def test_reading_at_rest_prints_what_numpy_computes():
    _, (x_test, _) = load_mnist()
    p = playground.read_digit(x_test[0]).probabilities
    html = playground.draw_a_digit().html
    printed = re.findall(r"<td>(\d\.\d{3})</td>", html)
    np.testing.assert_allclose([float(text) for text in printed], p, atol=0.5001e-3)
    assert "reads a 7, probability above 0.999 MNIST’s label: 7 ✓ · next: " in Reader(html).text
