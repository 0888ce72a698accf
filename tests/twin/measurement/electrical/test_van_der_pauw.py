"""Van der Pauw's equation and finite corner contacts, against closed forms and a solution of the disc."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import eval_chebyt

from tansaki.twin.backends import bind
from tansaki.twin.measurement.electrical import van_der_pauw
from tansaki.twin.measurement.electrical.hall_analysis import DIAGONALS, SIDES
from tansaki.twin.measurement.electrical.van_der_pauw import (
    CORNER,
    DIAGONALS_MEAN_SQUARE,
    SIDES_MEAN_SQUARE,
    asymmetry_factor,
    corner_angle,
    driven_resistance,
    hall_factor,
    hall_resistance,
    resistance_factor,
    sensitivity,
    sheet_resistance,
    transfer_resistance,
)

Floats = NDArray[np.float64]
CORNERS = math.pi * (0.25 + 0.5 * np.arange(4))
ORDER = 10


def _by_terminals(terminals: int, angles: Floats) -> float:
    return float(transfer_resistance(*(angles[int(digit) - 1] for digit in str(terminals))))


def test_equal_resistances_give_pi_over_ln2() -> None:
    assert sheet_resistance(1.0, 1.0) == pytest.approx(math.pi / math.log(2.0), rel=1e-14)
    assert sheet_resistance(1.0, 1.0) == pytest.approx(4.53236, abs=1e-5)


@pytest.mark.parametrize("factor", [0.45, 0.55, 0.7, 0.9603, 0.999])
def test_asymmetry_factor_solves_its_own_equation(factor: float) -> None:
    # cosh[(r − 1)/(r + 1)·ln2/f] = ½·exp(ln2/f), solved for r given f (van der Pauw 1958; NIST).
    scaled = math.acosh(0.5 * math.exp(math.log(2.0) / factor)) * factor / math.log(2.0)
    ratio = (1.0 + scaled) / (1.0 - scaled)
    assert asymmetry_factor(ratio) == pytest.approx(factor, rel=1e-12 if ratio < 30 else 1e-6)


def test_asymmetry_factor_at_a_ratio_of_two() -> None:
    assert asymmetry_factor(2.0) == pytest.approx(0.9603, abs=1e-4)


@given(st.floats(-3.4, 3.4), st.floats(1e-2, 1e6))
def test_five_steps_solve_the_equation(log_ratio: float, first: float) -> None:
    second = first * math.exp(log_ratio)
    sheet = sheet_resistance(first, second)
    assert math.exp(-math.pi * first / sheet) + math.exp(-math.pi * second / sheet) == pytest.approx(1.0, abs=1e-12)
    step = 1e-6
    slopes = (
        (sheet_resistance(first * (1 + step), second) - sheet_resistance(first * (1 - step), second))
        / (2 * step * first),
        (sheet_resistance(first, second * (1 + step)) - sheet_resistance(first, second * (1 - step)))
        / (2 * step * second),
    )
    assert sensitivity(first, second, sheet) == pytest.approx(slopes, rel=1e-4, abs=1e-8)
    # Rs is homogeneous of degree one in both.
    a, b = sensitivity(first, second, sheet)
    assert a * first + b * second == pytest.approx(sheet, rel=1e-9)


@given(st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=4))
def test_point_contacts_anywhere_give_the_sheet_resistance(shifts: list[float]) -> None:
    angles = CORNERS + np.array(shifts)
    values = {terminals: _by_terminals(terminals, angles) for terminals in (*SIDES, *DIAGONALS)}
    # Reciprocity, van der Pauw's theorem, and misalignment that is opposite on the two diagonals.
    assert values[1243] == pytest.approx(values[4312], rel=1e-9)
    assert values[2314] == pytest.approx(values[1423], rel=1e-9)
    assert sheet_resistance(values[1243], values[2314]) == pytest.approx(1.0, rel=1e-9)
    assert values[1324] == pytest.approx(-values[2431], abs=1e-12)
    # V₂ − V₄ with current from 1 to 3 is the difference of the two sides' resistances.
    assert values[1324] == pytest.approx(values[2314] - values[1243], abs=1e-12)


def test_a_square_is_mapped_onto_the_disc() -> None:
    for angle in (1e-3, 0.02, 0.1, 0.2):
        arm = CORNER * quad(lambda r: 2.0 * r / math.sqrt(2.0 * math.sin(2.0 * r * r)), 0.0, math.sqrt(angle))[0]
        assert corner_angle(arm, 1.0) == pytest.approx(angle, rel=5e-5)
        assert corner_angle(3.0 * arm, 3.0) == pytest.approx(angle, rel=5e-5)


def _flow(halves: Floats, drive: list[float]) -> tuple[Floats, Floats]:
    """Chebyshev coefficients of the current density of four arcs [4, ORDER], and their potentials, for Rs = 1.

    Σ over arcs of ∫ −ln|w − w'|/π·Σ c_k T_k(u)/√(1 − u²) du is constant on each arc; the self term is split into
    ln|u − u'|, of which the T_k are eigenfunctions, and a smooth rest. No formula of the module is used.
    """
    fine = np.cos((np.arange(40) + 0.5) * math.pi / 40)
    nodes = np.cos((np.arange(ORDER) + 0.5) * math.pi / ORDER)
    size = 4 * ORDER
    matrix, right = np.zeros((size + 4, size + 4)), np.zeros(size + 4)
    for i in range(4):
        rows = slice(i * ORDER, (i + 1) * ORDER)
        for j in range(4):
            if i == j:
                kernel = np.log(halves[i] * np.sinc(halves[i] * (nodes[:, None] - fine) / (2.0 * math.pi)))
            else:
                apart = CORNERS[i] - CORNERS[j] + halves[i] * nodes[:, None] - halves[j] * fine
                kernel = np.log(2.0 * np.abs(np.sin(0.5 * apart)))
            for k in range(ORDER):
                whole = kernel @ eval_chebyt(k, fine) * math.pi / 40
                if i == j:
                    whole = whole - math.pi * (math.log(2.0) if k == 0 else eval_chebyt(k, nodes) / k)
                matrix[rows, j * ORDER + k] = -whole / math.pi
        matrix[rows, size + i] = -1.0
        matrix[size + i, i * ORDER] = math.pi
        right[size + i] = drive[i]
    solved = np.linalg.lstsq(matrix, right, rcond=None)[0]
    return solved[:size].reshape(4, ORDER), solved[size:]


def _hall_by_streams(halves: Floats) -> float:
    """Hall voltage over that of point contacts: ∮ψ_a dψ_b, stream functions of the two diagonals."""
    one, other = _flow(halves, [1.0, 0.0, -1.0, 0.0])[0], _flow(halves, [0.0, 1.0, 0.0, -1.0])[0]
    turn = (np.arange(400) + 0.5) * math.pi / 400
    total, before = 0.0, 0.0
    for a, b in zip(one, other, strict=True):
        stream = before + a[0] * (math.pi - turn) - sum(a[k] * np.sin(k * turn) / k for k in range(1, ORDER))
        total += float(np.sum(stream * sum(b[k] * np.cos(k * turn) for k in range(ORDER)))) * math.pi / 400
        before += math.pi * a[0]
    return total


@pytest.mark.parametrize("half", [0.005, 0.02, 0.05])
def test_finite_contacts_equal_the_solution_of_the_disc(half: float) -> None:
    halves = np.full(4, half)
    potentials = _flow(halves, [1.0, -1.0, 0.0, 0.0])[1]
    side = potentials[3] - potentials[2]
    four = (half, half, half, half)
    # To first order in the corrections: what is left is of the next one.
    assert 1.0 - sheet_resistance(side, side) == pytest.approx(1.0 - resistance_factor(four), rel=half)
    driven = potentials[0] - potentials[1]
    assert driven == pytest.approx(driven_resistance(CORNERS[0], CORNERS[1], half, half), rel=half**2)
    assert 1.0 - _hall_by_streams(halves) == pytest.approx(1.0 - hall_factor(four), rel=half)


def test_one_contact_alone_gives_its_share() -> None:
    halves = np.array([0.05, 1e-4, 1e-4, 1e-4])
    four = tuple(halves.tolist())
    assert 1.0 - _hall_by_streams(halves) == pytest.approx(1.0 - hall_factor(four), rel=0.03)
    potentials = _flow(halves, [0.0, 0.0, 1.0, -1.0])[1], _flow(halves, [0.0, 1.0, -1.0, 0.0])[1]
    sheet = sheet_resistance(potentials[0][1] - potentials[0][0], potentials[1][0] - potentials[1][3])
    # resistance_factor would be 1 − h²/(16 ln2): the remainder is below a tenth of it.
    assert 1.0 - sheet == pytest.approx(1.0 - resistance_factor(four), rel=0.1)


def _onto_square(w: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """From the unit disc with the corners at `CORNERS` to a square of side 1: CORNER·∫dt/√(1 − t⁴)."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s = 0.5 * (nodes + 1.0)
    u = w * np.exp(-0.25j * math.pi)
    inside = np.sum(weights * s / np.sqrt(1.0 - (u[..., None] * (1.0 - s * s)) ** 4), axis=-1)
    return CORNER * u * inside


