"""Binary frames: a magic number, a JSON header, little-endian arrays (see the protocol)."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = b"TGM1"
_ALIGN: Final = 8
_KINDS: Final = {"f": ("f4", "<f4"), "i": ("i4", "<i4"), "u": ("u1", "|u1"), "b": ("u1", "|u1")}


def encode(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The frame of a header and named arrays, as float32, int32 or bytes in C order."""
    described, parts, offset = [], [], 0
    for name, array in arrays.items():
        said, kind = _KINDS[array.dtype.kind]
        with np.errstate(over="ignore", invalid="ignore"):
            raw = np.ascontiguousarray(array, dtype=kind).tobytes()
        described.append(
            {"name": name, "dtype": said, "shape": list(array.shape), "offset": offset}
        )
        padded = raw + bytes(-len(raw) % _ALIGN)
        parts.append(padded)
        offset += len(padded)
    text = to_json({**header, "arrays": described}).encode()
    text += b" " * (-len(text) % _ALIGN)
    return b"".join([MAGIC, struct.pack("<I", len(text)), text, *parts])


def decode(frame: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays of a frame that `encode` made."""
    if frame[:4] != MAGIC:
        raise ValueError("not a frame")
    (length,) = struct.unpack("<I", frame[4:8])
    header: dict[str, Any] = json.loads(frame[8 : 8 + length])
    dtypes = dict(_KINDS.values())
    arrays = {}
    for entry in header["arrays"]:
        count = math.prod(entry["shape"])
        start = 8 + length + entry["offset"]
        flat = np.frombuffer(frame, dtypes[entry["dtype"]], count, start)
        arrays[entry["name"]] = flat.reshape(entry["shape"])
    return header, arrays


def to_json(data: Any) -> str:
    """JSON that can be encoded, without NaN and infinities, which become null.

    Halves of characters, as names of files may have, are written as escapes.
    """
    text = json.dumps(_finite(data), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data
