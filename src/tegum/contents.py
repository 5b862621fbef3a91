"""Arrays that descriptions hold: known by their contents, and read from files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np

from tegum.dims import F64
from tegum.errors import joined
from tegum.memory import lacking
from tegum.spec import BrokenRule

#: Larger arrays are in JSON by their digest alone: files of Datasets have no room for more.
WRITTEN_OUT: Final = 2_000
#: So few numbers are shown.
_SHOWN: Final = 8
#: What files are read.
SUFFIXES: Final = (".npy", ".safetensors")


class Content:
    """A frozen array of numbers, equal to every other with the same numbers.

    Args:
        values: the numbers; they are copied, in float64 and C order.
        file: where they were read, "" for nowhere.
    """

    __slots__ = ("__weakref__", "digest", "file", "values")

    def __init__(self, values: Any, file: str = "") -> None:
        # a copy without -0.0, which equals 0 in other bytes
        self.values: F64 = np.asarray(np.array(values, np.float64, order="C") + 0.0)
        self.values.flags.writeable = False
        self.file = file
        digest = blake2b(repr(self.values.shape).encode(), digest_size=16)
        digest.update(self.values.tobytes())
        self.digest = digest.hexdigest()
        _KNOWN.setdefault(self.digest, self)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return self.values.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """The array itself for numpy."""
        return np.array(self.values, dtype) if dtype or copy else self.values

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[type[Content], tuple[F64, str]]:
        return Content, (self.values, self.file)

    def __repr__(self) -> str:
        if self.values.size <= _SHOWN:
            return repr(self.values.tolist())
        where = f" of {self.file}" if self.file else ""
        return f"{' x '.join(map(str, self.shape))} numbers{where}"

    def written(self, placed: bool) -> Any:
        """What JSON has: the numbers, or their digest and, if `placed`, their file."""
        if self.values.size <= WRITTEN_OUT:
            return self.values.tolist()
        known = {"digest": self.digest, "shape": list(self.shape)}
        return {**known, "file": self.file} if placed and self.file else known


#: Whether files may be read.
_FILES: Final = ContextVar("files", default=True)
#: Every array that this process still holds, by its digest.
_KNOWN: Final[WeakValueDictionary[str, Content]] = WeakValueDictionary()


def content_of(value: Any) -> Content:
    """An array, from numbers, the path of a file or what JSON has; else BrokenRule."""
    if isinstance(value, Content):
        return value
    if isinstance(value, str) or hasattr(value, "__fspath__"):
        return from_file(value)
    if isinstance(value, Mapping):
        return _by_digest(value)
    return Content(numbers(value, value))


def weights_of(value: Any) -> Content | None:
    """Weights, a row of numbers >= 0, not all 0; None for none."""
    if value is None:
        return None
    found = content_of(value)
    if len(found.shape) != 1 or (found.values < 0).any() or not found.values.any():
        raise BrokenRule("must be a row of numbers >= 0, not all 0", value)
    return found


def shares(weights: Content | None, count: int) -> F64:
    """Weights as chances (count,), which sum to 1; equal ones where there are none."""
    if weights is None:
        return np.full(count, 1.0 / count)
    share = weights.values / weights.values.max()
    return np.asarray(share / share.sum())


def _by_digest(value: Mapping[Any, Any]) -> Content:
    """What is known by its digest: an array of this process, or in the file that is named."""
    digest = str(value.get("digest"))
    found = _KNOWN.get(digest)
    if found is not None:
        return found
    if value.get("file"):
        found = from_file(value["file"])
        if found.digest == digest:
            return found
        raise BrokenRule("must be the file as it was: it holds other numbers now", value["file"])
    rule = "is known by its digest alone, and no such array was given in this process yet"
    raise BrokenRule(f"{rule}: give it once more", digest)


@contextmanager
def without_files() -> Iterator[None]:
    """Within this, arrays are numbers: for those who may not name files, nor functions."""
    token = _FILES.set(False)
    try:
        yield
    finally:
        _FILES.reset(token)


def may_read_files() -> bool:
    """Whether this is outside of `without_files`."""
    return _FILES.get()


def from_file(path: Any) -> Content:
    """The array of a .npy file, or the one of a .safetensors file (`x` of several).

    Raises BrokenRule for what cannot be read; nothing in a file is run.
    """
    name = os.fspath(path)
    if not _FILES.get():
        raise BrokenRule("must be an array of numbers: no files are read here", name)
    try:
        if lack := lacking(3.0 * Path(name).stat().st_size):
            raise BrokenRule(f"needs {lack}", name)
        if name.endswith(".npy"):
            found = _of_npy(name)
        elif name.endswith(".safetensors"):
            found = _of_safetensors(name)
        else:
            raise BrokenRule(f"must be a file of {' or '.join(SUFFIXES)}", name)
    except BrokenRule:
        raise
    except Exception as error:  # whatever numpy and safetensors have to say of a damaged file
        raise BrokenRule(f"cannot be read ({joined(error)})", name) from None
    return Content(numbers(found, name), os.path.abspath(name))


def _of_npy(name: str) -> Any:
    with open(name, "rb") as file:  # numpy takes another file for a pickle, and advises to run it
        begin = file.read(len(np.lib.format.MAGIC_PREFIX))
    if begin != np.lib.format.MAGIC_PREFIX:
        raise BrokenRule("must be a .npy file, and does not begin as one", name)
    return np.load(name, allow_pickle=False)


def _of_safetensors(name: str) -> Any:
    from safetensors.numpy import load_file

    arrays = load_file(name)
    if len(arrays) != 1 and "x" not in arrays:
        rule = f"must be a file with one array, or one called x, not {len(arrays)}"
        raise BrokenRule(rule, name)
    return arrays["x"] if "x" in arrays else next(iter(arrays.values()))


def numbers(given: Any, value: Any) -> F64:
    """Real and finite numbers of any shape; BrokenRule says of `value` that they are not."""
    try:
        plain = np.asarray(given)
    except (ValueError, TypeError):
        raise BrokenRule("must be an array of real numbers", value) from None
    if plain.dtype.kind not in "fiub":
        raise BrokenRule("must be an array of real numbers", value)
    with np.errstate(over="ignore"):  # a longer kind of number becomes infinite
        array = plain.astype(np.float64)
    if not np.isfinite(array).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        where = "".join(f"[{k}]" for k in place)
        raise BrokenRule("must be finite", float(array[place]), where)
    return array
