"""How fast the twin is: each row a throughput, beside what it is compared with in the same run, and its accuracy.

Figures are wall-clock, the best of a few repetitions after compilation, on the cores that the process may use.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import numpy as np

BATCH: Final = 1 << 19
SCALAR: Final = 5000
REPETITIONS: Final = 2


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One comparison of throughput."""

    name: str
    ours_per_s: float
    versus: str
    versus_per_s: float
    ratio: float
    accuracy: str
    note: str = ""


def rows() -> Iterator[SpeedRow]:
    """All rows, one after the other as they are measured."""
    yield from _surrogates()
    yield from _chamber()
    yield _transport()
    yield _growth()


def _surrogates() -> Iterator[SpeedRow]:
    """Every system in one JAX batch and through Numba one at a time, against the same source read by NumPy."""
    from tansaki.twin.backends import bind
    from tansaki.twin.surrogate import Surrogate
    from tansaki.twin.systems.registry import SYSTEMS, open_system

    for name in SYSTEMS:
        surrogate = Surrogate(name)
        recipes = random_recipes(surrogate, BATCH, seed=0)
        single = recipes.astype(np.float32)
        reference = surrogate.batch(recipes[:SCALAR], "float64")
        error = _median_error(surrogate.batch(single[:SCALAR]), reference)

        def batched(surrogate: Surrogate = surrogate, single: Any = single) -> int:
            surrogate.batch(single)
            return BATCH

        module, parameters = open_system(name, {})
        plain = bind(module, "numpy").evaluate
        points = [tuple(row) for row in recipes[:SCALAR].tolist()]

        def interpreted(
            points: Any = points[:100], plain: Any = plain, kind: Any = module.Inputs, parameters: Any = parameters
        ) -> int:
            with np.errstate(all="ignore"):
                for point in points:
                    plain(kind(*point), parameters)
            return len(points)

        def compiled(points: Any = points, one: Any = surrogate.one) -> int:
            for point in points:
                one(*point)
            return len(points)

        numpy_per_s = best_per_s(interpreted)
        batch_per_s, one_per_s = best_per_s(batched), best_per_s(compiled)
        outputs = f"all {len(surrogate.outputs)} outputs"
        yield SpeedRow(
            f"{name}: surrogate, one JAX batch of {BATCH} in float32, recipes/s",
            batch_per_s,
            "NumPy scalars, the same source",
            numpy_per_s,
            batch_per_s / numpy_per_s,
            f"median relative difference to float64 {error:.1g}",
            outputs,
        )
        one = _median_error(np.array([surrogate.one(*point) for point in points[:1000]]), reference[:1000])
        yield SpeedRow(
            f"{name}: surrogate, one at a time through Numba, recipes/s",
            one_per_s,
            "NumPy scalars, the same source",
            numpy_per_s,
            one_per_s / numpy_per_s,
            f"median relative difference to JAX float64 {one:.1g}",
            f"{outputs}; {1e6 / one_per_s:.1f} µs each",
        )