def test_where_an_uneven_film_counts() -> None:
    # Integrals of E_a·E_b·r² and E_a×E_b·r² over the square, done on the disc, graded towards rim and corners.
    nodes, weights = np.polynomial.legendre.leggauss(50)
    s = 0.5 * (nodes + 1.0)
    radius, radial = 1.0 - (1.0 - s) ** 3, 1.5 * weights * (1.0 - s) ** 2
    turns = np.concatenate([CORNERS[k] + sign * 0.25 * math.pi * s**3 for k in range(4) for sign in (-1, 1)])
    angular = np.tile(0.375 * math.pi * weights * s**2, 8)
    w = radius[:, None] * np.exp(1j * turns)
    area = (radial * radius)[:, None] * angular
    corners = np.exp(1j * CORNERS)

    def field(source: int, drain: int) -> NDArray[np.complex128]:
        return -(1.0 / (w - corners[source]) - 1.0 / (w - corners[drain])) / math.pi

    squared = np.abs(_onto_square(w)) ** 2
    along = (field(0, 1) * np.conj(field(3, 2))).real * area
    across = (field(0, 2) * np.conj(field(1, 3))).imag * area
    assert along.sum() == pytest.approx(math.log(2.0) / math.pi, rel=1e-7)
    assert across.sum() == pytest.approx(1.0, rel=1e-6)
    assert np.sum(along * squared) / along.sum() == pytest.approx(SIDES_MEAN_SQUARE, rel=1e-6)
    assert np.sum(across * squared) / across.sum() == pytest.approx(DIAGONALS_MEAN_SQUARE, rel=1e-5)


