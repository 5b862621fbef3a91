"""Files that say whether they are as they were written: their last line is a checksum of the rest.

What a file is otherwise stays as it is: netCDF libraries read no further than their own end.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

_SIZE: Final = 20
_WORDS: Final = b"\ntegum checksum "
_BLOCK: Final = 1 << 20
#: Bytes of the last line.
LENGTH: Final = len(_WORDS) + 2 * _SIZE + 1


def seal(body: bytes, name: str = "") -> bytes:
    """`body` and the line that `unseal` asks for; with a name, it is good under that name alone."""
    return body + _line(_digest(name, body))


def unseal(raw: bytes, name: str = "") -> memoryview | None:
    """What `seal` was given, or None where a byte, the length or the name is another."""
    body, line = memoryview(raw)[:-LENGTH], raw[-LENGTH:]
    return body if line == _line(_digest(name, body)) else None


def seal_file(path: Path) -> None:
    """Add the line to a file."""
    with path.open("r+b") as file:
        file.write(_line(_digest_of(file, path.stat().st_size)))


def check_file(path: Path) -> Literal["sound", "damaged", "bare"]:
    """Whether a file is as `seal_file` left it, or another, or has no such line."""
    size = path.stat().st_size - LENGTH
    with path.open("rb") as file:
        if size < 0:
            return "bare"
        file.seek(size)
        line = file.read()
        if not (line.startswith(_WORDS) and line.endswith(b"\n")):
            return "bare"
        file.seek(0)
        return "sound" if line == _line(_digest_of(file, size)) else "damaged"


def of_json(data: Any) -> str:
    """The checksum of JSON data, however it is laid out."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return _digest("", text.encode()).hexdigest()


def _digest(name: str, body: bytes | memoryview) -> blake2b:
    digest = blake2b(name.encode() + b"\0", digest_size=_SIZE)
    digest.update(body)
    return digest


def _digest_of(file: BinaryIO, size: int) -> blake2b:
    """Of the first `size` bytes, which are read; as `_digest` without a name."""
    digest = blake2b(b"\0", digest_size=_SIZE)
    while size > 0 and (block := file.read(min(size, _BLOCK))):
        digest.update(block)
        size -= len(block)
    return digest


def _line(digest: blake2b) -> bytes:
    return _WORDS + digest.hexdigest().encode() + b"\n"
