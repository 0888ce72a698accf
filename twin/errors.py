"""Errors that a person can act on: what was received, what is allowed, the likely cause."""

from collections.abc import Iterable
from difflib import get_close_matches


class TansakiError(Exception):
    """Anything tansaki refuses or fails at; the message is fit to be shown as it is."""


class InvalidInputError(TansakiError, ValueError):
    """Input from outside that cannot be used.

    The message reads ``<what>: got <received>; allowed: <allowed>; <cause>``.
    """

    def __init__(self, what: str, received: object, allowed: str, cause: str = "") -> None:
        message = f"{what}: got {received!r}; allowed: {allowed}"
        super().__init__(f"{message}; {cause}" if cause else message)


class StateError(TansakiError, RuntimeError):
    """A call that is right in itself but comes at the wrong moment."""


class BudgetExhaustedError(StateError):
    """Every experiment of the budget has been spent."""


def unknown_name(what: str, received: str, known: Iterable[str]) -> InvalidInputError:
    """Error for a name that is not in `known`, with the nearest valid one as the likely cause."""
    names = sorted(known)
    near = get_close_matches(received, names, n=1)
    return InvalidInputError(what, received, ", ".join(names), f"did you mean {near[0]!r}?" if near else "")
