"""Wrong answers to the exercises of Chapter 4 after its first three notebooks.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dlbook_utils.convolution import conv2d_forward

# --- head_at_every_place ------------------------------------------------------------------------


def _window(A, W3):
    k = round((len(W3) / A.shape[3]) ** 0.5)
    return k, sliding_window_view(A, (k, k), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)


def _hidden(A, W3, b3):
    _, seen = _window(A, W3)
    return seen.reshape(*seen.shape[:3], -1) @ W3 + b3


def forgets_the_relu(A, W3, b3, W4, b4):
    """Two products."""
    return _hidden(A, W3, b3) @ W4 + b4


def reads_channels_first(A, W3, b3, W4, b4):
    """The order of sliding_window_view."""
    k = _window(A, W3)[0]
    seen = sliding_window_view(A, (k, k), axis=(1, 2))
    return np.maximum(seen.reshape(*seen.shape[:3], -1) @ W3 + b3, 0) @ W4 + b4


def swaps_window_axes(A, W3, b3, W4, b4):
    """Columns before rows."""
    seen = _window(A, W3)[1].transpose(0, 1, 2, 4, 3, 5)
    return np.maximum(seen.reshape(*seen.shape[:3], -1) @ W3 + b3, 0) @ W4 + b4


def turns_the_kernel(A, W3, b3, W4, b4):
    """A convolution turns its kernel, does it not?"""
    seen = _window(A, W3)[1][:, :, :, ::-1, ::-1]
    return np.maximum(seen.reshape(*seen.shape[:3], -1) @ W3 + b3, 0) @ W4 + b4


def forgets_b3(A, W3, b3, W4, b4):
    """No first bias."""
    return np.maximum(_hidden(A, W3, 0), 0) @ W4 + b4


def forgets_b4(A, W3, b3, W4, b4):
    """No second bias."""
    return np.maximum(_hidden(A, W3, b3), 0) @ W4


def bends_twice(A, W3, b3, W4, b4):
    """A ReLU after each layer."""
    return np.maximum(np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4, 0)


def gives_probabilities(A, W3, b3, W4, b4):
    """The network ends with a softmax."""
    E = np.exp(np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4)
    return E / E.sum(axis=-1, keepdims=True)


def jumps(A, W3, b3, W4, b4):
    """Windows side by side."""
    k = _window(A, W3)[0]
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4)[:, ::k, ::k]


def averages_places(A, W3, b3, W4, b4):
    """One answer an image."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4).mean(axis=(1, 2))


def takes_five(A, W3, b3, W4, b4):
    """The worked example's 5."""
    kernel = W3.reshape(5, 5, A.shape[3], -1)
    seen = sliding_window_view(A, (5, 5), axis=(1, 2))
    return np.maximum(np.einsum("npqcuv,uvch->npqh", seen, kernel) + b3, 0) @ W4 + b4


def flattens_all(A, W3, b3, W4, b4):
    """As before."""
    return np.maximum(np.dot(A.reshape(len(A), -1), W3) + b3, 0) @ W4 + b4


def reads_one_image(A, W3, b3, W4, b4):
    """The first image of the batch."""
    return np.maximum(_hidden(A[:1], W3, b3), 0) @ W4 + b4


def bends_the_maps(A, W3, b3, W4, b4):
    """Maps are not negative."""
    return np.maximum(_hidden(np.maximum(A, 0), W3, b3), 0) @ W4 + b4


def bends_the_maps_in_place(A, W3, b3, W4, b4):
    """With out=."""
    np.maximum(A, 0, out=A)
    return np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4


def swaps_the_places(A, W3, b3, W4, b4):
    """Columns before rows in the result."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4).transpose(0, 2, 1, 3)


def leaves_out_the_last_row(A, W3, b3, W4, b4):
    """I − k places."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4)[:, :-1, :-1]


def reads_the_first_window(A, W3, b3, W4, b4):
    """One window, as the network had it."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4)[:, :1, :1]


def leaves_out_the_last_column(A, W3, b3, W4, b4):
    """J − k places, and I − k + 1."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4)[:, :, :-1]


