"""Wrong answers to the exercises of Chapter 2 on derivatives and graphs, as people really give them.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

import math

import numpy as np

from dlbook_utils.autodiff import Variable, backward, grad

# --- complex_step -------------------------------------------------------------------------------


def each_entry(f, x, part):
    """What ``part`` makes of a complex copy of x and an index, for every entry."""
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        gradient[i] = part(x.astype(complex), i)
    return gradient


def nudged(z, i, h):
    z[i] += h
    return z


def forgets_to_divide(f, x, h):
    """The imaginary part is the slope, is it not?"""
    return each_entry(f, x, lambda z, i: f(nudged(z, i, 1j * h)).imag)


def takes_the_real_part(f, x, h):
    """.real is what one takes of a complex number that ought to be real."""
    return each_entry(f, x, lambda z, i: f(nudged(z, i, 1j * h)).real / h)


def takes_the_modulus(f, x, h):
    """np.abs makes a complex number real."""
    return each_entry(f, x, lambda z, i: np.abs(f(nudged(z, i, 1j * h))) / h)


def takes_the_size_of_the_imaginary_part(f, x, h):
    """One abs too many."""
    return each_entry(f, x, lambda z, i: abs(f(nudged(z, i, 1j * h)).imag) / h)


def takes_the_angle(f, x, h):
    """The imaginary part turns the number."""
    return each_entry(f, x, lambda z, i: np.angle(f(nudged(z, i, 1j * h))) / h)


def stays_real(f, x, h):
    """The central difference of the notebook, with the new h."""
    return each_entry(
        f, x, lambda z, i: (f(nudged(z.real.copy(), i, h)) - f(nudged(z.real.copy(), i, -h))) / (2 * h)
    )


def stays_real_on_one_side(f, x, h):
    """The forward difference, with the new h."""
    return each_entry(f, x, lambda z, i: (f(nudged(z.real.copy(), i, h)) - f(z.real)) / h)


def nudges_all_at_once(f, x, h):
    """x + ih as it stands in the formula."""
    return f(x + 1j * h).imag / h


def nudges_all_and_fills(f, x, h):
    """The same, in the shape that is wanted."""
    return np.full(x.shape, f(x + 1j * h).imag / h)


def leaves_the_nudges(f, x, h):
    """One copy for all entries."""
    z, gradient = x.astype(complex), np.empty(x.shape)
    for i in np.ndindex(x.shape):
        z[i] += 1j * h
        gradient[i] = f(z).imag / h
    return gradient


def divides_by_two_h(f, x, h):
    """A habit from central differences."""
    return each_entry(f, x, lambda z, i: f(nudged(z, i, 1j * h)).imag / (2 * h))


def divides_two_nudges_by_h(f, x, h):
    """Both sides, and one h."""
    return each_entry(
        f, x, lambda z, i: (f(nudged(z.copy(), i, 1j * h)) - f(nudged(z.copy(), i, -1j * h))).imag / h
    )


def nudges_the_other_way(f, x, h):
    """The conjugate."""
    return each_entry(f, x, lambda z, i: f(nudged(z, i, -1j * h)).imag / h)


def divides_by_ih(f, x, h):
    """A difference quotient with ih for h; the result is complex."""
    gradient = np.empty(x.shape, complex)
    for i in np.ndindex(x.shape):
        gradient[i] = (f(nudged(x.astype(complex), i, 1j * h)) - f(x)) / (1j * h)
    return gradient


def keeps_a_real_copy(f, x, h):
    """x.copy() has the dtype of x."""
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        z = x.copy()
        z[i] = z[i] + 1j * h
        gradient[i] = f(z).imag / h
    return gradient


def adds_to_a_real_copy(f, x, h):
    """The same with an array of nudges."""
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        z, nudge = x.copy(), np.zeros(x.shape, complex)
        nudge[i] = 1j * h
        z += nudge
        gradient[i] = f(z).imag / h
    return gradient


def computes_in_single_precision(f, x, h):
    """complex64 is complex enough."""
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        z = x.astype(np.complex64)
        z[i] += np.complex64(1e-20j)
        gradient[i] = f(z).imag / 1e-20
    return gradient


def uses_its_own_step(f, x, h):
    """The best h is known, so why ask for it?"""
    return each_entry(f, x, lambda z, i: f(nudged(z, i, 1e-20j)).imag / 1e-20)


def gives_f_the_nudge_alone(f, x, h):
    """The nudge alone goes into f."""
    return each_entry(f, x, lambda z, i: f(nudged(0 * z, i, 1j * h)).imag / h)


def replaces_the_entry(f, x, h):
    """= where += belongs."""
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        z = x.astype(complex)
        z[i] = 1j * h
        gradient[i] = f(z).imag / h
    return gradient


def nudges_without_the_i(f, x, h):
    """The array is complex, and the nudge is not."""
    return each_entry(f, x, lambda z, i: f(nudged(z, i, h)).imag / h)


def gives_single_entries_to_f(f, x, h):
    """Every entry on its own."""
    return each_entry(f, x, lambda z, i: f(x[i] + 1j * h).imag / h)


def flattens(f, x, h):
    """A list of numbers is easier to go through."""
    z, gradient = x.astype(complex).ravel(), np.empty(x.size)
    for i in range(x.size):
        z[i] += 1j * h
        gradient[i] = f(z).imag / h
        z[i] -= 1j * h
    return gradient


def gives_a_flat_gradient(f, x, h):
    """f gets its shape, the reader does not."""
    slopes = []
    for i in np.ndindex(x.shape):
        slopes.append(f(nudged(x.astype(complex), i, 1j * h)).imag / h)
    return np.array(slopes)


def gives_a_list(f, x, h):
    """A loop that appends."""
    return list(gives_a_flat_gradient(f, x, h))


# --- slopes_by_hand -----------------------------------------------------------------------------


class Slopes(dict):
    """A dict of slopes with a name, as functions have one."""

    def __init__(self, name, slopes):
        super().__init__(slopes)
        self.__name__ = name


BY_HAND = {
    "e": (-1, 0.4),
    "p": (-1, 0.4),
    "y": (1, -0.4),
    "s": 0.004,
    "u": (-0.096, 0.044),
    "c": 0.004,
    "x": (-0.192, 0.088),
    "w": -0.008,
}


def by_hand(name, **others):
    """The right slopes, but for some."""
    return Slopes(name, BY_HAND | others)


# --- share_backward -----------------------------------------------------------------------------


def shares(x, w, c, y, **change):
    """The right way back, with some lines replaced by functions of what was found before."""
    v = {"x": x, "w": w, "c": c, "y": y}
    v["u"] = w * x
    v["s"] = c + np.sum(v["u"])
    v["p"] = v["u"] / v["s"]
    v["e"] = v["p"] - y
    lines = {
        "de": lambda v: 2 * v["e"],
        "dp": lambda v: v["de"],
        "dy": lambda v: -v["de"],
        "ds": lambda v: -np.sum(v["dp"] * v["u"]) / v["s"] ** 2,
        "du": lambda v: v["dp"] / v["s"] + v["ds"],
        "dc": lambda v: v["ds"],
        "dx": lambda v: v["du"] * v["w"],
        "dw": lambda v: np.sum(v["du"] * v["x"]),
    }
    for name, line in (lines | change).items():
        v[name] = line(v)
    return {name[1:]: v[name] for name in lines}


def forgets_the_factor_two(x, w, c, y):
    """The slope of a square is what was squared."""
    return shares(x, w, c, y, de=lambda v: v["e"])


def squares_after_the_step(x, w, c, y):
    """The square's result stands in its own slope."""
    return shares(x, w, c, y, de=lambda v: 2 * v["e"] ** 2)


