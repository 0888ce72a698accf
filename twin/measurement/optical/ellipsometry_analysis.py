"""Psi and Delta of a record → thickness, index and roughness of one film, by least squares.

The film (`tansaki.twin.measurement.optical.film_spectrum`: Tauc-Lorentz + Drude + one band, voids, rough face) and the
instrument's systematic errors (azimuths, retardance, angle of incidence) are fitted together, each with a prior: for
the errors their specified size, for the film what the operator thinks of it. A reading is a point on the sphere of
(cos 2ψ, sin 2ψ cos Δ, sin 2ψ sin Δ), so that Δ counts the less the closer ψ is to 0 or 90°; residuals are the two
components along the sphere. With slopes J and prior precisions P the covariance is C = (JᵀJ + P)⁻¹; C·JᵀJ·C of it comes
from noise, the rest stays when the measurement is repeated on one mounting.

Thicknesses that differ by half a wavelength in the film look alike where it is narrow or the film absorbs. The search
starts from a grid of thicknesses, and where another minimum fits as well there is no value.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.optical_constants import photon_energy_ev, refractive_index
from tansaki.twin.measurement.instrument import Analysis, Settings
from tansaki.twin.measurement.optical import ellipsometry
from tansaki.twin.measurement.optical.film_spectrum import film_dielectric
from tansaki.twin.measurement.optical.spectrum_slopes import (
    BROADENING,
    BROADEST,
    PARAMETERS,
    PEAK,
    model_of,
    permittivity_slopes,
)
from tansaki.twin.records import Array, Derived
from tansaki.twin.substrates.substrate import open_substrate

Floats = NDArray[np.float64]

CONVENTION: Final[Mapping[str, float | str]] = {
    "convention": "r_p/r_s = tan(psi) exp(i Delta), time factor exp(+i omega t), r_p = -r_s at normal incidence",
    "delta_sign": 1.0,
    "delta_offset_deg": 0.0,
}
"""Of the records of the twin; a record of another convention shows `delta_sign`·Δ + `delta_offset_deg`."""
INDEX_AT_M: Final = 600e-9
_ARRAYS = ("angle_deg", "wavelength_m", "psi_deg", "delta_deg")
_SETTINGS = (
    "films",
    "back_side",
    "delta_sign",
    "delta_offset_deg",
    "psi_noise_deg",
    "delta_noise_deg",
    "psi_error_deg",
    "delta_error_deg",
    "angle_error_deg",
    *(f"model_{name}{end}" for name in PARAMETERS for end in ("", "_u")),
)
FILM: Final = len(PARAMETERS)
_ERRORS = 3
"""Fitted after the film: angle of incidence, ψ, Δ."""
_LINEAR = frozenset({"roughness_m", "epsilon_infinity", "gap_ev", "plasma_ev2", "localised_strength", "void_fraction"})
LOGARITHMIC: Final = np.array([name not in _LINEAR for name in PARAMETERS])
"""Which film parameters have a prior, and a normal uncertainty, in their logarithm."""
_LEAST_READINGS = 2 * FILM
_START_NM = np.array([8, 14, 22, 32, 44, 58, 72, 88, 104, 122, 140, 160, 180, *range(202, 610, 24)], dtype=np.float64)
"""Closer than the distance of minima."""
_THIN = 3
"""In the search every third wavelength is used."""
_SEARCH_NOISE_RAD = 0.03
"""Least noise in the search, so that a poor film still shows the valleys."""
_SEARCH_STEPS = 5
_FIRM = 0.5
"""Width of the film's priors in the search, relative: no odd films on the way."""
_FARTHEST = 1.5
"""Largest step of the search, in widths of the priors."""
_FOLLOWED = 3
"""Minima that are followed from the search."""
_FOLLOWED_IF_POOR = 8
"""As long as none describes the film."""
_FEW, _MANY = 12, 100
"""Evaluations, at first and where that shows promise."""
_ATTEMPTS = 8
_ODD, _AROUND = 0.7, 0.01
"""Spread of films (in widths of the priors) and of thicknesses (relative) for another start if none is described."""
_DESCRIBED = 1.2
"""χ² a number in the residuals, two standard deviations above 1 with some hundred readings."""
_SMALL = 1e-6
_NEAR = 200.0
"""Difference of χ² within which a minimum is followed to its end."""
_GOOD = 1.5
"""χ² a number in the residuals of a film that is described."""
_SAME = 0.03
"""Relative difference of thickness below which two minima are one."""
_ALIKE = 9.0
"""Difference of χ² below which two minima are not told apart: three standard deviations."""
_POOR = 3.0
"""Misfit from which a fit is none: the film is not what the model says."""
_DEPOLARISED = 0.005
"""Mean share of unpolarised light from which the sample is not one film of one thickness."""
_MOST_VOIDS = 0.5


