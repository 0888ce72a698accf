"""Step height from stylus traces: find the edge, level both sides together, take what lies between them.

Works on raw traces and settings alone. On either side of the edge, a guard left out, the mean trace is fitted by
z = a + bx + cx² + h·[x > edge] in least squares: the single-edge form of the step height of ISO 5436-1 (form and
section remembered, not confirmed), with a bow that both sides share.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tansaki.twin.errors import InvalidInputError
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.records import Array, Derived

Floats = NDArray[np.float64]

_SETTINGS = ("range_m", "gain", "step_m", "noise_m", "drift_m_sqrt_s", "edge_guard_m", "trace_s")
_COARSE = 200
"""Points of the trace in which the edge is sought."""
_END = 0.15
"""Share of the trace at either end where no edge is looked for: too little is left there to level by."""
_CERTAIN = 2.0
"""Standard uncertainties by which a step must stand out."""
_NM_PER_M = 1e9


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """``thickness`` (nm) of the film at the end of the trace over the substrate at its start.

    u² = random² + (gain·h)² + step²; the random part is what noise and drift of the specified size do to the fitted
    h, widened where the scatter about the fit is larger than the noise. Flags: ``over_range`` (with
    ``thickness_lower_bound``, the height that was seen), ``no_step`` (with ``thickness_upper_bound``: a step that
    large would have been seen in 97.5 % of cases), ``scatter`` (scatter twice the noise or more).
    """
    number = {name: float(value) for name, value in settings.items() if not isinstance(value, str)}
    for name in _SETTINGS:
        if name not in number:
            raise InvalidInputError("settings of a stylus record", sorted(number), f"a number {name!r} too")
    x = np.asarray(raw["position_m"], dtype=float)
    traces = np.atleast_2d(np.asarray(raw["height_m"], dtype=float))
    if traces.shape[1] != x.size or x.size < _COARSE // 2 or not np.all(np.diff(x) > 0.0):
        raise InvalidInputError("raw traces", (traces.shape, x.shape), f"{_COARSE // 2} or more rising positions each")
    if np.any(np.abs(traces) >= number["range_m"]):
        seen = float(np.max(np.ptp(traces, axis=1)))
        u = math.hypot(number["gain"] * seen, number["step_m"])
        return Analysis({"thickness_lower_bound": _in_nm(seen, u, u)}, ("over_range",))
    mean = traces.mean(axis=0)
    edge = found_edge(x, mean)
    used = np.abs(x - edge) > number["edge_guard_m"]
    for side in (used & (x < edge), used & (x > edge)):
        if np.count_nonzero(side) < 10:
            raise InvalidInputError(
                "edge_guard_m", number["edge_guard_m"], "a guard that leaves both sides of the step"
            )
    fit = np.stack([np.ones(x.size), x, x * x, x > edge], axis=1)[used]
    weight = np.zeros(x.size)
    # Row of the pseudoinverse that gives h: columns are scaled, for x² of a millimetre is small.
    scale = np.abs(fit).max(axis=0)
    inverse = np.linalg.pinv(fit / scale)
    weight[used] = inverse[3] / scale[3]
    height = float(weight @ mean)
    residual = mean[used] - (fit / scale) @ (inverse @ mean[used])
    random, excess = _random_m(weight, residual, len(traces), x.size, number)
    flags = ("scatter",) if excess >= 2.0 else ()
    systematic = math.hypot(number["gain"] * height, number["step_m"])
    total = math.hypot(random, systematic)
    if height < _CERTAIN * total:
        bound = max(height, 0.0) + 1.96 * total
        return Analysis({"thickness_upper_bound": _in_nm(bound, total, systematic)}, (*flags, "no_step"))
    return Analysis({"thickness": _in_nm(height, total, systematic)}, flags)


def found_edge(x: Floats, heights: Floats) -> float:
    """Where a step up explains most of what a parabola does not."""
    block = x.size // min(_COARSE, x.size)
    count = x.size // block
    coarse_x = x[: count * block].reshape(count, block).mean(axis=1)
    coarse = heights[: count * block].reshape(count, block).mean(axis=1)
    places, steps, length = _steps(count)
    score = steps.T @ coarse / length
    best = places[int(np.argmax(score))]
    return float(0.5 * (coarse_x[best - 1] + coarse_x[best]))


@lru_cache(maxsize=8)
def _steps(count: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """(first point of the upper side, steps less their best parabola as columns, norms of these columns)."""
    places = np.arange(max(round(_END * count), 2), count - max(round(_END * count), 2))
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, count), 3))
    steps = (np.arange(count)[:, None] >= places[None, :]).astype(float)
    steps -= basis @ (basis.T @ steps)
    return places, steps, np.linalg.norm(steps, axis=0)


def _random_m(
    weight: Floats, residual: Floats, traces: int, points: int, number: Mapping[str, float]
) -> tuple[float, float]:
    """(standard uncertainty of h = weight·z by noise and drift, scatter about the fit over what they explain)."""
    walk = number["drift_m_sqrt_s"] ** 2 * number["trace_s"] / points
    # A walk adds each of its steps to all later points.
    later = np.cumsum(weight[::-1])[::-1]
    noise = number["noise_m"] ** 2 * float(weight @ weight)
    random = math.sqrt((noise + walk * float(later @ later)) / traces)
    # Point to point, where drift is small against noise.
    scatter = float(np.sqrt(0.5 * np.mean(np.diff(residual) ** 2)))
    expected = math.sqrt((number["noise_m"] ** 2 + 0.5 * walk) / traces)
    excess = scatter / expected if expected > 0.0 else 1.0
    return random * max(excess, 1.0), excess


def _in_nm(value_m: float, u_m: float, systematic_m: float) -> Derived:
    return Derived(value_m * _NM_PER_M, u_m * _NM_PER_M, "nm", systematic_m * _NM_PER_M)