def takes_a_mean(x, w, c, y):
    """Losses are means."""
    return shares(x, w, c, y, de=lambda v: 2 * v["e"] / len(v["e"]))


def adds_y(x, w, c, y):
    """The sign of the subtraction is forgotten."""
    return shares(x, w, c, y, dy=lambda v: v["de"])


def leaves_y_alone(x, w, c, y):
    """y is data."""
    return shares(x, w, c, y, dy=lambda v: np.zeros(len(v["y"])))


def loses_the_sign_of_the_denominator(x, w, c, y):
    """u/s² without its minus."""
    return shares(x, w, c, y, ds=lambda v: np.sum(v["dp"] * v["u"]) / v["s"] ** 2)


def divides_by_s_once(x, w, c, y):
    """−u/s in place of −u/s²."""
    return shares(x, w, c, y, ds=lambda v: -np.sum(v["dp"] * v["p"]))


def uses_the_result_of_the_division(x, w, c, y):
    """p, which came out, for u, which went in."""
    return shares(x, w, c, y, ds=lambda v: -np.sum(v["dp"] * v["p"]) / v["s"] ** 2)


def forgets_the_numerator(x, w, c, y):
    """−1/s², the slope of 1/s."""
    return shares(x, w, c, y, ds=lambda v: -np.sum(v["dp"]) / v["s"] ** 2)


def does_not_add_the_pixels(x, w, c, y):
    """An array where a number belongs."""
    return shares(x, w, c, y, ds=lambda v: -v["dp"] * v["u"] / v["s"] ** 2)


def averages_the_pixels(x, w, c, y):
    """np.mean for np.sum."""
    return shares(x, w, c, y, ds=lambda v: -np.mean(v["dp"] * v["u"]) / v["s"] ** 2)


def overwrites_s(x, w, c, y):
    """= for += in a loop over the pixels."""
    return shares(x, w, c, y, ds=lambda v: -v["dp"][-1] * v["u"][-1] / v["s"] ** 2)


def forgets_the_second_path(x, w, c, y):
    """u is the numerator of p, and that is that."""
    return shares(x, w, c, y, du=lambda v: v["dp"] / v["s"])


def overwrites_u(x, w, c, y):
    """The way through s wipes out the way through p."""
    return shares(x, w, c, y, du=lambda v: np.full(len(v["u"]), v["ds"]))


def sends_each_pixel_its_own(x, w, c, y):
    """The quotient rule for one pixel: (s − u)/s², as if s held no other."""
    return shares(x, w, c, y, du=lambda v: v["dp"] * (v["s"] - v["u"]) / v["s"] ** 2)


def subtracts_the_second_path(x, w, c, y):
    """A minus too many."""
    return shares(x, w, c, y, du=lambda v: v["dp"] / v["s"] - v["ds"])


def multiplies_the_paths(x, w, c, y):
    """Along a path multiply, over paths multiply too."""
    return shares(x, w, c, y, du=lambda v: v["dp"] / v["s"] * v["ds"])


def sends_u_to_c(x, w, c, y):
    """What arrives at the sum's other parts."""
    return shares(x, w, c, y, dc=lambda v: np.sum(v["du"]))


def holds_c_fixed(x, w, c, y):
    """A constant has no slope."""
    return shares(x, w, c, y, dc=lambda v: 0.0)


def forgets_w(x, w, c, y):
    """The step u = w x is passed as if it copied."""
    return shares(x, w, c, y, dx=lambda v: v["du"])


def forgets_x(x, w, c, y):
    """The same on the other side."""
    return shares(x, w, c, y, dw=lambda v: np.sum(v["du"]))


def gives_w_an_array(x, w, c, y):
    """Broadcasting is not undone."""
    return shares(x, w, c, y, dw=lambda v: v["du"] * v["x"])


def averages_for_w(x, w, c, y):
    """np.mean for np.sum, in the last line."""
    return shares(x, w, c, y, dw=lambda v: np.mean(v["du"] * v["x"]))


def gives_a_tuple(x, w, c, y):
    """In the order of the arguments."""
    found = shares(x, w, c, y)
    return found["x"], found["w"], found["c"], found["y"]


def gives_the_arguments_only(x, w, c, y):
    """The values between are nobody's business."""
    found = shares(x, w, c, y)
    return {name: found[name] for name in ("x", "w", "c", "y")}


def knows_two_pixels(x, w, c, y):
    """The numbers on paper, in code."""
    return {"e": (-1, 0.4)} | {name: slope for name, slope in BY_HAND.items() if name != "e"}


# --- logaddexp_rule -----------------------------------------------------------------------------


