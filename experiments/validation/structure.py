"""The order of growth in a film: jumps of the gas, the sequence of layers, phases that compete."""

import math
from collections.abc import Iterator
from typing import Any, Final

from tansaki.experiments.validation.row import Row, relative

SEQUENCE: Final = (
    "seed bilayers of Hitosugi et al. 2009 and Hoang et al. 2009: oxygen-rich below oxygen-poor beats either"
)
KINETICS: Final = "Kolmogorov-Johnson-Mehl-Avrami, isokinetic; integral by SciPy's Radau"
STEPS: Final = "Berg's equations, discharge and valve integrated by SciPy's Radau at 1e-9"


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _jumps()
    yield from _sequence()
    yield from _competing()
    yield from _pores()


def _jumps() -> Iterator[Row]:
    """When the oxygen pressure of a growing film crosses 5 mPa after a jump of the flow beyond the turning point."""
    import numpy as np
    from scipy.integrate import solve_ivp

    from tansaki.twin.deposition import reactive_gas
    from tansaki.twin.deposition.chamber import open_chamber
    from tansaki.twin.deposition.discharge import rates_at, voltage_v
    from tansaki.twin.deposition.drift import ChamberState
    from tansaki.twin.records import Deposition

    chamber, power_w, start, end, level_pa = open_chamber(), 120.0, 0.6, 0.75, 5e-3
    base = reactive_gas.rates(chamber.berg)

    def coefficients(coverage: float) -> reactive_gas.Rates:
        volts = voltage_v(power_w, coverage, chamber.berg, chamber.discharge)
        return rates_at(volts, power_w, coverage, 1.0, base, chamber.berg, chamber.discharge)

    def slope(time_s: float, y: Any) -> reactive_gas.State:
        state = reactive_gas.State(*y)
        since = max(time_s - chamber.control.valve_delay_s, 0.0)
        flow = start - (end - start) * math.expm1(-since / chamber.control.valve_lag_s)
        return reactive_gas.time_derivative(state, flow, coefficients(state.target_coverage))

    run = chamber.deposit(
        Deposition(power_w, 1.0, 25.0, 400.0, oxygen_flow_sccm=start, oxygen_flow_steps=((100.0, end),)),
        ChamberState(),
        np.random.default_rng(0),
        noise=False,
        drift=False,
    )
    stepped = next(time for time, what in run.trace.events if "flow to" in what)
    time = np.asarray(run.trace.time_s, float)
    pressure = np.asarray(run.trace.channels["oxygen_pressure_pa"], float)
    after = time >= stepped
    found = float(np.interp(level_pa, pressure[after], time[after])) - stepped
    before = reactive_gas.steady_state(1e3 * pressure[after][0], coefficients(0.0))
    for _ in range(50):
        before = reactive_gas.steady_state(1e3 * pressure[after][0], coefficients(before.target_coverage))

    def crossing(_: float, y: Any) -> float:
        return float(y[0]) - 1e3 * level_pa

    crossing.terminal = True  # type: ignore[attr-defined]
    exact: Any = solve_ivp(slope, (0.0, 300.0), np.array(before), "Radau", events=crossing, rtol=1e-9, atol=1e-12)
    label = f"TiO2 2-inch, {start} to {end} sccm while growing: time until {1e3 * level_pa:g} mPa of oxygen, s"
    yield relative("V7", "structure", label, float(exact.t_events[0][0]), found, 0.02, STEPS, "own reference")


def _sequence() -> Iterator[Row]:
    """Resistivity of an oxygen-rich layer under an oxygen-poor one over the better of both alone, 100 nm each."""
    from tansaki.twin.deposition.chamber import open_chamber
    from tansaki.twin.records import Anneal, Deposition, Recipe
    from tansaki.twin.synthesis import true_film

    chamber = open_chamber()

    def resistivity(anneal_c: float, *layers: tuple[float, float]) -> float:
        depositions = tuple(
            Deposition(100.0, 0.5, 25.0, 43200.0, 0.06, oxygen_pressure_pa=p, thickness_nm=nm) for p, nm in layers
        )
        film = true_film(Recipe("nb_tio2", "glass", depositions, Anneal(anneal_c, 3600.0)), chamber)
        return math.nan if film is None else film.resistivity_ohm_m

    for anneal_c in (300.0, 350.0, 400.0):
        rich, poor = 0.1, 0.002
        alone = min(resistivity(anneal_c, (rich, 100.0)), resistivity(anneal_c, (poor, 100.0)))
        ratio = resistivity(anneal_c, (rich, 20.0), (poor, 80.0)) / alone
        label = f"Nb:TiO2 annealed at {anneal_c:g} C: bilayer over the better of its layers alone, resistivity"
        note = "assumed: oxygen 0.1 Pa below, 0.002 Pa above, 20 and 80 nm, x = 0.06, vacuum 1 h"
        yield Row("V20", "structure", label, 1.0, ratio, "below", SEQUENCE, "published, predicted", ratio < 1.0, note)


def _competing() -> Iterator[Row]:
    """Two phases that nucleate from one amorphous rest."""
    from scipy.integrate import solve_ivp

    from tansaki.twin.film.phases import competing_phases

    anatase, rutile = 0.7, 0.25

    def slope(t: float, x: Any, m: float) -> Any:
        extended = m * (anatase + rutile) ** m * t ** (m - 1.0) * (1.0 - x[0] - x[1])
        return [anatase / (anatase + rutile) * extended, rutile / (anatase + rutile) * extended]

    for m in (1.0, 2.5):
        solved: Any = solve_ivp(slope, (0.0, 2.0), [0.0, 0.0], "Radau", args=(m,), rtol=1e-10, atol=1e-12)
        exact = solved.y[1, -1]
        twin = float(competing_phases(2.0 * anatase, 2.0 * rutile, m).rutile)
        label = f"rutile beside anatase, exponent {m:g}, after two time units"
        yield relative("V20", "structure", label, float(exact), twin, 1e-6, KINETICS, "exact")


def _pores() -> Iterator[Row]:
    """Index of the most open titania film."""
    from tansaki.twin.film.zones import Voids, porous_index
    from tansaki.twin.quantities import load

    voids = load("materials", "nb_tio2").parameters("voids", Voids)
    index = float(porous_index(2.517, voids.zone_1))
    source = "lowest of the TiO2 films in refractiveindex.info at 550 nm"
    label = "titania of zone 1 without bombardment: refractive index at 550 nm"
    yield relative("V18", "structure", label, 2.16, index, 0.01, source, "published, fitted to")
