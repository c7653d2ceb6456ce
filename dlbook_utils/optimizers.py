"""Optimizers: from gradients to better parameters.

The classes carry Keras's names, arguments and defaults, and do the same arithmetic in the
same order, down to where ε stands. Each has one short method, ``update_step``, which is the
equation; ``Optimizer`` does what all have in common. ::

    optimizer = Adam(learning_rate=0.001)
    optimizer.apply(grads, params)  # changes params in place

What holds for all of them:

- Everything is computed and kept in the dtype of the parameters.
- What an optimizer remembers stands in ``state``, a plain dictionary: a name, and for it a list
  with one array for every parameter. It is created at the first ``apply``.
- A step clips the gradients, then decays the weights, then updates: Keras's order.
- Gradients are not asked whether they are finite: a NaN spreads, as in Keras.

In the equations w is a parameter, g its gradient and η the learning rate; products,
quotients and roots are elementwise.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from numbers import Real

import numpy as np

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "clip_by_global_norm",
    "clip_by_norm",
]

State = dict[str, np.ndarray]

BLOCK = 1 << 14  # numbers updated at a time, so that temporary arrays stay in the processor's cache


# --- What every optimizer can do ----------------------------------------------------------------


class Optimizer(ABC):
    """Base class of all optimizers. A subclass writes ``update_step`` and, if it has any, its ``slots``.

    Parameters
    ----------
    learning_rate : float or callable
        η, greater than 0; or a schedule, called with the number of steps taken so far: 0 at the
        first. (In Keras only a ``LearningRateSchedule`` is called so; a plain function gets no
        argument there.)
    weight_decay : float, optional
        λ. Before the update w ← w − ηλw, for every parameter, biases too, unless
        ``exclude_from_weight_decay`` names it. This is the "decoupled" decay of AdamW: the gradient
        does not see it.
    clipnorm : float, optional
        Each gradient is scaled down to this norm if it is longer, by itself.
    clipvalue : float, optional
        Each entry of a gradient is limited to [−clipvalue, clipvalue].
    global_clipnorm : float, optional
        All gradients are scaled down by one factor if together they are longer.

    Attributes
    ----------
    iterations : int
        Steps taken.
    state : dict of str to list of ndarray
        One array for every parameter, of its shape and dtype; the names are Keras's. Empty before
        the first ``apply``.

    Raises
    ------
    ValueError
        If an argument is out of its range, or more than one kind of clipping is given.

    Notes
    -----
    Not here, though in Keras: moving averages of the weights (``use_ema``), ``loss_scale_factor``,
    ``gradient_accumulation_steps`` and ``name``.

    Sources: weight decay: I. Loshchilov, F. Hutter (2019), https://arxiv.org/abs/1711.05101;
    clipping by the norm: R. Pascanu, T. Mikolov, Y. Bengio (2013), https://arxiv.org/abs/1211.5063.

    Used in: Chapter 3.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float],
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        clipping = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {name: value for name, value in clipping.items() if value is not None}
        if len(given) > 1:
            raise ValueError(f"{type(self).__name__}: expected one kind of clipping, received {given}.")
        self.learning_rate = learning_rate
        self.weight_decay = None if weight_decay is None else self._number(weight_decay=weight_decay)
        self.clipnorm, self.clipvalue, self.global_clipnorm = (
            None if value is None else self._number("positive", **{name: value})
            for name, value in clipping.items()
        )
        self.iterations = 0
        self.state: dict[str, list[np.ndarray]] = {}
        self._undecayed: list[np.ndarray] = []

    @property
    def learning_rate(self) -> float:
        """η of the next step. It may be set at any time, to a number or to a schedule."""
        rate = self._learning_rate
        return float(rate(self.iterations)) if callable(rate) else rate

    @learning_rate.setter
    def learning_rate(self, rate: float | Callable[[int], float]) -> None:
        self._learning_rate = rate if callable(rate) else self._number("positive", learning_rate=rate)

    def exclude_from_weight_decay(self, var_list: Sequence[np.ndarray]) -> None:
        """Name the parameters that shall not decay, often the biases.

        Parameters
        ----------
        var_list : list of ndarray
            The same arrays that ``apply`` gets. A later call replaces the list.
        """
        self._undecayed = list(var_list)

    def apply(self, grads: Sequence[np.ndarray], params: Sequence[np.ndarray]) -> None:
        """Take one step. The parameters are changed in place, the gradients are not.

        Parameters
        ----------
        grads, params : lists of ndarray
            In one order, the same at every call; each gradient has its parameter's shape.

        Raises
        ------
        ValueError
            If number, shapes or dtypes do not fit, or if the parameters are not like those of the
            first call. Then nothing has been changed.
        """
        check_gradients(grads, params, type(self).__name__)
        self._check_state(params)
        if not params:
            return
        learning_rate = self.learning_rate
        grads = self._clipped(_separate(grads, params))
        if not self.state:
            self.state = {
                name: [np.full(w.shape, start, w.dtype) for w in params]
                for name, start in self.slots().items()
            }
        self.begin_step()
        for i, (g, w) in enumerate(zip(grads, params, strict=True)):
            decays = self.weight_decay and not any(w is fixed for fixed in self._undecayed)
            memory = [arrays[i] for arrays in self.state.values()]
            for g_part, w_part, *parts in _blocks(g, w, *memory):
                if decays:
                    w_part -= self.weight_decay * learning_rate * w_part  # w ← w − ηλw
                self.update_step(g_part, w_part, learning_rate, dict(zip(self.state, parts, strict=True)))
        self.iterations += 1

    def slots(self) -> dict[str, float]:
        """What to remember for every parameter: a name, and the number that it is at the start."""
        return {}

    def begin_step(self) -> None:  # noqa: B027 (most have nothing to do here)
        """Do what is done once in a step, not once for every parameter."""

    @abstractmethod
    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        """Update one parameter, or a part of it: the equation. Changes ``w`` and ``state`` in place.

        Parameters
        ----------
        g, w : ndarray
            Gradient and parameter, of one shape.
        learning_rate : float
            η of this step. ``iterations`` is still the number of steps before it.
        state : dict of str to ndarray
            What is remembered of this parameter, under the names of ``slots``.
        """

    def _number(self, within: str = "at least 0", **named: float) -> float:
        return check_number(type(self).__name__, within, **named)

    def _check_state(self, params: Sequence[np.ndarray]) -> None:
        """Refuse parameters that are not like those of the first step."""
        for arrays in list(self.state.values())[:1]:  # the others are alike
            expected = [(a.shape, a.dtype.name) for a in arrays]
            received = [(w.shape, w.dtype.name) for w in params]
            if expected != received:
                raise ValueError(
                    f"{type(self).__name__}: expected parameters like those of the first step, {expected}, "
                    f"received {received}. Other parameters need an optimizer of their own."
                )

    def _clipped(self, grads: list[np.ndarray]) -> list[np.ndarray]:
        if self.clipnorm is not None:
            return [clip_by_norm(g, self.clipnorm) for g in grads]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(grads, self.global_clipnorm)[0]
        if self.clipvalue is not None:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        return grads


