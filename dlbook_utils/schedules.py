"""Schedules: learning rates that change with the step.

The classes carry the names, arguments and defaults of ``keras.optimizers.schedules``; ``OneCycle``
is not in Keras. A schedule is called with the number of steps taken so far, which is 0 at the first
step, and returns η; an optimizer does that by itself. ::

    optimizer = SGD(learning_rate=CosineDecay(0.1, decay_steps=1000))

In the equations t is the step and η₀ the ``initial_learning_rate``. All is computed in float64
(Keras computes in float32).
"""

import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence

from dlbook_utils.optimizers import check_number

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
]


class LearningRateSchedule(ABC):
    """Base class of all schedules. A subclass writes ``rate``, the equation.

    Notes
    -----
    Used in: Chapter 3.
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step.

        Parameters
        ----------
        step : int
            t, the number of steps taken before, at least 0.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If ``step`` is negative or no number.
        """
        return float(self.rate(self._number(step=step)))

    @abstractmethod
    def rate(self, t: float) -> float:
        """η(t)."""

    def _number(self, within: str = "at least 0", **named: float) -> float:
        return check_number(type(self).__name__, within, **named)


class ExponentialDecay(LearningRateSchedule):
    """η = η₀ rᵗᐟᵀ: the factor r every T steps.

    Parameters
    ----------
    initial_learning_rate : float
        η₀, at least 0.
    decay_steps : float
        T, greater than 0.
    decay_rate : float
        r, greater than 0.
    staircase : bool
        Round t/T down, so that η falls in steps.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Source: Keras.

    Used in: Chapter 3.

    Examples
    --------
    >>> ExponentialDecay(0.8, decay_steps=10, decay_rate=0.5)(20)
    0.2
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
    ) -> None:
        self.initial_learning_rate = self._number(initial_learning_rate=initial_learning_rate)
        self.decay_steps = self._number("positive", decay_steps=decay_steps)
        self.decay_rate = self._number("positive", decay_rate=decay_rate)
        self.staircase = bool(staircase)

    def rate(self, t: float) -> float:
        p = t / self.decay_steps
        if self.staircase:
            p = math.floor(p)
        return self.initial_learning_rate * self.decay_rate**p  # η₀ rᵖ


class InverseTimeDecay(LearningRateSchedule):
    """η = η₀ / (1 + r t/T).

    Parameters
    ----------
    initial_learning_rate : float
        η₀, at least 0.
    decay_steps : float
        T, greater than 0.
    decay_rate : float
        r, at least 0.
    staircase : bool
        Round t/T down, so that η falls in steps.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Of such a kind are the rates for which stochastic approximation was first proved to converge:
    Ση is infinite, Ση² is not. Source: H. Robbins, S. Monro (1951),
    https://doi.org/10.1214/aoms/1177729586.

    Used in: Chapter 3.

    Examples
    --------
    >>> InverseTimeDecay(0.8, decay_steps=10, decay_rate=0.5)(20)
    0.4
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
    ) -> None:
        self.initial_learning_rate = self._number(initial_learning_rate=initial_learning_rate)
        self.decay_steps = self._number("positive", decay_steps=decay_steps)
        self.decay_rate = self._number(decay_rate=decay_rate)
        self.staircase = bool(staircase)

    def rate(self, t: float) -> float:
        p = t / self.decay_steps
        if self.staircase:
            p = math.floor(p)
        return self.initial_learning_rate / (1 + self.decay_rate * p)  # η₀ / (1 + r p)


