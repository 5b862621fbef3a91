"""What the numbers were measured on: the machine's description and its sgemm rate."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import ThreadpoolController

_SGEMM_SIZE: Final = 2000
_SGEMM_REPEATS: Final = 8


def available_cores() -> list[int]:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _lscpu() -> dict[str, str]:
    try:
        text = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {}
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _vector_units(flags: str) -> str:
    known = ("avx512f", "avx2", "avx", "asimd", "sse4_2")
    return next((flag for flag in known if flag in flags.split()), "unknown")


def _memory_gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system() -> str:
    path = Path("/etc/os-release")
    text = path.read_text() if path.exists() else ""
    found = re.search(r'^PRETTY_NAME="?(.*?)"?$', text, re.MULTILINE)
    return found.group(1) if found else platform.platform()


def describe() -> dict[str, Any]:
    """CPU, caches, memory, system and Python."""
    cpu = _lscpu()
    caches = {name: cpu[f"{name} cache"] for name in ("L1d", "L2", "L3") if f"{name} cache" in cpu}
    family = " ".join(cpu.get(name, "?") for name in ("CPU family", "Model"))
    return {
        "cpu": cpu.get("Model name", platform.processor() or platform.machine()),
        "cpu_family_model": family,
        "cores": len(available_cores()),
        "vector_units": _vector_units(cpu.get("Flags", "")),
        "caches": caches,
        "memory_gib": round(_memory_gigabytes(), 1),
        "system": f"{_system()}, {platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def fingerprint(machine: dict[str, Any]) -> str:
    """What tuned settings depend on."""
    return f"{machine['cpu']} ({machine['cpu_family_model']}), {machine['cores']} cores"


def sgemm_rate(threads: int) -> float:
    """Floating-point operations per second of a float32 matrix product, the best of several."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, _SGEMM_SIZE, _SGEMM_SIZE), dtype=np.float32)
    out = np.empty_like(a)
    best = np.inf
    with ThreadpoolController().limit(limits=threads, user_api="blas"):
        for _ in range(_SGEMM_REPEATS):
            start = time.perf_counter()
            np.matmul(a, b, out=out)
            best = min(best, time.perf_counter() - start)
    return 2.0 * _SGEMM_SIZE**3 / float(best)
