"""Where compiled kernels are kept between processes.

numba stamps a cached function with its own source file only, so a kernel would not notice a
change in a file it calls into: the directory is named by a digest of all kernel sources instead.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba import config
from numba.core.dispatcher import Dispatcher


def cache_home() -> Path:
    """`$TEGUM_CACHE_DIR`, or `tegum` in the user's cache directory."""
    given = os.environ.get("TEGUM_CACHE_DIR")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tegum"


@cache
def sources_digest() -> str:
    """A digest of every source file of this engine: results may change when it does."""
    digest = blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def keep(kernel: Dispatcher) -> Dispatcher:
    """Keep the compiled forms of a kernel on disk, where there is a place to."""
    settings: Any = config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(cache_home() / "kernels" / sources_digest())
    try:
        kernel.enable_caching()
    except RuntimeError:  # numba's word for: no directory can be written
        pass
    finally:
        settings.CACHE_DIR = before
    return kernel
