"""Least squares of a reflectivity scan: one film, what has mixed below it, and its plate.

Fitted are counts, through foils and dead time, on the scale 2√(N + 3/8) on which Poisson noise has variance 1. What is
specified but not known (angle, lit length, foils, dead time, plate, mixed layer) is fitted with its
specified size as prior, so that the covariance holds what these errors do to each value. With JᵀJ from the counts and P
from the priors, C = (JᵀJ + P)⁻¹; the noise of the counts leaves C·JᵀJ·C, the priors C·P·C, which no repeat averages
away.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from tansaki.twin.backends import bind
from tansaki.twin.measurement.x_ray import reflectivity_loops
from tansaki.twin.measurement.x_ray.divergence import gaussian_nodes
from tansaki.twin.measurement.x_ray.parratt import Stack
from tansaki.twin.measurement.x_ray.reflectivity_scan import Scan
from tansaki.twin.measurement.x_ray.reflectometer_response import momentum_transfer

Floats = NDArray[np.float64]
INTENSITY, BACKGROUND, THICKNESS, DENSITY, ROUGHNESS, BURIED = range(6)
MIXED, PLATE, ANGLE, LIT, DEAD, FOIL = range(6, 12)
"""Places of the parameters: ln (1/s), ln (1/s), nm, ln (g/cm³), nm, nm; from `MIXED` on in specified sizes."""
_STEPS = {THICKNESS: 1e-4, DENSITY: 1e-5, ROUGHNESS: 1e-4, BURIED: 1e-4, MIXED: 1e-3, PLATE: 1e-2}
_NM = 1e-9
_EDGE_NODE, _NODE = 0.3, 1.2
"""Longest spacing of the angles at which R is worked out, in standard deviations of the divergence, near the critical
angle and beyond it."""


class Start(NamedTuple):
    """Where a fit begins."""

    intensity_per_s: float
    background_per_s: float
    thickness_nm: float | None
    """None for a film too thick to have fringes."""
    density_g_cm3: float
    roughness_nm: float
    buried_nm: float


class Fit(NamedTuple):
    """Values and covariances in the order of the parameters; those of a fit without fringes lack nothing but sense
    at `THICKNESS` and `BURIED`."""

    values: Floats
    random: Floats
    systematic: Floats
    chi_square: float
    """Of the counts alone."""
    misfit: float
    """Root mean square of ln(counts over model) beyond what Poisson noise explains."""


class FilmModel:
    """Counts of a scan as a function of the parameters, and their derivatives."""

    def __init__(self, scan: Scan, edge_rad: float) -> None:
        self.scan = scan
        self.loops = bind(reflectivity_loops, "numba")
        self.levels = np.unique(scan.attenuation)[1:]
        split = int(np.clip(np.searchsorted(scan.glancing_rad, 1.4 * edge_rad), 2, len(scan.glancing_rad) - 2))
        self.pieces = [
            _Piece(scan, slice(0, split), _EDGE_NODE),
            _Piece(scan, slice(split, len(scan.glancing_rad)), _NODE),
        ]
        self.size = FOIL + len(self.levels)
        # A step of the search that goes astray stays finite, and finds no way on there.
        self.lowest = np.array([-9.0, -9.0, -900.0, -3.0, -9.0, -9.0] + [-9.0] * (self.size - MIXED))
        self.highest = np.array([60.0, 30.0, 900.0, 3.4, 9.0, 9.0] + [9.0] * (self.size - MIXED))
        self.behind = np.array([scan.attenuation == level for level in self.levels], dtype=float).reshape(
            len(self.levels), len(scan.counts)
        )
        self.observed = 2.0 * np.sqrt(scan.counts + 0.375)
        self.logarithm = np.log(scan.counts + 0.5)
        self.soft_weight = 1.0 / np.sqrt(0.01 + 1.0 / (scan.counts + 1.0))

    def reflectivity(self, p: Floats, thick: bool) -> Floats:
        """R at each point, smeared by the divergence."""
        p = np.clip(p, self.lowest, self.highest)
        stack, offset = self._stack(p, thick), float(p[ANGLE]) * self.scan.number["angle_rad"]
        wavelength = self.scan.number["wavelength_m"]
        return np.concatenate(
            [
                self.loops.smeared(
                    self.loops.curve(momentum_transfer(piece.fine_rad + offset, wavelength), stack),
                    piece.weights,
                    piece.stride,
                )
                for piece in self.pieces
            ]
        )

    def counts(self, p: Floats, reflectivity: Floats) -> tuple[Floats, Floats]:
        """Mean counts, and their derivatives (parameters, points) by all but what R depends on; at the place of
        `THICKNESS` stands that by ln R."""
        n, scan = self.scan.number, self.scan
        p = np.clip(p, self.lowest, self.highest)
        lit = np.exp(n["footprint_spread"] * p[LIT]) * self.scan.footprint_ratio
        sine = np.sin(scan.glancing_rad + p[ANGLE] * n["angle_rad"])
        whole = lit * sine >= 1.0
        foils = np.exp(n["attenuator_spread"] * (p[FOIL:] @ self.behind)) / scan.attenuation
        signal = foils * math.exp(p[INTENSITY]) * np.where(whole, 1.0, lit * sine) * reflectivity
        background = math.exp(p[BACKGROUND])
        dead_time = n["dead_time_s"] * (1.0 + n["dead_time_spread"] * p[DEAD])
        rate = signal + background
        live = 1.0 / (1.0 + rate * dead_time)
        seconds = n["count_time_s"]
        slope = np.zeros((self.size, len(rate)))
        by_rate = seconds * live * live
        slope[INTENSITY] = slope[THICKNESS] = by_rate * signal
        slope[BACKGROUND] = by_rate * background
        slope[LIT] = np.where(whole, 0.0, n["footprint_spread"] * slope[INTENSITY])
        slope[DEAD] = -by_rate * rate * rate * n["dead_time_s"] * n["dead_time_spread"]
        slope[FOIL:] = n["attenuator_spread"] * self.behind * slope[INTENSITY]
        return seconds * rate * live, slope

    def residuals(self, p: Floats, thick: bool, soft: bool) -> Floats:
        """Counts, then priors; `soft` on a logarithmic scale on which no point counts more than its tenth."""
        mean, _ = self.counts(p, self.reflectivity(p, thick))
        if soft:
            logarithmic: Floats = self.soft_weight * (self.logarithm - np.log(mean + 0.5))
            return logarithmic
        return np.concatenate([self.observed - 2.0 * np.sqrt(mean + 0.375), p[MIXED:]])

    def jacobian(self, p: Floats, thick: bool, soft: bool) -> Floats:
        """Derivatives of the residuals (residuals, parameters)."""
        reflectivity = self.reflectivity(p, thick)
        mean, slope = self.counts(p, reflectivity)
        by_logarithm = slope[THICKNESS].copy()
        slope[THICKNESS] = 0.0
        for place, step in _STEPS.items():
            if (thick and place in (THICKNESS, BURIED, MIXED, PLATE)) or (soft and place >= MIXED):
                continue
            moved = p.copy()
            moved[place] += step
            slope[place] = by_logarithm * (self.reflectivity(moved, thick) / reflectivity - 1.0) / step
        if soft:
            return -(slope[:MIXED] * self.soft_weight / (mean + 0.5)).T
        moved = p.copy()
        moved[ANGLE] += 1e-3
        slope[ANGLE] = (self.counts(moved, self.reflectivity(moved, thick))[0] - mean) / 1e-3
        scale = 1.0 / np.sqrt(mean + 0.375)
        priors = np.zeros((self.size - MIXED, self.size))
        priors[:, MIXED:] = np.eye(self.size - MIXED)
        return np.vstack([-(slope * scale).T, priors])

    def start(self, start: Start) -> Floats:
        """Parameters of a start, all that is specified as specified."""
        p = np.zeros(self.size)
        p[INTENSITY], p[BACKGROUND] = math.log(start.intensity_per_s), math.log(start.background_per_s)
        p[THICKNESS] = start.thickness_nm or 0.0
        p[DENSITY] = math.log(start.density_g_cm3)
        p[ROUGHNESS], p[BURIED] = start.roughness_nm, start.buried_nm
        return p

    def fit(self, start: Start) -> Fit:
        """Levenberg-Marquardt from `start`: first on the soft scale, whose valleys are wide, then on that of counts."""
        thick = start.thickness_nm is None
        p = self.start(start)
        held = p[MIXED:]

        def joined(free: Floats) -> Floats:
            return np.concatenate([free, held])

        settled = least_squares(
            lambda free: self.residuals(joined(free), thick, True),  # type: ignore[misc]
            p[:MIXED],
            jac=lambda free: self.jacobian(joined(free), thick, True),  # type: ignore[misc]
            method="lm",
            x_scale="jac",
            ftol=1e-2,
            xtol=1e-2,
            max_nfev=20,
        )
        p = least_squares(
            self.residuals,
            joined(settled.x),
            jac=self.jacobian,
            method="lm",
            x_scale="jac",
            args=(thick, False),
            ftol=1e-8,
            xtol=1e-8,
            max_nfev=50,
        ).x
        return self._judged(p, self.residuals(p, thick, False), self.jacobian(p, thick, False), thick)

    def _judged(self, p: Floats, residuals: Floats, jacobian: Floats, thick: bool) -> Fit:
        points = len(self.scan.counts)
        by_counts = jacobian[:points]
        information = by_counts.T @ by_counts
        prior = np.zeros(self.size)
        prior[MIXED:] = 1.0
        # A parameter on which nothing depends keeps a wide prior in place of a singular matrix.
        loose = 1e-12 * np.maximum(np.diag(information), 1.0)
        covariance = np.linalg.inv(information + np.diag(prior + loose))
        chi_square = float(np.sum(np.square(residuals[:points])))
        mean, _ = self.counts(p, self.reflectivity(p, thick))
        logarithm = np.log((self.scan.counts + 0.5) / (mean + 0.5))
        excess = float(np.mean(np.square(logarithm) - 1.0 / (mean + 0.5)))
        return Fit(
            p,
            covariance @ information @ covariance,
            covariance @ np.diag(prior) @ covariance,
            chi_square,
            math.sqrt(max(excess, 0.0)),
        )

    def _stack(self, p: Floats, thick: bool) -> Stack:
        scan, n = self.scan, self.scan.number
        mixed_m = max(n["mixed_m"] + n["mixed_spread_m"] * float(p[MIXED]), 0.0)
        face, buried = abs(p[ROUGHNESS]) * _NM, abs(p[BURIED]) * _NM
        film = np.array(scan.film) * math.exp(p[DENSITY])
        if thick:
            densities = np.array([(0.0, 0.0), film])
            lengths = np.array([(0.0, 0.0), (0.0, face)])
        else:
            plate = np.array(scan.plate) * math.exp(n["plate_spread"] * p[PLATE])
            densities = np.array([(0.0, 0.0), film, 0.5 * (film + plate), plate])
            # As if half of what has mixed was film.
            thickness_m = max(abs(p[THICKNESS]) * _NM - 0.5 * mixed_m, 0.0)
            lengths = np.array([(0.0, 0.0), (thickness_m, face), (mixed_m, buried), (0.0, buried)])
        return Stack(*np.ascontiguousarray(densities.T), *np.ascontiguousarray(lengths.T))


class _Piece:
    """Angles at which R is worked out for a run of points, and how they are averaged."""

    def __init__(self, scan: Scan, points: slice, spacing: float) -> None:
        self.stride = math.ceil(scan.step_rad / (spacing * scan.sigma_rad))
        step = scan.step_rad / self.stride
        nodes, self.weights = gaussian_nodes(scan.sigma_rad, step)
        glancing: Any = scan.glancing_rad[points]
        number = (len(glancing) - 1) * self.stride + len(nodes)
        # Never at or below grazing: there is nothing to reflect.
        self.fine_rad = np.maximum(glancing[0] + nodes[0] + step * np.arange(number), 1e-5)