class _Readings(NamedTuple):
    """Directions on the sphere with the two tangents, over the noise along each."""

    wavelength_m: Floats
    angle_rad: Floats
    plate_n: Floats
    plate_k: Floats
    back_side: float
    polar: Floats
    """(angles, wavelengths, 3): towards growing 2ψ, over the noise of 2ψ."""
    around: Floats
    """Towards growing Δ, over the noise of sin 2ψ Δ."""
    across: Floats
    """sin 2ψ."""
    noise_rad: tuple[float, float]
    """Of 2ψ, and of Δ at sin 2ψ = 1."""

    def thinned(self, every: int) -> "_Readings":
        noise = tuple(max(value, _SEARCH_NOISE_RAD) for value in self.noise_rad)
        polar, around = (self.noise_rad[i] / noise[i] for i in range(2))
        return _Readings(
            self.wavelength_m[::every],
            self.angle_rad,
            self.plate_n[::every],
            self.plate_k[::every],
            self.back_side,
            polar * self.polar[:, ::every],
            around * self.around[:, ::every],
            self.across[:, ::every],
            (noise[0], noise[1]),
        )


class _Problem:
    """Residuals and slopes over z, the distance from the priors in their widths."""

    def __init__(self, readings: _Readings, centre: Floats, width: Floats, error_rad: Floats) -> None:
        self.readings, self.centre, self.width, self.error_rad = readings, centre, width, error_rad
        shape = readings.polar.shape
        self.found = np.empty(shape)
        self.along = np.empty((*shape, FILM + 1))
        self.room = np.zeros((2, FILM))
        self.logarithm = np.log(centre, out=np.zeros(FILM), where=LOGARITHMIC)
        self.last: tuple[Floats, Floats, Floats] | None = None
        """z, and the residuals and slopes there: the optimiser asks for them apart."""

    def film(self, z: Floats) -> Floats:
        """Parameters at z."""
        moved = self.width * z[:FILM]
        values: Floats = np.where(
            LOGARITHMIC, np.exp(np.clip(self.logarithm + moved, -60.0, 60.0)), self.centre + moved
        )
        values[1] = min(values[1], 0.5 * values[0])
        values[-1] = min(max(values[-1], 0.0), _MOST_VOIDS)
        # Broader there is no Tauc-Lorentz shape.
        values[BROADENING] = min(values[BROADENING], BROADEST * values[PEAK])
        return values

    def residuals(self, z: Floats) -> Floats:
        """Modelled less measured over noise, then z itself."""
        return self.both(z)[0]

    def slopes(self, z: Floats) -> Floats:
        """Derivatives of `residuals`."""
        return self.both(z)[1]

    def both(self, z: Floats) -> tuple[Floats, Floats]:
        """`residuals` and `slopes`."""
        if self.last is not None and np.array_equal(self.last[0], z):
            return self.last[1:]
        r, film = self.readings, self.film(z)
        errors = self.error_rad * z[FILM:]
        _compiled().directions(
            film,
            r.wavelength_m,
            r.angle_rad + errors[0],
            r.plate_n,
            r.plate_k,
            r.back_side,
            self.found,
            self.along,
            self.room[0],
            self.room[1],
        )
        scale = np.append(self.width * np.where(LOGARITHMIC, film, 1.0), self.error_rad[0])
        rows, slopes = [], []
        # ψ and Δ as read hold the errors of the instrument; both residuals are small angles over their noise.
        shares = (2.0 * self.error_rad[1] / r.noise_rad[0], self.error_rad[2] / r.noise_rad[1])
        for number, tangent in enumerate((r.polar, r.around)):
            share = shares[number] * (np.ones_like(r.across) if number == 0 else r.across)
            rows.append((np.sum(tangent * self.found, axis=2) + share * z[FILM + 1 + number]).ravel())
            slope = np.zeros((*r.across.shape, len(z)))
            slope[..., : FILM + 1] = np.einsum("awx,awxp->awp", tangent, self.along) * scale
            slope[..., FILM + 1 + number] = share
            slopes.append(slope.reshape(-1, len(z)))
        self.last = (z.copy(), np.concatenate([*rows, z]), np.concatenate([*slopes, np.eye(len(z))]))
        return self.last[1:]

    def start(self, thickness_m: float) -> Floats:
        """The priors' centre, with a thickness."""
        z = np.zeros(FILM + _ERRORS)
        z[0] = (math.log(thickness_m) - self.logarithm[0]) / self.width[0]
        return z