# --- The optimizers -----------------------------------------------------------------------------


class SGD(Optimizer):
    """Gradient descent: w ← w − η g. It is called stochastic when g is that of a mini-batch.

    With momentum μ a velocity u remembers the gradients: u ← μu − ηg, then w ← w + u; in
    Nesterov's form w ← w + μu − ηg, a step further along the new velocity.

    Parameters
    ----------
    learning_rate : float or schedule
        η, greater than 0.
    momentum : float
        μ, from 0 to 1.
    nesterov : bool
    weight_decay, clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Raises
    ------
    ValueError
        As ``Optimizer``.

    Notes
    -----
    The velocity u is ``state["momentums"]``, as in Keras; without momentum nothing is kept.

    Sources: H. Robbins, S. Monro (1951), A stochastic approximation method,
    https://doi.org/10.1214/aoms/1177729586; momentum: B. T. Polyak (1964),
    https://doi.org/10.1016/0041-5553(64)90137-5; Nesterov's form: I. Sutskever, J. Martens, G. Dahl,
    G. Hinton (2013), On the importance of initialization and momentum in deep learning, PMLR 28,
    equations 3 and 4. There the gradient is taken at the point ahead, w + μu; Keras keeps that point
    itself in w, so that the network is always where its gradient is needed.

    Used in: Chapters 2 and 3.

    Examples
    --------
    >>> w = np.array([1.0, 2.0])
    >>> SGD(learning_rate=0.1).apply([2 * w], [w])  # one step down the bowl w₁² + w₂²
    >>> w
    array([0.8, 1.6])
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm)
        self.momentum = self._number("in [0, 1]", momentum=momentum)
        self.nesterov = bool(nesterov)

    def slots(self) -> dict[str, float]:
        return {"momentums": 0.0} if self.momentum else {}

    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        step = learning_rate * g
        if not self.momentum:
            w -= step  # w ← w − η g
            return
        u = state["momentums"]
        u *= self.momentum  # u ← μ u − η g
        u -= step
        w += self.momentum * u - step if self.nesterov else u  # w ← w + μ u − η g, or w ← w + u


class Adagrad(Optimizer):
    """A learning rate for every number, which shrinks with the gradients it has seen.

    a ← a + g²,  w ← w − η g / √(a + ε).

    Parameters
    ----------
    learning_rate : float or schedule
        η, greater than 0. The paper's own rates are nearer to 1 than Keras's default.
    initial_accumulator_value : float
        a at the start, at least 0.
    epsilon : float
        ε, at least 0.
    weight_decay, clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Raises
    ------
    ValueError
        As ``Optimizer``.

    Notes
    -----
    a is ``state["accumulators"]``.

    Source: J. Duchi, E. Hazan, Y. Singer (2011), Adaptive subgradient methods for online learning and
    stochastic optimization, JMLR 12, 2121-2159. Keras departs from it: the paper starts at a = 0 and
    adds a small number to the root; Keras starts at 0.1 and adds ε under the root.

    Used in: Chapter 3.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm)
        self.initial_accumulator_value = self._number(initial_accumulator_value=initial_accumulator_value)
        self.epsilon = self._number(epsilon=epsilon)

    def slots(self) -> dict[str, float]:
        return {"accumulators": self.initial_accumulator_value}

    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        a = state["accumulators"]
        a += g * g  # a ← a + g²
        w -= learning_rate * g / np.sqrt(a + self.epsilon)  # w ← w − η g / √(a + ε)


