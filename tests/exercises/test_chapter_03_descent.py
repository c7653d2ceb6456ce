"""Right answers to exercises 1 to 5 of Chapter 3 that differ from the book's."""

import numpy as np
import pytest

from dlbook_utils.exercises import check

# --- rank_one_hessian


def differentiates_the_gradient(A, u, v):
    def gradient(w):
        a, b = w[: len(u)], w[len(u) :]
        error = np.outer(a, b) - A
        return np.concatenate([error @ b, error.T @ a])

    w = np.concatenate([u, v]).astype(float)
    steps = 1e-5 * np.eye(len(w))
    return np.array([(gradient(w + h) - gradient(w - h)) / 2e-5 for h in steps])


def differentiates_the_loss_twice(A, u, v):
    def loss(w):
        return 0.5 * np.sum((A - np.outer(w[: len(u)], w[len(u) :])) ** 2)

    w = np.concatenate([u, v]).astype(float)
    H, steps = np.empty((len(w), len(w))), 1e-3 * np.eye(len(w))
    for i, a in enumerate(steps):
        for j, b in enumerate(steps):
            pairs = loss(w + a + b) - loss(w + a - b) - loss(w - a + b) + loss(w - a - b)
            H[i, j] = pairs / 4e-6
    return H


def fills_an_array(A, u, v):
    M, N = A.shape
    H = np.zeros((M + N, M + N), np.float32)
    for i in range(M):
        H[i, i] = sum(v**2)
        for j in range(N):
            H[i, M + j] = H[M + j, i] = 2 * u[i] * v[j] - A[i, j]
    for j in range(N):
        H[M + j, M + j] = sum(u**2)
    return H


def adds_gauss_newton_and_the_rest(A, u, v):
    M, N = A.shape
    J = np.hstack([np.kron(np.eye(M), v[:, None]), np.kron(u[:, None], np.eye(N))])
    H = J.T @ J
    error = np.outer(u, v) - A
    H[:M, M:] += error
    H[M:, :M] += error.T
    return H


# --- stable_limit


def builds_the_hessian(A, ratio):
    P, S, Q = np.linalg.svd(A, full_matrices=False)
    u, v = np.sqrt(S[0] * ratio) * P[:, 0], np.sqrt(S[0] / ratio) * Q[0]
    return 2 / np.linalg.eigvalsh(adds_gauss_newton_and_the_rest(A, u, v))[-1]


def takes_the_gram_matrix(A, ratio):
    sigma = np.sqrt(np.linalg.eigvalsh(A @ A.T).max())
    return np.float32(2 * ratio / (sigma * (1 + ratio**2)))


def iterates(A, ratio):
    q = np.arange(1.0, A.shape[1] + 1)
    for _ in range(2_000):
        q = A.T @ (A @ q)
        q = q / np.linalg.norm(q)
    lengths = np.linalg.norm(A @ q)
    return np.array(2 / (lengths * ratio + lengths / ratio))


# --- noise_scale


def takes_the_sample_variance(gradients, B):
    noise = B * np.var(gradients, axis=0, ddof=1).sum()
    return np.sum(gradients.mean(0) ** 2) - noise / (B * len(gradients)), noise


def multiplies_different_batches(gradients, B):
    K, products = len(gradients), gradients @ gradients.T
    signal = (products.sum() - np.trace(products)) / (K * (K - 1))
    return [signal, B * (np.trace(products) / K - signal)]


def follows_the_paper(gradients, B):
    K = len(gradients)
    big, small = np.linalg.norm(gradients.mean(axis=0)) ** 2, np.mean([g @ g for g in gradients])
    signal = (K * B * big - B * small) / (K * B - B)
    return np.array([signal, (small - big) / (1 / B - 1 / (K * B))])


def loops_over_pairs(gradients, B):
    K = len(gradients)
    pairs = [(i, j) for i in range(K) for j in range(K) if i != j]
    signal = np.mean([gradients[i] @ gradients[j] for i, j in pairs])
    noise = B / 2 * np.mean([np.sum((gradients[i] - gradients[j]) ** 2) for i, j in pairs])
    return float(signal), float(noise)


# --- lookahead


def writes_into_rows(phi, step, k, alpha, rounds):
    path = np.empty((rounds + 1, *phi.shape))
    path[0] = phi
    for r in range(rounds):
        theta = path[r].copy()
        for _ in range(k):
            theta = step(theta)
        path[r + 1] = (1 - alpha) * path[r] + alpha * theta
    return path


