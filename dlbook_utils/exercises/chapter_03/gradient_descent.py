"""Checkers of the exercise after the first notebook: gradient descent."""

from collections.abc import Callable

import numpy as np

from dlbook_utils.exercises.checking import exercise
from dlbook_utils.exercises.comparing import (
    Slips,
    Wrong,
    expect_number,
    expect_shape,
    fits,
    which_slip,
    worst,
)

__all__ = ["rank_one_hessian", "stable_limit"]


# --- rank_one_hessian ---------------------------------------------------------------------------


def _blocks(uu: np.ndarray, uv: np.ndarray, vv: np.ndarray) -> np.ndarray:
    return np.block([[uu, uv], [uv.T, vv]])


def _hessian(A: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return _blocks((v @ v) * np.eye(len(u)), 2 * np.outer(u, v) - A, (u @ u) * np.eye(len(v)))


def _with(uv: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The Hessian with another mixed block."""
    return lambda A, u, v: _blocks((v @ v) * np.eye(len(u)), uv(A, u, v), (u @ u) * np.eye(len(v)))


_HESSIAN_SLIPS: Slips = [
    (
        _with(lambda A, u, v: np.outer(u, v)),
        "The blocks with u and v mixed are those of a place where nothing is left of A − u vᵀ. Elsewhere the "
        "error counts too: ∂L/∂u_i = Σ (u_i v_j − A_ij) v_j holds v_j twice, and the product rule gives two "
        "terms.",
    ),
    (
        _with(lambda A, u, v: np.outer(u, v) - A),
        "In the mixed blocks one of the two terms is missing. ∂L/∂u_i = Σ (u_i v_j − A_ij) v_j holds v_j "
        "twice, in the bracket and behind it.",
    ),
    (
        _with(lambda A, u, v: A - 2 * np.outer(u, v)),
        "The mixed blocks have the wrong sign: the gradient is (u vᵀ − A) v, and not (A − u vᵀ) v.",
    ),
    (
        _with(lambda A, u, v: A - np.outer(u, v)),
        "The mixed blocks are the error A − u vᵀ. Differentiate Σ (u_i v_j − A_ij) v_j by v_j: the sign is "
        "another, and v_j stands there twice.",
    ),
    (
        _with(lambda A, u, v: 2 * np.outer(u, v)),
        "In the mixed blocks A is missing.",
    ),
    (
        _with(lambda A, u, v: 2 * np.outer(u, v) + A),
        "In the mixed blocks A has the wrong sign.",
    ),
    (
        _with(lambda A, u, v: 0 * A),
        "The mixed blocks are 0. But the slope by u_i depends on v, and not on u alone.",
    ),
    (
        lambda A, u, v: _blocks((u @ u) * np.eye(len(u)), 2 * np.outer(u, v) - A, (v @ v) * np.eye(len(v))),
        "The two blocks on the diagonal have changed places: how steeply L bends along u is set by how long "
        "v is.",
    ),
    (
        lambda A, u, v: _blocks(
            np.linalg.norm(v) * np.eye(len(u)),
            2 * np.outer(u, v) - A,
            np.linalg.norm(u) * np.eye(len(v)),
        ),
        "On the diagonal stand the lengths of v and u. Their squares belong there: Σ v_j².",
    ),
    (
        lambda A, u, v: _blocks(
            np.full((len(u),) * 2, v @ v), 2 * np.outer(u, v) - A, np.full((len(v),) * 2, u @ u)
        ),
        "The block of u holds ‖v‖² everywhere. The slope by u_i has no other entry of u in it, so only the "
        "diagonal of that block is filled: times np.eye.",
    ),
    (
        lambda A, u, v: _blocks(np.outer(v, v), 2 * np.outer(u, v) - A, np.outer(u, u)),
        "The block of u holds v_i v_k. The slope by u_i is Σ (u_i v_j − A_ij) v_j, with no other entry of u "
        "in it; its slope by u_i is the number Σ v_j².",
    ),
    (
        lambda A, u, v: _blocks(np.diag(v**2), 2 * np.outer(u, v) - A, np.diag(u**2)),
        "The block of u holds the single v_i². All of v counts for each u_i: Σ v_j².",
    ),
    (
        lambda A, u, v: 2 * _hessian(A, u, v),
        "It is twice what it should be: the loss has a ½ in front.",
    ),
    (
        lambda A, u, v: _hessian(A, u, v) / 2,
        "It is half of what it should be: the 2 of the square and the ½ of the loss cancel.",
    ),
    (
        lambda A, u, v: _hessian(A, u, v) / A.size,
        "It was divided by the number of entries of A. The loss is a sum, and not a mean.",
    ),
    (lambda A, u, v: -_hessian(A, u, v), "The sign is the wrong way round."),
    (
        lambda A, u, v: _blocks(
            (u @ u) * np.eye(len(v)), (2 * np.outer(u, v) - A).T, (v @ v) * np.eye(len(u))
        ),
        "It begins with v. The parameters of u come first.",
    ),
]


@exercise("rank_one_hessian", title="The Hessian of a column times a row", stars=2)
def rank_one_hessian(answer: Callable[..., np.ndarray]) -> None:
    """Square and other shapes, a single entry, a lowest point, a place of zeros, float32."""
    rng = np.random.default_rng(5515)
    cases = []
    for M, N in [(3, 3), (2, 4), (4, 2), (1, 3), (3, 1), (1, 1)]:
        cases.append((rng.normal(size=(M, N)), rng.normal(size=M), rng.normal(size=N)))
    u, v = rng.normal(size=2), rng.normal(size=3)
    cases += [(np.outer(u, v), u, v), (rng.normal(size=(2, 2)), np.zeros(2), np.array([3.0, -1]))]
    cases.append(tuple(a.astype(np.float32) for a in cases[1]))
    found, wrong = [], []
    for n, (A, u, v) in enumerate(cases):
        try:
            H = answer(A.copy(), u.copy(), v.copy())
        except Wrong:
            if wrong:  # an error of a later shape: the number before it says more
                break
            raise
        if np.shape(H) == A.shape != (sum(A.shape),) * 2:
            raise Wrong(
                f"For A of shape {A.shape} came back an array of the same shape. The Hessian has a row and a "
                f"column for each of the {sum(A.shape)} parameters."
            )
        found.append(expect_shape(H, (sum(A.shape),) * 2))
        if not fits(H, _hessian(*(a.astype(float) for a in (A, u, v)))):
            wrong.append(n)
    if not wrong:
        return
    A, u, v = cases[wrong[0]]
    H, expected = found[wrong[0]], _hessian(A, u, v)
    place = worst(H, expected)
    of = ["uv"[k >= len(u)] for k in place]
    hint = which_slip(_HESSIAN_SLIPS, cases[: len(found)], found)
    if not hint and not fits(H, H.T):
        hint = "What came back is not symmetric, and second derivatives are."
    if not hint:  # a slip of some shapes alone
        hint = which_slip(_HESSIAN_SLIPS, [cases[n] for n in wrong], [found[n] for n in wrong])
    raise Wrong(
        f"For A of shape {A.shape}: expected {expected[place]:.4g} at index {list(place)}, in the block of "
        f"{of[0]} and {of[1]}, received {H[place]:.4g}. {hint}".rstrip()
    )


# --- stable_limit -------------------------------------------------------------------------------


def _sigma(A: np.ndarray) -> float:
    return float(np.linalg.norm(A, 2))


def _limit(A: np.ndarray, ratio: float) -> float:
    return 2 / (_sigma(A) * (ratio + 1 / ratio))


_LIMIT_SLIPS: Slips = [
    (
        lambda A, r: 1 / (_sigma(A) * (r + 1 / r)),
        "It is half of what it should be: at 1/λ one step reaches the bottom, at 2/λ it lands equally high "
        "on the other side.",
    ),
    (lambda A, r: _sigma(A) * (r + 1 / r), "That is the eigenvalue λ. The limit is 2/λ."),
    (
        lambda A, r: 1 / _sigma(A),
        "That is the limit where u and v are equally long. It does not depend on ratio, and should.",
    ),
    (lambda A, r: 2 / _sigma(A), "The eigenvalue is ‖u‖² + ‖v‖², and not σ₁ itself: ratio has to enter."),
    (
        lambda A, r: 2 / (_sigma(A) * max(r, 1 / r)),
        "That is 2 divided by the larger of ‖u‖² and ‖v‖², the largest eigenvalue of a Hessian whose mixed "
        "blocks are 0. They are not.",
    ),
    (
        lambda A, r: 2 / (_sigma(A) * r),
        "That is 2/‖u‖². The eigenvalue that belongs to p and q is the trace of their 2 × 2 matrix, ‖u‖² + "
        "‖v‖².",
    ),
    (
        lambda A, r: 2 * r / _sigma(A),
        "That is 2/‖v‖². The eigenvalue that belongs to p and q is the trace of their 2 × 2 matrix, ‖u‖² + "
        "‖v‖².",
    ),
    (
        lambda A, r: 2 / (_sigma(A) * (r**2 + 1 / r**2)),
        "It looks as if ‖u‖² were σ₁ ratio². From ‖u‖ ‖v‖ = σ₁ and ‖u‖ = ratio ‖v‖ follows ‖u‖² = σ₁ ratio.",
    ),
    (
        lambda A, r: 2 / (_sigma(A) ** 2 * (r**2 + 1 / r**2)),
        "It looks as if u had the length σ₁ ratio. The product of the two lengths is σ₁: ‖u‖² = σ₁ ratio.",
    ),
    (
        lambda A, r: 2 / (_sigma(A) ** 2 * (1 + r**2)),
        "It looks as if v had the length σ₁, and u ratio times that. The product of the two lengths is σ₁.",
    ),
    (
        lambda A, r: 2 / (1 + r**2),
        "It looks as if v had the length 1. The product of the two lengths is σ₁, so A has to enter.",
    ),
    (
        lambda A, r: 2 / (_sigma(A) ** 0.5 * (r**0.5 + r**-0.5)),
        "It looks as if the lengths themselves were added: the eigenvalue is the sum of their squares.",
    ),
    (
        lambda A, r: 2 / (_sigma(A) ** 2 * (r + 1 / r)),
        "σ₁ stands there squared. np.linalg.eigvalsh(A.T @ A) gives σ², svd gives σ.",
    ),
    (
        lambda A, r: 2 / (np.linalg.norm(A) * (r + 1 / r)),
        "In the place of σ₁ stands the root of the sum of all squares of A, np.linalg.norm(A). The largest "
        "singular value is np.linalg.norm(A, 2).",
    ),
    (
        lambda A, r: 2 / (np.linalg.svd(A)[1][-1] * (r + 1 / r)),
        "In the place of σ₁ stands the smallest singular value; np.linalg.svd sorts them downwards.",
    ),
    (
        lambda A, r: 2 / (np.abs(A).max() * (r + 1 / r)),
        "In the place of σ₁ stands the largest entry of A. The largest singular value is np.linalg.norm(A, "
        "2).",
    ),
]


@exercise("stable_limit", title="A limit for each lowest point", stars=1)
def stable_limit(answer: Callable[..., float]) -> None:
    """Several shapes, ratios on both sides of 1."""
    rng = np.random.default_rng(5516)
    shapes = [(3, 3), (2, 4), (5, 2), (1, 3), (1, 1)]
    cases = [
        (rng.normal(size=s) * 10.0**e, r)
        for s, e, r in zip(shapes, (0, 0, 1, 0, -1), (2.0, 0.25, 1.0, 5.0, 0.1), strict=True)
    ]
    cases.append((-np.abs(rng.normal(size=(3, 4))), 3))
    found = [expect_number(answer(A.copy(), ratio)) for A, ratio in cases]
    expected = [_limit(*case) for case in cases]
    for (A, ratio), f, e in zip(cases, found, expected, strict=True):
        if not fits(f, e):
            hint = which_slip(_LIMIT_SLIPS, cases, found)
            raise Wrong(
                f"For A of shape {A.shape} with σ₁ = {_sigma(A):.4g}, and ratio = {ratio:g}: expected "
                f"{e:.4g}, received {f:.4g}. {hint}".rstrip()
            )
