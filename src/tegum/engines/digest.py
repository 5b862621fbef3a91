"""What tells an engine from an earlier state of itself: the sources its results depend on."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

#: Files that the results of engines depend on, beside their own; how kernels are compiled, and how
#: they find one another, among them.
_COMMON: Final = (
    *(Path(__file__).with_name(f"{name}.py") for name in ("linked", "parts", "portable")),
    *(Path(__file__).with_name(f"{name}.py") for name in ("numpy_rows", "xavier")),
    Path(__file__).parents[1] / "models" / "activations.py",
)
#: Engines by what others they are built of.
BUILT_OF: Final = {"dictionaries": ("sampled",)}


@cache
def sources_digest(folder: Path) -> str:
    """`digest_of` an engine's folder, read once: results may change when it does."""
    return digest_of(folder)


def digest_of(folder: Path) -> str:
    """A digest of the Python files in a folder, and of those that all engines take numbers from.

    And of the engines whose kernels those of this one call.
    """
    digest = blake2b(digest_size=8)
    others = [folder.with_name(name) for name in BUILT_OF.get(folder.name, ())]
    own = [path for place in (folder, *others) for path in sorted(place.glob("*.py"))]
    for path in (*own, *_COMMON):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
