"""Digests: of an array, and of everything that decides an answer, the equations and the numbers of a package."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray


def array_digest(array: NDArray[np.generic]) -> str:
    """SHA-256 over dtype, shape and bytes (C order): the name under which an array is kept."""
    head = f"{array.dtype.str} {array.shape} ".encode()
    return sha256(head + array.tobytes()).hexdigest()


@cache
def package_digest(package: str) -> str:
    """SHA-256 over the source and data files of `package`; changes with any of them."""
    digest = sha256()
    for name, content in sorted(_contents(files(package))):
        digest.update(name.encode() + b"\0" + sha256(content).digest())
    return digest.hexdigest()


def _contents(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _contents(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".toml")):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
