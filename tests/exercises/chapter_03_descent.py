"""Wrong answers to the exercises of Chapter 3 after its first four notebooks.

``WRONG[name]`` lists pairs: an answer, and a fragment of the message that it must get.
The docstring of each says what went wrong in its author's head.
"""

import numpy as np

# --- rank_one_hessian ---------------------------------------------------------------------------


def _parts(A, u, v):
    return (v @ v) * np.eye(len(u)), 2 * np.outer(u, v) - A, (u @ u) * np.eye(len(v))


def _joined(uu, uv, vv):
    return np.block([[uu, uv], [uv.T, vv]])


def drops_the_residual(A, u, v):
    """Gauss and Newton: the product of first derivatives."""
    uu, _, vv = _parts(A, u, v)
    return _joined(uu, np.outer(u, v), vv)


def forgets_the_product_rule(A, u, v):
    """Only the v behind the bracket is differentiated."""
    uu, _, vv = _parts(A, u, v)
    return _joined(uu, np.outer(u, v) - A, vv)


def turns_the_mixed_sign(A, u, v):
    """A − uv in place of uv − A."""
    uu, uv, vv = _parts(A, u, v)
    return _joined(uu, -uv, vv)


def takes_the_error_itself(A, u, v):
    """The error for its slope."""
    uu, _, vv = _parts(A, u, v)
    return _joined(uu, A - np.outer(u, v), vv)


def leaves_A_out(A, u, v):
    """A is a constant, and constants vanish."""
    uu, _, vv = _parts(A, u, v)
    return _joined(uu, 2 * np.outer(u, v), vv)


def has_no_mixed_blocks(A, u, v):
    """u and v are different parameters."""
    uu, uv, vv = _parts(A, u, v)
    return _joined(uu, 0 * uv, vv)


def swaps_the_norms(A, u, v):
    """‖u‖² for u."""
    return _joined((u @ u) * np.eye(len(u)), 2 * np.outer(u, v) - A, (v @ v) * np.eye(len(v)))


def forgets_the_squares(A, u, v):
    """Lengths."""
    uu = np.linalg.norm(v) * np.eye(len(u))
    return _joined(uu, 2 * np.outer(u, v) - A, np.linalg.norm(u) * np.eye(len(v)))


def fills_the_blocks(A, u, v):
    """No identity."""
    uu = np.full((len(u), len(u)), v @ v)
    return _joined(uu, 2 * np.outer(u, v) - A, np.full((len(v), len(v)), u @ u))


def multiplies_outer_where_it_can(A, u, v):
    """v vᵀ, which fits a square A alone."""
    if len(u) == len(v):
        return _joined(np.outer(v, v), 2 * np.outer(u, v) - A, np.outer(u, u))
    return _joined(*_parts(A, u, v))


def multiplies_outer(A, u, v):
    """v vᵀ: an error, unless A is square."""
    return _joined(np.outer(v, v), 2 * np.outer(u, v) - A, np.outer(u, u))


def forgets_the_half(A, u, v):
    """L without ½."""
    return 2 * _joined(*_parts(A, u, v))


def averages(A, u, v):
    """A mean over the entries."""
    return _joined(*_parts(A, u, v)) / A.size


def puts_v_first(A, u, v):
    """Another order."""
    uu, uv, vv = _parts(A, u, v)
    return _joined(vv, uv.T, uu)


def gives_the_mixed_block(A, u, v):
    """The Hessian has the shape of A, has it not?"""
    return 2 * np.outer(u, v) - A


def repeats_the_block_untransposed(A, u, v):
    """The transpose is forgotten where it can be."""
    uu, uv, vv = _parts(A, u, v)
    return np.block([[uu, uv], [uv if len(u) == len(v) else uv.T, vv]])


def subtracts_in_place(A, u, v):
    """A is changed."""
    A -= 2 * np.outer(u, v)
    return _joined((v @ v) * np.eye(len(u)), -A, (u @ u) * np.eye(len(v)))


# --- stable_limit -------------------------------------------------------------------------------


def _s(A):
    return np.linalg.norm(A, 2)


