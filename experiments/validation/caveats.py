"""What no row can show: what the twin leaves out, and where the literature disagrees with itself."""

from typing import Final, NamedTuple


class Caveat(NamedTuple):
    """One thing to know before trusting a number."""

    topic: str
    text: str


LEFT_OUT: Final = (
    Caveat(
        "target",
        "One uniform eroded area: no racetrack profile in the reactive balance, no implantation, no redeposition.",
    ),
    Caveat(
        "plasma",
        "The discharge is a current-voltage law; density, potential and electron temperature are not solved for.",
    ),
    Caveat(
        "gas", "Argon at one temperature between target and substrate; sputter wind and density gradients are left out."
    ),
    Caveat(
        "transport",
        "Atoms scatter on argon alone, not on the reactive gas nor on each other; sticking is one.",
    ),
    Caveat("walls", "All walls are one surface with one coverage; shadowing and shields are left out."),
    Caveat(
        "film",
        "Properties are means through the thickness of a layer; gradients need slices or more layers.",
    ),
    Caveat(
        "phases", "Titania is amorphous, anatase, or rutile with suboxide; brookite and Magneli phases are left out."
    ),
    Caveat("light", "A film is one homogeneous layer of mean carriers; phases share one dielectric function."),
    Caveat(
        "surface",
        "Lattice models of growth know one species and no crystal faces; their pictures are statistics.",
    ),
    Caveat(
        "surrogate", "Everything is at rest: drift, arcs, failures and the way to the set point belong to the chamber."
    ),
)

DISAGREEMENTS: Final = (
    Caveat(
        "sputter yields",
        "Two semi-empirical fits of the same yield differ by 15 to 30 %; a chamber therefore draws its own.",
    ),
    Caveat(
        "electron yield of oxidised titanium",
        "Ion beams give more electrons than from the metal (0.6 against 0.1), magnetrons fewer (0.08 against 0.11): "
        "the voltage falls or rises on poisoning. Both are kept by name; the chambers use the magnetron value.",
    ),
    Caveat(
        "phase of sputtered titania",
        "Bombardment decides between anatase and rutile (energy per atom, JVSTA 10, 1479 (1992)), or nucleation alone "
        "(Jia et al. 2016). Both are kept by name in the material file; bombardment is the default.",
    ),
    Caveat(
        "activation energy of anatase to rutile",
        "207 kJ/mol and 22 kJ/mol within one paper, 0.6 eV for sputtered films: not transferable between films.",
    ),
    Caveat(
        "index of titania", "2.16 to 2.52 at 550 nm in data bases of films: density and phase, not error of the fit."
    ),
    Caveat(
        "index of alumina", "1.656 and 1.630 at 550 nm for two films: a process effect that the twin does not predict."
    ),
)
