"""What every verb says and how it ends: one JSON object or text on stdout, all else on stderr, an exit code.

Exit codes: 0 success, 1 failure, 2 bad input, 130 stopped by Ctrl-C. A refusal is one line, ``error: ...``.
"""

import json
import logging
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from tansaki.twin.errors import InvalidInputError, TansakiError

FAILURE = 1
BAD_INPUT = 2
INTERRUPTED = 130

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; everything else on stderr.")]

# typer carries its own copy of click; its exception classes are reached through the one it makes public.
_ClickException: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class StoppedError(TansakiError):
    """Stopped by Ctrl-C; the message says how to go on."""


def answer(result: Mapping[str, Any], as_json: bool, lines: Sequence[str]) -> None:
    """Print the result of a verb: `result` as one JSON object, or `lines` for a person."""
    if as_json:
        sys.stdout.write(json.dumps(_plain(result), ensure_ascii=False, allow_nan=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def execute(app: typer.Typer, arguments: Sequence[str] | None) -> int:
    """Run the command line and return its exit code; errors of ours become one line on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lowercase("%(levelname)s: %(message)s"))
    logger = logging.getLogger("tansaki")
    logger.addHandler(handler)
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="tansaki", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except StoppedError as stopped:
        return _refuse(str(stopped), INTERRUPTED)
    except InvalidInputError as error:
        return _refuse(str(error), BAD_INPUT)
    except TansakiError as error:
        return _refuse(str(error), FAILURE)
    except _ClickException as error:
        return _refuse(error.format_message(), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return _refuse("stopped", INTERRUPTED)
    finally:
        logger.removeHandler(handler)


def _refuse(message: str, code: int) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code


class _Lowercase(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        record.levelname = record.levelname.lower()
        return super().format(record)


def _plain(value: Any) -> Any:
    """`value` as JSON has it: numpy scalars and arrays unpacked, numbers that are not finite as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