def forgets_dy(dy, y, a, b):
    """The slope of the step alone."""
    return np.exp(a - y)


def writes_the_quotient(dy, y, a, b):
    """The derivative as it stands on paper."""
    return dy * np.exp(a) / (np.exp(a) + np.exp(b))


def divides_by_the_exponential_of_y(dy, y, a, b):
    """y is used, but too late."""
    return dy * np.exp(a) / np.exp(y)


def gives_the_slope_by_b(dy, y, a, b):
    """The wrong argument."""
    return dy * np.exp(b - y)


def turns_the_sign_round(dy, y, a, b):
    """A sigmoid, of b − a."""
    return dy / (1 + np.exp(a - b))


def stands_upside_down(dy, y, a, b):
    """y − a."""
    return dy * np.exp(y - a)


def forgets_the_logarithm(dy, y, a, b):
    """The slope of e^a + e^b."""
    return dy * np.exp(a)


def divides_by_y(dy, y, a, b):
    """The logarithm's slope at its own result."""
    return dy * np.exp(a) / y


def takes_the_larger(dy, y, a, b):
    """The rule of np.maximum."""
    return dy * (a > b)


def shares_by_a_and_b(dy, y, a, b):
    """Without the exponentials."""
    return dy * a / (a + b)


def halves(dy, y, a, b):
    """Two arguments, half for each."""
    return dy / 2


def gives_both(dy, y, a, b):
    """The rules of a and of b together."""
    return dy * np.exp(a - y), dy * np.exp(b - y)


def sums_over_the_first_axis(dy, y, a, b):
    """Broadcasting undone by hand, for one kind of it."""
    return np.sum(dy * np.exp(a - y), axis=0)


def sums_everything(dy, y, a, b):
    """A number in the end."""
    return np.sum(dy * np.exp(a - y))


def scales_dy_in_place(dy, y, a, b):
    """The tape still needs dy for b."""
    dy *= np.exp(a - y)
    return dy


def forgets_the_exponential(dy, y, a, b):
    """The difference itself."""
    return dy * (a - y)


def takes_the_sigmoid_of_a(dy, y, a, b):
    """logaddexp(0, a) has been seen before."""
    return dy / (1 + np.exp(-a))


def clips_the_exponents(dy, y, a, b):
    """Nothing overflows any more."""
    a, b = np.clip(a, -50, 50), np.clip(b, -50, 50)
    return dy * np.exp(a) / (np.exp(a) + np.exp(b))


# --- sort_rule ----------------------------------------------------------------------------------


def hands_dy_on(dy, y, x, axis=-1):
    """Sorting has the slope 1."""
    return dy


def moves_as_x_was_moved(dy, y, x, axis=-1):
    """take for put: the inverse of the inverse."""
    return np.take_along_axis(dy, np.argsort(x, axis), axis)


def sorts_dy(dy, y, x, axis=-1):
    """The gradient of a sort is a sort."""
    return np.sort(dy, axis)


def sorts_the_sorted(dy, y, x, axis=-1):
    """argsort of y, which is in order already."""
    dx = np.zeros_like(dy)
    np.put_along_axis(dx, np.argsort(y, axis), dy, axis)
    return dx


def follows_dy(dy, y, x, axis=-1):
    """argsort of dy."""
    dx = np.zeros_like(dy)
    np.put_along_axis(dx, np.argsort(dy, axis), dy, axis)
    return dx


def puts_the_largest_first(dy, y, x, axis=-1):
    """A descending order."""
    dx = np.zeros_like(dy)
    np.put_along_axis(dx, np.flip(np.argsort(x, axis), axis), dy, axis)
    return dx


def puts_ones(dy, y, x, axis=-1):
    """The slope of the step, without dy."""
    return np.ones_like(x)


def takes_the_last_axis_always(dy, y, x, axis=-1):
    """The default of np.argsort."""
    dx = np.zeros_like(dy)
    np.put_along_axis(dx, np.argsort(x), dy, -1)
    return dx


def indexes_rows(dy, y, x, axis=-1):
    """Right for a single axis."""
    dx = np.zeros_like(dy)
    dx[np.argsort(x, axis)] = dy
    return dx


def indexes_flat(dy, y, x, axis=-1):
    """All entries in one order."""
    dx = np.zeros(dy.size)
    dx[np.argsort(x, axis=None)] = dy.ravel()
    return dx.reshape(dy.shape)


def looks_values_up(dy, y, x, axis=-1):
    """Where does y's value stand in x? With two equal ones, in both places."""

    def line(both):
        dy, y, x = np.split(both, 3)
        dx = np.zeros_like(x)
        for slope, value in zip(dy, y, strict=True):
            dx[x == value] = slope
        return dx

    return np.apply_along_axis(line, axis, np.concatenate([dy, y, x], axis=axis))


def gives_the_ranks(dy, y, x, axis=-1):
    """argsort twice, and dy forgotten."""
    return np.argsort(np.argsort(x, axis), axis)


def gives_the_order(dy, y, x, axis=-1):
    """Halfway there."""
    return np.argsort(x, axis)


def sorts_x_in_place(dy, y, x, axis=-1):
    """The method changes x."""
    order = np.argsort(x, axis)
    x.sort(axis)
    dx = np.zeros_like(dy)
    np.put_along_axis(dx, order, dy, axis)
    return dx


def forgets_the_axis(dy, y, x):
    """No axis among the arguments."""
    return dy[np.argsort(np.argsort(x))]


def gives_what_put_returns(dy, y, x, axis=-1):
    """put_along_axis works in place and returns None."""
    dx = np.zeros_like(dy)
    dx = np.put_along_axis(dx, np.argsort(x, axis), dy, axis)
    return dx


# --- hessian_vector_product ---------------------------------------------------------------------


def gives_the_slope_along_v(loss, theta, v):
    """One gradient, and a product."""
    return np.sum(grad(loss)(theta) * v)


def gives_the_curvature_along_v(loss, theta, v):
    """One product too many."""
    g = grad(loss)
    return np.sum(grad(lambda t: np.sum(g(t) * v))(theta) * v)


def multiplies_the_gradient(loss, theta, v):
    """Element by element, and no second derivative."""
    return grad(loss)(theta) * v


