"""What the eye sees of a whole specimen, without an instrument."""

import numpy as np

from tansaki.twin.film.light import VISIBLE_RANGE_M
from tansaki.twin.measurement.optical.spectrophotometer import sample_fractions
from tansaki.twin.specimens.specimen import Specimen


def visible_transmittance(specimen: Specimen) -> float:
    """Ideal T of films and plate, averaged over 400 to 700 nm, all wavelengths alike; near normal incidence."""
    return float(np.mean(sample_fractions(specimen, np.linspace(*VISIBLE_RANGE_M, 301)).transmitted))