def test_hall_resistance_of_a_known_sheet() -> None:
    # 1e15 cm^-2 at 1 T: B/(n_s·e) = 0.6241509 ohm; electrons read negative.
    assert hall_resistance(1.0, 1e19, -1.0) == pytest.approx(-0.6241509, rel=1e-6)


def test_engines_agree_and_differentiate() -> None:
    import jax

    rng = np.random.default_rng(1)
    shifts = rng.normal(0.0, 0.1, (4, 200)) + CORNERS[:, None]
    halves = rng.uniform(0.005, 0.05, (4, 200))

    def on(backend: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any) -> Any:
        v = bind(van_der_pauw, backend)
        scale = v.resistance_factor((e, f, g, h))
        sheet = v.sheet_resistance(scale * v.transfer_resistance(a, b, d, c), scale * v.transfer_resistance(b, c, a, d))
        hall = v.hall_resistance(0.5, 1e19, -1.0) * v.hall_factor((e, f, g, h)) * v.uneven_factors(100.0, 0.01)[1]
        return sheet + hall * v.driven_resistance(a, b, e, f) + v.corner_angle(e, 1.0)

    inputs = (*shifts, *halves)
    by_numpy = on("numpy", *inputs)
    by_numba = np.array([on("numba", *row) for row in zip(*(x.tolist() for x in inputs), strict=True)])
    np.testing.assert_allclose(by_numba, by_numpy, rtol=1e-12)
    mean = jax.jit(lambda *values: on("jax", *values))
    with jax.enable_x64(True):
        np.testing.assert_allclose(np.array(mean(*inputs)), by_numpy, rtol=1e-12)
        slopes = jax.grad(lambda values: mean(*values))(tuple(x[0] for x in inputs))
    for k, slope in enumerate(slopes):
        step = 1e-5
        up, down = ([x[0] + sign * step * (i == k) for i, x in enumerate(inputs)] for sign in (1, -1))
        numeric = (on("numpy", *up) - on("numpy", *down)) / (2.0 * step)
        assert float(slope) == pytest.approx(numeric, rel=1e-4, abs=1e-8)
