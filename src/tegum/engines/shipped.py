"""Kernels that come with the package: object code for a level of CPUs, in place of compiling it.

A form of a kernel is a file, in a folder named by all that it depends on: a digest of the engine's
sources, Python, numba, llvmlite, and the level. What differs in any of it, or in a byte, is not
used: the kernel is compiled. `engines.kernels` makes the files.
"""

from __future__ import annotations

import lzma
import pickle
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import llvmlite.binding as llvm
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target

from tegum import checksum

#: Where they are; the folder is not there in a checkout.
HOME: Final = Path(__file__).with_name("shipped")

_V3: Final = ("avx", "avx2", "bmi", "bmi2", "cx16", "f16c", "fma", "lzcnt", "movbe", "popcnt")
#: What code of a level asks of a CPU, in LLVM's words; the first that one has is its level.
LEVELS: Final = {
    "x86-64-v4": (*_V3, "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"),
    "x86-64-v3": _V3,
}


def level_of(features: str) -> str | None:
    """The level of a CPU, by numba's list of its features; None below all."""
    known = set(features.split(","))
    for level, needed in LEVELS.items():
        if known.issuperset(f"+{name}" for name in needed):
            return level
    return None


class Shipped(_Cache):
    """Looks for a form of a kernel among those that came with the package, then in a cache."""

    def __init__(self, function: Any, folder: str, local: Any) -> None:
        self._function, self._folder, self.local = function, folder, local

    @property
    def cache_path(self) -> str:
        """Where forms that did not come with the package are kept."""
        return str(self.local.cache_path)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled form for a signature, or None."""
        target_context.refresh()
        try:
            found = self._load(sig, target_context)
        except Exception:  # whatever another system may raise: compile
            found = None
        return found or self.local.load_overload(sig, target_context)

    def _load(self, sig: Any, target_context: Any) -> Any:
        triple, _, features = target_context.codegen().magic_tuple()
        level = level_of(features)
        if level is None:
            return None
        name = name_of(self._function, sig, triple)
        body = read(HOME / self._folder / level / name)
        if body is None:
            return None
        symbols, payload = pickle.loads(lzma.decompress(body))
        # code with a symbol that is missing links all the same, and its call ends the process
        if not all(map(llvm.address_of_symbol, symbols)):
            return None
        return CompileResult._rebuild(target_context, *payload)  # type: ignore[no-untyped-call]

    def has_some(self) -> bool:
        """Whether there is any form for a CPU like this one."""
        level = level_of(cpu_target.target_context.codegen().magic_tuple()[2])
        stem = name_of(self._function, "", "").rpartition("-")[0]
        return level is not None and any((HOME / self._folder / level).glob(f"{stem}-*"))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a form that was compiled after all."""
        self.local.save_overload(sig, data)

    def enable(self) -> None:
        """As numba asks of a cache."""
        self.local.enable()

    def disable(self) -> None:
        """As numba asks of a cache."""
        self.local.disable()

    def flush(self) -> None:
        """As numba asks of a cache."""
        self.local.flush()


def name_of(function: Any, sig: Any, triple: str) -> str:
    """What the file of a form is called."""
    about = (str(sig), function.__code__.co_code.hex(), triple)
    digest = blake2b("\0".join(about).encode(), digest_size=8).hexdigest()
    return f"{Path(function.__code__.co_filename).stem}.{function.__qualname__}-{digest}.xz"


def read(path: Path) -> memoryview | None:
    """What `write` was given; None where it is not there, or a byte of it or its place differs."""
    try:
        return checksum.unseal(path.read_bytes(), _seal_of(path))
    except OSError:
        return None


def write(path: Path, body: bytes) -> None:
    """A file that `read` takes, at this place alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(checksum.seal(body, _seal_of(path)))


def _seal_of(path: Path) -> str:
    return "/".join(path.parts[-3:])


def packed(data: Any) -> bytes:
    """A compiled form as a file's content: the symbols that it asks for, and numba's own record.

    The record without the code's bitcode, which nobody reads where Python alone calls a kernel,
    and without the text of its types, which has addresses in it.
    """
    from numba.core.serialize import dumps

    module = data.library._final_module
    payload = list(data._reduce())
    name, kind, (code, _) = payload[0]
    payload[0], payload[6] = (name, kind, (code, _names(module))), ""
    return lzma.compress(dumps((_needed(module), tuple(payload))))  # type: ignore[no-untyped-call]


def _needed(module: Any) -> Sequence[str]:
    """The symbols that others must have."""
    everything = (*module.functions, *module.global_variables)
    return [one.name for one in everything if one.is_declaration and not _is_intrinsic(one.name)]


def _is_intrinsic(name: str) -> bool:
    return name.startswith("llvm.")


def _names(module: Any) -> bytes:
    """Bitcode that defines the names of a module's outer functions and nothing else."""
    outer = [
        f.name
        for f in module.functions
        if not f.is_declaration and f.linkage == llvm.Linkage.external
    ]
    text = "\n".join(f'define void @"{name}"() {{ unreachable }}' for name in outer)
    parsed: Any = llvm.parse_assembly  # which has no types
    return bytes(parsed(f'target triple = "{module.triple}"\n{text}').as_bitcode())