def analyse(raw: Mapping[str, Array], settings: Settings) -> Analysis:
    """Derived values and flags of one record.

    `raw` holds ``angle_deg``, ``wavelength_m`` and, over both, ``psi_deg`` and ``delta_deg`` (and ``depolarisation``,
    where the instrument gives it); `settings` is what `tansaki.twin.measurement.optical.ellipsometer` writes, with the
    sign convention of Δ and, as ``model_<name>`` and ``model_<name>_u``, what the operator thinks of the film.

    Derived: ``thickness`` (nm, up to the mean height of the face), ``refractive_index_600nm`` (where 600 nm is in the
    record), ``roughness`` (nm, root mean square) or ``roughness_upper_bound``, and ``chi2``, misfit a degree of
    freedom. Uncertainties grow with the misfit where the model describes the data less well than their noise.

    Flags: ``stack`` (several films: only chi2 of the model of one), ``fit_failed`` (the model does not describe the
    film), ``ambiguous`` (two thicknesses fit alike), ``depolarised`` (uneven film, or light from the back face).
    Neither of the first three gives values of the film. Raises `InvalidInputError` for a record that cannot be read.
    """
    number = _checked(raw, settings)
    readings = _readings(raw, number, str(settings["substrate"]))
    flags = []
    if "depolarisation" in raw and number["back_side"] == 0.0:
        mean = float(np.mean(np.asarray(raw["depolarisation"], float)))
        if mean > _DEPOLARISED:
            flags.append("depolarised")
    centre = np.array([number[f"model_{name}"] for name in PARAMETERS])
    width = np.array([number[f"model_{name}_u"] for name in PARAMETERS])
    width = np.where(LOGARITHMIC, width / np.where(LOGARITHMIC, centre, 1.0), width)
    errors = np.radians([number[f"{name}_error_deg"] for name in ("angle", "psi", "delta")])
    problem = _Problem(readings, centre, width, errors)
    minima = _minima(problem, readings)
    (cost, z), others = minima[0], minima[1:]
    residuals, jacobian = problem.both(z)
    data = len(residuals) - len(z)
    freedom = max(data - FILM - _ERRORS, 1)
    misfit = float(residuals[:data] @ residuals[:data]) / freedom
    derived = {"chi2": Derived(misfit, math.sqrt(2.0 / freedom), "1")}
    if number["films"] != 1.0:
        return Analysis(derived, (*flags, "stack"))
    if misfit > _POOR:
        return Analysis(derived, (*flags, "fit_failed"))
    thickness = problem.film(z)[0]
    apart = [other for other, at in others if abs(problem.film(at)[0] / thickness - 1.0) > _SAME]
    if apart and min(apart) - cost < _ALIKE:
        return Analysis(derived, (*flags, "ambiguous"))
    derived.update(_values(problem, z, jacobian[:data], max(misfit, 1.0)))
    return Analysis(derived, tuple(flags))