def takes_the_inner_gradient_at_theta(loss, theta, v):
    """A constant has the gradient 0."""
    g = grad(loss)
    return grad(lambda t: np.sum(g(theta) * v))(theta)


def takes_a_whole_step(loss, theta, v):
    """The change of the gradient over v."""
    g = grad(loss)
    return g(theta + v) - g(theta)


def takes_central_differences(loss, theta, v):
    """A good approximation, and not what the tape can do."""
    g, h = grad(loss), 1e-5
    return (g(theta + h * v) - g(theta - h * v)) / (2 * h)


def takes_tiny_central_differences(loss, theta, v):
    """The step in proportion to v, as it should be."""
    g, h = grad(loss), 1e-5 / np.sqrt(np.sum(v * v))
    return (g(theta + h * v) - g(theta - h * v)) / (2 * h)


def builds_the_hessian(loss, theta, v):
    """Row by row."""
    g = grad(loss)
    rows = []
    for i in np.ndindex(theta.shape):
        rows.append(np.sum(grad(lambda t, i=i: g(t)[i])(theta) * v))
    return np.array(rows).reshape(theta.shape)


def forgets_v(loss, theta, v):
    """The sum of the gradient."""
    g = grad(loss)
    return grad(lambda t: np.sum(g(t)))(theta)


def multiplies_by_v_at_the_end(loss, theta, v):
    """v outside the sum."""
    g = grad(loss)
    return grad(lambda t: np.sum(g(t)))(theta) * v


def squares_the_gradient(loss, theta, v):
    """g · g in place of g · v."""
    g = grad(loss)
    return grad(lambda t: np.sum(g(t) * g(t)))(theta)


def writes_an_at(loss, theta, v):
    """g @ v is a number for vectors only."""
    g = grad(loss)
    return grad(lambda t: g(t) @ v)(theta)


def writes_dot(loss, theta, v):
    """np.dot has no rule."""
    g = grad(loss)
    return grad(lambda t: np.dot(g(t), v))(theta)


def scales_v(loss, theta, v):
    """Directions have length 1."""
    g, v = grad(loss), v / np.sqrt(np.sum(v * v))
    return grad(lambda t: np.sum(g(t) * v))(theta)


def takes_the_mean(loss, theta, v):
    """np.mean for np.sum."""
    g = grad(loss)
    return grad(lambda t: np.mean(g(t) * v))(theta)


def multiplies_by_theta(loss, theta, v):
    """The wrong vector."""
    g = grad(loss)
    return grad(lambda t: np.sum(g(t) * theta))(theta)


def gives_the_gradient(loss, theta, v):
    """Where it all begins."""
    return grad(loss)(theta)


def takes_richardson_differences(loss, theta, v):
    """Ten gradients, for a difference of high order."""
    g, h = grad(loss), 1e-3
    weights = np.linalg.solve(np.vander(np.arange(1.0, 6), 10)[:, 8::-2].T, np.eye(5)[0]) / 2
    return sum(w * (g(theta + k * h * v) - g(theta - k * h * v)) for k, w in enumerate(weights, 1)) / h


def along_v(name, product):
    """The gradient of what ``product`` makes of g(t) and v."""

    def answer(loss, theta, v):
        g = grad(loss)
        return grad(lambda t: product(g(t), v))(theta)

    answer.__name__ = name
    return answer


def multiplied_in_place(g, v):
    g *= v
    return np.sum(g)


def assigned(g, v):
    for i in np.ndindex(v.shape):
        g[i] = g[i] * v[i]
    return np.sum(g)


def differentiates_by_hand_once(loss, theta, v):
    """A Variable of one's own: the way back through it is not recorded."""
    t = Variable(theta)
    g = backward(loss(t))[t]
    return backward(np.sum(g * v))[t]


def gives_the_function(loss, theta, v):
    """grad gives a function, which has to be called."""
    g = grad(loss)
    return grad(lambda t: np.sum(g(t) * v))


# --- largest_eigenvalue -------------------------------------------------------------------------


def iterate(product, q, steps):
    """The vector and its last product, before it was shortened."""
    q = q / np.sqrt(np.sum(q**2))
    for _ in range(steps):
        Hq = product(q)
        q = Hq / np.sqrt(np.sum(Hq**2))
    return q, Hq


def never_shortens(product, q, steps):
    """The power of the matrix itself."""
    for _ in range(steps):
        before, q = q, product(q)
    return np.sum(before * q) / np.sum(before**2), q / np.sqrt(np.sum(q**2))


def takes_the_length(product, q, steps):
    """The factor by which the vector grew."""
    q, Hq = iterate(product, q, steps)
    return np.sqrt(np.sum(Hq**2)), q


def takes_the_squared_length(product, q, steps):
    """The same without the root."""
    q, Hq = iterate(product, q, steps)
    return np.sum(Hq**2), q


def multiplies_q_by_itself(product, q, steps):
    """q · q."""
    q, _ = iterate(product, q, steps)
    return np.sum(q * q), q


def gives_a_long_vector(product, q, steps):
    """The last product, not scaled."""
    q, Hq = iterate(product, q, steps)
    return np.sum(q * product(q)), Hq * 2


def scales_by_the_largest_entry(product, q, steps):
    """Another way to keep the numbers small; the vector is not of length 1."""
    for _ in range(steps):
        Hq = product(q)
        value = np.sum(q * Hq) / np.sum(q * q)
        q = Hq / np.abs(Hq).max()
    return value, q


def reads_the_value_off_the_largest_entry(product, q, steps):
    """The factor of the largest entry in size."""
    for _ in range(steps):
        Hq = product(q)
        value = np.abs(Hq).max()
        q = Hq / value
    return value, q / np.sqrt(np.sum(q * q))


def multiplies_matrices(product, q, steps):
    """q @ Hq is a number for vectors only."""
    q, _ = iterate(product, q, steps)
    return q @ product(q), q


def multiplies_twice(product, q, steps):
    """Once for the value, once for the vector, and once more for its length."""
    for _ in range(steps):
        value = np.sum(q * product(q)) / np.sum(q * q)
        q = product(q) / np.sqrt(np.sum(product(q) ** 2))
    return value, q