def drops_the_last_logit(A, W3, b3, W4, b4):
    """One digit less."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4)[..., :-1]


def lists_the_places(A, W3, b3, W4, b4):
    """A table with a row for each place."""
    return (np.maximum(_hidden(A, W3, b3), 0) @ W4 + b4).reshape(len(A), -1, len(b4))


# --- symmetric_port -----------------------------------------------------------------------------


def _zeros(k, s, n):
    return max(s * (-(-n // s) - 1) + k - n, 0)


def _front(W, rows, columns, rows_behind=0, columns_behind=0):
    return np.pad(W, ((rows, rows_behind), (columns, columns_behind), (0, 0), (0, 0)))


def ports_like_the_colleague(W, s, height, width):
    """k // 2."""
    return W, (W.shape[0] // 2, W.shape[1] // 2)


def pads_k_minus_one_halves(W, s, height, width):
    """(k − 1) // 2."""
    return W, ((W.shape[0] - 1) // 2, (W.shape[1] - 1) // 2)


def pads_what_stands_before(W, s, height, width):
    """The smaller half."""
    return W, (_zeros(W.shape[0], s, height) // 2, _zeros(W.shape[1], s, width) // 2)


def pads_what_stands_behind(W, s, height, width):
    """The larger half."""
    return W, (-(-_zeros(W.shape[0], s, height) // 2), -(-_zeros(W.shape[1], s, width) // 2))


def puts_zeros_behind(W, s, height, width):
    """At the end, where Keras has its odd one."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, 0, 0, a % 2, b % 2), (-(-a // 2), -(-b // 2))


def forgets_the_stride(W, s, height, width):
    """k − 1 zeros."""
    kh, kw = W.shape[:2]
    return _front(W, (kh - 1) % 2, (kw - 1) % 2), (kh // 2, kw // 2)


def always_adds_a_row(W, s, height, width):
    """Odd or not."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, 1, 1), (-(-a // 2), -(-b // 2))


def swaps_the_sides(W, s, height, width):
    """J rows."""
    a, b = _zeros(W.shape[0], s, width), _zeros(W.shape[1], s, height)
    return _front(W, a % 2, b % 2), (-(-a // 2), -(-b // 2))


def allows_negative_zeros(W, s, height, width):
    """No max."""
    a = s * (-(-height // s) - 1) + W.shape[0] - height
    b = s * (-(-width // s) - 1) + W.shape[1] - width
    return _front(W, a % 2, b % 2), (a - a // 2, b - b // 2)


def looks_at_the_rows_only(W, s, height, width):
    """Images are square."""
    a = _zeros(W.shape[0], s, height)
    return _front(W, a % 2, a % 2), (-(-a // 2), -(-a // 2))


def rounds_the_places_down(W, s, height, width):
    """I // s."""
    a, b = (max(s * (n // s - 1) + k - n, 0) for k, n in zip(W.shape[:2], (height, width), strict=True))
    return _front(W, a % 2, b % 2), (-(-a // 2), -(-b // 2))


def gives_the_padding_first(W, s, height, width):
    """Another order."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return (-(-a // 2), -(-b // 2)), _front(W, a % 2, b % 2)


def pads_every_axis(W, s, height, width):
    """np.pad(W, 1)."""
    a = _zeros(W.shape[0], s, height)
    return np.pad(W, (a % 2, 0)), (-(-a // 2), -(-_zeros(W.shape[1], s, width) // 2))


def repeats_the_edge(W, s, height, width):
    """mode="edge"."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    K = np.pad(W, ((a % 2, 0), (b % 2, 0), (0, 0), (0, 0)), mode="edge")
    return K, (-(-a // 2), -(-b // 2))


def rolls_the_kernel(W, s, height, width):
    """Moves the weights by one and keeps the size."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return np.roll(W, (a % 2, b % 2), axis=(0, 1)), (-(-a // 2), -(-b // 2))


def pads_one_more(W, s, height, width):
    """To be on the safe side."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, a % 2, b % 2), (-(-a // 2) + 1, -(-b // 2) + 1)


def gives_one_number(W, s, height, width):
    """One padding, as libraries take it."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, a % 2, b % 2), -(-a // 2)


def forgets_the_padding(W, s, height, width):
    """None for p."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, a % 2, b % 2), None


def gives_both_sides(W, s, height, width):
    """As np.pad takes it."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return W, ((a // 2, -(-a // 2)), (b // 2, -(-b // 2)))


def gives_both_sides_in_an_array(W, s, height, width):
    """The same as an array."""
    return W, np.array(gives_both_sides(W, s, height, width)[1])


def gives_four_numbers(W, s, height, width):
    """Above, below, left, right."""
    above_below, left_right = gives_both_sides(W, s, height, width)[1]
    return W, above_below + left_right


def gives_floats(W, s, height, width):
    """zeros / 2, rounded up."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, a % 2, b % 2), (np.ceil(a / 2), np.ceil(b / 2))


def gives_the_kernel(W, s, height, width):
    """Without p."""
    a, b = _zeros(W.shape[0], s, height), _zeros(W.shape[1], s, width)
    return _front(W, a % 2, b % 2)


# --- fourier_conv -------------------------------------------------------------------------------


def _transforms(X, W):
    return np.fft.rfft2(X, axes=(1, 2)), np.fft.rfft2(W, s=X.shape[1:3], axes=(0, 1))


def _back(Z, X):
    return np.fft.irfft2(Z, s=X.shape[1:3], axes=(1, 2))


def _product(x, w):
    return np.einsum("nijc,ijcf->nijf", x, w)


def _valid(Z, X, W):
    return Z[:, : X.shape[1] - len(W) + 1, : X.shape[2] - W.shape[1] + 1]


def forgets_the_bar(X, W):
    """No conjugation."""
    x, w = _transforms(X, W)
    return _valid(_back(_product(x, w), X), X, W)


def convolves_properly(X, W):
    """The mathematicians' convolution, cut as it should be."""
    x, w = _transforms(X, W)
    return _back(_product(x, w), X)[:, len(W) - 1 :, W.shape[1] - 1 :]


def conjugates_the_image(X, W):
    """The other one."""
    x, w = _transforms(X, W)
    return _valid(_back(_product(x.conj(), w), X), X, W)


def conjugates_both(X, W):
    """Both."""
    x, w = _transforms(X, W)
    return _valid(_back(_product(x, w).conj(), X), X, W)


def keeps_what_wraps(X, W):
    """All places."""
    x, w = _transforms(X, W)
    return _back(_product(x, w.conj()), X)


def cuts_the_front(X, W):
    """The other edge."""
    x, w = _transforms(X, W)
    return _back(_product(x, w.conj()), X)[:, len(W) - 1 :, W.shape[1] - 1 :]


def forgets_the_size(X, W):
    """irfft2 without s."""
    x, w = _transforms(X, W)
    return _valid(np.fft.irfft2(_product(x, w.conj()), axes=(1, 2)), X, W)


def does_not_fill_up(X, W):
    """The kernel at its own size."""
    x, w = np.fft.fft2(X, axes=(1, 2)), np.fft.fft2(W, axes=(0, 1))
    return np.fft.ifft2((x[..., None] * w.conj()).sum(axis=3), axes=(1, 2)).real


def transforms_the_last_axes(X, W):
    """The default axes."""
    x = np.fft.fft2(X)
    w = np.fft.fft2(W, s=X.shape[1:3], axes=(0, 1))
    return _valid(np.fft.ifft2(_product(x, w.conj())).real, X, W)


def stays_complex(X, W):
    """No .real."""
    x = np.fft.fft2(X, axes=(1, 2))
    w = np.fft.fft2(W, s=X.shape[1:3], axes=(0, 1))
    return _valid(np.fft.ifft2(_product(x, w.conj()), axes=(1, 2)), X, W)


def takes_the_absolute_value(X, W):
    """abs for real."""
    return np.abs(_valid(keeps_what_wraps(X, W), X, W))


def keeps_the_channels(X, W):
    """No sum."""
    x, w = _transforms(X, W)
    Z = x[..., None] * w.conj()[None]
    return _valid(np.fft.irfft2(Z, s=X.shape[1:3], axes=(1, 2)), X, W)


def averages_the_channels(X, W):
    """mean for sum."""
    return _valid(keeps_what_wraps(X, W), X, W) / X.shape[3]


def divides_once_more(X, W):
    """The 1/IJ of the textbook."""
    return _valid(keeps_what_wraps(X, W), X, W) / (X.shape[1] * X.shape[2])


def shifts_to_the_middle(X, W):
    """fftshift."""
    return _valid(np.fft.fftshift(keeps_what_wraps(X, W), axes=(1, 2)), X, W)


def transposes_to_conjugate(X, W):
    """.conj().T of a quantum physicist, on the kernel's two axes."""
    W2 = W.transpose(1, 0, 2, 3) if W.shape[0] == W.shape[1] else W
    return _valid(keeps_what_wraps(X, W2), X, W)


def calls_the_layer(X, W):
    """The package's own convolution."""
    return conv2d_forward(X, W)[0]


def adds_shifted_images(X, W):
    """One slice for each cell of the kernel."""
    rows, columns = X.shape[1] - len(W) + 1, X.shape[2] - W.shape[1] + 1
    return sum(X[:, u : u + rows, v : v + columns] @ W[u, v] for u, v in np.ndindex(W.shape[:2]))


def multiplies_windows(X, W):
    """Sliding windows."""
    return np.einsum("nijcuv,uvcf->nijf", sliding_window_view(X, W.shape[:2], axis=(1, 2)), W)


def transforms_for_show(X, W):
    """A transform whose result nobody needs."""
    np.fft.rfft2(X, axes=(1, 2))
    return adds_shifted_images(X, W)


# --- operation_counts ---------------------------------------------------------------------------


def _direct(N, height, width, C, k, F):
    return 2 * N * (height - k + 1) * (width - k + 1) * k * k * C * F


def _fourier(N, height, width, C, k, F, transforms=None, log=np.log2, price=8, share=0.5):
    transforms = N * C + C * F + N * F if transforms is None else transforms
    return (
        transforms * 2.5 * height * width * log(height * width) + price * share * height * width * N * C * F
    )


def counts_multiply_adds(*c):
    """1 for 2."""
    return _direct(*c) / 2, _fourier(*c)


def counts_all_places(N, height, width, C, k, F):
    """As if padded."""
    return 2 * N * height * width * k * k * C * F, _fourier(N, height, width, C, k, F)


def forgets_the_channels(N, height, width, C, k, F):
    """No C in a window."""
    return _direct(N, height, width, 1, k, F), _fourier(N, height, width, C, k, F)


def takes_k_once(N, height, width, C, k, F):
    """k for k²."""
    return _direct(N, height, width, C, k, F) / k, _fourier(N, height, width, C, k, F)


def does_not_transform_back(N, height, width, C, k, F):
    """There only."""
    return _direct(N, height, width, C, k, F), _fourier(N, height, width, C, k, F, N * C + C * F)


def has_the_kernels_ready(N, height, width, C, k, F):
    """Kernels are known."""
    return _direct(N, height, width, C, k, F), _fourier(N, height, width, C, k, F, N * C + N * F)


def transforms_for_each_pair(N, height, width, C, k, F):
    """Three a pair."""
    return _direct(N, height, width, C, k, F), _fourier(N, height, width, C, k, F, 3 * N * C * F)


def transforms_back_before_the_sum(N, height, width, C, k, F):
    """Each channel back."""
    return _direct(N, height, width, C, k, F), _fourier(N, height, width, C, k, F, N * C + C * F + N * C * F)


def takes_the_natural_logarithm(*c):
    """np.log."""
    return _direct(*c), _fourier(*c, log=np.log)


def takes_all_frequencies(*c):
    """No symmetry."""
    return _direct(*c), _fourier(*c, share=1)


def takes_a_complex_product_for_one(*c):
    """1 for 8."""
    return _direct(*c), _fourier(*c, price=1)


def forgets_the_products(*c):
    """Transforms only."""
    return _direct(*c), _fourier(*c, price=0)


def thinks_of_squares(N, height, width, C, k, F):
    """I for J."""
    return 2 * N * (height - k + 1) ** 2 * k * k * C * F, _fourier(N, height, width, C, k, F)


def swaps_the_counts(*c):
    """Another order."""
    return _fourier(*c), _direct(*c)


def gives_the_ratio(*c):
    """The one number that matters."""
    return _direct(*c) / _fourier(*c)


def does_not_sum_over_channels(N, height, width, C, k, F):
    """N · F products."""
    transforms = N * C + C * F + N * F
    return _direct(N, height, width, C, k, F), transforms * 2.5 * height * width * np.log2(
        height * width
    ) + 4 * height * width * N * F


def counts_three_transforms(*c):
    """Image, kernel, output."""
    return _direct(*c), _fourier(*c, transforms=3)


def transforms_without_channels(N, height, width, C, k, F):
    """N images, F kernels, and N images back."""
    return _direct(N, height, width, C, k, F), _fourier(N, height, width, C, k, F, N + F + N)


def transforms_back_the_valid_places(N, height, width, C, k, F):
    """P · Q for I · J, on the way back."""
    pixels = (height - k + 1) * (width - k + 1)
    there = _fourier(N, height, width, C, k, F, N * C + C * F)
    return _direct(N, height, width, C, k, F), there + N * F * 2.5 * pixels * np.log2(pixels)


def multiplies_one_image(N, height, width, C, k, F):
    """No N in the products."""
    transforms = _fourier(N, height, width, C, k, F, price=0)
    return _direct(N, height, width, C, k, F), transforms + 4 * height * width * C * F


def counts_the_columns_of_rfft2(N, height, width, C, k, F):
    """I · (J // 2 + 1) frequencies."""
    transforms = _fourier(N, height, width, C, k, F, price=0)
    return _direct(N, height, width, C, k, F), transforms + 8 * height * (width // 2 + 1) * N * C * F


# --- blur_pool ----------------------------------------------------------------------------------


def _max(A, s=1):
    m = np.maximum(A[:, :-1], A[:, 1:])
    return np.maximum(m[:, :, :-1], m[:, :, 1:])[:, ::s, ::s]


def _pad(m, mode="reflect"):
    return np.pad(m, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)


def _blur(m, a=0.25, b=0.5):
    m = a * m[:, :-2] + b * m[:, 1:-1] + a * m[:, 2:]
    return a * m[:, :, :-2] + b * m[:, :, 1:-1] + a * m[:, :, 2:]


def skips_the_blur(A):
    """Max pooling."""
    return _max(A)[:, ::2, ::2]


def skips_before_it_blurs(A):
    """The other order."""
    return _blur(_pad(_max(A, 2)))


def blurs_before_the_maximum(A):
    """Blur, max, skip."""
    return _max(_blur(_pad(A)))[:, ::2, ::2]


def does_not_divide(A):
    """1, 2, 1."""
    return _blur(_pad(_max(A)), 1, 2)[:, ::2, ::2]


def divides_once(A):
    """/ 4 at the end."""
    return _blur(_pad(_max(A)), 1, 2)[:, ::2, ::2] / 4


def takes_thirds(A):
    """A mean of three."""
    return _blur(_pad(_max(A)), 1 / 3, 1 / 3)[:, ::2, ::2]


def blurs_along_rows_only(A):
    """One direction."""
    m = _pad(_max(A))[:, 1:-1]
    return ((m[:, :, :-2] + 2 * m[:, :, 1:-1] + m[:, :, 2:]) / 4)[:, ::2, ::2]


def pads_zeros(A):
    """mode="constant"."""
    return _blur(_pad(_max(A), "constant"))[:, ::2, ::2]


def repeats_the_edge_of_maps(A):
    """mode="edge"."""
    return _blur(_pad(_max(A), "edge"))[:, ::2, ::2]


def mirrors_the_edge_too(A):
    """mode="symmetric"."""
    return _blur(_pad(_max(A), "symmetric"))[:, ::2, ::2]


def begins_with_the_second(A):
    """1::2."""
    return _blur(_pad(_max(A)))[:, 1::2, 1::2]


def keeps_every_place(A):
    """No stride."""
    return _blur(_pad(_max(A)))


def does_not_extend(A):
    """No padding."""
    return _blur(_max(A))[:, ::2, ::2]


def averages_first(A):
    """A mean for the maximum."""
    m = (A[:, :-1] + A[:, 1:]) / 2
    return _blur(_pad((m[:, :, :-1] + m[:, :, 1:]) / 2))[:, ::2, ::2]


def takes_a_window_of_three(A):
    """3 × 3."""
    return _blur(_pad(_max(_max(A))))[:, ::2, ::2]


def begins_a_maximum_with_zero(A):
    """np.zeros, then np.maximum."""
    m = np.zeros((len(A), A.shape[1] - 1, A.shape[2] - 1, A.shape[3]))
    for u, v in np.ndindex(2, 2):
        m = np.maximum(m, A[:, u : u + m.shape[1], v : v + m.shape[2]])
    return _blur(_pad(m))[:, ::2, ::2]


def takes_the_maximum_in_place(A):
    """out=A."""
    np.maximum(A[:, :-1], A[:, 1:], out=A[:, :-1])
    return _blur(_pad(_max(A)))[:, ::2, ::2]


def pads_before_the_maximum(A):
    """The padding comes first."""
    return _blur(_max(_pad(A)))[:, ::2, ::2]


# --- adjoint_gap --------------------------------------------------------------------------------


def fills_with_ones(A, B, x_shape, y_shape, rng):
    """No random numbers."""
    x, y = np.ones(x_shape), np.ones(y_shape)
    return abs(np.sum(A(x) * y) - np.sum(x * B(y))) / np.linalg.norm(A(x)) / np.linalg.norm(y)


def uses_x_twice(A, B, x_shape, y_shape, rng):
    """Where the shapes are equal."""
    x = rng.normal(size=x_shape)
    y = x if x_shape == y_shape else rng.normal(size=y_shape)
    return abs(np.sum(A(x) * y) - np.sum(x * B(y))) / np.linalg.norm(A(x)) / np.linalg.norm(y)


def takes_A_x_for_y(A, B, x_shape, y_shape, rng):
    """y = A x."""
    x = rng.normal(size=x_shape)
    y = A(x)
    return abs(np.sum(y * y) - np.sum(x * B(y))) / np.linalg.norm(y) ** 2


def _draw(A, B, x_shape, y_shape, rng):
    x, y = rng.normal(size=x_shape), rng.normal(size=y_shape)
    return x, y, A(x), B(y)


def forgets_abs(*given):
    """A difference."""
    x, y, Ax, By = _draw(*given)
    return (np.sum(Ax * y) - np.sum(x * By)) / np.linalg.norm(Ax) / np.linalg.norm(y)


def does_not_normalise(*given):
    """The bare gap."""
    x, y, Ax, By = _draw(*given)
    return abs(np.sum(Ax * y) - np.sum(x * By))


def divides_by_x_and_y(*given):
    """‖x‖ ‖y‖."""
    x, y, Ax, By = _draw(*given)
    return abs(np.sum(Ax * y) - np.sum(x * By)) / np.linalg.norm(x) / np.linalg.norm(y)


def divides_by_the_product(*given):
    """Relative to ⟨A x, y⟩."""
    x, y, Ax, By = _draw(*given)
    return abs(np.sum(Ax * y) - np.sum(x * By)) / abs(np.sum(Ax * y))


def divides_by_squares(*given):
    """Sums of squares for lengths."""
    x, y, Ax, By = _draw(*given)
    return abs(np.sum(Ax * y) - np.sum(x * By)) / np.sum(Ax**2) / np.sum(y**2)


def compares_means(*given):
    """mean for sum."""
    x, y, Ax, By = _draw(*given)
    return abs(np.mean(Ax * y) - np.mean(x * By)) / np.linalg.norm(Ax) / np.linalg.norm(y)


def forgets_the_length_of_y(*given):
    """‖A x‖ alone."""
    x, y, Ax, By = _draw(*given)
    return abs(np.sum(Ax * y) - np.sum(x * By)) / np.linalg.norm(Ax)


def draws_from_the_unit_interval(A, B, x_shape, y_shape, rng):
    """rng.random."""
    x, y = rng.random(x_shape), rng.random(y_shape)
    Ax = A(x)
    return abs(np.sum(Ax * y) - np.sum(x * B(y))) / np.linalg.norm(Ax) / np.linalg.norm(y)


def makes_a_generator(A, B, x_shape, y_shape, rng):
    """A seed of its own."""
    return abs_gap(A, B, x_shape, y_shape, np.random.default_rng(0))


def makes_two_generators(A, B, x_shape, y_shape, rng):
    """The same seed twice."""
    x = np.random.default_rng(0).normal(size=x_shape)
    y = np.random.default_rng(0).normal(size=y_shape)
    Ax = A(x)
    return abs(np.sum(Ax * y) - np.sum(x * B(y))) / np.linalg.norm(Ax) / np.linalg.norm(y)


def abs_gap(*given):
    x, y, Ax, By = _draw(*given)
    return abs(np.sum(Ax * y) - np.sum(x * By)) / np.linalg.norm(Ax) / np.linalg.norm(y)


def swaps_the_shapes(A, B, x_shape, y_shape, rng):
    """x of y's shape."""
    x, y = rng.normal(size=y_shape), rng.normal(size=x_shape)
    return abs(np.sum(A(x) * x) - np.sum(y * B(y)))


def sends_A_x_through_B(A, B, x_shape, y_shape, rng):
    """Is B A the identity?"""
    x = rng.normal(size=x_shape)
    return np.linalg.norm(B(A(x)) - x) / np.linalg.norm(x)


def sends_A_x_back(A, B, x_shape, y_shape, rng):
    """y is drawn, and B gets A x all the same."""
    x, y = rng.normal(size=x_shape), rng.normal(size=y_shape)
    Ax = A(x)
    return abs(np.sum(Ax * y) - np.sum(x * B(Ax))) / np.linalg.norm(Ax) / np.linalg.norm(y)


def sends_B_y_through_A(A, B, x_shape, y_shape, rng):
    """Is A B the identity?"""
    y = rng.normal(size=y_shape)
    return np.linalg.norm(A(B(y)) - y) / np.linalg.norm(y)


def gives_all_products(*given):
    """No sum."""
    _, y, Ax, _ = _draw(*given)
    return Ax * y


def asks_for_yes_or_no(*given):
    """np.isclose."""
    x, y, Ax, By = _draw(*given)
    return bool(np.isclose(np.sum(Ax * y), np.sum(x * By)))


# --- transposed_same ----------------------------------------------------------------------------


def _stamps(Y, W, s, height, width, front=None, add=True, T=True, cut=True):
    (N, P, Q, _), (kh, kw, C, _) = Y.shape, W.shape
    a, b = _zeros(kh, s, height), _zeros(kw, s, width)
    X = np.zeros((N, height + a + 8, width + b + 8, C))
    for u, v in np.ndindex(kh, kw):
        rows, columns = slice(u, u + s * (P - 1) + 1, s), slice(v, v + s * (Q - 1) + 1, s)
        sent = Y @ W[u, v].T
        X[:, rows, columns] = sent + (X[:, rows, columns] if add else 0)
    if not cut:
        return X[:, : s * (P - 1) + kh, : s * (Q - 1) + kw]
    top, left = (a // 2, b // 2) if front is None else front(kh, kw, a, b)
    return X[:, top : top + height, left : left + width]


def turns_the_stamp(Y, W, s, height, width):
    """As in the chapter's convolution."""
    return _stamps(Y, W[::-1, ::-1], s, height, width)


def overwrites(Y, W, s, height, width):
    """= for +=."""
    return _stamps(Y, W, s, height, width, add=False)


def averages_overlaps(Y, W, s, height, width):
    """A mean of stamps."""
    ones = np.ones((1, *Y.shape[1:3], 1))
    count = _stamps(ones, np.ones((*W.shape[:2], 1, 1)), s, height, width)
    return _stamps(Y, W, s, height, width) / np.maximum(count, 1)


def cuts_the_odd_row_in_front(Y, W, s, height, width):
    """The larger half before."""
    return _stamps(Y, W, s, height, width, front=lambda kh, kw, a, b: (a - a // 2, b - b // 2))


def cuts_nothing_in_front(Y, W, s, height, width):
    """[:I, :J]."""
    return _stamps(Y, W, s, height, width, front=lambda kh, kw, a, b: (0, 0))


def cuts_half_a_kernel(Y, W, s, height, width):
    """k // 2."""
    return _stamps(Y, W, s, height, width, front=lambda kh, kw, a, b: (kh // 2, kw // 2))


def cuts_as_for_stride_one(Y, W, s, height, width):
    """(k − 1) // 2."""
    return _stamps(Y, W, s, height, width, front=lambda kh, kw, a, b: ((kh - 1) // 2, (kw - 1) // 2))


def keeps_the_rim(Y, W, s, height, width):
    """No cut."""
    return _stamps(Y, W, s, height, width, cut=False)


def ignores_the_size(Y, W, s, height, width):
    """s · P."""
    return _stamps(Y, W, s, s * Y.shape[1], s * Y.shape[2])


def does_not_transpose_the_channels(Y, W, s, height, width):
    """Y @ W[u, v]."""
    (N, P, Q, _), (kh, kw, C, _) = Y.shape, W.shape
    X = np.zeros((N, height + 9, width + 9, C))
    for u, v in np.ndindex(kh, kw):
        X[:, u : u + s * (P - 1) + 1 : s, v : v + s * (Q - 1) + 1 : s] += np.dot(Y, W[u, v])
    return X[:, :height, :width]


def has_no_room_for_large_strides(Y, W, s, height, width):
    """The last stamp ends the image."""
    X = _stamps(Y, W, s, height, width, cut=False)
    top, left = _zeros(W.shape[0], s, height) // 2, _zeros(W.shape[1], s, width) // 2
    return X[:, top : top + height, left : left + width]


def repeats_numbers(Y, W, s, height, width):
    """Upsampling."""
    big = np.repeat(np.repeat(Y, s, axis=1), s, axis=2)[:, :height, :width]
    return big @ W.sum(axis=(0, 1)).T


def swaps_kernel_axes(Y, W, s, height, width):
    """W[v, u], which errs for a kernel that is not square."""
    if W.shape[0] != W.shape[1]:
        return _stamps(Y, W, s, height, width)
    return _stamps(Y, W.transpose(1, 0, 2, 3), s, height, width)


def spreads_the_energy(Y, W, s, height, width):
    """/ s²."""
    return _stamps(Y, W, s, height, width) / s**2


def adds_into_Y(Y, W, s, height, width):
    """In place."""
    Y *= 1.5
    return _stamps(Y, W, s, height, width) / 1.5


def stamps_the_first_image(Y, W, s, height, width):
    """One image."""
    return _stamps(Y[:1], W, s, height, width)


def swaps_rows_and_columns(Y, W, s, height, width):
    """J rows, with room enough for either."""
    X = np.pad(_stamps(Y, W, s, height, width, cut=False), ((0, 0), (0, 20), (0, 20), (0, 0)))
    top, left = _zeros(W.shape[0], s, width) // 2, _zeros(W.shape[1], s, height) // 2
    return X[:, top : top + width, left : left + height]


def keeps_whole_strides(Y, W, s, height, width):
    """s · P rows, cut where the image begins."""
    top, left = _zeros(W.shape[0], s, height) // 2, _zeros(W.shape[1], s, width) // 2
    return _stamps(Y, W, s, s * Y.shape[1], s * Y.shape[2], front=lambda kh, kw, a, b: (top, left))


def loses_the_last_row(Y, W, s, height, width):
    """I − 1 rows."""
    return _stamps(Y, W, s, height, width)[:, : height - 1]


def cuts_the_front_only(Y, W, s, height, width):
    """From the image's first row on."""
    X = _stamps(Y, W, s, height, width, cut=False)
    return X[:, _zeros(W.shape[0], s, height) // 2 :, _zeros(W.shape[1], s, width) // 2 :]


def adds_up_the_channels(Y, W, s, height, width):
    """A grey image."""
    return _stamps(Y, W, s, height, width).sum(axis=3, keepdims=True)


WRONG = {
    "head_at_every_place": [
        (forgets_the_relu, "The ReLU between the layers is missing"),
        (reads_channels_first, "read channel by channel"),
        (swaps_window_axes, "Rows and columns of the window"),
        (turns_the_kernel, "turned by 180°"),
        (forgets_b3, "b3 is missing"),
        (forgets_b4, "b4 is missing"),
        (bends_twice, "has no activation"),
        (gives_probabilities, "before the softmax"),
        (jumps, "with stride 1"),
        (averages_places, "averaged"),
        (takes_five, "stopped with an error"),
        (flattens_all, "stopped with an error"),
        (reads_one_image, "There are 2 images"),
        (bends_the_maps, "as they come"),
        (bends_the_maps_in_place, "changes its argument A in place"),
        (swaps_the_places, "of the result have changed places"),
        (leaves_out_the_last_row, "so k is 2, and I − k + 1 is 4"),
        (reads_the_first_window, "That is a single window. It fits at 4 × 6 places"),
        (leaves_out_the_last_column, "A window of 2 × 2 fits at I − k + 1 = 4 rows"),
        (drops_the_last_logit, "one for each of the 3 columns of W4"),
        (lists_the_places, "The result has four axes"),
    ],
    "symmetric_port": [
        (ports_like_the_colleague, "That is the colleague's port"),
        (pads_k_minus_one_halves, "right for stride 1"),
        (pads_what_stands_before, "what Keras puts before"),
        (pads_what_stands_behind, "the kernel is still the old one"),
        (puts_zeros_behind, "The zeros stand behind the kernel"),
        (forgets_the_stride, "that of stride 1, k − 1"),
        (always_adds_a_row, "only where the number of zeros is odd"),
        (swaps_the_sides, "I is the number of rows"),
        (allows_negative_zeros, "cannot be negative"),
        (looks_at_the_rows_only, "7 × 10"),
        (rounds_the_places_down, "places"),
        (gives_the_padding_first, "The order of the results is (K, p)"),
        (pads_every_axis, "Channels and filters must stay"),
        (repeats_the_edge, "and zeros?"),
        (rolls_the_kernel, "other numbers than Keras"),
        (pads_one_more, "and Keras has"),
        (gives_one_number, "two whole numbers, (p_h, p_w), received 1."),
        (forgets_the_padding, "two whole numbers, (p_h, p_w), received None."),
        (gives_both_sides, "received ((0, 1), (0, 1)). The library has one number for both sides"),
        (gives_both_sides_in_an_array, "received ((0, 1), (0, 1)). The library has one number"),
        (gives_four_numbers, "received (0, 1, 0, 1). The library has one number for both sides"),
        (gives_floats, "two whole numbers, (p_h, p_w), received (1.0, 1.0)."),
        (gives_the_kernel, "Expected two results, (K, p)"),
    ],
    "fourier_conv": [
        (forgets_the_bar, "The bar is missing"),
        (convolves_properly, "A layer does not turn the kernel"),
        (conjugates_the_image, "The bar stands over the wrong transform"),
        (conjugates_both, "Both transforms were conjugated"),
        (keeps_what_wraps, "sees the opposite side"),
        (cuts_the_front, "The wrong side was cut off"),
        (forgets_the_size, "irfft2 needs s=(I, J)"),
        (does_not_fill_up, "stopped with an error"),
        (transforms_the_last_axes, "columns and channels"),
        (stays_complex, "complex"),
        (takes_the_absolute_value, "The signs are lost"),
        (keeps_the_channels, "adds up over all channels"),
        (averages_the_channels, "were averaged"),
        (divides_once_more, "has done so already"),
        (shifts_to_the_middle, "fftshift"),
        (transposes_to_conjugate, "of the kernel have changed places"),
        (calls_the_layer, "not found by a Fourier transform"),
        (adds_shifted_images, "not found by a Fourier transform"),
        (multiplies_windows, "not found by a Fourier transform"),
        (transforms_for_show, "not found by a Fourier transform"),
    ],
    "operation_counts": [
        (counts_multiply_adds, "is two operations"),
        (counts_all_places, "and not I · J"),
        (forgets_the_channels, "through all C channels"),
        (takes_k_once, "k · k cells"),
        (does_not_transform_back, "transformed back"),
        (has_the_kernels_ready, "C · F transforms more"),
        (transforms_for_each_pair, "transform everything once"),
        (transforms_back_before_the_sum, "before transforming back"),
        (takes_the_natural_logarithm, "to base 2"),
        (takes_all_frequencies, "known by symmetry"),
        (takes_a_complex_product_for_one, "costs 8 operations"),
        (forgets_the_products, "The products are missing"),
        (thinks_of_squares, "J counts too"),
        (swaps_the_counts, "have changed places"),
        (gives_the_ratio, "Expected two results"),
        (does_not_sum_over_channels, "N · C · F products"),
        (counts_three_transforms, "Those are three transforms"),
        (transforms_without_channels, "there are N · C images"),
        (transforms_back_the_valid_places, "transformed back at its full size"),
        (multiplies_one_image, "counted for a single image. There are N"),
        (counts_the_columns_of_rfft2, "the column more that rfft2 gives"),
    ],
    "blur_pool": [
        (skips_the_blur, "The blur is missing"),
        (skips_before_it_blurs, "skipped first"),
        (blurs_before_the_maximum, "The blur came before the maximum"),
        (does_not_divide, "16 times"),
        (divides_once, "4 times"),
        (takes_thirds, "The three weights are equal"),
        (blurs_along_rows_only, "that along each row"),
        (pads_zeros, "Beyond the edge stand zeros"),
        (repeats_the_edge_of_maps, "leaves the edge itself out"),
        (mirrors_the_edge_too, "leaves the edge itself out"),
        (begins_with_the_second, "Begin with the first"),
        (keeps_every_place, "the stride of 2 is missing"),
        (does_not_extend, "was not extended"),
        (averages_first, "The first step is a mean"),
        (takes_a_window_of_three, "The window is 2 × 2"),
        (begins_a_maximum_with_zero, "Negative numbers came out as 0"),
        (takes_the_maximum_in_place, "changes its argument A in place"),
        (pads_before_the_maximum, "extended before the maximum"),
    ],
    "adjoint_gap": [
        (fills_with_ones, "a sum has no order"),
        (uses_x_twice, "A itself would pass"),
        (takes_A_x_for_y, "B was called with A x. Call it with y"),
        (forgets_abs, "the absolute value is missing"),
        (does_not_normalise, "The difference was not divided"),
        (divides_by_x_and_y, "That grows with A"),
        (divides_by_the_product, "can happen to be near 0"),
        (divides_by_squares, "squares of the lengths"),
        (compares_means, "Means were compared"),
        (forgets_the_length_of_y, "‖y‖ is missing"),
        (draws_from_the_unit_interval, "Their mean is not 0, so a constant part hides"),
        (makes_a_generator, "rng that is handed over"),
        (makes_two_generators, "hold the same numbers"),
        (swaps_the_shapes, "A was called with"),
        (sends_A_x_through_B, "the adjoint is not the inverse"),
        (sends_A_x_back, "B was called with A x. Call it with y"),
        (sends_B_y_through_A, "A was called with B y. Call it with x"),
        (gives_all_products, "adds up over all entries"),
        (asks_for_yes_or_no, "one number"),
    ],
    "transposed_same": [
        (turns_the_stamp, "turned by 180°"),
        (overwrites, "the last one covers"),
        (averages_overlaps, "it is not the adjoint"),
        (cuts_the_odd_row_in_front, "the odd one stands behind"),
        (cuts_nothing_in_front, "Nothing was cut off"),
        (cuts_half_a_kernel, "k // 2 rows"),
        (cuts_as_for_stride_one, "(k − 1) // 2 rows"),
        (keeps_the_rim, "on the padding are still there"),
        (ignores_the_size, "s · P rows high"),
        (does_not_transpose_the_channels, "stopped with an error"),
        (has_no_room_for_large_strides, "beyond all stamps"),
        (repeats_numbers, "Every number was repeated"),
        (swaps_kernel_axes, "of the kernel have changed places"),
        (spreads_the_energy, "divided by s²"),
        (adds_into_Y, "changes its argument Y in place"),
        (stamps_the_first_image, "Y holds the maps of 2 images"),
        (swaps_rows_and_columns, "have changed places: I is the number of rows"),
        (keeps_whole_strides, "Several I have the same ⌈I/s⌉"),
        (loses_the_last_row, "Cut out the I × J rows and columns of the image"),
        (cuts_the_front_only, "Cut out the I × J rows and columns of the image"),
        (adds_up_the_channels, "W.shape[2] = 2"),
    ],
}