class RMSprop(Optimizer):
    """Adagrad that forgets: the gradient is divided by the root of a running mean of its square.

    v ← ρv + (1 − ρ)g²,  w ← w − η g / √(v + ε).

    With momentum μ the steps are collected, u ← μu + η g / √(v + ε), and w ← w − u. The centered
    form divides by the root of a variance, v − m² + ε, with the running mean m ← ρm + (1 − ρ)g.

    Parameters
    ----------
    learning_rate : float or schedule
        η, greater than 0.
    rho : float
        ρ, at least 0 and less than 1.
    momentum : float
        μ, from 0 to 1.
    epsilon : float
        ε, at least 0.
    centered : bool
    weight_decay, clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Raises
    ------
    ValueError
        As ``Optimizer``.

    Notes
    -----
    v, u and m are ``state["velocities"]``, ``["momentums"]`` and ``["average_gradients"]``, the last
    two only where they are used. Here Keras's u points up the slope and holds η; in ``SGD`` it points
    down.

    Source: G. Hinton published it in a lecture only (2012, Neural Networks for Machine Learning, 6e);
    this is Keras's form, which has no bias correction and ε under the root. Centered: A. Graves
    (2013), https://arxiv.org/abs/1308.0850, equations 38 to 45.

    Used in: Chapter 3.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm)
        self.rho = self._number("in [0, 1)", rho=rho)
        self.momentum = self._number("in [0, 1]", momentum=momentum)
        self.epsilon = self._number(epsilon=epsilon)
        self.centered = bool(centered)

    def slots(self) -> dict[str, float]:
        names = ["velocities"] + ["momentums"] * (self.momentum > 0) + ["average_gradients"] * self.centered
        return dict.fromkeys(names, 0.0)

    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        v = state["velocities"]
        v *= self.rho  # v ← ρ v + (1 − ρ) g²
        v += (1 - self.rho) * (g * g)
        variance = v
        if self.centered:
            m = state["average_gradients"]
            m *= self.rho  # m ← ρ m + (1 − ρ) g
            m += (1 - self.rho) * g
            variance = v - m * m
        step = learning_rate * g / np.sqrt(variance + self.epsilon)  # η g / √(v + ε)
        if self.momentum:
            u = state["momentums"]
            u *= self.momentum  # u ← μ u + step
            u += step
            step = u
        w -= step


class Adam(Optimizer):
    """Momentum and RMSprop together, both corrected for their start at 0.

    m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  w ← w − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε),

    where t = 1, 2, … counts the steps.

    Parameters
    ----------
    learning_rate : float or schedule
        η, greater than 0.
    beta_1, beta_2 : float
        β₁ and β₂, at least 0 and less than 1.
    epsilon : float
        ε, at least 0.
    amsgrad : bool
        Divide by the largest v so far instead of by v.
    weight_decay, clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Raises
    ------
    ValueError
        As ``Optimizer``.

    Notes
    -----
    m and v are ``state["momentums"]`` and ``["velocities"]``, the largest v ``["velocity_hats"]``.

    Source: D. P. Kingma, J. Ba (2015), https://arxiv.org/abs/1412.6980. Keras departs from its
    algorithm 1, which adds ε to √v̂ after v̂ = v/(1 − β₂ᵗ). Keras's ε is the paper's ε̂, at the end of
    its section 2, added to √v: the same as ε = ε̂/√(1 − β₂ᵗ), so larger in the first steps (32 times at
    the first, with β₂ = 0.999). The paper's ε is 1e-8. AMSGrad: S. J. Reddi, S. Kale, S. Kumar (2018),
    https://arxiv.org/abs/1904.09237, which has no bias correction.

    Used in: Chapter 3.

    Examples
    --------
    >>> w = np.array([1.0, 200.0])
    >>> Adam(learning_rate=0.1, epsilon=0.0).apply([2 * w], [w])
    >>> w  # the first step has the length η in every direction
    array([  0.9, 199.9])
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm)
        self.beta_1 = self._number("in [0, 1)", beta_1=beta_1)
        self.beta_2 = self._number("in [0, 1)", beta_2=beta_2)
        self.epsilon = self._number(epsilon=epsilon)
        self.amsgrad = bool(amsgrad)

    def slots(self) -> dict[str, float]:
        return dict.fromkeys(["momentums", "velocities"] + ["velocity_hats"] * self.amsgrad, 0.0)

    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        t = self.iterations + 1
        m, v = state["momentums"], state["velocities"]
        m += (1 - self.beta_1) * (g - m)  # m ← β₁ m + (1 − β₁) g
        v += (1 - self.beta_2) * (g * g - v)  # v ← β₂ v + (1 − β₂) g²
        if self.amsgrad:
            v = np.maximum(state["velocity_hats"], v, out=state["velocity_hats"])
        corrected = learning_rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        w -= corrected * m / (np.sqrt(v) + self.epsilon)  # w ← w − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε)


