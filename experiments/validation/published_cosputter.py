"""Co-sputtered wafers: exact balances of the maps, the Monte Carlo with tilted cathodes, what is published of Cu-Ti."""

import math
from collections.abc import Iterator
from typing import Final

from tansaki.experiments.validation.row import Row, relative

BALANCE: Final = "cosine law: every atom lands on an endless plane"
MIRROR: Final = "geometry"
MONTE_CARLO: Final = (
    "Monte Carlo of twin/deposition/particle_transport.py with the cathodes of the system, a million atoms each"
)
CU_TI: Final = "epitaxial CuTi(001), Fuchs-Sondheimer fit at 295 K, J. Appl. Phys. 133, 045102 (2023), abstract"
THERMALISED: Final = "J. Vac. Soc. Jpn 57, 152 (2014), abstract: uniformity worsens once the atoms are thermalised"
ATOMS: Final = 1_000_000
PRESSURE_PA: Final = 1.0
BEHIND_M: Final = 0.014
"""The Monte Carlo catches atoms on z = 0: its cathodes stand this much higher, so that no part of a ring is behind."""


def rows() -> Iterator[Row]:
    """All rows."""
    yield from _exact()
    yield from _monte_carlo()
    yield from _published()


def _exact() -> Iterator[Row]:
    import numpy as np

    from tansaki.twin.systems import cosputter
    from tansaki.twin.systems.registry import open_system
    from tansaki.twin.systems.wafer_map import wafer_map

    module, parameters = open_system("cu_ti", {})
    source = module.sources(module.Inputs(40.0, 130.0, 0.5, 0.0, 0.1, 300.0), parameters)[0]._replace(depth_per_m=0.0)
    # r = h·s/(1 − s) brings the endless plane around the cathode to [0, 1].
    nodes, weights = np.polynomial.legendre.leggauss(200)
    s = 0.5 * (nodes + 1.0)
    r, dr = 0.1 * s / (1.0 - s), 0.1 / (1.0 - s) ** 2
    flux = cosputter.flux_m2_s(source.cathode.x_m + r, 0.0 * r, 0.1, source)
    landed = float(np.sum(0.5 * weights * 2.0 * np.pi * r * flux * dr) / source.emitted_s)
    label = "co-sputter without gas: atoms that land on an endless plane over atoms emitted"
    yield relative("CS", "materials", label, 1.0, landed, 1e-8, BALANCE, "exact")

    azimuth = 2.0 * np.pi * np.arange(24) / 24
    x, y = 0.04 * np.cos(azimuth), 0.04 * np.sin(azimuth)
    here, there = wafer_map("cu_ti", {}, x, y), wafer_map("cu_ti", {}, x, -y)
    worst = float(np.max(np.abs(here.fractions / there.fractions - 1.0)))
    label = "Cu-Ti map: largest relative difference across the line of the cathodes"
    yield Row("CS", "materials", label, 0.0, worst, "1e-12", MIRROR, "exact", worst <= 1e-12, "", "cu_ti")


def _monte_carlo() -> Iterator[Row]:
    """Composition and thickness in three fields of 2 cm on the line of the cathodes."""
    import numpy as np

    from tansaki.twin.deposition import particle_transport as transport
    from tansaki.twin.systems import cosputter
    from tansaki.twin.systems.registry import open_system

    module, parameters = open_system("cu_ti", {})
    inputs = module.Inputs(40.0, 130.0, PRESSURE_PA, 30.0, 0.1, 300.0)
    height, total_w = inputs.throw_distance_m, inputs.power_cu_w + inputs.power_ti_w
    chamber = cosputter.chamber_at(total_w, PRESSURE_PA, inputs.tilt_deg, height, parameters.gas_heating)
    fields = np.array([-0.03, 0.0, 0.03])
    traced, smooth = [], []
    for k, source in enumerate(module.sources(inputs, parameters)):
        symbol = module.ELEMENTS[module.CATHODES[k]]
        cathode = type(source.cathode)(*(float(value) for value in source.cathode))._replace(z_m=BEHIND_M)
        arrivals = transport.trace(
            transport.atom_of(symbol),
            cathode,
            transport.Room(height + BEHIND_M, 0.25),
            transport.argon(PRESSURE_PA, float(chamber.gas_temperature_k)),
            transport.scattering_of(),
            atoms=ATOMS,
            seed=k,
        )
        inside = [(np.abs(arrivals.x_m - x) < 0.01) & (np.abs(arrivals.y_m) < 0.01) for x in fields]
        traced.append(source.emitted_s * np.array([np.count_nonzero(field) for field in inside]) / (ATOMS * 4e-4))
        offsets = 0.01 * np.linspace(-0.9, 0.9, 10)
        x, y = fields[:, None, None] + offsets[:, None], 0.0 * fields[:, None, None] + offsets
        smooth.append(cosputter.flux_m2_s(x, y, height, source).mean(axis=(1, 2)))
    by_hand, by_form = np.array(traced), np.array(smooth)
    for i, place in enumerate(("towards titanium, x = -3 cm", "at the centre", "towards copper, x = 3 cm")):
        target, twin = float(by_hand[0, i] / by_hand[:, i].sum()), float(by_form[0, i] / by_form[:, i].sum())
        label = f"Cu-Ti at 1 Pa, 30 degrees: copper fraction {place}"
        ok = abs(twin - target) <= 0.02
        yield Row("CS", "materials", label, target, twin, "± 0.02", MONTE_CARLO, "own reference", ok, "", "cu_ti")
        label = f"Cu-Ti at 1 Pa, 30 degrees: atoms {place}, 1e19/(m2 s)"
        target, twin = 1e-19 * float(by_hand[:, i].sum()), 1e-19 * float(by_form[:, i].sum())
        ok = math.isfinite(twin) and abs(twin - target) <= 0.08 * target
        yield Row("CS", "materials", label, target, twin, "8 %", MONTE_CARLO, "own reference", ok, "", "cu_ti")


def _published() -> Iterator[Row]:
    from tansaki.twin.systems.registry import open_system
    from tansaki.twin.systems.wafer_map import wafer_map

    module, parameters = open_system("cu_ti", {})
    c = parameters.conduction
    product = 1e16 * module.mean_free_path_m(0.5, c) * module.bulk_resistivity_ohm_m(0.5, c)
    label = "Cu-Ti, equal parts: resistivity times mean free path, 1e-16 ohm m2"
    note = "taken over: the ordered compound; the film of the twin is a random alloy of ten times its resistivity"
    ok = abs(product - 24.7) <= 0.01 * 24.7
    kind = "published, fitted to"
    yield Row("CS", "materials", label, 24.7, float(product), "1 %", CU_TI, kind, ok, note, "cu_ti")

    def far_over_near(pressure_pa: float) -> float:
        titanium = wafer_map("cu_ti", {"pressure_pa": pressure_pa}, [-0.04, 0.04], [0.0, 0.0]).doses_m2[1]
        return float(titanium[1] / titanium[0])

    change = far_over_near(3.0) / far_over_near(0.1)
    label = "titanium from its cathode, far over near edge: 3 Pa over 0.1 Pa"
    note = "a trend: the published numbers were not read"
    yield Row("CS", "materials", label, 1.0, change, "below", THERMALISED, "published", change < 1.0, note)
