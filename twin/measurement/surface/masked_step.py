"""The edge that a mask leaves in a film: soft, because the flux creeps under the mask.

Scalar, branch-free functions over `xp` (see `tansaki.twin.backends`); SI units.
"""

# NumPy types a function of floats as Any; the annotations say what the functions are for.
# mypy: disable-error-code="no-any-return"

import numpy as xp


def covered(x_m: float, edge_m: float, width_m: float) -> float:
    """Height over that of the film: ½[1 + tanh((x − edge)/width)], from the bare substrate (low x) to the film."""
    return 0.5 * (1.0 + xp.tanh((x_m - edge_m) / width_m))
