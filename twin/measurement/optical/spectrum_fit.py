"""Least squares of T and R with a film model: for films with too few fringes, and to refine where there are some.

The film's parameters and the instrument's systematic errors (100 % line, mirror, steps where the detector changes) are
fitted together. Each has a prior, normal in the parameter or its logarithm: for the errors their specified size, for
the film what the operator thinks of it. With weights W, slopes J and prior precisions P the covariance of the estimate
is C = (JᵀWJ + P)⁻¹. Its part C·JᵀWJ·C comes from noise and averages away; the rest, C·P·C, does not.

Several thicknesses can fit alike. The best of a grid, followed downhill on a thinned spectrum, say where to start;
scipy (MINPACK) does the rest.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from tansaki.twin.backends import bind
from tansaki.twin.errors import InvalidInputError
from tansaki.twin.film.optical_constants import PLANCK_TIMES_LIGHT_EV_M
from tansaki.twin.measurement.optical import spectrum_slopes
from tansaki.twin.measurement.optical.spectrum_slopes import BROADENING, BROADEST, PARAMETERS, PEAK

Floats = NDArray[np.float64]

FILM: Final = len(PARAMETERS)
ERRORS: Final = ("transmittance_gain", "transmittance_step", "reflectance_gain", "reflectance_step", "stray_u")
"""Systematic errors that are fitted too, by the settings of their sizes, in the order of the estimate after the film:
relative, but for the deviation of the stray light."""
_LINEAR: Final = frozenset({"epsilon_infinity", "gap_ev", "plasma_ev2", "localised_strength", "void_fraction"})
LOGARITHMIC: Final = np.array([name not in _LINEAR for name in PARAMETERS])
"""Which film parameters have a prior, and a normal uncertainty, in their logarithm."""
START_THICKNESSES_M: Final = 1e-9 * np.array(
    [12.0, 20.0, 32.0, 46.0, 62.0, 80.0, 100.0, 122.0, 146.0, 172.0, 200.0, 230.0, 262.0, 296.0, 332.0]
)
"""Where the search begins without fringes, closer than the distance of minima."""
THICK_M: Final = 1e-9 * np.arange(350.0, 900.0, 34.0)
"""Where it goes on, for films whose fringes were not told apart."""
_FWHM: Final = math.sqrt(8.0 * math.log(2.0))
_MOST_VOIDS = 0.5
_GROUP_EV = 0.012
"""Readings closer than this are averaged before the fit: a fortieth of a fringe of a film of half a micrometre."""
_SCAN_GROUP_EV = 0.08
_SCAN_NOISE = 0.02
"""Least noise assumed in the search, so that a poor model still shows the valleys."""
_FARTHEST = 2.0
"""Largest step of the search, in standard deviations of the priors."""
_FLOOR = 0.03
"""Damping relative to the curvature of the data, where that is stiffer than the prior."""
_FIRM = 0.5
"""Width of the priors in the search, relative: no odd films on the way."""
_PLASMA_AT = PARAMETERS.index("plasma_ev2")
_PLASMA = (-0.5, 0.5, 2.0)
"""Where the search begins in the plasma energy, which moves the valleys of thick films: widths of the firm prior."""
_WALKS = 6
"""How many of the starts are followed."""
_ROUNDS = ((3, 3), (3, 2))
"""Steps of the search and how many of the films go on, in turn."""
_EVALUATIONS = 30
_SMALL = 1e-5
_GOOD = 1.5
"""Misfit below which no other start is tried."""


class Spectrum(NamedTuple):
    """Measured fractions with their noise (one standard deviation); all one number a wavelength."""

    wavelength_m: Floats
    transmittance: Floats
    reflectance: Floats
    noise: Floats
    plate_index: Floats
    beyond_change: Floats
    """1 where the second detector read, else 0."""
    slit_m: float
    """Full width at half maximum, of a Gaussian."""
    stray: float
    """Share of stray light as specified."""

    def grouped(self, width_ev: float) -> "Spectrum":
        """Means over groups of neighbours within `width_ev` of photon energy, read by one detector."""
        cell = np.floor(PLANCK_TIMES_LIGHT_EV_M / self.wavelength_m / width_ev) + 1e6 * self.beyond_change
        first = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]]))
        number = np.diff(np.append(first, len(cell)))
        light, through, back, noise, plate, beyond = (
            np.add.reduceat(column, first) / number
            for column in (*self[:3], self.noise**2, self.plate_index, self.beyond_change)
        )
        return Spectrum(light, through, back, np.sqrt(noise / number), plate, beyond, *self[6:])


class Priors(NamedTuple):
    """Centre and width of each film parameter (width relative where `LOGARITHMIC`), and the size of each error."""

    centre: Floats
    width: Floats
    error_size: Floats


class Fitted(NamedTuple):
    """The estimate; `covariance` and `random` in the scale of the priors: logarithms where `LOGARITHMIC`."""

    film: Floats
    """Values of `PARAMETERS`."""
    errors: Floats
    covariance: Floats
    random: Floats
    """Part of the covariance that comes from noise."""
    misfit: float
    """χ² of the data over the number of data less the number of parameters: 1 for a right model."""


class _Problem:
    """Residuals and slopes over z, the distance from the priors in their widths."""

    def __init__(self, spectrum: Spectrum, priors: Priors, least_noise: float = 0.0) -> None:
        self.spectrum, self.priors = spectrum, priors
        number = len(spectrum.wavelength_m)
        self.weight = 1.0 / np.maximum(spectrum.noise, least_noise)
        self.found = np.empty((2, number))
        self.along = np.empty((2, number, FILM))
        self.room = np.zeros((2, FILM))
        self.compiled = _compiled()
        # Factors of the second difference: half the variance of the slit over the spacings.
        step = np.diff(spectrum.wavelength_m)
        self.rise = 0.5 * (spectrum.slit_m / _FWHM) ** 2 / step
        self.bend = 2.0 / (step[1:] + step[:-1])
        self.logarithmic = np.log(priors.centre, out=np.zeros(FILM), where=LOGARITHMIC)

    def film(self, z: Floats) -> Floats:
        """Parameters at z."""
        moved = self.priors.width * z[:FILM]
        values: Floats = np.where(
            LOGARITHMIC, np.exp(np.clip(self.logarithmic + moved, -60.0, 60.0)), self.priors.centre + moved
        )
        # A face cannot be rougher than the film is thick.
        values[1] = min(values[1], 0.5 * values[0])
        values[-1] = min(max(values[-1], 0.0), _MOST_VOIDS)
        values[BROADENING] = min(values[BROADENING], BROADEST * values[PEAK])
        return values

    def gains(self, z: Floats) -> tuple[Floats, Floats]:
        error, beyond = self.priors.error_size * z[FILM:], self.spectrum.beyond_change
        return 1.0 + error[0] + error[1] * beyond, 1.0 + error[2] + error[3] * beyond

    def residuals(self, z: Floats) -> Floats:
        """Measured less modelled over noise, then z itself."""
        s = self.spectrum
        self.compiled.spectra(self.film(z), s.wavelength_m, s.plate_index, self.found)
        self._as_seen(z)
        return self._differences(z)

    def slopes(self, z: Floats) -> Floats:
        """Derivatives of `residuals` (of a film within its limits of roughness and voids)."""
        return self.both(z)[1]

    def both(self, z: Floats) -> tuple[Floats, Floats]:
        s, p = self.spectrum, self.priors
        film = self.film(z)
        self.compiled.slopes(film, s.wavelength_m, s.plate_index, self.found, self.along, self.room[0], self.room[1])
        self._as_seen(z)
        number = len(s.wavelength_m)
        scale = p.width * np.where(LOGARITHMIC, film, 1.0)
        jacobian = np.zeros((2 * number + len(z), len(z)))
        for side, gain in enumerate(self.gains(z)):
            rows = slice(side * number, (side + 1) * number)
            jacobian[rows, :FILM] = -(gain * self.weight)[:, None] * self.along[side] * scale
            light = -self.weight * self.found[side]
            jacobian[rows, FILM + 2 * side] = light * p.error_size[2 * side]
            jacobian[rows, FILM + 2 * side + 1] = light * p.error_size[2 * side + 1] * s.beyond_change
            jacobian[rows, -1] = -self.weight * (1.0 - self.found[side]) * p.error_size[-1]
        jacobian[2 * number :] = np.eye(len(z))
        return self._differences(z), jacobian

    def _as_seen(self, z: Floats) -> None:
        """What the slit makes of the model, f + w²f''/2 with w² the variance of the slit, and the stray light."""
        self.found[:, 1:-1] += np.diff(np.diff(self.found) * self.rise) * self.bend
        stray = self.spectrum.stray + self.priors.error_size[-1] * z[-1]
        self.found += stray * (1.0 - self.found)

    def _differences(self, z: Floats) -> Floats:
        s = self.spectrum
        through, back = self.gains(z)
        return np.concatenate(
            [
                self.weight * (s.transmittance - through * self.found[0]),
                self.weight * (s.reflectance - back * self.found[1]),
                z,
            ]
        )

    def start(self, thickness_m: float, plasma: float) -> Floats:
        """The priors' centre, with a thickness and a plasma energy (in widths of its prior)."""
        z = np.zeros(FILM + len(ERRORS))
        z[0] = (np.log(thickness_m) - self.logarithmic[0]) / self.priors.width[0]
        z[_PLASMA_AT] = plasma
        return z


