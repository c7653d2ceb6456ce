"""Draw the pictures of the landing page and of the pages of Chapters 1 to 4, from what they show.

    python tools/draw_cover.py

Writes ``cover.svg``, ``neuron.svg``, ``slopes.svg``, ``steps.svg`` and ``maps.svg`` into ``_static``. Every
image, bar and path in them is computed: the travelling digit (the first test image of MNIST), neurons of
Chapter 1 (from averages over 50,000 training images), and what they make of it; a misread digit, the
slope of its loss in every pixel, and what three repainted pixels do; gradient descent in a valley and in
a ravine; a digit on its way through the worked example's network.
"""

import base64
import io
from pathlib import Path

import matplotlib.image
import numpy as np

from dlbook_utils.autodiff import vjp
from dlbook_utils.convolution import conv2d_forward, max_pool2d_forward
from dlbook_utils.datasets import load_mnist
from dlbook_utils.pretrained import load_weights

STATIC = Path(__file__).resolve().parent.parent / "_static"
NAVY, PALE, SKY, AMBER, WHITE = "#0b3c5d", "#9fc9e6", "#56b4e9", "#f5a35c", "#ffffff"


def embedded(x: float, y: float, size: float, rgb: np.ndarray, edge: str = PALE) -> str:
    """A square image, (28, 28, 3) with values from 0 to 1, as part of the SVG."""
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.clip(rgb, 0, 1), format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<image x="{x}" y="{y}" width="{size}" height="{size}" href="data:image/png;base64,{data}"'
        ' style="image-rendering:pixelated"/>'
        f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="none" stroke="{edge}" rx="2"/>'
    )


