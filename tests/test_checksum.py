"""Files that say whether they are as they were written."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import pytest

from tegum import checksum

BODY = b"a body\n\0 of bytes"


def test_the_line_is_the_documented_hash() -> None:
    said = blake2b(b"name\0" + BODY, digest_size=20).hexdigest()
    assert checksum.seal(BODY, "name") == BODY + f"\ntegum checksum {said}\n".encode()


@pytest.mark.parametrize("body", [b"", BODY, bytes(range(256)) * 9])
def test_what_was_sealed_comes_back(body: bytes, tmp_path: Path) -> None:
    sealed = checksum.seal(body)
    assert checksum.unseal(sealed) == body
    (tmp_path / "x").write_bytes(body)
    checksum.seal_file(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == sealed
    assert checksum.check_file(tmp_path / "x") == "sound"


def test_every_change_is_noticed(tmp_path: Path) -> None:
    sealed = checksum.seal(BODY, "name")
    file = tmp_path / "x"
    plain = checksum.seal(BODY)
    for position in range(len(sealed)):
        for bit in range(8):
            bad = bytearray(sealed)
            bad[position] ^= 1 << bit
            assert checksum.unseal(bytes(bad), "name") is None
        assert checksum.unseal(sealed[:position], "name") is None
    for position in range(len(plain)):
        bad = bytearray(plain)
        bad[position] ^= 4
        file.write_bytes(bad)
        assert checksum.check_file(file) != "sound"
        file.write_bytes(plain[:position])
        assert checksum.check_file(file) != "sound"
    assert checksum.unseal(sealed + b"\n", "name") is None
    assert checksum.unseal(sealed, "another") is None
    assert checksum.unseal(sealed, "name") == BODY


def test_long_files_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_BLOCK", 7)
    (tmp_path / "x").write_bytes(BODY)
    checksum.seal_file(tmp_path / "x")
    assert checksum.check_file(tmp_path / "x") == "sound"


def test_json_counts_and_its_layout_does_not() -> None:
    data = {"a": [1, 2.5, None], "b": "é"}
    assert checksum.of_json(data) == checksum.of_json(dict(reversed(data.items())))
    for other in ({**data, "b": "e"}, {**data, "a": [1, 2.5]}, {**data, "c": 1}, [data]):
        assert checksum.of_json(other) != checksum.of_json(data)