def multiplies_once(product, q, steps):
    """q is not replaced in the loop."""
    q = q / np.sqrt(np.sum(q**2))
    Hq = product(q)
    for _ in range(steps):
        value = np.sum(q * Hq)
    return value, Hq / np.sqrt(np.sum(Hq**2))


def forgets_to_go_on(product, q, steps):
    """The product is computed in every round, of the same q."""
    q = q / np.sqrt(np.sum(q**2))
    for _ in range(steps):
        Hq = product(q)
    return np.sum(q * Hq), Hq / np.sqrt(np.sum(Hq**2))


def builds_the_matrix(product, q, steps):
    """The eigenvalue that is largest, not largest in size."""
    columns = [product(e.reshape(q.shape)).ravel() for e in np.eye(q.size)]
    values, vectors = np.linalg.eigh(np.array(columns))
    return values[-1], vectors[:, -1].reshape(q.shape)


def gives_the_value_only(product, q, steps):
    """One result."""
    q, _ = iterate(product, q, steps)
    return np.sum(q * product(q))


def gives_the_vector_first(product, q, steps):
    """Two results, exchanged."""
    q, _ = iterate(product, q, steps)
    return q, np.sum(q * product(q))


def ignores_the_steps(product, q, steps):
    """A hundred were enough so far."""
    q, _ = iterate(product, q, 100)
    return np.sum(q * product(q)), q


def waits_for_convergence(product, q, steps):
    """As long as it takes."""
    q, before = q / np.sqrt(np.sum(q**2)), np.inf
    while True:
        Hq = product(q)
        value = np.sum(q * Hq)
        q = Hq / np.sqrt(np.sum(Hq**2))
        if abs(value - before) < 1e-15 * abs(value):
            return value, q
        before = value


def scales_in_place(product, q, steps):
    """The caller's q becomes shorter."""
    q /= np.sqrt(np.sum(q**2))
    q, _ = iterate(product, q, steps)
    return np.sum(q * product(q)), q


def flattens_the_vector(product, q, steps):
    """A vector is a vector."""
    shape = q.shape
    q, _ = iterate(lambda v: product(v.reshape(shape)).ravel(), q.ravel(), steps)
    return q @ product(q.reshape(shape)).ravel(), q


# --- fixed_point_backward -----------------------------------------------------------------------


def settled(dy, y, U, step, rounds=3000):
    """Repeat a step from the gradient through the last iteration."""
    slope = 1 - y**2
    dz = slope * dy
    for _ in range(rounds):
        new = step(dz, slope)
        if np.abs(new - dz).max() <= 1e-14 * np.abs(dy).max():
            break
        dz = new
    return dz


def dense(dz, y, x, W):
    return dz @ W.T, y.T @ dz, x.T @ dz, dz.sum(axis=0)


def right_dz(dy, y, U):
    return settled(dy, y, U, lambda dz, s: s * (dy + dz @ U.T))


def stops_at_the_last_iteration(dy, y, x, U, W, b):
    """y before the last iteration is taken for a constant."""
    return dense((1 - y**2) * dy, y, x, W)


def forgets_the_transpose(dy, y, x, U, W, b):
    """U as on the way forward."""
    return dense(settled(dy, y, U, lambda dz, s: s * (dy + dz @ U)), y, x, W)


def forgets_the_slope_inside(dy, y, x, U, W, b):
    """The tanh comes once, at the end."""
    g = settled(dy, y, U, lambda g, s: dy + g @ U.T)
    return dense((1 - y**2) * g, y, x, W)


def forgets_the_slope_at_the_end(dy, y, x, U, W, b):
    """The gradient with respect to y is taken for that of z."""
    g = settled(dy, y, U, lambda g, s: dy + (s * g) @ U.T)
    return dense(g, y, x, W)


def forgets_the_slope(dy, y, x, U, W, b):
    """A linear layer."""
    return dense(settled(dy, y, U, lambda g, s: dy + g @ U.T), y, x, W)


def puts_the_slope_behind_the_product(dy, y, x, U, W, b):
    """The wrong side of U."""
    g = settled(dy, y, U, lambda g, s: dy + s * (g @ U.T))
    return dense((1 - y**2) * g, y, x, W)


def takes_the_tanh_twice(dy, y, x, U, W, b):
    """1 − tanh(y)²: y is tanh z already."""
    s = 1 - np.tanh(y) ** 2
    return dense(settled(dy, y, U, lambda dz, _: s * (dy + dz @ U.T)), y, x, W)


def takes_the_slope_of_a_sigmoid(dy, y, x, U, W, b):
    """y(1 − y), from another layer."""
    s = y * (1 - y)
    return dense(settled(dy, y, U, lambda dz, _: s * (dy + dz @ U.T)), y, x, W)


def subtracts_the_way_round(dy, y, x, U, W, b):
    """Solving for y brought U to the other side, with a minus."""
    return dense(settled(dy, y, U, lambda dz, s: s * (dy - dz @ U.T)), y, x, W)


def adds_to_the_last_sum(dy, y, x, U, W, b):
    """+= where dy has to be added anew."""
    slope = 1 - y**2
    dz = slope * dy
    for _ in range(500):
        dz = dz + slope * (dz @ U.T)
    return dense(dz, y, x, W)


def takes_ten_rounds(dy, y, x, U, W, b):
    """Ten were enough in a small example."""
    slope = 1 - y**2
    dz = slope * dy
    for _ in range(10):
        dz = slope * (dy + dz @ U.T)
    return dense(dz, y, x, W)


def takes_two_hundred_rounds(dy, y, x, U, W, b):
    """Enough for all but a slow layer."""
    slope = 1 - y**2
    dz = slope * dy
    for _ in range(200):
        dz = slope * (dy + dz @ U.T)
    return dense(dz, y, x, W)


def stops_by_a_wide_tolerance(dy, y, x, U, W, b, tolerance=1e-6):
    """Six digits."""
    slope = 1 - y**2
    dz, change = slope * dy, 1
    while change > tolerance:
        new = slope * (dy + dz @ U.T)
        change, dz = np.abs(new - dz).max(), new
    return dense(dz, y, x, W)