class AdamW(Adam):
    """Adam with weight decay that does not pass through the gradient: first w ← w − ηλw, then Adam.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, amsgrad
        As in ``Adam``.
    weight_decay : float
        λ, at least 0.
    clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Raises
    ------
    ValueError
        As ``Adam``, and if ``weight_decay`` is None.

    Notes
    -----
    In Keras it is ``Adam`` with another default of ``weight_decay``.

    Source: I. Loshchilov, F. Hutter (2019), https://arxiv.org/abs/1711.05101, algorithm 2. Keras departs
    from it: in the paper only the schedule's factor multiplies λ, in Keras all of η does. So a smaller
    learning rate decays less as well.

    Used in: Chapter 3.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        self._number(weight_decay=weight_decay)  # None is refused here
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
        )


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, whose coefficient rises from about β₁/2 to β₁.

    With μₜ = β₁(1 − ½ · 0.96ᵗ) and the product Πₜ = μ₁ ⋯ μₜ:

    m̂ = μₜ₊₁ m / (1 − Πₜ₊₁) + (1 − μₜ) g / (1 − Πₜ),  v̂ = v / (1 − β₂ᵗ),  w ← w − η m̂ / (√v̂ + ε),

    where m and v are Adam's, and t = 1, 2, … counts the steps.

    Parameters
    ----------
    learning_rate : float or schedule
        η, greater than 0.
    beta_1, beta_2 : float
        β₁ and β₂, at least 0 and less than 1.
    epsilon : float
        ε, at least 0.
    weight_decay, clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Attributes
    ----------
    u_product : float
        Πₜ after t steps.

    Raises
    ------
    ValueError
        As ``Optimizer``.

    Notes
    -----
    m and v are ``state["momentums"]`` and ``["velocities"]``. Here, unlike in ``Adam``, ε is added
    after the correction.

    Source: T. Dozat (2016), Incorporating Nesterov momentum into Adam, ICLR workshop. In Keras μ rises
    with 0.96ᵗ, within some hundred steps; PyTorch's default is 0.96 to the power t/250.

    Used in: Chapter 3.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm)
        self.beta_1 = self._number("in [0, 1)", beta_1=beta_1)
        self.beta_2 = self._number("in [0, 1)", beta_2=beta_2)
        self.epsilon = self._number(epsilon=epsilon)
        self.u_product = 1.0

    def slots(self) -> dict[str, float]:
        return {"momentums": 0.0, "velocities": 0.0}

    def _mu(self, t: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**t)  # μₜ = β₁ (1 − ½ · 0.96ᵗ)

    def begin_step(self) -> None:
        self.u_product *= self._mu(self.iterations + 1)  # Πₜ = Πₜ₋₁ μₜ

    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        t = self.iterations + 1
        mu, next_mu = self._mu(t), self._mu(t + 1)
        m, v = state["momentums"], state["velocities"]
        m += (1 - self.beta_1) * (g - m)  # m ← β₁ m + (1 − β₁) g
        v += (1 - self.beta_2) * (g * g - v)  # v ← β₂ v + (1 − β₂) g²
        m_hat = next_mu / (1 - self.u_product * next_mu) * m  # μₜ₊₁ m / (1 − Πₜ₊₁)
        m_hat += (1 - mu) / (1 - self.u_product) * g  # + (1 − μₜ) g / (1 − Πₜ)
        v_hat = v / (1 - self.beta_2**t)
        w -= learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)  # w ← w − η m̂ / (√v̂ + ε)


class Lion(Optimizer):
    """Steps of one length in every direction: only the sign of a running mean is used.

    w ← w − η sign(β₁m + (1 − β₁)g),  then m ← β₂m + (1 − β₂)g.

    Parameters
    ----------
    learning_rate : float or schedule
        η, greater than 0: a third to a tenth of what Adam would get, with a larger ``weight_decay``.
    beta_1 : float
        β₁, greater than 0 and at most 1.
    beta_2 : float
        β₂, from 0 to 1.
    weight_decay, clipnorm, clipvalue, global_clipnorm : float, optional
        As in ``Optimizer``.

    Raises
    ------
    ValueError
        As ``Optimizer``.

    Notes
    -----
    m is ``state["momentums"]``, the only array kept: half of Adam's memory.

    Source: X. Chen et al. (2023), Symbolic discovery of optimization algorithms,
    https://arxiv.org/abs/2302.06675.

    Used in: Chapter 3.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm)
        self.beta_1 = self._number("in (0, 1]", beta_1=beta_1)
        self.beta_2 = self._number("in [0, 1]", beta_2=beta_2)

    def slots(self) -> dict[str, float]:
        return {"momentums": 0.0}

    def update_step(self, g: np.ndarray, w: np.ndarray, learning_rate: float, state: State) -> None:
        m = state["momentums"]
        w -= learning_rate * np.sign(self.beta_1 * m + (1 - self.beta_1) * g)  # w ← w − η sign(β₁ m + …)
        m *= self.beta_2  # m ← β₂ m + (1 − β₂) g
        m += (1 - self.beta_2) * g


