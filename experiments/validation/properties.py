"""Electrons and light in films: size effects (V17), optical constants (V18), optics as transport (V19), light (V20)."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tansaki.experiments.validation.row import Row, relative

if TYPE_CHECKING:
    from tansaki.twin.film.optical_constants import DopedOxide

GROUP: Final = "properties"
JOLIVET: Final = "ALD anatase, Jolivet et al. 2023, refractiveindex.info"
BELIAEV: Final = "sputtered TiN, Beliaev et al., refractiveindex.info"
MINENKOV: Final = "ITO on glass, Minenkov et al., refractiveindex.info"
FRANTA: Final = "films of Franta et al., refractiveindex.info"


def rows() -> Iterator[Row]:
    """All rows of the group."""
    yield from _size_effects()
    yield from _kramers_kronig()
    yield from _measured_films()
    yield from _optics_as_transport()
    yield from _slabs()
    yield from _internal_transmittance()


def _size_effects() -> Iterator[Row]:
    """V17: the integrals of Fuchs-Sondheimer and the closed form of Mayadas-Shatzkes; mean free path."""
    from tansaki.twin.film import size_effects

    source = "Fuchs 1938, Sondheimer 1952; prototype integration"
    kappas = (0.1, 0.5, 1.0, 2.0, 10.0)
    surfaces = {0.0: (4.782, 1.916, 1.462, 1.221, 1.039), 0.5: (2.668, 1.404, 1.206, 1.101, 1.019)}
    for specularity, targets in surfaces.items():
        for kappa, target in zip(kappas, targets, strict=True):
            twin = 1.0 / float(size_effects.surface_conductivity_ratio(kappa, specularity))
            label = f"Fuchs-Sondheimer ρ/ρ₀ at κ = {kappa}, p = {specularity}"
            yield relative("V17", GROUP, label, target, twin, 1e-3, source, "own reference")
    source = "Mayadas & Shatzkes, PRB 1, 1382 (1970); prototype"
    for alpha, target in {0.1: 1.146, 0.5: 1.701, 1.0: 2.378, 2.0: 3.720, 5.0: 7.727}.items():
        twin = 1.0 / float(size_effects.grain_conductivity_ratio(alpha))
        label = f"Mayadas-Shatzkes ρ/ρ₀ at α = {alpha}"
        yield relative("V17", GROUP, label, target, twin, 1e-3, source, "own reference")
    for carriers_m3, mobility, target in ((1e27, 6e-4, 1.2), (2e27, 18e-4, 4.6)):
        twin = 1e9 * float(size_effects.mean_free_path_m(carriers_m3, mobility))
        label = f"mean free path at n = {carriers_m3:g} m⁻³, μ = {mobility:g} m²/Vs, nm"
        source = "free-electron gas; reference value rounded to 0.1 nm"
        yield relative("V17", GROUP, label, target, twin, 0.025, source, "own reference")


def _kramers_kronig() -> Iterator[Row]:
    """V18: the closed form of Jellison and Modine against a numerical integral of ε₂."""
    from scipy.integrate import quad

    from tansaki.twin.film.optical_constants import TaucLorentz, tauc_lorentz
    from tansaki.twin.quantities import load

    form = load("materials", "tio2_al2o3").parameters("optics_tio2", TaucLorentz)

    def absorption(energy_ev: float) -> float:
        return float(tauc_lorentz(energy_ev, form).imaginary)

    # Above `cut` the integral goes over 1/ξ, below it over ξ with the pole taken as a Cauchy principal value.
    cut = 20.0
    for energy_ev in (1.5, 2.25, 3.0, 3.6, 4.5, 6.0):
        near, _ = quad(
            lambda x, e=energy_ev: x * absorption(x) / (x + e), form.gap_ev, cut, weight="cauchy", wvar=energy_ev
        )
        if energy_ev < form.gap_ev:
            near, _ = quad(lambda x, e=energy_ev: x * absorption(x) / (x * x - e * e), form.gap_ev, cut, limit=200)
        far, _ = quad(lambda y, e=energy_ev: absorption(1.0 / y) / (y - y**3 * e * e), 0.0, 1.0 / cut)
        target = form.epsilon_infinity + 2.0 / math.pi * (near + far)
        twin = float(tauc_lorentz(energy_ev, form).real)
        label = f"Tauc-Lorentz ε₁ at {energy_ev} eV against Kramers-Kronig"
        yield relative("V18", GROUP, label, target, twin, 1e-4, "Kramers-Kronig relation, integrated", "exact")


def _measured_films() -> Iterator[Row]:
    """V18: indices and zero crossings of published films; the dispersion models were fitted to them."""
    from scipy.optimize import brentq

    from tansaki.twin.film import optical_constants as optics
    from tansaki.twin.quantities import load

    fitted = "published, fitted to"
    oxides = load("materials", "tio2_al2o3")
    dense = oxides.parameters("optics_tio2", optics.TaucLorentz)
    for wavelength_nm, target in ((550, 2.517), (633, 2.470)):
        energy_ev = optics.photon_energy_ev(1e-9 * wavelength_nm)
        twin = float(optics.refractive_index(optics.tauc_lorentz(energy_ev, dense)).n)
        ok = abs(twin - target) <= 1e-3
        yield Row("V18", GROUP, f"anatase: n({wavelength_nm} nm)", target, twin, "± 0.001", JOLIVET, fitted, ok)
    green_ev = optics.photon_energy_ev(550e-9)
    voids = oxides.section("optics_tio2_voids")["fraction"].value
    porous = optics.bruggeman_dielectric(voids, optics.Dielectric(1.0, 0.0), optics.tauc_lorentz(green_ev, dense))
    twin = float(optics.refractive_index(porous).n)
    yield relative("V18", GROUP, "near-amorphous TiO2: n(550 nm)", 2.347, twin, 1e-3, FRANTA, fitted)

    ito = load("materials", "ito")
    ito_bound = ito.parameters("optics", optics.TaucLorentz)
    ito_free = ito.parameters("optics_drude", optics.Drude)

    def ito_real(wavelength_m: float) -> float:
        energy_ev = optics.photon_energy_ev(wavelength_m)
        return float(optics.tauc_lorentz(energy_ev, ito_bound).real + optics.drude(energy_ev, ito_free).real)

    twin = 1e9 * float(brentq(ito_real, 800e-9, 2000e-9))
    yield relative("V18", GROUP, "ITO: ε₁ = 0 at, nm", 1260.0, twin, 2e-3, MINENKOV, fitted)

    tin = load("materials", "tin")
    tin_free = tin.parameters("optics_drude", optics.Drude)
    bands = [tin.parameters(f"optics_lorentz_{i}", optics.Lorentz) for i in (1, 2)]

    def tin_real(wavelength_m: float) -> float:
        energy_ev = optics.photon_energy_ev(wavelength_m)
        bound = sum(float(optics.lorentz(energy_ev, band).real) for band in bands)
        return 1.0 + bound + float(optics.drude(energy_ev, tin_free).real)

    twin = 1e9 * float(brentq(tin_real, 400e-9, 700e-9))
    note = "the fit's own residual, 0.05 in n and k, moves the crossing by 6 nm"
    yield relative("V18", GROUP, "TiN: ε₁ = 0 at, nm", 492.0, twin, 0.01, BELIAEV, fitted, note)
    twin = 1e8 * float(optics.drude_resistivity_ohm_m(tin_free))
    yield relative("V18", GROUP, "TiN: resistivity of the Drude term, µΩ cm", 59.0, twin, 0.01, BELIAEV, fitted)


def _optics_as_transport() -> Iterator[Row]:
    """V19: the Drude term at low frequency conducts like the carriers it was made from."""
    from tansaki.twin.film import optical_constants as optics
    from tansaki.twin.quantities import load
    from tansaki.twin.units import ELEMENTARY_CHARGE_C

    mass_ratio = load("materials", "ito").section("optics_drude_mass")["mass_ratio"].value
    carriers_m3, mobility = 9.7e26, 38e-4
    free = optics.drude_of_carriers(carriers_m3, mobility, mass_ratio)
    slow_ev = 1e-6
    conductivity = (
        optics.VACUUM_PERMITTIVITY_F_M
        * slow_ev
        / optics.REDUCED_PLANCK_EV_S
        * float(optics.drude(slow_ev, free).imaginary)
    )
    target = 1.0 / (carriers_m3 * ELEMENTARY_CHARGE_C * mobility)
    label = "1/(ε₀ωε₂) of the Drude term at 1 µeV against 1/(n·e·μ), ohm m"
    yield relative("V19", GROUP, label, target, 1.0 / conductivity, 1e-6, "definition of ω_p and Γ", "exact")
    twin = float(optics.drude_resistivity_ohm_m(free))
    label = "resistivity of the Drude term against 1/(n·e·μ), ohm m"
    yield relative("V19", GROUP, label, target, twin, 1e-6, "definition of ω_p and Γ", "exact")
    for what, target, twin, tolerance in (
        ("plasma energy", 1.955, free.plasma_energy_ev, 0.003),
        ("damping", 0.0869, free.damping_ev, 0.014),
    ):
        label = f"ITO: {what} at n = 9.7e26 m⁻³, μ = 38 cm²/Vs, m* = 0.35, eV"
        yield relative("V19", GROUP, label, target, float(twin), tolerance, MINENKOV, "own reference")


def _slabs() -> Iterator[Row]:
    """Closed forms of one plate and one film."""
    from tansaki.twin.film import stack
    from tansaki.twin.film.optical_constants import RefractiveIndex

    glass = 1.52
    source = "Fresnel equations"
    none = stack.layer_fractions((stack.Layer(RefractiveIndex(1.0, 0.0), 0.0),), glass, 550e-9)
    twin = float(stack.on_plate(none, glass).transmitted)
    target = 2.0 * glass / (glass * glass + 1.0)
    yield relative("V18-plate", GROUP, "bare plate of index 1.52: T", target, twin, 1e-9, source, "exact")
    n = 2.347
    for name, orders, target in (
        ("quarter", 0.25, ((glass - n * n) / (glass + n * n)) ** 2),
        ("half", 0.5, ((glass - 1.0) / (glass + 1.0)) ** 2),
    ):
        film = stack.Layer(RefractiveIndex(n, 0.0), orders * 550e-9 / n)
        twin = float(stack.layer_fractions((film,), glass, 550e-9).reflected)
        label = f"{name}-wave film of index {n} on glass: R"
        yield relative("V18-wave", GROUP, label, target, twin, 1e-9, source, "exact")


def _tno() -> "DopedOxide":
    from tansaki.twin.film.optical_constants import DopedOxide
    from tansaki.twin.quantities import load

    return load("materials", "nb_tio2").parameters("optics", DopedOxide)


def _internal_transmittance() -> Iterator[Row]:
    """V20: light through 40 nm of epitaxial Nb-doped TiO2, carriers and mobility from the transport model."""
    from tansaki.twin.film import charge, light
    from tansaki.twin.film.optical_constants import BursteinMoss
    from tansaki.twin.quantities import load
    from tansaki.twin.units import ELEMENTARY_CHARGE_C

    material = load("materials", "nb_tio2")
    carriers = material.parameters("carriers", charge.Carriers)
    mobility = material.parameters("mobility", charge.Mobility)
    shift = material.parameters("burstein_moss", BursteinMoss)
    plate = material.section("plate_strontium_titanate")["refractive_index"].value
    films = (
        (0.03, 0.97, "Furubayashi et al., APL 86, 252101 (2005): about 97 % for x up to 0.03"),
        (0.06, 0.95, "Hitosugi et al., pssa 207, 1529 (2010): about 95 %"),
    )
    for dopant, target, source in films:
        conductivity, share = charge.anatase_conductivity_s_m(dopant, 0.0, 0.0, 1.0, 1.0, 1.0, carriers, mobility)
        density = float(share) * carriers.cation_density_m3
        drift = float(conductivity) / (ELEMENTARY_CHARGE_C * density)
        sample = light.visible_fractions(40e-9, density, drift, 0.0, 0.0, plate, _tno(), shift)
        twin = float(light.internal_transmittance(sample))
        label = f"Nb-doped TiO2, x = {dopant}, 40 nm: T/(1 − R), 400-700 nm"
        note = "only free-electron absorption and the interband edge; m* and edge shift assumed, no trapped electrons"
        ok = abs(twin - target) <= 0.03
        yield Row("V20-T", GROUP, label, target, twin, "± 0.03", source, "published, predicted", ok, note)