def picture(x: float, y: float, size: float, image: np.ndarray, edge: str = PALE) -> str:
    """A grey image with values from 0 to 1: white ink on the card's navy."""
    navy = np.array([int(NAVY[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return embedded(x, y, size, navy + image[..., None] * (1 - navy), edge)


def text(x: float, y: float, words: str, size: float = 15, color: str = PALE, anchor: str = "middle") -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="system-ui,sans-serif" font-size="{size}" fill="{color}"'
        f' text-anchor="{anchor}">{words}</text>'
    )


def forward_pass(digit: np.ndarray, templates: np.ndarray, scores: np.ndarray) -> list[str]:
    """The digit, ten neurons drawn as their weight images, and a bar for what each of them says."""
    winner = int(np.argmax(scores))
    parts = [picture(40, 110, 180, digit), text(130, 320, "a digit they have never seen")]
    for h, template in enumerate(templates):
        y = 22 + 37.5 * h
        color = AMBER if h == winner else SKY
        width = 3.2 if h == winner else 1
        middle = y + 16
        parts.append(
            f'<path d="M220 200C320 200 330 {middle} 414 {middle}" fill="none" stroke="{color}"'
            f' stroke-width="{width}" opacity="{1 if h == winner else 0.55}"/>'
        )
        parts.append(picture(414, y, 32, template / templates.max(), color))
        # Bars start at zero, a line in the picture: to the right for, to the left against.
        zero, end = 560, 560 + 11 * scores[h]
        left, length = min(zero, end), max(abs(end - zero), 1.5)
        parts.append(
            f'<rect x="{left:.1f}" y="{y + 7}" width="{length:.1f}" height="18" rx="2" fill="{color}"/>'
        )
        parts.append(
            text(zero + max(length, 4) + 8 if end > zero else 572, y + 22, str(h), 16, color, "start")
        )
    parts.append(f'<path d="M560 18V396" stroke="{PALE}" stroke-width="1"/>')
    parts.append(text(430, 415, "ten neurons"))
    parts.append(text(640, 415, "against  ·  what each says  ·  for"))
    return parts


def one_neuron(digit: np.ndarray, weights: np.ndarray, bias: float) -> list[str]:
    """The two steps of a neuron: pixel times weight, summed with the bias; then the bend."""
    products = digit * weights
    z = products.sum() + bias
    a = 1 / (1 + np.exp(-z))
    limit = np.abs(weights).max()
    size, y = 150, 50
    parts = [picture(30, y, size, digit), text(105, 230, "ink x")]
    parts += [text(200, y + 84, "×", 26, WHITE)]
    parts += [signed_picture(220, y, size, weights / limit), text(295, 230, "weights w")]
    parts += [text(390, y + 84, "=", 26, WHITE)]
    parts += [signed_picture(410, y, size, products / limit), text(485, 230, "products x·w")]
    parts += [text(576, y + 84, "→", 26, WHITE)]
    sign = "−" if z < 0 else "+"
    parts += [text(640, y + 60, "sum + bias", 14), text(640, y + 90, f"z = {sign}{abs(z):.1f}", 17, AMBER)]
    parts += [text(704, y + 84, "→", 26, WHITE)]
    # The sigmoid from z = −6 to 6, and the neuron's point on it.
    left, width, top, height = 725, 130, y + 15, 110
    xs = np.linspace(-6, 6, 61)
    curve = " ".join(
        f"{left + width * (x + 6) / 12:.1f},{top + height * (1 - 1 / (1 + np.exp(-x))):.1f}" for x in xs
    )
    at = left + width * (np.clip(z, -6, 6) + 6) / 12
    parts += [
        f'<path d="M{left} {top + height}h{width}M{left + width / 2} {top}v{height}" stroke="{PALE}"'
        ' stroke-width="0.8"/>',
        f'<polyline points="{curve}" fill="none" stroke="{SKY}" stroke-width="3"/>',
        f'<circle cx="{at:.1f}" cy="{top + height * (1 - a):.1f}" r="6" fill="{AMBER}"/>',
        text(left + width / 2, 230, f"a = {a:.2f}: “not a 1”" if a < 0.5 else f"a = {a:.2f}: “a 1”"),
    ]
    return parts


def slopes_of_pixels(x: np.ndarray, label: int, weights: list[np.ndarray]) -> list[str]:
    """A misread digit, the slopes of its loss, and the digit with the three best pixels repainted."""

    def logits(x):
        W1, b1, W2, b2, W3, b3 = weights
        return np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3

    def loss(x):
        z = logits(x)
        return np.log(np.sum(np.exp(z))) - z[label]

    slope = vjp(loss, x)[1]()[0]
    room = np.where(slope > 0, -x, 1 - x)
    best = np.argsort(slope * room)[:3]
    repainted = x.copy()
    repainted[best] += room[best]
    read = [int(np.argmax(logits(image))) for image in (x, repainted)]
    size, y = 170, 45
    parts = [picture(40, y, size, x.reshape(28, 28)), text(125, 245, f"a {label}, read as {read[0]}")]
    parts += [text(265, y + 92, "→", 26, WHITE)]
    parts += [signed_picture(320, y, size, -slope.reshape(28, 28) / np.abs(slope).max())]
    parts += [text(405, 245, "what each pixel should do")]
    parts += [text(545, y + 92, "→", 26, WHITE)]
    parts += [
        picture(600, y, size, repainted.reshape(28, 28)),
        text(685, 245, f"three pixels: read as {read[1]}"),
    ]
    step = size / 28
    for k in best:
        row, column = divmod(int(k), 28)
        for left in (320, 600):
            at = f'x="{left + (column - 0.5) * step:.1f}" y="{y + (row - 0.5) * step:.1f}"'
            frame = f'width="{2 * step:.1f}" height="{2 * step:.1f}"'
            parts.append(f'<rect {at} {frame} fill="none" stroke="{AMBER}" stroke-width="2"/>')
    return parts


def steps_downhill() -> list[str]:
    """Gradient descent in the valley of slope 10 x, with two step sizes; and in a ravine, with momentum."""
    parts = []
    width, height, top = 200, 180, 40
    for left, eta, start in ((30, 0.19, 1.0), (300, 0.21, 0.3)):
        x = start * (1 - 10 * eta) ** np.arange(13)  # x ← x − η · 10 x
        at = [(left + width * (v + 1.1) / 2.2, top + height * (1 - v * v / 1.21)) for v in x]
        valley = [
            (left + width * (v + 1.1) / 2.2, top + height * (1 - v * v / 1.21))
            for v in np.linspace(-1.1, 1.1, 61)
        ]
        parts += [line(valley, PALE, 3), line(at, AMBER, 1.5)]
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{AMBER}"/>' for a, b in at]
        parts.append(f'<circle cx="{at[0][0]:.1f}" cy="{at[0][1]:.1f}" r="6.5" fill="{WHITE}"/>')
        parts.append(text(left + width / 2, 250, f"step size {eta}"))
    left, lam = 560, np.array([1.0, 30.0])

    def place(w):
        return left + 250 * (1.15 - w[0]) / 1.55, top + height * (0.5 - w[1] / 0.56)

    parts.append(
        f'<clipPath id="panel"><rect x="{left}" y="{top}" width="250" height="{height}"/></clipPath>'
        '<g clip-path="url(#panel)">'
    )
    turn = np.linspace(0, 2 * np.pi, 61)
    for loss in (0.01, 0.06, 0.2, 0.5, 1.0, 1.7):
        ring = np.sqrt(2 * loss / lam) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        parts.append(line([place(w) for w in ring], PALE, 0.8))
    parts.append("</g>")
    for mu, color in ((0.0, AMBER), (0.8, SKY)):
        w, u, path = np.array([1.0, 0.2]), np.zeros(2), []
        for _ in range(26):
            path.append(place(w))
            u = mu * u - (0.06 if mu == 0 else 0.03) * lam * w  # u ← μ u − η g
            w = w + u
        parts.append(line(path, color, 2.2))
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{color}"/>' for a, b in path]
    (a, b), (c, d) = place([0, 0]), place([1.0, 0.2])
    parts.append(
        f'<path d="M{a - 8:.1f} {b:.1f}h16M{a:.1f} {b - 8:.1f}v16" stroke="{WHITE}" stroke-width="3"/>'
    )
    parts.append(f'<circle cx="{c:.1f}" cy="{d:.1f}" r="6.5" fill="{WHITE}"/>')
    parts.append(text(left + 58, 250, "without memory", 15, AMBER))
    parts.append(text(left + 192, 250, "with momentum", 15, SKY))
    return parts


def maps_of_a_digit(digit: np.ndarray, weights: list[np.ndarray]) -> list[str]:
    """A digit, three kernels and what they find, the pooled maps, maps of the second layer, the answer."""
    W1, b1, W2, b2, W3, b3, W4, b4 = weights
    first = np.maximum(conv2d_forward(digit[None, :, :, None], W1, b1)[0], 0)  # (1, 26, 26, 32)
    pooled = max_pool2d_forward(first, 2)[0]  # (1, 13, 13, 32)
    second = np.maximum(conv2d_forward(pooled, W2, b2)[0], 0)  # (1, 11, 11, 64)
    flat = max_pool2d_forward(second, 2)[0].reshape(1, -1)  # (1, 1600)
    z = (np.maximum(flat @ W3 + b3, 0) @ W4 + b4)[0]
    p = np.exp(z - z.max())
    p /= p.sum()
    parts = [picture(30, 95, 150, digit), text(105, 275, "28 × 28")]
    strongest = np.argsort(-first[0].mean(axis=(0, 1)))[[0, 3, 6]]
    for row, f in enumerate(strongest):
        y = 25 + 88 * row
        kernel = W1[:, :, 0, f]
        parts += [f'<path d="M180 170C210 170 210 {y + 35} 232 {y + 35}" fill="none" stroke="{PALE}"/>']
        parts += [signed_picture(234, y + 16, 38, kernel / np.abs(kernel).max())]
        parts += [picture(300, y, 72, first[0, :, :, f] / first[0, :, :, f].max())]
        parts += [picture(402, y + 18, 36, pooled[0, :, :, f] / pooled[0, :, :, f].max())]
    parts += [text(253, 297, "kernels"), text(336, 297, "26 × 26"), text(420, 297, "13 × 13")]
    busiest = np.argsort(-second[0].mean(axis=(0, 1)))[:12]
    for k, f in enumerate(busiest):
        x, y = 480 + 46 * (k % 3), 50 + 52 * (k // 3)
        parts += [picture(x, y, 38, second[0, :, :, f] / second[0, :, :, f].max())]
    parts += [text(545, 297, "11 × 11, twelve of 64")]
    for h in range(10):
        y, color = 36 + 24 * h, AMBER if h == np.argmax(p) else SKY
        parts += [text(668, y + 13, str(h), 15, color, "end")]
        width = max(110 * p[h], 1.5)
        parts += [f'<rect x="678" y="{y}" width="{width:.1f}" height="15" rx="2" fill="{color}"/>']
    parts += [text(725, 297, "ten probabilities")]
    return parts


def line(points: list[tuple[float, float]], color: str, width: float) -> str:
    at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{at}" fill="none" stroke="{color}" stroke-width="{width}"/>'


def signed_picture(x: float, y: float, size: float, values: np.ndarray) -> str:
    """An image of values from −1 (amber) over 0 (navy) to 1 (sky)."""
    rgb = [np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]) for color in (NAVY, SKY, AMBER)]
    positive, negative = np.clip(values, 0, 1)[..., None], np.clip(-values, 0, 1)[..., None]
    colors = rgb[0] + positive * (rgb[1] - rgb[0]) + negative * (rgb[2] - rgb[0])
    return embedded(x, y, size, colors)


def write(name: str, width: int, height: int, alt: str, parts: list[str]) -> None:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
    card = f'<rect width="{width}" height="{height}" rx="16" fill="{NAVY}"/>'
    svg = f'{head} aria-label="{alt}">\n{card}\n' + "\n".join(parts) + "\n</svg>\n"
    (STATIC / name).write_text(svg, encoding="utf-8")


def main() -> None:
    (images, labels), (test_images, _) = load_mnist()
    x_train = images[:50_000].reshape(-1, 784) / 255
    y_train = labels[:50_000]
    means = np.stack([x_train[y_train == h].mean(axis=0) for h in range(10)])  # (10, 784)
    digit = test_images[0] / 255
    scores = means @ digit.reshape(784) - 0.5 * np.sum(means**2, axis=1)  # equation (1.4)
    alt = "A handwritten 7 goes into ten neurons, drawn as ten average digits; that of 7 answers loudest."
    write("cover.svg", 800, 440, alt, forward_pass(digit, means.reshape(10, 28, 28), scores))

    # The detector of ones of Chapter 1's first notebook, and the bias found there.
    weights = x_train[y_train == 1].mean(axis=0) - x_train[y_train != 1].mean(axis=0)
    alt = "Ink times weights, pixel by pixel; the sum plus the bias is negative; the sigmoid says: not a 1."
    write("neuron.svg", 890, 260, alt, one_neuron(digit, weights.reshape(28, 28), bias=-0.362))

    # Validation digit 5 in the second notebook of Chapter 2.
    trained = [w.astype(np.float64) for w in load_weights("mlp_64_32")]
    alt = (
        "A 4 read as a 9; the slope of the loss in every pixel; with three pixels repainted it is read as 4."
    )
    x = images[50_005].reshape(784) / 255
    write("slopes.svg", 810, 270, alt, slopes_of_pixels(x, int(labels[50_005]), trained))

    alt = (
        "In one valley steps of 0.19 zigzag down to the floor and steps of 0.21 climb out; in a ravine"
        " descent zigzags and momentum arrives."
    )
    write("steps.svg", 840, 270, alt, steps_downhill())

    alt = (
        "A handwritten 7; three small kernels and the maps of edges that they find in it; the maps at half"
        " size; twelve smaller maps of a second layer; and ten bars, of which that of 7 is full."
    )
    write("maps.svg", 820, 320, alt, maps_of_a_digit(test_images[0] / 255, load_weights("mnist_cnn")))


if __name__ == "__main__":
    main()