def stops_at_one_over(A, ratio):
    """1/λ."""
    return 1 / (_s(A) * (ratio + 1 / ratio))


def gives_the_eigenvalue(A, ratio):
    """λ."""
    return _s(A) * (ratio + 1 / ratio)


def ignores_the_ratio(A, ratio):
    """Equal lengths."""
    return 1 / _s(A)


def takes_sigma_for_the_curvature(A, ratio):
    """2/σ."""
    return 2 / _s(A)


def takes_the_larger_block(A, ratio):
    """The mixed blocks are overlooked."""
    return 2 / (_s(A) * max(ratio, 1 / ratio))


def takes_u_alone(A, ratio):
    """2/‖u‖²."""
    return 2 / (_s(A) * ratio)


def squares_the_ratio(A, ratio):
    """A ratio of squares."""
    return 2 / (_s(A) * (ratio**2 + ratio**-2))


def adds_the_lengths(A, ratio):
    """No squares."""
    return 2 / (np.sqrt(_s(A) * ratio) + np.sqrt(_s(A) / ratio))


def takes_the_eigenvalue_of_the_gram(A, ratio):
    """σ² for σ."""
    return 2 / (np.linalg.eigvalsh(A.T @ A)[-1] * (ratio + 1 / ratio))


def takes_frobenius(A, ratio):
    """np.linalg.norm without 2."""
    return 2 / (np.linalg.norm(A) * (ratio + 1 / ratio))


def takes_the_last_singular_value(A, ratio):
    """They are sorted downwards."""
    return 2 / (np.linalg.svd(A, compute_uv=False)[-1] * (ratio + 1 / ratio))


def gives_v_the_length_one(A, ratio):
    """u = ratio, v = 1."""
    return 2 / (1 + ratio**2)


def gives_v_the_length_sigma(A, ratio):
    """v = σ, u = ratio σ."""
    return 2 / (_s(A) ** 2 * (1 + ratio**2))


# --- noise_scale --------------------------------------------------------------------------------


def _sizes(gradients):
    return np.mean(np.sum(gradients**2, axis=1)), np.sum(np.mean(gradients, axis=0) ** 2)


def _both(gradients, B):
    K, (small, big) = len(gradients), _sizes(gradients)
    return (K * big - small) / (K - 1), (small - big) * B * K / (K - 1)


def takes_the_mean_for_the_signal(gradients, B):
    """The colleague."""
    return _sizes(gradients)[1], _both(gradients, B)[1]


def divides_by_K(gradients, B):
    """np.var as it comes."""
    noise = B * np.sum(np.var(gradients, axis=0))
    return _sizes(gradients)[1] - noise / (len(gradients) * B), noise


def forgets_the_size_of_a_batch(gradients, B):
    """The noise of a batch."""
    signal, noise = _both(gradients, B)
    return signal, noise / B


def forgets_to_divide_the_difference(gradients, B):
    """small − big."""
    small, big = _sizes(gradients)
    return _both(gradients, B)[0], small - big


def divides_by_the_sizes(gradients, B):
    """B_big − B_small for 1/B_small − 1/B_big."""
    small, big = _sizes(gradients)
    K = len(gradients)
    return _both(gradients, B)[0], (small - big) / (1 / (K * B - B))


def averages_over_the_parameters(gradients, B):
    """mean for sum."""
    return _both(gradients, B)[0], B * np.mean(np.var(gradients, axis=0, ddof=1))


def adds_standard_deviations(gradients, B):
    """std for var."""
    return _both(gradients, B)[0], B * np.sum(np.std(gradients, axis=0, ddof=1))


def takes_lengths(gradients, B):
    """norm without squares."""
    K = len(gradients)
    small = np.mean(np.linalg.norm(gradients, axis=1))
    big = np.linalg.norm(np.mean(gradients, axis=0))
    return (K * big - small) / (K - 1), (small - big) / (1 / B - 1 / (K * B))