def _values(problem: _Problem, z: Floats, jacobian: Floats, inflation: float) -> dict[str, Derived]:
    film = problem.film(z)
    information = jacobian.T @ jacobian
    total = np.linalg.inv(information + np.eye(len(z)))
    random = total @ information @ total
    scale = problem.width * np.where(LOGARITHMIC, film, 1.0)

    def derived(value: float, gradient: Floats, unit: str) -> Derived:
        """Of a function of the film's parameters with the given gradient."""
        along = np.zeros(len(z))
        along[:FILM] = scale * gradient
        variance, noise = (inflation * float(along @ matrix @ along) for matrix in (total, random))
        return Derived(value, math.sqrt(variance), unit, math.sqrt(max(variance - noise, 0.0)))

    along_thickness, along_roughness = np.zeros(FILM), np.zeros(FILM)
    along_thickness[0] = along_roughness[1] = 1e9
    found = {"thickness": derived(1e9 * film[0], along_thickness, "nm")}
    light = problem.readings.wavelength_m
    if light.min() <= INDEX_AT_M <= light.max():
        real, imaginary = np.zeros(FILM), np.zeros(FILM)
        model = model_of(film)
        energy = photon_energy_ev(INDEX_AT_M)
        permittivity_slopes(energy, model, real, imaginary)
        n, k = refractive_index(film_dielectric(energy, model))
        slope = 0.5 / (n * n + k * k) * (real * n + imaginary * k)
        found["refractive_index_600nm"] = derived(float(n), slope, "1")
    rough = derived(1e9 * film[1], along_roughness, "nm")
    if rough.value > 2.0 * rough.u:
        found["roughness"] = rough
    else:
        bound = max(rough.value, 0.0) + 1.64 * rough.u
        found["roughness_upper_bound"] = Derived(bound, rough.u, "nm", rough.u_systematic)
    return found


def _minima(problem: _Problem, readings: _Readings) -> list[tuple[float, Floats]]:
    """(χ² with priors, where), the best first: short damped Gauss-Newton from each thickness, the best to their end."""
    firm = np.where(np.arange(FILM) > 0, _FIRM, 1.0)
    search = _Problem(readings.thinned(_THIN), problem.centre, firm * problem.width, problem.error_rad)
    back = np.append(firm, np.ones(_ERRORS))
    rough = []
    for start_nm in _START_NM:
        z = search.start(1e-9 * start_nm)
        for _ in range(_SEARCH_STEPS):
            residuals, jacobian = search.both(z)
            if not np.all(np.isfinite(jacobian)):
                break
            step = np.linalg.solve(jacobian.T @ jacobian, -jacobian.T @ residuals)
            # No farther in thickness than to the next start, nor in the film than its priors allow.
            step[0] = np.clip(step[0], -0.15 / search.width[0], 0.15 / search.width[0])
            z = z + np.clip(step, -_FARTHEST, _FARTHEST)
        residuals = search.residuals(z)
        if np.all(np.isfinite(residuals)):
            rough.append((float(residuals @ residuals), back * z))
    rough.sort(key=lambda pair: pair[0])
    found: list[tuple[float, Floats]] = []
    begun: list[float] = []
    for _, z in rough:
        thickness = problem.film(z)[0]
        if any(abs(other / thickness - 1.0) <= _SAME for other in begun):
            continue
        begun.append(thickness)
        least = min((cost for cost, _ in found), default=math.inf)
        cost, end = _descended(problem, z, _FEW)
        if cost < least + _NEAR:
            cost, end = _descended(problem, end, _MANY)
        found.append((cost, end))
        least = min(cost, least)
        if len(begun) >= (_FOLLOWED if least < _GOOD * len(problem.residuals(end)) else _FOLLOWED_IF_POOR):
            break
    # The right thickness may hold further minima, of odd films. The draws are the same in every process.
    draws = np.random.default_rng(0)
    for attempt in range(_ATTEMPTS):
        least, end = min(found, key=lambda pair: pair[0])
        if least < _DESCRIBED * len(problem.residuals(end)):
            break
        z = problem.start(problem.film(end)[0])
        if attempt > 0:
            z[1:FILM] = _ODD * draws.standard_normal(FILM - 1)
            z[0] += _AROUND / problem.width[0] * draws.standard_normal()
        found.append(_descended(problem, z, _MANY))
    return sorted(found, key=lambda pair: pair[0])