def stops_by_a_fixed_tolerance(dy, y, x, U, W, b):
    """Small beside a dy near 1."""
    return stops_by_a_wide_tolerance(dy, y, x, U, W, b, 2e-9)


def unrolls_on_the_tape(dy, y, x, U, W, b):
    """Right, in megabytes."""
    leaves = [Variable(a) for a in (x, U, W, b)]
    x_, U_, W_, b_ = leaves
    out, drive = y, x_ @ W_ + b_
    for _ in range(int(np.log(1e-9) / np.log(np.linalg.norm(U, 2)))):
        out = np.tanh(out @ U_ + drive)
    gradients = backward(out, dy)
    return tuple(gradients[leaf] for leaf in leaves)


def stores_the_rounds(dy, y, x, U, W, b):
    """A list of all rounds, whose last is used."""
    slope = 1 - y**2
    rounds = [slope * dy]
    for _ in range(1500):
        rounds.append(slope * (dy + rounds[-1] @ U.T))
    return dense(rounds[-1], y, x, W)


def puts_the_slope_on_dy_alone(dy, y, x, U, W, b):
    """The part that comes round has passed the tanh already, has it not?"""
    return dense(settled(dy, y, U, lambda dz, s: dy * s + dz @ U.T), y, x, W)


def puts_the_slope_on_the_round_alone(dy, y, x, U, W, b):
    """The brackets are missing."""
    return dense(settled(dy, y, U, lambda dz, s: dy + (dz @ U.T) * s), y, x, W)


def lets_dy_fade(dy, y, x, U, W, b):
    """dy comes in once, at the beginning."""
    return dense(settled(dy, y, U, lambda dz, s: s * (dz @ U.T)), y, x, W)


def lets_dy_fade_for_ten_rounds(dy, y, x, U, W, b):
    """The same, before it is near 0."""
    return dense(settled(dy, y, U, lambda dz, s: s * (dz @ U.T), 10), y, x, W)


def forgets_db_alone(dy, y, x, U, W, b):
    """Zeros for the bias, which are no sign of a dy that has faded."""
    dz = right_dz(dy, y, U)
    return dz @ W.T, y.T @ dz, x.T @ dz, np.zeros_like(b)


def stops_at_five_digits(dy, y, x, U, W, b):
    """Right for the small layers: rounds are counted until they seem enough."""
    slope = 1 - y**2
    dz = slope * dy
    for _ in range(320):
        dz = slope * (dy + dz @ U.T)
    return dense(dz, y, x, W)


def transposes_dU(dy, y, x, U, W, b):
    """dz first."""
    dz = right_dz(dy, y, U)
    return dz @ W.T, dz.T @ y, x.T @ dz, dz.sum(axis=0)


def makes_dU_of_the_gradient_of_y(dy, y, x, U, W, b):
    """dW is right, and dU lacks the tanh."""
    dz = right_dz(dy, y, U)
    return dz @ W.T, y.T @ (dy + dz @ U.T), x.T @ dz, dz.sum(axis=0)


def takes_a_mean_over_the_batch(dy, y, x, U, W, b):
    """Losses are means, once more."""
    dz, N = right_dz(dy, y, U), len(y)
    return dz @ W.T, y.T @ dz / N, x.T @ dz / N, dz.mean(axis=0)


def averages_the_bias(dy, y, x, U, W, b):
    """Only the bias."""
    dz = right_dz(dy, y, U)
    return dz @ W.T, y.T @ dz, x.T @ dz, dz.mean(axis=0)


def adds_the_bias_along_the_rows(dy, y, x, U, W, b):
    """The wrong axis."""
    dz = right_dz(dy, y, U)
    return dz @ W.T, y.T @ dz, x.T @ dz, dz.sum(axis=1)


def forgets_W_in_dx(dy, y, x, U, W, b):
    """dx = dz, which has another shape wherever D is not H."""
    dz = right_dz(dy, y, U)
    return dz, y.T @ dz, x.T @ dz, dz.sum(axis=0)


def takes_the_order_of_the_formula(dy, y, x, U, W, b):
    """dx, dW, dU, db."""
    dx, dU, dW, db = dense(right_dz(dy, y, U), y, x, W)
    return dx, dW, dU, db


def leaves_dx_out(dy, y, x, U, W, b):
    """Nobody trains x."""
    return dense(right_dz(dy, y, U), y, x, W)[1:]


def changes_dy(dy, y, x, U, W, b):
    """dy gets what comes round."""
    slope = 1 - y**2
    for _ in range(3):
        dy += (slope * dy) @ U.T
    return dense(slope * dy, y, x, W)


def loses_the_direct_part(dy, y, x, U, W, b):
    """What comes round is kept, and what came first is lost."""
    return dense(right_dz(dy, y, U) - (1 - y**2) * dy, y, x, W)


def never_stops(dy, y, x, U, W, b):
    """Until nothing changes at all, which may never be."""
    slope = 1 - y**2
    dz = slope * dy
    while True:
        new = slope * (dy + dz @ U.T)
        if np.abs(new - dz).max() < 0:
            break
        dz = new
    return dense(dz, y, x, W)


# --- All of them --------------------------------------------------------------------------------