def squares_the_mean_length(gradients, B):
    """The order of square and mean."""
    K, big = len(gradients), _sizes(gradients)[1]
    small = np.mean(np.linalg.norm(gradients, axis=1)) ** 2
    return (K * big - small) / (K - 1), (small - big) / (1 / B - 1 / (K * B))


def asks_the_first_batch_only(gradients, B):
    """One small batch is as good as another."""
    K, big = len(gradients), _sizes(gradients)[1]
    small = gradients[0] @ gradients[0]
    return (K * big - small) / (K - 1), (small - big) / (1 / B - 1 / (K * B))


def cuts_at_zero(gradients, B):
    """A square is not negative."""
    signal, noise = _both(gradients, B)
    return max(signal, 0.0), noise


def takes_off_the_noise_of_a_batch(gradients, B):
    """tr Σ/B."""
    noise = _both(gradients, B)[1]
    return _sizes(gradients)[1] - noise / B, noise


def adds_the_noise(gradients, B):
    """+ for −."""
    noise = _both(gradients, B)[1]
    return _sizes(gradients)[1] + noise / (B * len(gradients)), noise


def takes_off_the_noise_of_one(gradients, B):
    """tr Σ from the small ones."""
    noise = _both(gradients, B)[1]
    return _sizes(gradients)[0] - noise, noise


def swaps_signal_and_noise(gradients, B):
    """Another order."""
    return _both(gradients, B)[::-1]


def gives_the_ratio(gradients, B):
    """B_crit was what one wanted."""
    signal, noise = _both(gradients, B)
    return noise / signal


def sums_the_wrong_axis(gradients, B):
    """axis=0 for the small, axis=1 for the mean."""
    K = len(gradients)
    small = np.mean(np.sum(gradients**2, axis=0))
    big = np.sum(np.mean(gradients, axis=1) ** 2)
    return (K * big - small) / (K - 1), (small - big) / (1 / B - 1 / (K * B))


def centres_in_place(gradients, B):
    """The caller's gradients are changed."""
    signal, noise = _both(gradients, B)
    gradients -= gradients.mean(axis=0)
    return signal, noise


def returns_one_for_each_parameter(gradients, B):
    """No sum."""
    noise = B * np.var(gradients, axis=0, ddof=1)
    return np.mean(gradients, axis=0) ** 2 - noise / (B * len(gradients)), noise


# --- lookahead ----------------------------------------------------------------------------------


def goes_on_from_the_fast(phi, step, k, alpha, rounds):
    """The rope is never pulled."""
    path, theta = [phi], phi
    for _ in range(rounds):
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def swaps_alpha(phi, step, k, alpha, rounds):
    """α φ + (1 − α) θ."""
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi = alpha * phi + (1 - alpha) * theta
        path.append(phi)
    return np.array(path)


def moves_away(phi, step, k, alpha, rounds):
    """φ − θ."""
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (phi - theta)
        path.append(phi)
    return np.array(path)


def follows_all_the_way(phi, step, k, alpha, rounds):
    """α is not used."""
    path = [phi]
    for _ in range(rounds):
        for _ in range(k):
            phi = step(phi)
        path.append(phi)
    return np.array(path)