def _chamber() -> Iterator[SpeedRow]:
    """The stepped chamber against SciPy's Radau on the same equations: seconds of chamber time a second."""
    from scipy.integrate import solve_ivp

    from tansaki.twin.backends import bind
    from tansaki.twin.deposition import reactive_gas
    from tansaki.twin.deposition.reactive_gas import BergParameters, Jacobian, State
    from tansaki.twin.quantities import load

    parameters = load("instruments", "sputter_t3").parameters("reactive_gas", BergParameters)
    rates = reactive_gas.Rates(*(float(value) for value in reactive_gas.rates(parameters)))
    step = bind(reactive_gas, "numba").step
    # At 20 s the run at this flow is in the middle of its jump.
    flow_sccm, duration_s, step_s = 1.3, 20.0, 0.02

    def stepped() -> State:
        from numba import njit

        @njit
        def run(state, count):  # type: ignore[no-untyped-def]
            for _ in range(count):
                state = step(state, flow_sccm, rates, step_s)
            return state

        return run  # type: ignore[no-any-return]

    run: Any = stepped()
    start = State(0.0, 0.0, 0.0)

    def slope(_: float, y: Any) -> list[float]:
        return list(reactive_gas.time_derivative(State(*y), flow_sccm, rates))

    def jacobian(_: float, y: Any) -> list[list[float]]:
        j: Jacobian = reactive_gas.jacobian(State(*y), rates)
        return [[j.pp, j.pt, j.pc], [j.tp, j.tt, 0.0], [j.cp, j.ct, j.cc]]

    def radau() -> float:
        solve_ivp(slope, (0.0, duration_s), list(start), "Radau", rtol=1e-6, atol=1e-9, jac=jacobian)
        return duration_s

    reference = solve_ivp(slope, (0.0, duration_s), list(start), "Radau", rtol=1e-10, atol=1e-12, jac=jacobian).y[:, -1]
    ours = np.array(run(start, round(duration_s / step_s)))

    def ours_s() -> float:
        run(start, 100 * round(duration_s / step_s))
        return 100 * duration_s

    mine, theirs = best_per_s(ours_s), best_per_s(radau)
    yield SpeedRow(
        "reactive chamber across its jump, seconds of chamber time/s",
        mine,
        "SciPy Radau, rtol 1e-6",
        theirs,
        mine / theirs,
        f"largest relative error after {duration_s:g} s {np.max(np.abs(ours / reference - 1.0)):.1g}",
        f"ROS2, steps of {step_s} s",
    )


def _transport() -> SpeedRow:
    """Sputtered atoms through the gas, one thread: thin gas against gas in which each atom collides ten times more."""
    from tansaki.twin.deposition.particle_transport import atoms_per_second

    thin, thick = atoms_per_second(0.5), atoms_per_second(5.0, 100_000)
    return SpeedRow(
        "Monte Carlo of sputtered atoms at 0.5 Pa over 0.1 m, atoms/s a thread",
        thin,
        "the same at 5 Pa",
        thick,
        thin / thick,
        "free flight and energy loss exact within three standard errors: tansaki validate --group transport",
        "diffusion takes over once an atom is thermal",
    )


def _growth() -> SpeedRow:
    """Restricted solid-on-solid growth against the same source in the interpreter."""
    from tansaki.twin.growth.restricted import deposit_restricted
    from tansaki.twin.growth.series import attempts_per_second

    def interpreted() -> int:
        deposit_restricted(np.zeros((32, 32), np.int32), 20_000, np.random.default_rng(0))
        return 20_000

    ours, plain = attempts_per_second(), best_per_s(interpreted)
    return SpeedRow(
        "restricted solid-on-solid growth in 2+1 dimensions, attempts/s",
        ours,
        "the same source in the Python interpreter",
        plain,
        ours / plain,
        "exponents: tansaki validate --group growth",
    )


def random_recipes(surrogate: Any, number: int, seed: int) -> Any:
    """Uniform recipes in the range of claimed validity, shape (number, inputs)."""
    ranges = np.array([surrogate.settings[name].valid for name in surrogate.inputs])
    return ranges[:, 0] + np.ptp(ranges, axis=1) * np.random.default_rng(seed).random((number, len(ranges)))


def best_per_s(work: Callable[[], float]) -> float:
    """Highest rate of `work`, which returns how much it did; the first call, which may compile, does not count."""
    work()
    rates = []
    for _ in range(REPETITIONS):
        started = perf_counter()
        done = work()
        rates.append(done / (perf_counter() - started))
    return max(rates)


def _median_error(values: Any, reference: Any) -> float:
    scale = np.maximum(np.abs(reference), 1e-12 * np.max(np.abs(reference), axis=0))
    return float(np.median(np.abs(values - reference) / np.where(scale > 0.0, scale, 1.0)))
