"""The entry point of the command `tegum`: parse, run, and turn errors into one line and a code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tegum.errors import TegumError

OK, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tegum` with these arguments (`sys.argv` by default) and return its exit code.

    0: done, every verdict as expected. 1: some verdict was not. 2: bad arguments or input, told
    in one line on stderr. 130: Ctrl-C. 141: nobody reads the output any more.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt as interrupt:
        print(f"\n{interrupt or 'interrupted'}", file=sys.stderr)
        return INTERRUPTED
    except TegumError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except MemoryError as error:
        print(f"error: out of memory: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    return code


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["--version"]:
        from tegum import __version__

        print(f"tegum {__version__}")
        return OK
    from tegum.cli.arguments import parse

    command = parse(arguments)
    return OK if command is None else command.run(arguments)


def _discard_output() -> None:
    # What is still buffered has no reader; the interpreter must not complain of it on the way out.
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
