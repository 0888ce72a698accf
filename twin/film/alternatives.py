"""Where the literature disagrees: the same material with another answer, chosen by name.

A material file may hold sections ``phase_<name>`` (what decides between anatase and rutile while a film grows) and
``jmak_<name>`` (kinetics of crystallisation). Each replaces quantities of section ``crystallisation``; the file's own
section is what its defaults name.
"""

from tansaki.twin.errors import unknown_name
from tansaki.twin.quantities import DataFile

TARGET = "crystallisation"


def names(material: DataFile, question: str) -> tuple[str, ...]:
    """Answers that `material` offers to `question` (``phase``, ``jmak``)."""
    return tuple(sorted(s.removeprefix(f"{question}_") for s in material.sections if s.startswith(f"{question}_")))


def with_alternatives(material: DataFile, *, phase: str = "bombardment", jmak: str = "usual") -> DataFile:
    """`material` with these answers in its section ``crystallisation``; with the defaults nothing changes.

    `phase`: ``bombardment`` (a logistic in the energy per atom) or ``nucleation`` (bombardment does not matter, the
    surface below does). `jmak`: ``usual`` or ``nanotubes`` (activation energies that do not transfer from one kind
    of film to another). Raises `InvalidInputError` for names that the file does not hold.
    """
    section = dict(material.section(TARGET))
    for question, answer in (("phase", phase), ("jmak", jmak)):
        if answer not in names(material, question):
            raise unknown_name(f"{question} for {material.name}", answer, names(material, question))
        section |= material.section(f"{question}_{answer}")
    return DataFile(material.name, material.title, {**material.sections, TARGET: section})