# --- Clipping -----------------------------------------------------------------------------------


def clip_by_norm(g: np.ndarray, clip_norm: float) -> np.ndarray:
    """Shorten a gradient that is longer than ``clip_norm``: g · c / max(‖g‖, c).

    Parameters
    ----------
    g : ndarray
        Of any shape; all its entries count as one vector.
    clip_norm : float
        c, greater than 0.

    Returns
    -------
    ndarray
        A new array of the same shape and dtype, of the same direction.

    Raises
    ------
    ValueError
        If ``clip_norm`` is not positive.

    Notes
    -----
    As ``tf.clip_by_norm``. Source: R. Pascanu, T. Mikolov, Y. Bengio (2013),
    https://arxiv.org/abs/1211.5063, algorithm 1.

    Used in: Chapter 3.

    Examples
    --------
    >>> clip_by_norm(np.array([3.0, 4.0]), 1.0)
    array([0.6, 0.8])
    """
    check_number("clip_by_norm", "positive", clip_norm=clip_norm)
    return g * clip_norm / max(_norm(g), clip_norm)


def clip_by_global_norm(grads: Sequence[np.ndarray], clip_norm: float) -> tuple[list[np.ndarray], float]:
    """Shorten all gradients by one factor if together they are longer than ``clip_norm``.

    Parameters
    ----------
    grads : list of ndarray
    clip_norm : float
        c, greater than 0.

    Returns
    -------
    clipped : list of ndarray
        New arrays: the direction of the whole step has not changed. NaN throughout if the norm is
        not finite.
    norm : float
        √(Σ‖g‖²) before the clipping.

    Raises
    ------
    ValueError
        If ``clip_norm`` is not positive.

    Notes
    -----
    As ``tf.clip_by_global_norm``. Source: R. Pascanu, T. Mikolov, Y. Bengio (2013),
    https://arxiv.org/abs/1211.5063, algorithm 1.

    Used in: Chapter 3.

    Examples
    --------
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    ([array([0.6]), array([0.8])], 5.0)
    """
    check_number("clip_by_global_norm", "positive", clip_norm=clip_norm)
    norm = math.hypot(*map(_norm, grads))
    scale = clip_norm / max(norm, clip_norm) if math.isfinite(norm) else math.nan
    return [g * scale for g in grads], norm


