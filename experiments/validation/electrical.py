"""Four-point probe, van der Pauw and Hall: geometry factors, bias of the whole chain, intervals of random films.

Identifiers M1 to M3 are those of the validation targets in the project's measurement reference; M-hall is the Hall
station end to end.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    import numpy as np

    from tansaki.twin.specimens.specimen import Specimen

FILMS: Final = 300
MOUNTINGS: Final = 20
REPEATS: Final = 100
CLOSED: Final = "closed form"
IMAGES: Final = "the same boundary problem solved in cosine modes instead of images"
CHAIN: Final = "random films through the whole chain at default noise"
HALL: Final = {
    "sheet resistance": "sheet_resistance",
    "resistivity": "resistivity",
    "carrier density": "carrier_density",
    "mobility": "hall_mobility",
}


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _geometry()
    yield from _thickness()
    yield from _van_der_pauw()
    yield from _probe_bias()
    yield from _hall()


def _within(row_id: str, quantity: str, target: float, twin: float, tolerance: float, source: str, kind: str) -> Row:
    ok = abs(twin - target) <= tolerance
    return Row(row_id, "electrical", quantity, target, twin, f"{tolerance:g} absolute", source, kind, ok)


def _geometry() -> Iterator[Row]:
    from tansaki.twin.measurement.electrical.four_point_geometry import circle_factor, rectangle_factor

    infinite = float(rectangle_factor(1.0, 1e5, 1e5))
    yield _within("M1", "C of four tips on a large sample", 4.53236, infinite, 1e-4, CLOSED, "exact")
    for ratio, target in ((3.0, 2.2662), (20.0, 4.4364)):
        label = f"C of four tips through the centre of a disc, d/s = {ratio:g}"
        yield _within("M1", label, target, float(circle_factor(ratio, 1.0)), 1e-4, CLOSED, "exact")
    for length, width in ((3.0, 3.0), (5.0, 5.0), (10.0, 10.0), (20.0, 20.0), (10.0, 5.0), (5.0, 10.0), (40.0, 10.0)):
        label = f"C of a rectangle, length {length:g} s, width {width:g} s"
        found = float(rectangle_factor(1.0, length, width))
        yield _within("M1", label, _by_modes(length, width), found, 1e-4, IMAGES, "own reference")
    strip = float(rectangle_factor(10.0, 60.0, 1.0))
    yield relative("M1", "electrical", "C of a strip of width s/10: b/s", 0.1, strip, 1e-6, CLOSED, "exact")


def _by_modes(length: float, width: float) -> float:
    """C of tips in line along the middle, s = 1: each cosine mode across is solved along in closed form."""
    import numpy as np

    k = np.arange(2, 4000, 2) * math.pi / width

    def potential(x: float, source: float) -> float:
        low, high = min(x, source), max(x, source)
        shape = np.exp(-k * (high - low)) * (1 + np.exp(-2 * k * low)) * (1 + np.exp(-2 * k * (length - high)))
        uniform = (x * x + source * source) / (2.0 * length) - high
        return float((uniform + 2.0 * np.sum(shape / (2.0 * k * -np.expm1(-2 * k * length)))) / width)

    a, b, c, d = (0.5 * length + step for step in (-1.5, -0.5, 0.5, 1.5))
    return 1.0 / (potential(b, a) - potential(b, d) - potential(c, a) + potential(c, d))


def _thickness() -> Iterator[Row]:
    import numpy as np

    from tansaki.twin.measurement.electrical.four_point_geometry import thickness_factor

    n = np.arange(1, 200_000)
    for t in (0.1, 0.5, 1.0, 3.0):
        terms = 1.0 / np.sqrt(1.0 + (2.0 * n * t) ** 2) - 1.0 / np.sqrt(4.0 + (2.0 * n * t) ** 2)
        direct = 2.0 * math.log(2.0) / t / (1.0 + 4.0 * float(terms.sum()))
        label = f"thickness factor F, t/s = {t:g}"
        source = "200 000 terms of the image series"
        yield relative("M1", "electrical", label, direct, float(thickness_factor(t, 1.0)), 1e-6, source, "exact")
    thick = float(thickness_factor(1000.0, 1.0))
    label = "F of a half-space, t/s = 1000: 2 ln2·s/t"
    yield relative("M1", "electrical", label, 2e-3 * math.log(2.0), thick, 1e-5, CLOSED, "exact")


def _van_der_pauw() -> Iterator[Row]:
    from tansaki.twin.measurement.electrical.van_der_pauw import asymmetry_factor, sheet_resistance

    equal = float(sheet_resistance(1.0, 1.0))
    yield _within("M2", "van der Pauw: Rs/R for equal resistances", 4.53236, equal, 1e-4, CLOSED, "exact")
    nist = "van der Pauw's equation as NIST gives it"
    yield _within("M2", "van der Pauw: f at a ratio of 2", 0.9603, float(asymmetry_factor(2.0)), 1e-4, nist, "exact")
    for factor in (0.55, 0.7, 0.9):
        # cosh[(r − 1)/(r + 1)·ln2/f] = ½·exp(ln2/f) gives r in closed form for a chosen f.
        scaled = math.acosh(0.5 * math.exp(math.log(2.0) / factor)) * factor / math.log(2.0)
        ratio = (1.0 + scaled) / (1.0 - scaled)
        label = f"van der Pauw: f at a ratio of {ratio:.4g}"
        yield relative("M2", "electrical", label, factor, float(asymmetry_factor(ratio)), 1e-9, nist, "exact")


def _film(sheet_ohm: float, mobility_m2_vs: float, thickness_m: float, uneven: float = 0.0) -> "Specimen":
    import numpy as np

    from tansaki.twin.specimens.specimen import Charge, FilmLayer, Specimen
    from tansaki.twin.units import ELEMENTARY_CHARGE_C

    layer = FilmLayer(thickness_m, {"Ti": 1.0, "O": 2.0}, 3890.0, 0.0, lambda m: np.full(m.shape, 2.5 + 0j))
    rho = sheet_ohm * thickness_m
    charge = Charge(rho, 1.0 / (ELEMENTARY_CHARGE_C * mobility_m2_vs * rho), mobility_m2_vs)
    return Specimen("any", "glass", 0.01, 0.01, (layer,), charge, thickness_curvature_per_m2=4e4 * uneven)


def _probe_bias() -> Iterator[Row]:
    """M3: the head exactly in place, so that source, meter and thermal voltages are what errs."""
    import numpy as np

    from tansaki.twin.measurement.instrument import open_instrument

    probe = open_instrument("four_point_probe")
    rng = np.random.default_rng(7)
    for exponent in range(-1, 7):
        film = _film(10.0**exponent, 1e-3, 100e-9)
        placed = probe.mount(film, None)._replace(emf_v=2e-6)
        worst = 0.0
        for _ in range(20):
            session = probe.session(rng, "session")
            taken = [probe.measure(film, rng, calibration=session, mounting=placed) for _ in range(10)]
            bound = float(taken[0].settings["voltage_gain"]) + float(taken[0].settings["current_gain"])
            bias = float(np.mean([m.derived["sheet_resistance"].value for m in taken])) / 10.0**exponent - 1.0
            worst = max(worst, abs(bias) / bound)
        label = f"four-point probe with reversal at 1e{exponent} ohm/sq: largest bias of 20 sessions over the bound"
        source = "Keithley 2450 data sheet: gain of the ranges in use"
        note = "" if worst <= 1.0 else "noise of ten repeats is left in the mean"
        yield Row("M3", "electrical", label, 1.0, worst, "at most 1", source, "published", worst <= 1.0, note)


def _hall() -> Iterator[Row]:
    import numpy as np

    from tansaki.twin.measurement.instrument import open_instrument

    station = open_instrument("hall_station")
    ideal = station.measure(_film(100.0, 1e-3, 100e-9), None).derived
    for name, target in (("hall_mobility", 10.0), ("resistivity", 1e-3), ("hall_coefficient", -0.01)):
        label = f"Hall station without errors: {name} of a known film, {ideal[name].unit}"
        twin = ideal[name].value
        yield relative("M-hall", "electrical", label, target, twin, 1e-9, "the film itself", "exact")
    rng = np.random.default_rng(2026)
    held = dict.fromkeys(HALL, 0)
    for _ in range(FILMS):
        film, truth = _random_film(rng)
        derived = station.measure(film, rng).derived
        for name, key in HALL.items():
            found = derived.get(key)
            held[name] += found is not None and abs(found.value - truth[name]) <= 1.96 * found.u
    for name, number in held.items():
        share = number / FILMS
        label = f"hall_station: {name}, share of {FILMS} films whose 95 % interval holds the truth"
        ok = 0.92 <= share <= 0.98
        yield Row("M-hall", "electrical", label, 0.95, share, "0.92 to 0.98", CHAIN, "exact", ok)
    kept = dict.fromkeys(HALL, 0.0)
    for _ in range(MOUNTINGS):
        film, truth = _random_film(rng)
        session, mounting = station.session(rng, "session"), station.mount(film, rng)
        taken = [
            station.measure(film, rng, calibration=session, mounting=mounting, settings={"reversals": 2.0}).derived
            for _ in range(REPEATS)
        ]
        for name, key in HALL.items():
            values = [derived[key] for derived in taken if key in derived]
            mean = float(np.mean([found.value for found in values]))
            kept[name] += ((mean - truth[name]) / values[0].u_systematic) ** 2 / MOUNTINGS
    for name, square in kept.items():
        label = f"hall_station: {name}, error of the mean of {REPEATS} repeats over its systematic part, rms"
        ok = 0.6 <= math.sqrt(square) <= 1.5
        yield Row("M-hall", "electrical", label, 1.0, math.sqrt(square), "0.6 to 1.5", CHAIN, "exact", ok)


def _random_film(rng: "np.random.Generator") -> "tuple[Specimen, dict[str, float]]":
    """1 to 1e6 ohm/sq, 1 to 50 cm²/Vs, 30 to 500 nm, as even as the operator takes films to be."""
    sheet, mobility = 10.0 ** rng.uniform(0.0, 6.0), 1e-4 * math.exp(rng.uniform(0.0, math.log(50.0)))
    film = _film(sheet, mobility, rng.uniform(30e-9, 500e-9), 0.005 * rng.standard_normal())
    assert film.charge is not None
    truth = {
        "sheet resistance": sheet,
        "resistivity": 100.0 * film.charge.resistivity_ohm_m,
        "carrier density": 1e-6 * film.charge.carrier_density_m3,
        "mobility": 1e4 * mobility,
    }
    return film, truth