def counts_steps(phi, step, k, alpha, rounds):
    slow, fast, path = phi.copy(), phi.copy(), [phi.copy()]
    for t in range(1, k * rounds + 1):
        fast = step(fast)
        if t % k == 0:
            slow += alpha * (fast - slow)
            fast = slow.copy()
            path.append(slow.copy())
    return path


def works_in_float32(phi, step, k, alpha, rounds):
    return writes_into_rows(phi, step, k, alpha, rounds).astype(np.float32)


# --- lookahead_floor


def iterates_the_variance(eta, lam, sigma, k, alpha):
    a, V = 1 - eta * lam, 0.0
    fast = 0.0
    for _ in range(k):
        fast = a**2 * fast + eta**2 * sigma**2
    for _ in range(5_000):
        V = (1 - alpha * (1 - a**k)) ** 2 * V + alpha**2 * fast
    return V


def uses_the_papers_quotient(eta, lam, sigma, k, alpha):
    a = 1 - eta * lam
    plain = eta**2 * sigma**2 / (1 - a**2)
    top = alpha**2 * (1 - a ** (2 * k))
    return top / (top + 2 * alpha * (1 - alpha) * (1 - a**k)) * plain


def sums_the_history(eta, lam, sigma, k, alpha):
    a = 1 - eta * lam
    kept = 1 - alpha + alpha * a**k
    rounds = np.sum(kept ** (2.0 * np.arange(5_000)))
    return np.float64(rounds * np.sum((alpha * eta * sigma * a ** np.arange(k)) ** 2))


# --- adadelta_step


def takes_one_root(theta, g, state, rho, epsilon):
    a, b = state
    a = a + (1 - rho) * (g * g - a)
    d = g * ((b + epsilon) / (a + epsilon)) ** 0.5
    return theta - d, [a, b + (1 - rho) * (d * d - b)]


def loops_over_weights(theta, g, state, rho, epsilon):
    new, a, b = theta.copy(), state[0].copy(), state[1].copy()
    for i in np.ndindex(theta.shape):
        a[i] = rho * a[i] + (1 - rho) * g[i] ** 2
        d = -np.sqrt(b[i] + epsilon) / np.sqrt(a[i] + epsilon) * g[i]
        b[i] = rho * b[i] + (1 - rho) * d**2
        new[i] += d
    return [new, (a, b)]


def rounds_to_float32(theta, g, state, rho, epsilon):
    theta, g = theta.astype(np.float32), g.astype(np.float32)
    a, b = (s.astype(np.float32) for s in state)
    a = rho * a + (1 - rho) * g**2
    d = -np.sqrt(b + epsilon) / np.sqrt(a + epsilon) * g
    return theta + d, (a, rho * b + (1 - rho) * d**2)


# --- relative_step


def runs_adam(where, g, epsilon, t, beta_2):
    m, v, beta_1 = np.zeros_like(g), np.zeros_like(g), 0.9
    for _ in range(t):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
    first, second = 1 - beta_1**t, 1 - beta_2**t
    front = np.sqrt(second) / first
    lines = {
        "paper": m / first / (np.sqrt(v / second) + epsilon),
        "keras": front * m / (np.sqrt(v) + epsilon),
        "inside": m / first / np.sqrt(v / second + epsilon),
        "inside keras": front * m / np.sqrt(v + epsilon),
    }
    return lines[where]


def divides_by_ratios(where, g, epsilon, t, beta_2):
    e = epsilon / (1 - beta_2**t) ** (0.5 if where == "keras" else where == "inside keras")
    size = np.abs(g) + e if "inside" not in where else np.hypot(g, np.sqrt(e))
    return np.sign(g) * np.abs(g) / size


RIGHT = {
    "rank_one_hessian": [
        differentiates_the_gradient,
        differentiates_the_loss_twice,
        fills_an_array,
        adds_gauss_newton_and_the_rest,
    ],
    "stable_limit": [builds_the_hessian, takes_the_gram_matrix, iterates],
    "noise_scale": [
        takes_the_sample_variance,
        multiplies_different_batches,
        follows_the_paper,
        loops_over_pairs,
    ],
    "lookahead": [writes_into_rows, counts_steps, works_in_float32],
    "lookahead_floor": [iterates_the_variance, uses_the_papers_quotient, sums_the_history],
    "adadelta_step": [takes_one_root, loops_over_weights, rounds_to_float32],
    "relative_step": [runs_adam, divides_by_ratios],
}


@pytest.mark.parametrize(
    ("name", "answer"), [pytest.param(n, a, id=a.__name__) for n, list_ in RIGHT.items() for a in list_]
)
def test_a_right_answer_of_another_kind_is_right(name, answer, capsys):
    check(name, answer)
    assert capsys.readouterr().out == f"✓ Right: {name}\n"