# --- Inside -------------------------------------------------------------------------------------

WITHIN = {
    "positive": lambda x: 0 < x < math.inf,
    "at least 0": lambda x: 0 <= x < math.inf,
    "at least 1": lambda x: 1 <= x < math.inf,
    "in [0, 1]": lambda x: 0 <= x <= 1,
    "in [0, 1)": lambda x: 0 <= x < 1,
    "in (0, 1)": lambda x: 0 < x < 1,
    "in (0, 1]": lambda x: 0 < x <= 1,
}


def check_number(owner: str, within: str, **named: float) -> float:
    """Refuse an argument that is no number, or one out of its range.

    Parameters
    ----------
    owner : str
        Who asks, for the error's message.
    within : str
        The range, a key of ``WITHIN``.
    **named : float
        The argument's name and value.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it does not fit.

    Notes
    -----
    Used in: Chapter 3.
    """
    ((name, value),) = named.items()
    if not (isinstance(value, Real) and WITHIN[within](value)):
        raise ValueError(f"{owner}: expected {name} to be {within}, received {value!r}.")
    return float(value)


def check_gradients(grads: Sequence[np.ndarray], params: Sequence[np.ndarray], owner: str) -> None:
    """Refuse gradients that do not fit the parameters.

    Parameters
    ----------
    grads, params : lists of ndarray
    owner : str
        Who asks, for the error's message.

    Raises
    ------
    ValueError
        If number, shapes or dtypes do not fit, or a parameter cannot be changed in place.

    Notes
    -----
    Used in: Chapters 2 and 3.
    """
    if len(grads) != len(params):
        raise ValueError(f"{owner}: expected {len(params)} gradients, received {len(grads)}.")
    for i, (g, w) in enumerate(zip(grads, params, strict=True)):
        if not (isinstance(w, np.ndarray) and w.dtype.kind == "f" and w.flags.writeable):
            kind = getattr(w, "dtype", type(w).__name__)
            raise ValueError(f"{owner}: expected parameter {i} as a writeable float array, received {kind}.")
        if np.shape(g) != w.shape:
            raise ValueError(
                f"{owner}: expected gradient {i} of shape {w.shape}, received shape {np.shape(g)}."
            )
        if np.asarray(g).dtype.kind not in "fiu":
            kind = np.asarray(g).dtype
            raise ValueError(f"{owner}: expected real numbers in gradient {i}, received dtype {kind}.")


def _separate(grads: Sequence[np.ndarray], params: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The gradients in their parameters' dtypes, each in one piece of memory that holds no parameter.

    (For w₁w₂ the gradient is the list [w₂, w₁]: the first update must not change the second gradient.)
    """
    owners = {id(w if w.base is None else w.base) for w in params}
    separate = []
    for gradient, w in zip(grads, params, strict=True):
        g = np.asarray(gradient, dtype=w.dtype, order="C")
        separate.append(g.copy() if id(g if g.base is None else g.base) in owners else g)
    return separate


def _blocks(g: np.ndarray, w: np.ndarray, *state: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Views of a parameter and what belongs to it, ``BLOCK`` numbers at a time."""
    if w.size <= BLOCK or not w.flags.c_contiguous:
        yield [g, w, *state]
        return
    flat = [a.reshape(-1) for a in (g, w, *state)]  # (w.size,)
    for start in range(0, w.size, BLOCK):
        yield [a[start : start + BLOCK] for a in flat]


def _norm(g: np.ndarray) -> float:
    return math.sqrt(np.vdot(g, g))