def fit(spectrum: Spectrum, priors: Priors, thicknesses_m: Sequence[float] | Floats) -> Fitted:
    """The film that fits best, searched from each of `thicknesses_m`."""
    problem = _Problem(spectrum.grouped(_GROUP_EV), priors)
    best: Fitted | None = None
    for start in _starts(spectrum, priors, thicknesses_m):
        found = _estimate(problem, start)
        if best is None or found.misfit < best.misfit:
            best = found
        if best.misfit < _GOOD:
            break
    if best is None:
        raise InvalidInputError("thicknesses_m", thicknesses_m, "at least one")
    return best


def _estimate(problem: _Problem, start: Floats) -> Fitted:
    priors = problem.priors
    z = least_squares(
        problem.residuals, start, jac=problem.slopes, method="lm", max_nfev=_EVALUATIONS, xtol=_SMALL, ftol=_SMALL
    ).x
    residuals, jacobian = problem.both(z)
    data = len(residuals) - len(z)
    information = jacobian[:data].T @ jacobian[:data]
    covariance = np.asarray(np.linalg.inv(information + np.eye(len(z))), dtype=np.float64)
    scale = np.concatenate([priors.width, priors.error_size])
    outer = np.outer(scale, scale)
    return Fitted(
        problem.film(z),
        priors.error_size * z[FILM:],
        covariance * outer,
        (covariance @ information @ covariance) * outer,
        float(residuals[:data] @ residuals[:data]) / max(data - FILM, 1),
    )


