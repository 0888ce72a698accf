"""One way to a laboratory: `open_laboratory` with the name of the place."""

from typing import Final

from tansaki.hardware.laboratory import Laboratory
from tansaki.twin.errors import unknown_name

PLACES: Final = ("twin",)


def open_laboratory(where: str, seed: int) -> Laboratory:
    """The laboratory `where`; ``"twin"`` calls the physics directly, with its world drawn from `seed`."""
    if where not in PLACES:
        raise unknown_name("laboratory", where, PLACES)
    from tansaki.hardware.twin_laboratory import TwinLaboratory

    return TwinLaboratory(seed)