WRONG = {
    "complex_step": [
        (forgets_to_divide, "h times what it should be"),
        (takes_the_real_part, "That is the real part"),
        (takes_the_modulus, "That is the modulus"),
        (takes_the_size_of_the_imaginary_part, "the signs are lost"),
        (takes_the_angle, "That is the angle"),
        (stays_real, "the central difference of real numbers"),
        (stays_real_on_one_side, "the forward difference of real numbers"),
        (nudges_all_at_once, "one number came back, the sum of all slopes"),
        (nudges_all_and_fills, "all entries of x were nudged together"),
        (leaves_the_nudges, "start from x anew"),
        (divides_by_two_h, "The 2h belongs to the central difference"),
        (divides_two_nudges_by_h, "divide by 2h"),
        (nudges_the_other_way, "nudge by +ih"),
        (divides_by_ih, "What came back is complex"),
        (keeps_a_real_copy, "x.astype(complex) makes a copy that can"),
        (adds_to_a_real_copy, "x.astype(complex) makes a copy that can"),
        (computes_in_single_precision, "complex128"),
        (uses_its_own_step, "Use the h that your function receives"),
        (gives_f_the_nudge_alone, "It is f near 0, and not near x: add the nudge to x."),
        (replaces_the_entry, "with += and not ="),
        (nudges_without_the_i, "Or was the nudge h and not 1j * h?"),
        (gives_single_entries_to_f, "was called with one of shape ()"),
        (flattens, "was called with one of shape (6,)"),
        (gives_a_flat_gradient, "to have the shape (2, 3), received (6,)"),
        (gives_a_list, "received list"),
    ],
    "slopes_by_hand": [
        (by_hand("no_factor_two", e=(-0.5, 0.2)), "the factor 2 is missing"),
        (by_hand("the_square", e=(0.5, 0.08)), "taken at e, which went in"),
        (by_hand("plus_y", y=(-1, 0.4)), "its local slope is −1"),
        (by_hand("y_is_data", y=(0, 0)), "y is a value like any other"),
        (by_hand("no_sign", s=-0.004), "A larger denominator makes every share smaller"),
        (by_hand("s_once", s=0.04), "divided by s only once"),
        (by_hand("s_once_and_no_sign", s=-0.04), "divided by s only once, and the sign is lost"),
        (by_hand("result_for_numerator", s=0.0004), "its result p stood there"),
        (by_hand("no_numerator", s=0.006), "the numerator u were missing"),
        (by_hand("two_numbers_for_s", s=(0.02, -0.016)), "s is one number, and has one slope"),
        (by_hand("one_path", u=(-0.1, 0.04)), "the way through p = u/s alone"),
        (by_hand("other_path", u=[0.004, 0.004]), "the way through s alone"),
        (by_hand("own_pixel", u=(-0.08, 0.024)), "s carries a nudge of one pixel into all"),
        (by_hand("minus_path", u=(-0.104, 0.036)), "local slope +1"),
        (by_hand("half_of_s", u=(-0.098, 0.042)), "Each u gets all of it"),
        (by_hand("constant_c", c=0), "c is a part of s"),
        (by_hand("no_w", x=(-0.096, 0.044)), "the local slope by x is w"),
        (by_hand("no_x", w=-0.052), "the local slope by w is x"),
        (by_hand("mean_for_w", w=-0.004), "take the sum"),
        (by_hand("pair_for_w", w=(-0.096, 0.088)), "w is one number, and has one slope"),
        (by_hand("last_pixel", w=0.088), "the last pixel's share alone"),
        (by_hand("one_for_u", u=0.044), "u holds a number for each pixel"),
        (by_hand("words", s="none"), "s: expected numbers, received 'none'"),
        (by_hand("unknown", L=1), "There is no value 'L'"),
        (by_hand("chance", u=(0.3, 0.1)), "u is used twice"),
    ],
    "share_backward": [
        (forgets_the_factor_two, "the factor 2 is missing"),
        (squares_after_the_step, "taken at e, which went in"),
        (takes_a_mean, "L is a sum, not a mean"),
        (adds_y, "its local slope is −1"),
        (leaves_y_alone, "y is a value like any other"),
        (loses_the_sign_of_the_denominator, "A larger denominator makes every share smaller"),
        (divides_by_s_once, "divided by s only once"),
        (uses_the_result_of_the_division, "its result p stood there"),
        (forgets_the_numerator, "the numerator u were missing"),
        (does_not_add_the_pixels, "s is one number, and has one slope"),
        (averages_the_pixels, "take the sum"),
        (overwrites_s, "the last pixel's share alone"),
        (forgets_the_second_path, "the way through p = u/s alone"),
        (overwrites_u, "the way through s alone"),
        (sends_each_pixel_its_own, "s carries a nudge of one pixel into all"),
        (subtracts_the_second_path, "local slope +1"),
        (multiplies_the_paths, "Only along one way they multiply"),
        (sends_u_to_c, "c gets what arrived at s"),
        (holds_c_fixed, "c is a part of s"),
        (forgets_w, "the local slope by x is w"),
        (forgets_x, "multiply before you add"),
        (gives_w_an_array, "w is one number, and has one slope"),
        (averages_for_w, "take the sum"),
        (gives_a_tuple, "Expected a dict"),
        (gives_the_arguments_only, "The dict has no 'e'"),
        (knows_two_pixels, "e holds a number for each pixel"),
    ],
    "logaddexp_rule": [
        (forgets_dy, "as if dy were missing"),
        (writes_the_quotient, "inf / inf is nan"),
        (divides_by_the_exponential_of_y, "inf / inf is nan"),
        (gives_the_slope_by_b, "the slope by b"),
        (turns_the_sign_round, "look at the sign in the exponent"),
        (stands_upside_down, "It is upside down"),
        (forgets_the_logarithm, "The logarithm is still to come"),
        (divides_by_y, "y is its result"),
        (takes_the_larger, "the rule of np.maximum"),
        (shares_by_a_and_b, "not of a and b themselves"),
        (halves, "only where a and b are equal"),
        (gives_both, "Expected one array"),
        (sums_over_the_first_axis, "The tape itself sums over what was broadcast"),
        (sums_everything, "The tape itself sums over what was broadcast"),
        (scales_dy_in_place, "changes its argument dy in place"),
        (forgets_the_exponential, "Its exponential is missing"),
        (takes_the_sigmoid_of_a, "b does not appear in it"),
        (clips_the_exponents, "do not clip them"),
    ],
    "sort_rule": [
        (hands_dy_on, "dy came back as it was"),
        (moves_as_x_was_moved, "where they should be moved back"),
        (sorts_dy, "dy was sorted"),
        (sorts_the_sorted, "dy came back as it was"),
        (follows_dy, "the order of dy"),
        (puts_the_largest_first, "np.sort puts the smallest first"),
        (puts_ones, "as if dy were missing"),
        (takes_the_last_axis_always, "Let the rule follow the axis"),
        (indexes_rows, "dx[order] takes whole rows"),
        (indexes_flat, "takes positions along one axis"),
        (looks_values_up, "not by equal values"),
        (gives_the_ranks, "Those are the ranks"),
        (gives_the_order, "That is the order itself"),
        (sorts_x_in_place, "changes its argument x in place"),
        (forgets_the_axis, "Does it still take the arguments that the stub took?"),
        (gives_what_put_returns, "returns None"),
    ],
    "hessian_vector_product": [
        (gives_the_slope_along_v, "That is g · v, the slope along v"),
        (gives_the_curvature_along_v, "the curvature along v"),
        (multiplies_the_gradient, "That is the gradient times v"),
        (takes_the_inner_gradient_at_theta, "All of them are zero"),
        (takes_a_whole_step, "over the whole of v"),
        (takes_central_differences, "as a difference of two gradients is"),
        (takes_tiny_central_differences, "as a difference of two gradients is"),
        (builds_the_hessian, "the Hessian were built, row by row"),
        (takes_richardson_differences, "or many differences were taken"),
        (along_v("method_dot", lambda g, v: g.dot(v)), "A Variable has only some of an array's methods"),
        (
            along_v("method_ravel", lambda g, v: g.ravel() @ v.ravel()),
            "Use NumPy's functions: np.sum(g * v) is g · v for any shape.",
        ),
        (
            along_v("method_flatten", lambda g, v: g.flatten() @ v.flatten()),
            "only some of an array's methods",
        ),
        (along_v("method_item", lambda g, v: np.sum(g * v).item()), "only some of an array's methods"),
        (along_v("float_of_the_sum", lambda g, v: float(np.sum(g * v))), "Leave out float()."),
        (along_v("fsum", lambda g, v: math.fsum(g * v)), "Use NumPy's functions"),
        (along_v("in_place", multiplied_in_place), "write g * v, not g *= v. np.sum(g * v) is g · v"),
        (along_v("entries_assigned", assigned), "A Variable cannot be changed in place: write g * v"),
        (along_v("array_of_g", lambda g, v: np.sum(np.array(g) * v)), "such as np.array. np.sum(g * v)"),
        (forgets_v, "a vector of ones: v is missing"),
        (multiplies_by_v_at_the_end, "v came too late"),
        (squares_the_gradient, "the slope of the gradient's square"),
        (writes_an_at, "What is differentiated must be one number"),
        (writes_dot, "The tape has no rule for np.dot"),
        (scales_v, "v was scaled to length 1"),
        (takes_the_mean, "a mean was taken where a sum belongs"),
        (multiplies_by_theta, "the Hessian times theta"),
        (gives_the_gradient, "That is the gradient."),
        (differentiates_by_hand_once, "recorded only inside another grad"),
        (gives_the_function, "received function"),
    ],
    "largest_eigenvalue": [
        (never_shortens, "back to length 1 after each product"),
        (takes_the_length, "The sign is lost"),
        (takes_the_squared_length, "That is its square"),
        (multiplies_q_by_itself, "the squared length of the vector itself"),
        (gives_a_long_vector, "the vector has the length"),
        (scales_by_the_largest_entry, "the vector has the length"),
        (reads_the_value_off_the_largest_entry, "The sign is lost"),
        (multiplies_matrices, "q @ Hq is a product of matrices"),
        (multiplies_twice, "One product in each step is enough"),
        (multiplies_once, "That is the value after one step"),
        (forgets_to_go_on, "begin with the new vector"),
        (builds_the_matrix, "A negative eigenvalue may be the largest in size"),
        (gives_the_value_only, "Expected two results, (value, vector)"),
        (gives_the_vector_first, "value and vector are exchanged: the order is (value, vector)."),
        (ignores_the_steps, "With steps = 3, product was called 101 times"),
        (waits_for_convergence, "take the number of rounds from the argument steps"),
        (scales_in_place, "changes its argument q in place"),
        (flattens_the_vector, "to have the shape (2, 2), received (4,)"),
    ],
    "fixed_point_backward": [
        (stops_at_the_last_iteration, "the last iteration alone"),
        (forgets_the_transpose, "U stood where its transpose belongs"),
        (forgets_the_slope_inside, "missing inside the iteration"),
        (forgets_the_slope_at_the_end, "were made from ∂L/∂y"),
        (forgets_the_slope, "were missing everywhere"),
        (puts_the_slope_behind_the_product, "stands on the wrong side"),
        (takes_the_tanh_twice, "y is the tanh already"),
        (takes_the_slope_of_a_sigmoid, "the slope of a sigmoid"),
        (subtracts_the_way_round, "comes through U is the wrong way round"),
        (adds_to_the_last_sum, "begin with dy anew"),
        (takes_ten_rounds, "That is what 10 rounds give. Go on until a round changes less than about 1e-12"),
        (takes_two_hundred_rounds, "is the number of rounds fixed"),
        (
            stops_by_a_wide_tolerance,
            "Go on until a round changes less than about 1e-12 of the largest entry of dy",
        ),
        (stops_at_five_digits, "of its largest entry, and 1e-7 is asked for"),
        (puts_the_slope_on_dy_alone, "the slope 1 − y² multiplies their sum"),
        (puts_the_slope_on_the_round_alone, "the slope 1 − y² multiplies their sum"),
        (lets_dy_fade, "dy has to be added in every round"),
        (lets_dy_fade_for_ten_rounds, "dy has to be added in every round"),
        (forgets_db_alone, "What arrives at z is right, since the others are"),
        (stops_by_a_fixed_tolerance, "not beside a dy near 1e-3"),
        (unrolls_on_the_tape, "something is stored for every round"),
        (stores_the_rounds, "something is stored for every round"),
        (transposes_dU, "dU is transposed"),
        (makes_dU_of_the_gradient_of_y, "dU was made from ∂L/∂y"),
        (takes_a_mean_over_the_batch, "It was divided by N"),
        (averages_the_bias, "is in dy already"),
        (adds_the_bias_along_the_rows, "along the wrong axis"),
        (forgets_W_in_dx, "dx lacks its last step"),
        (takes_the_order_of_the_formula, "dU and dW are exchanged"),
        (leaves_dx_out, "Expected four arrays, (dx, dU, dW, db); received 3"),
        (changes_dy, "changes its argument dy in place"),
        (loses_the_direct_part, "is missing: only what comes round"),
        (never_stops, "did not end within"),
    ],
}
