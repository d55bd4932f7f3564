"""The ``paksatalker`` command: how it begins and ends, and how errors become one line and an exit code.

Light to import: what takes time is imported when signals are already heard.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from paksatalker.config.allocator import give_back_large_blocks
from paksatalker.errors import Cancelled, InvalidOption, OutputUnwritable, PaksaTalkerError

if TYPE_CHECKING:
    from typer.exceptions import TyperException

_NAME = "paksatalker"
_DEFECT = 1
_STDOUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and ends the process with the documented exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        signal.signal(signal.SIGTERM, _interrupt)  # a polite kill cleans up exactly as Ctrl-C does
        _prepare_streams()
        give_back_large_blocks()
        code = _run(arguments)
    except KeyboardInterrupt:
        code = _report(Cancelled(), as_json="--json" in arguments)
    if code == Cancelled.exit_code:
        # Everything of ours is cleaned up. A native library that was interrupted half-way may wait for its own
        # threads for ever when the interpreter shuts down, so we do not ask it to.
        os._exit(code)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Runs a command, tells its error if there is one, and returns the exit code."""
    from typer.exceptions import TyperException

    try:
        code = _command(arguments)
        _flush()
    except TyperException as error:
        if error.format_message().startswith("Usage:"):  # no command is given: this is the help
            sys.stderr.write(error.format_message() + "\n")
            return error.exit_code
        return _report(_usage_error(error), as_json="--json" in arguments)
    except PaksaTalkerError as error:
        return _report(error, as_json="--json" in arguments)
    except Exception as error:  # noqa: BLE001  (the last resort: a defect of ours, said honestly)
        import traceback

        sys.stderr.write(traceback.format_exc())
        sys.stderr.write(f"error: internal error ({type(error).__name__}): a defect, please report these lines\n")
        return _DEFECT
    return code


def _command(arguments: list[str]) -> int:
    from paksatalker.cli.commands import app

    try:
        code = int(app(args=arguments, prog_name=_NAME, standalone_mode=False) or 0)
    except SystemExit as end:  # typer and rich leave so when the reader of the result has gone
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        return 0
    except OSError as error:  # unbuffered output; errors of files have a class of ours
        if error.filename is not None or error.errno not in _STDOUT_ERRORS:
            raise
        raise _no_stdout(error) from error
    if code == Cancelled.exit_code:  # typer's answer to Ctrl-C
        raise Cancelled
    return code


def _report(error: PaksaTalkerError, *, as_json: bool) -> int:
    from paksatalker.cli.console import print_error

    try:
        print_error(error, as_json=as_json)
        _flush()
    except (PaksaTalkerError, OSError):
        pass  # the exit code still tells
    return error.exit_code


def _flush() -> None:
    """Brings the result to its reader.

    Raises:
        OutputUnwritable: There is no way to it. A reader who has gone is no error: the work is done.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise _no_stdout(error) from error


def _no_stdout(error: OSError) -> OutputUnwritable:
    return OutputUnwritable("cannot write to standard output", error.strerror or str(error))


def _prepare_streams() -> None:
    """Makes sure that there are standard streams, and that no character is too strange for them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed; a video opened next would get its number, and the messages of native libraries
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  (for the whole run)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  (for the whole run)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _usage_error(error: TyperException) -> InvalidOption:
    context = getattr(error, "ctx", None)
    command = _NAME if context is None else context.command_path
    return InvalidOption(error.format_message().rstrip("."), fix=f"See: {command} --help")