class PiecewiseConstantDecay(LearningRateSchedule):
    """One value after the other: ``values[0]`` up to and including step ``boundaries[0]``, and so on.

    Parameters
    ----------
    boundaries : list of int
        Strictly increasing.
    values : list of float
        The learning rates, one more than boundaries; each at least 0.

    Raises
    ------
    ValueError
        If the numbers do not fit, or the boundaries do not increase.

    Notes
    -----
    Source: Keras.

    Used in: Chapter 3.

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])
    >>> schedule(100), schedule(101), schedule(1000)
    (0.1, 0.01, 0.001)
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        if len(boundaries) == 0 or len(values) != len(boundaries) + 1:
            raise ValueError(
                "PiecewiseConstantDecay: expected at least one boundary and one more value, "
                f"received {len(boundaries)} boundaries and {len(values)} values."
            )
        self.boundaries = [self._number(boundaries=b) for b in boundaries]
        self.values = [self._number(values=v) for v in values]
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ValueError(
                f"PiecewiseConstantDecay: expected increasing boundaries, received {list(boundaries)}."
            )

    def rate(self, t: float) -> float:
        return self.values[bisect_left(self.boundaries, t)]  # as many boundaries lie before t


class PolynomialDecay(LearningRateSchedule):
    """η = (η₀ − η₁)(1 − t/T)ᵖ + η₁: down to η₁ in T steps, in a straight line if p = 1.

    Parameters
    ----------
    initial_learning_rate : float
        η₀, at least 0.
    decay_steps : float
        T, greater than 0.
    end_learning_rate : float
        η₁, at least 0; it stays there.
    power : float
        p, greater than 0.
    cycle : bool
        Instead of staying at η₁, take 2T for T after step T, 3T after step 2T, and so on: the rate
        rises and falls again, each time from a lower top.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Source: Keras.

    Used in: Chapter 3.

    Examples
    --------
    >>> PolynomialDecay(0.5, decay_steps=10, end_learning_rate=0.25)(5)
    0.375
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self.initial_learning_rate = self._number(initial_learning_rate=initial_learning_rate)
        self.decay_steps = self._number("positive", decay_steps=decay_steps)
        self.end_learning_rate = self._number(end_learning_rate=end_learning_rate)
        self.power = self._number("positive", power=power)
        self.cycle = bool(cycle)

    def rate(self, t: float) -> float:
        steps = self.decay_steps
        if self.cycle:
            steps *= max(1, math.ceil(t / steps))  # the first multiple of T that is not before t
        left = 1 - min(t, steps) / steps
        return (
            self.initial_learning_rate - self.end_learning_rate
        ) * left**self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """η = η₀ [(1 − α) ½(1 + cos πt/T) + α]: down to αη₀ in T steps, along half a wave.

    With ``warmup_target`` η* the rate first rises in a straight line from η₀ to η* in W steps;
    the decay then starts from η*, and t counts from there.

    Parameters
    ----------
    initial_learning_rate : float
        η₀, at least 0.
    decay_steps : float
        T, greater than 0; without the warm-up.
    alpha : float
        α, at least 0: the share of η₀, or of η*, that remains.
    warmup_target : float, optional
        η*, at least 0. None: no warm-up.
    warmup_steps : float
        W, at least 0.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Sources: I. Loshchilov, F. Hutter (2017), https://arxiv.org/abs/1608.03983, equation 5; warm-up:
    P. Goyal et al. (2017), https://arxiv.org/abs/1706.02677.

    Used in: Chapter 3.

    Examples
    --------
    >>> schedule = CosineDecay(0.0, decay_steps=100, warmup_target=0.5, warmup_steps=10)
    >>> schedule(0), schedule(5), schedule(10), schedule(60), schedule(110)
    (0.0, 0.25, 0.5, 0.25, 0.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        *,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = self._number(initial_learning_rate=initial_learning_rate)
        self.decay_steps = self._number("positive", decay_steps=decay_steps)
        self.alpha = self._number(alpha=alpha)
        self.warmup_target = None if warmup_target is None else self._number(warmup_target=warmup_target)
        self.warmup_steps = self._number(warmup_steps=warmup_steps)

    def rate(self, t: float) -> float:
        top = self.initial_learning_rate
        if self.warmup_target is not None:
            if t < self.warmup_steps:
                return top + (self.warmup_target - top) * t / self.warmup_steps  # η₀ + (η* − η₀) t/W
            top, t = self.warmup_target, t - self.warmup_steps
        return top * _half_wave(min(t / self.decay_steps, 1.0), self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """``CosineDecay`` again and again, each time longer, and from a top that may be lower.

    In period i = 0, 1, 2, … of Tᵢ = T₀ · t_mulⁱ steps, with t counted from its start,
    η = η₀ [(1 − α) m_mulⁱ ½(1 + cos πt/Tᵢ) + α].

    Parameters
    ----------
    initial_learning_rate : float
        η₀, at least 0.
    first_decay_steps : float
        T₀, greater than 0.
    t_mul : float
        At least 1. (Keras takes smaller ones too; then the periods end at a finite step.)
    m_mul : float
        At least 0.
    alpha : float
        α, at least 0.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    A period begins exactly at its step. Keras finds i by logarithms in float32 and, at the very step
    of a restart, may still be at the end of the period before.

    Source: I. Loshchilov, F. Hutter (2017), https://arxiv.org/abs/1608.03983.

    Used in: Chapter 3.

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.5, first_decay_steps=10, m_mul=0.5)
    >>> schedule(0), schedule(5), schedule(10), schedule(20), schedule(30)
    (0.5, 0.25, 0.25, 0.125, 0.125)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        self.initial_learning_rate = self._number(initial_learning_rate=initial_learning_rate)
        self.first_decay_steps = self._number("positive", first_decay_steps=first_decay_steps)
        self.t_mul = self._number("at least 1", t_mul=t_mul)
        self.m_mul = self._number(m_mul=m_mul)
        self.alpha = self._number(alpha=alpha)

    def rate(self, t: float) -> float:
        length, i = self.first_decay_steps, 0
        if self.t_mul == 1:
            i, t = divmod(t, length)
        while t >= length:
            t, length, i = t - length, length * self.t_mul, i + 1
        return self.initial_learning_rate * _half_wave(t / length, self.alpha, self.m_mul**i)


