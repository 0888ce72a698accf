"""Named random streams: a draw depends on (seed, name, index) and on nothing that happened before it.

Two agents with the same seed therefore meet the same world, a resumed campaign continues with the same
draws, and adding a stream moves no other.
"""

from zlib import crc32

import numpy as np


def generator(seed: int, name: str, *index: int) -> np.random.Generator:
    """Generator of the stream `name` (``"agent"``, ``"process noise"``, ...) at position `index`."""
    key = (crc32(name.encode()), *index)
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=key))