def _starts(spectrum: Spectrum, priors: Priors, thicknesses_m: Sequence[float] | Floats) -> list[Floats]:
    """Where to start, the most promising first."""
    firm = priors._replace(width=np.where(np.arange(FILM) > 0, _FIRM * priors.width, priors.width))
    problem = _Problem(spectrum.grouped(_SCAN_GROUP_EV), firm, _SCAN_NOISE)
    starts = [problem.start(thickness, plasma) for thickness in thicknesses_m for plasma in _PLASMA]
    residuals = [problem.residuals(z) for z in starts]
    promising = np.argsort([r @ r for r in residuals])[:_WALKS]
    running = [_Walk(problem, starts[i]) for i in promising]
    for steps, kept in _ROUNDS:
        for walk in running:
            walk.go(steps)
        running = sorted(running, key=lambda walk: walk.cost)[:kept]
    return [np.concatenate([walk.z[:1], _FIRM * walk.z[1:FILM], walk.z[FILM:]]) for walk in running]


class _Walk:
    """Levenberg-Marquardt from one start, a few steps at a time; the damping counts in widths of the priors."""

    def __init__(self, problem: _Problem, start: Floats) -> None:
        self.problem, self.z, self.damping = problem, start, 1.0
        self.residuals, self.jacobian = problem.both(start)
        self.cost = float(self.residuals @ self.residuals)

    def go(self, steps: int) -> None:
        for _ in range(steps):
            normal = self.jacobian.T @ self.jacobian
            scale = self.damping * np.maximum(_FLOOR * normal.diagonal(), 1.0)
            step = np.linalg.solve(normal + np.diag(scale), -self.jacobian.T @ self.residuals)
            z = self.z + np.clip(step, -_FARTHEST, _FARTHEST)
            residuals, jacobian = self.problem.both(z)
            cost = float(residuals @ residuals)
            if cost < self.cost:
                self.z, self.residuals, self.jacobian, self.cost = z, residuals, jacobian, cost
                self.damping *= 0.2
            else:
                self.damping *= 5.0


@cache
def _compiled() -> Any:
    return bind(spectrum_slopes, "numba")