class OneCycle(LearningRateSchedule):
    """Up to a large rate along half a wave, and down again to almost nothing. Not in Keras.

    From η₁/``div_factor`` to η₁ in the share ``pct_start`` of the T steps, and then in the rest of
    them to η₁/(``div_factor`` · ``final_div_factor``), where it stays.

    Parameters
    ----------
    max_learning_rate : float
        η₁, at least 0.
    total_steps : float
        T, greater than 0.
    pct_start : float
        Greater than 0 and less than 1.
    div_factor, final_div_factor : float
        At least 1.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    The last three arguments and their defaults are those of PyTorch's ``OneCycleLR``, whose end
    lies one step earlier. The paper lets the momentum fall while the rate rises; this does not.

    Source: L. N. Smith, N. Topin (2017), https://arxiv.org/abs/1708.07120, whose slopes are straight.

    Used in: Chapter 3.

    Examples
    --------
    >>> schedule = OneCycle(1.0, total_steps=100, div_factor=10)
    >>> [round(schedule(t), 6) for t in (0, 15, 30, 65, 100, 200)]
    [0.1, 0.55, 1.0, 0.500005, 1e-05, 1e-05]
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: float,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.max_learning_rate = self._number(max_learning_rate=max_learning_rate)
        self.total_steps = self._number("positive", total_steps=total_steps)
        self.pct_start = self._number("in (0, 1)", pct_start=pct_start)
        self.div_factor = self._number("at least 1", div_factor=div_factor)
        self.final_div_factor = self._number("at least 1", final_div_factor=final_div_factor)

    def rate(self, t: float) -> float:
        p = min(t / self.total_steps, 1.0)
        if p < self.pct_start:  # from the top back to the start, read from right to left
            wave = _half_wave(1 - p / self.pct_start, 1 / self.div_factor)
        else:
            end = 1 / (self.div_factor * self.final_div_factor)
            wave = _half_wave((p - self.pct_start) / (1 - self.pct_start), end)
        return self.max_learning_rate * wave


def _half_wave(p: float, alpha: float, height: float = 1.0) -> float:
    """(1 − α) h ½(1 + cos πp) + α, from (1 − α)h + α at p = 0 down to α at p = 1."""
    return (1 - alpha) * height * 0.5 * (1 + math.cos(math.pi * p)) + alpha
