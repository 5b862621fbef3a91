"""The entry point of the command `tegum`: parse, run, and turn errors into one line and a code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tegum.cli.terminal import end_notes, note, standard_output
from tegum.errors import TegumError, joined

OK, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tegum` with these arguments (`sys.argv` by default) and return its exit code.

    0: done, every verdict as expected. 1: some verdict was not. 2: bad arguments or input, told
    in one line on stderr. 130: Ctrl-C. 141: nobody reads the output any more.
    """
    try:
        return _told(list(sys.argv[1:] if argv is None else argv))
    finally:
        end_notes()


def _told(arguments: list[str]) -> int:
    try:
        with standard_output():
            return _run(arguments)
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt as interrupt:
        note("")
        note(str(interrupt) or "interrupted")
        return INTERRUPTED
    except TegumError as error:
        note(f"error: {error}")
    except MemoryError as error:
        note(f"error: out of memory: {joined(error)}")
    except OSError as error:
        note(f"error: {error.strerror or joined(error)}: {error.filename or 'no file'}")
    return BAD_INPUT


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["--version"]:
        from tegum import __version__

        print(f"tegum {__version__}")
        return OK
    if arguments[:1] == ["--cite"]:
        from tegum.cli.citation import BIBTEX

        print(BIBTEX)
        return OK
    from tegum.cli.arguments import parse

    command = parse(arguments)
    return OK if command is None else command.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