def _descended(problem: _Problem, z: Floats, evaluations: int) -> tuple[float, Floats]:
    """χ² with priors, and where it ends."""
    end = least_squares(
        problem.residuals, z, jac=problem.slopes, method="lm", max_nfev=evaluations, xtol=_SMALL, ftol=_SMALL
    )
    return 2.0 * float(end.cost), end.x


def _readings(raw: Mapping[str, Array], number: Mapping[str, float], substrate: str) -> _Readings:
    light = np.asarray(raw["wavelength_m"], dtype=np.float64)
    polar_angle = 2.0 * np.radians(np.asarray(raw["psi_deg"], dtype=np.float64))
    shown = np.asarray(raw["delta_deg"], dtype=np.float64)
    delta = np.radians((shown - number["delta_offset_deg"]) / number["delta_sign"])
    noise = (2.0 * math.radians(number["psi_noise_deg"]), math.radians(number["delta_noise_deg"]))
    cos, sin = np.cos(polar_angle), np.sin(polar_angle)
    polar = np.stack([-sin, cos * np.cos(delta), cos * np.sin(delta)], axis=-1) / noise[0]
    around = np.stack([np.zeros_like(delta), -np.sin(delta), np.cos(delta)], axis=-1) / noise[1]
    plate = open_substrate(substrate).refractive_index(light)
    back_side = 0.0 if np.any(plate.imag > 0.0) else number["back_side"]
    angles = np.radians(np.asarray(raw["angle_deg"], dtype=np.float64))
    n, k = np.ascontiguousarray(plate.real), np.ascontiguousarray(plate.imag)
    return _Readings(light, angles, n, k, back_side, polar, around, sin, noise)


def _checked(raw: Mapping[str, Array], settings: Settings) -> dict[str, float]:
    for name in _ARRAYS:
        if name not in raw:
            raise InvalidInputError("raw arrays of an ellipsometer", sorted(raw), f"an array {name!r} too")
    for name in (*_SETTINGS, "substrate"):
        if name not in settings:
            raise InvalidInputError("settings of an ellipsometer", sorted(settings), f"{name!r} too")
    shape = (len(raw["angle_deg"]), len(raw["wavelength_m"]))
    for name in ("psi_deg", "delta_deg"):
        if raw[name].shape != shape:
            raise InvalidInputError(f"raw {name}", raw[name].shape, f"angles × wavelengths, {shape}")
        if not np.all(np.isfinite(np.asarray(raw[name], float))):
            raise InvalidInputError(f"raw {name}", "numbers that are not finite", "finite numbers")
    if 2 * shape[0] * shape[1] < _LEAST_READINGS:
        raise InvalidInputError("readings of psi and Delta", 2 * shape[0] * shape[1], f"at least {_LEAST_READINGS}")
    return {name: float(settings[name]) for name in _SETTINGS}


@cache
def _compiled() -> Any:
    return bind(ellipsometry, "numba")