def follows_after_each_step(phi, step, k, alpha, rounds):
    """The indentation."""
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
            phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def steps_from_the_slow(phi, step, k, alpha, rounds):
    """step(phi)."""
    path = [phi]
    for _ in range(rounds):
        for _ in range(k):
            theta = step(phi)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def takes_one_step_less(phi, step, k, alpha, rounds):
    """range(1, k)."""
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(1, k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def leaves_the_start_out(phi, step, k, alpha, rounds):
    """An empty list at first."""
    return goes_right(phi, step, k, alpha, rounds)[1:]


def goes_right(phi, step, k, alpha, rounds):
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def gives_the_last(phi, step, k, alpha, rounds):
    """The result alone."""
    return goes_right(phi, step, k, alpha, rounds)[-1]


def gives_the_fast(phi, step, k, alpha, rounds):
    """θ is appended."""
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(theta)
    return np.array(path)


def follows_the_mean(phi, step, k, alpha, rounds):
    """An average of the round."""
    path = [phi]
    for _ in range(rounds):
        theta, seen = phi, []
        for _ in range(k):
            theta = step(theta)
            seen.append(theta)
        phi = phi + alpha * (np.mean(seen, axis=0) - phi)
        path.append(phi)
    return np.array(path)


def appends_one_array(phi, step, k, alpha, rounds):
    """phi += in place, of a copy."""
    phi = phi.copy()
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi += alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def changes_the_start(phi, step, k, alpha, rounds):
    """phi += in place."""
    path = [phi.copy()]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
        phi += alpha * (theta - phi)
        path.append(phi.copy())
    return np.array(path)


def goes_back_to_the_first_start(phi, step, k, alpha, rounds):
    """theta = the argument."""
    path, start = [phi], phi
    for _ in range(rounds):
        theta = start
        for _ in range(k):
            theta = step(theta)
        phi = phi + alpha * (theta - phi)
        path.append(phi)
    return np.array(path)


def keeps_every_step(phi, step, k, alpha, rounds):
    """A row for each inner step."""
    path = [phi]
    for _ in range(rounds):
        theta = phi
        for _ in range(k):
            theta = step(theta)
            path.append(theta)
        phi = phi + alpha * (theta - phi)
        path[-1] = phi
    return np.array(path)


# --- lookahead_floor ----------------------------------------------------------------------------


def _let_in(eta, lam, sigma, k):
    return (eta * sigma) ** 2 * sum((1 - eta * lam) ** (2 * i) for i in range(k))


def _keeps(eta, lam, k, alpha):
    return 1 - alpha + alpha * (1 - eta * lam) ** k


def gives_the_plain_floor(eta, lam, sigma, k, alpha):
    """As if there were no rope."""
    return eta * sigma**2 / (lam * (2 - eta * lam))


def takes_alpha_times_the_plain_floor(eta, lam, sigma, k, alpha):
    """Small ηλ."""
    return alpha * eta * sigma**2 / (lam * (2 - eta * lam))


def takes_alpha_squared_of_the_plain_floor(eta, lam, sigma, k, alpha):
    """A variance gets α²."""
    return alpha**2 * eta * sigma**2 / (lam * (2 - eta * lam))


def lowers_the_rate(eta, lam, sigma, k, alpha):
    """Descent with αη."""
    return alpha * eta * sigma**2 / (lam * (2 - alpha * eta * lam))


def does_not_square_alpha(eta, lam, sigma, k, alpha):
    """α · noise."""
    return alpha * _let_in(eta, lam, sigma, k) / (1 - _keeps(eta, lam, k, alpha) ** 2)


def does_not_square_the_factor(eta, lam, sigma, k, alpha):
    """V = factor · V + …"""
    return alpha**2 * _let_in(eta, lam, sigma, k) / (1 - _keeps(eta, lam, k, alpha))


def forgets_what_stays(eta, lam, sigma, k, alpha):
    """1 − α is missing."""
    return alpha**2 * _let_in(eta, lam, sigma, k) / (1 - (alpha * (1 - eta * lam) ** k) ** 2)


def squares_one_by_one(eta, lam, sigma, k, alpha):
    """As if they were independent."""
    kept = (1 - alpha) ** 2 + (alpha * (1 - eta * lam) ** k) ** 2
    return alpha**2 * _let_in(eta, lam, sigma, k) / (1 - kept)


def adds_k_noises(eta, lam, sigma, k, alpha):
    """k η² σ²."""
    return alpha**2 * k * (eta * sigma) ** 2 / (1 - _keeps(eta, lam, k, alpha) ** 2)


def shrinks_noise_by_a(eta, lam, sigma, k, alpha):
    """a for a²."""
    noise = (eta * sigma) ** 2 * sum((1 - eta * lam) ** i for i in range(k))
    return alpha**2 * noise / (1 - _keeps(eta, lam, k, alpha) ** 2)


def takes_one_term_too_many(eta, lam, sigma, k, alpha):
    """range(k + 1)."""
    return alpha**2 * _let_in(eta, lam, sigma, k + 1) / (1 - _keeps(eta, lam, k, alpha) ** 2)


def gives_the_deviation(eta, lam, sigma, k, alpha):
    """A root too many."""
    return np.sqrt(alpha**2 * _let_in(eta, lam, sigma, k) / (1 - _keeps(eta, lam, k, alpha) ** 2))


def takes_sigma_for_a_variance(eta, lam, sigma, k, alpha):
    """σ is not squared."""
    return alpha**2 * _let_in(eta, lam, 1, k) * sigma / (1 - _keeps(eta, lam, k, alpha) ** 2)


def forgets_eta_in_the_noise(eta, lam, sigma, k, alpha):
    """σ² for η²σ²."""
    return alpha**2 * _let_in(eta, lam, sigma, k) / eta**2 / (1 - _keeps(eta, lam, k, alpha) ** 2)


def falls_back_beyond_two(eta, lam, sigma, k, alpha):
    """Beyond 2 everything diverges, they say."""
    if eta * lam >= 2:
        return float("inf")
    return alpha**2 * _let_in(eta, lam, sigma, k) / (1 - _keeps(eta, lam, k, alpha) ** 2)


# --- adadelta_step ------------------------------------------------------------------------------


def _means(g, state, rho):
    return rho * state[0] + (1 - rho) * g**2, state[1]


def adds_epsilon_outside(theta, g, state, rho, epsilon):
    """√E + ε, as in Adam."""
    g2, d2 = _means(g, state, rho)
    delta = -(np.sqrt(d2) + epsilon) / (np.sqrt(g2) + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def forgets_the_roots(theta, g, state, rho, epsilon):
    """E/E."""
    g2, d2 = _means(g, state, rho)
    delta = -(d2 + epsilon) / (g2 + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def goes_uphill(theta, g, state, rho, epsilon):
    """The minus sign."""
    g2, d2 = _means(g, state, rho)
    delta = np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def inverts_the_fraction(theta, g, state, rho, epsilon):
    """RMS[g] above."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(g2 + epsilon) / np.sqrt(d2 + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def is_rmsprop(theta, g, state, rho, epsilon):
    """No numerator."""
    g2, d2 = _means(g, state, rho)
    delta = -g / np.sqrt(g2 + epsilon)
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def keeps_a_learning_rate(theta, g, state, rho, epsilon):
    """Keras's default."""
    g2, d2 = _means(g, state, rho)
    delta = -0.001 * np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def applies_a_learning_rate_at_the_end(theta, g, state, rho, epsilon):
    """Keras's default, where Keras has it."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + 0.001 * delta, (g2, rho * d2 + (1 - rho) * delta**2)


def accumulates_too_late(theta, g, state, rho, epsilon):
    """Line 1 after line 2."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(state[0] + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def accumulates_too_early(theta, g, state, rho, epsilon):
    """Line 3 before the step."""
    g2, d2 = _means(g, state, rho)
    first = np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    d2 = rho * d2 + (1 - rho) * first**2
    return theta - np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g, (g2, d2)


def swaps_rho(theta, g, state, rho, epsilon):
    """1 − ρ is kept."""
    g2, d2 = (1 - rho) * state[0] + rho * g**2, state[1]
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, (1 - rho) * d2 + rho * delta**2)


def sums_like_adagrad(theta, g, state, rho, epsilon):
    """Nothing is forgotten."""
    g2, d2 = state[0] + g**2, state[1]
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, d2 + delta**2)


def accumulates_the_step_itself(theta, g, state, rho, epsilon):
    """Δ for Δ²."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta)


def shares_a_mean(theta, g, state, rho, epsilon):
    """One number for all weights."""
    g2 = rho * state[0] + (1 - rho) * np.mean(g**2)
    delta = -np.sqrt(state[1] + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, rho * state[1] + (1 - rho) * np.mean(delta**2))


def returns_the_old_state(theta, g, state, rho, epsilon):
    """state was never assigned."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, state


def swaps_the_state(theta, g, state, rho, epsilon):
    """Another order."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (rho * d2 + (1 - rho) * delta**2, g2)


def forgets_epsilon_above(theta, g, state, rho, epsilon):
    """ε is against a division by 0, isn't it?"""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2) / np.sqrt(g2 + epsilon) * g
    return theta + delta, (g2, rho * d2 + (1 - rho) * delta**2)


def updates_the_state_in_place(theta, g, state, rho, epsilon):
    """*= and +=."""
    g2, d2 = state
    g2 *= rho
    g2 += (1 - rho) * g**2
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    d2 *= rho
    d2 += (1 - rho) * delta**2
    return theta + delta, (g2, d2)


def updates_theta_in_place(theta, g, state, rho, epsilon):
    """theta += delta."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    theta += delta
    return theta, (g2, rho * d2 + (1 - rho) * delta**2)


def returns_three(theta, g, state, rho, epsilon):
    """The state is not packed."""
    g2, d2 = _means(g, state, rho)
    delta = -np.sqrt(d2 + epsilon) / np.sqrt(g2 + epsilon) * g
    return theta + delta, g2, rho * d2 + (1 - rho) * delta**2


# --- relative_step ------------------------------------------------------------------------------


def _lines(g, epsilon, t, beta_2):
    part = 1 - beta_2**t
    return {
        "paper": g / (np.abs(g) + epsilon),
        "keras": g / (np.abs(g) + epsilon / np.sqrt(part)),
        "inside": g / np.sqrt(g**2 + epsilon),
        "inside keras": g / np.sqrt(g**2 + epsilon / part),
    }


def takes_keras_for_the_paper(where, g, epsilon, t, beta_2):
    """t does not matter."""
    return _lines(g, epsilon, t, beta_2)["paper" if where == "keras" else where]


def multiplies_in_keras(where, g, epsilon, t, beta_2):
    """× for /."""
    if where == "keras":
        return g / (np.abs(g) + epsilon * np.sqrt(1 - beta_2**t))
    return _lines(g, epsilon, t, beta_2)[where]


def forgets_the_root_in_keras(where, g, epsilon, t, beta_2):
    """1 − β₂ᵗ beside a root."""
    if where == "keras":
        return g / (np.abs(g) + epsilon / (1 - beta_2**t))
    return _lines(g, epsilon, t, beta_2)[where]


def forgets_the_front(where, g, epsilon, t, beta_2):
    """The correction before m is lost."""
    if where == "keras":
        return g / (np.sqrt((1 - beta_2**t) * g**2) + epsilon)
    return _lines(g, epsilon, t, beta_2)[where]


def takes_roots_apart(where, g, epsilon, t, beta_2):
    """√(a + b) = √a + √b."""
    if where == "inside":
        return g / (np.abs(g) + np.sqrt(epsilon))
    return _lines(g, epsilon, t, beta_2)[where]


def squares_epsilon(where, g, epsilon, t, beta_2):
    """To make it fit."""
    if where == "inside":
        return g / np.sqrt(g**2 + epsilon**2)
    return _lines(g, epsilon, t, beta_2)[where]


def does_not_correct_inside_keras(where, g, epsilon, t, beta_2):
    """ "inside" twice."""
    return _lines(g, epsilon, t, beta_2)["inside" if where == "inside keras" else where]


def takes_the_root_inside(where, g, epsilon, t, beta_2):
    """√(1 − β₂ᵗ) under the root."""
    if where == "inside keras":
        return g / np.sqrt(g**2 + epsilon / np.sqrt(1 - beta_2**t))
    return _lines(g, epsilon, t, beta_2)[where]


def loses_the_sign(where, g, epsilon, t, beta_2):
    """|g| everywhere."""
    return _lines(np.abs(g), epsilon, t, beta_2)[where]


def takes_the_root_of_a_square_for_g(where, g, epsilon, t, beta_2):
    """√(g²) = g."""
    if where == "paper":
        return g / (g + epsilon)
    return _lines(g, epsilon, t, beta_2)[where]


def keeps_the_minus(where, g, epsilon, t, beta_2):
    """The step itself."""
    return -_lines(g, epsilon, t, beta_2)[where]


def takes_the_first_step_only(where, g, epsilon, t, beta_2):
    """t = 1."""
    return _lines(g, epsilon, 1, beta_2)[where]


def gives_the_sign(where, g, epsilon, t, beta_2):
    """ε is nearly 0."""
    return np.sign(g)


def counts_from_zero(where, g, epsilon, t, beta_2):
    """t + 1."""
    return _lines(g, epsilon, t + 1, beta_2)[where]


def knows_no_inside(where, g, epsilon, t, beta_2):
    """Two lines of four."""
    if where == "paper":
        return g / (np.abs(g) + epsilon)
    if where == "keras":
        return g / (np.abs(g) + epsilon / np.sqrt(1 - beta_2**t))


WRONG = {
    "rank_one_hessian": [
        (drops_the_residual, "Elsewhere the error counts too"),
        (forgets_the_product_rule, "one of the two terms is missing"),
        (turns_the_mixed_sign, "The mixed blocks have the wrong sign"),
        (takes_the_error_itself, "The mixed blocks are the error"),
        (leaves_A_out, "In the mixed blocks A is missing"),
        (has_no_mixed_blocks, "The mixed blocks are 0"),
        (swaps_the_norms, "have changed places"),
        (forgets_the_squares, "Their squares belong there"),
        (fills_the_blocks, "times np.eye"),
        (multiplies_outer_where_it_can, "The block of u holds v_i v_k"),
        (multiplies_outer, "The block of u holds v_i v_k"),
        (forgets_the_half, "the loss has a ½ in front"),
        (averages, "The loss is a sum, and not a mean"),
        (puts_v_first, "The parameters of u come first"),
        (gives_the_mixed_block, "a row and a column for each of the 6 parameters"),
        (repeats_the_block_untransposed, "not symmetric"),
        (subtracts_in_place, "changes its argument A in place"),
    ],
    "stable_limit": [
        (stops_at_one_over, "at 2/λ it lands equally high"),
        (gives_the_eigenvalue, "That is the eigenvalue λ"),
        (ignores_the_ratio, "does not depend on ratio"),
        (takes_sigma_for_the_curvature, "ratio has to enter"),
        (takes_the_larger_block, "the larger of ‖u‖² and ‖v‖²"),
        (takes_u_alone, "That is 2/‖u‖²"),
        (squares_the_ratio, "follows ‖u‖² = σ₁ ratio"),
        (adds_the_lengths, "the sum of their squares"),
        (takes_the_eigenvalue_of_the_gram, "svd gives σ"),
        (takes_frobenius, "np.linalg.norm(A, 2)"),
        (takes_the_last_singular_value, "sorts them downwards"),
        (gives_v_the_length_one, "as if v had the length 1"),
        (gives_v_the_length_sigma, "as if v had the length σ₁"),
    ],
    "noise_scale": [
        (takes_the_mean_for_the_signal, "can never come out larger than KB"),
        (divides_by_K, "divide by K − 1"),
        (forgets_the_size_of_a_batch, "That is the noise of a batch of B examples"),
        (forgets_to_divide_the_difference, "Divide by that"),
        (divides_by_the_sizes, "which is not the same"),
        (averages_over_the_parameters, "The trace is the sum"),
        (adds_standard_deviations, "the sum of the variances"),
        (takes_lengths, "The two equations hold for their squares"),
        (squares_the_mean_length, "It is the squares whose mean is taken"),
        (asks_the_first_batch_only, "Only the first batch"),
        (cuts_at_zero, "A negative estimate was set to 0"),
        (takes_off_the_noise_of_a_batch, "Taken off was tr Σ/B"),
        (adds_the_noise, "The noise was added"),
        (takes_off_the_noise_of_one, "Taken off was tr Σ, and not tr Σ/B"),
        (swaps_signal_and_noise, "have changed places"),
        (gives_the_ratio, "Expected two results"),
        (sums_the_wrong_axis, "The axes have changed places"),
        (centres_in_place, "in place"),
        (returns_one_for_each_parameter, "a sum over the parameters"),
    ],
    "lookahead": [
        (goes_on_from_the_fast, "Each round they start again from the slow ones"),
        (swaps_alpha, "α and 1 − α have changed places"),
        (moves_away, "move away from the fast ones"),
        (follows_all_the_way, "as if α were 1"),
        (follows_after_each_step, "They wait until all k steps"),
        (steps_from_the_slow, "Every step sets out from the slow weights"),
        (takes_one_step_less, "step was called 9 times, and k · rounds is 12"),
        (leaves_the_start_out, "The start is a row too"),
        (gives_the_last, "All of them are wanted"),
        (gives_the_fast, "The slow ones are the result"),
        (follows_the_mean, "They follow the last one"),
        (appends_one_array, "Append a copy"),
        (changes_the_start, "changes its argument phi in place"),
        (goes_back_to_the_first_start, "sets out from where the first one did"),
        (keeps_every_step, "a row for every step came back"),
    ],
    "lookahead_floor": [
        (gives_the_plain_floor, "k and α have to enter"),
        (takes_alpha_times_the_plain_floor, "holds only where η λ k is small"),
        (takes_alpha_squared_of_the_plain_floor, "a part of their own noise"),
        (lowers_the_rate, "plain steps with the rate αη"),
        (does_not_square_alpha, "its variance needs α²"),
        (does_not_square_the_factor, "has to be squared"),
        (forgets_what_stays, "1 − α is missing"),
        (squares_one_by_one, "square their sum"),
        (adds_k_noises, "is shrunk by those after it"),
        (shrinks_noise_by_a, "and its variance by a²"),
        (takes_one_term_too_many, "one term too many"),
        (gives_the_deviation, "That is the standard deviation"),
        (takes_sigma_for_a_variance, "σ is a standard deviation"),
        (forgets_eta_in_the_noise, "its variance times η²"),
        (falls_back_beyond_two, "All cases with ηλ < 2 are right"),
    ],
    "adadelta_step": [
        (adds_epsilon_outside, "RMS[x] has it under the root"),
        (forgets_the_roots, "The roots are missing"),
        (goes_uphill, "leads uphill"),
        (inverts_the_fraction, "stands on its head"),
        (is_rmsprop, "The numerator RMS[Δ] is missing"),
        (keeps_a_learning_rate, "Keras's default learning rate"),
        (applies_a_learning_rate_at_the_end, "Keras's default learning rate"),
        (accumulates_too_late, "Line 1 comes before line 2"),
        (accumulates_too_early, "line 3 comes afterwards"),
        (swaps_rho, "ρ and 1 − ρ have changed places"),
        (sums_like_adagrad, "as in AdaGrad"),
        (accumulates_the_step_itself, "and not its square"),
        (shares_a_mean, "running means of its own"),
        (returns_the_old_state, "is the old one"),
        (swaps_the_state, "E[g²] is the first"),
        (forgets_epsilon_above, "Nothing has moved"),
        (updates_the_state_in_place, "changes its argument state in place"),
        (updates_theta_in_place, "changes its argument theta in place"),
        (returns_three, "Expected two results, (theta, state)"),
    ],
    "relative_step": [
        (takes_keras_for_the_paper, "That is the paper's line"),
        (multiplies_in_keras, "should be divided by it"),
        (forgets_the_root_in_keras, "the root of that belongs there"),
        (forgets_the_front, "was left out"),
        (takes_roots_apart, "not the sum of the roots"),
        (squares_epsilon, "ε was squared"),
        (does_not_correct_inside_keras, 'That is the line of "inside"'),
        (takes_the_root_inside, "it is 1 − β₂ᵗ itself"),
        (loses_the_sign, "The sign is lost"),
        (takes_the_root_of_a_square_for_g, "np.abs(g), and not g"),
        (keeps_the_minus, "it has the sign of g"),
        (takes_the_first_step_only, "t has to enter"),
        (gives_the_sign, "as if there were no ε"),
        (counts_from_zero, "t is 1 in the first step"),
        (knows_no_inside, "returns None"),
    ],
}
