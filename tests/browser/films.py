"""How many frames a film has, from its bytes: as RFC 8794 (WebM) and ISO 14496-12 (MP4) say."""

from __future__ import annotations

from collections.abc import Iterator

SEGMENT, CLUSTER, GROUP = 0x18538067, 0x1F43B675, 0xA0
BLOCK, SIMPLE_BLOCK = 0xA1, 0xA3
#: The boxes of MP4 that lead to the table of sizes, which has an entry for each frame.
WAY = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def frames(data: bytes) -> int:
    """Of a WebM or an MP4 with one track."""
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return sum(name in (BLOCK, SIMPLE_BLOCK) for name in _elements(data, 0, len(data)))
    assert data[4:8] == b"ftyp", data[:12]
    low, high = 0, len(data)
    for name in (*WAY, b"stsz"):
        low, high = _box(data, low, high, name)
    return int.from_bytes(data[low + 8 : low + 12], "big")


def _elements(data: bytes, low: int, high: int) -> Iterator[int]:
    """The names of all elements, those within masters too."""
    while low < high:
        name, low = _number(data, low, keep=True)
        size, low = _number(data, low, keep=False)
        end = high if size is None else low + size
        yield name
        if name in (SEGMENT, CLUSTER, GROUP):
            yield from _elements(data, low, end)
        low = end


def _number(data: bytes, at: int, *, keep: bool) -> tuple[int, int]:
    """A number of variable length and where it ends; None where all its bits are set."""
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    if not keep:
        value -= 1 << 7 * length
        if value == (1 << 7 * length) - 1:
            value = None  # type: ignore[assignment]
    return value, at + length


def _box(data: bytes, low: int, high: int, wanted: bytes) -> tuple[int, int]:
    """Where the inside of the first box of this name begins and ends."""
    while low < high:
        size, head = int.from_bytes(data[low : low + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[low + 8 : low + 16], "big"), 16
        if data[low + 4 : low + 8] == wanted:
            return low + head, low + (size or high - low)
        low += size or high - low
    raise AssertionError(f"no {wanted!r}")
