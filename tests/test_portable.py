"""Nothing on the way of `train` needs what POSIX systems alone have.

A fresh interpreter without those modules and names stands for the systems we do not test on.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: Blocks what Windows lacks, or macOS, before anything of tegum is imported.
WITHOUT = """
import os, signal, sys, warnings

MODULES = {"fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "spwd", "syslog", "crypt"}
NAMES = {
    os: (
        "sched_getaffinity", "sched_setaffinity", "posix_fallocate", "posix_fadvise", "fork",
        "setpgrp", "setsid", "killpg", "getuid", "geteuid", "getgid", "getegid", "uname", "chown",
        "fchmod", "fchown", "mkfifo", "statvfs", "sysconf", "wait4", "getloadavg",
        "O_DIRECTORY",
    ),
    signal: (
        "pthread_sigmask", "pthread_kill", "sigwait", "setitimer", "alarm", "siginterrupt",
        "SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGPIPE", "SIGALRM", "SIGCHLD",
    ),
}

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
for name in MODULES:
    sys.modules.pop(name, None)
# filelock says that without fcntl the system has no locks; Windows has others
warnings.filterwarnings("ignore", "only soft file lock")
# what others use of this system's names is theirs
import filelock, h5netcdf, numba, numpy, pandas, pydantic, safetensors.numpy, xarray
assert "tegum" not in sys.modules
for module, names in NAMES.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""

TRAIN = """
import pathlib
import tegum as tg
from tegum.runs import files

place = pathlib.Path(sys.argv[1])
problem = tg.Problem(tg.Independent(5, 0.3), tg.ReLUOutput(2))
for training in (tg.Training(steps=3, batch_size=16, held_out=64),
                 tg.Training(engine="exact", steps=20)):
    made = [
        tg.train(problem, {}, training, seeds=2, store=place / "store", progress=False)
        for _ in range(2)
    ]
    assert made[0].identical(made[1])
    assert not made[0].diverged.any()
    files.save(made[0], place / "runs.nc")
    assert files.load(place / "runs.nc").identical(made[0])
assert not list((place / "store" / "locks").iterdir())
assert not MODULES & set(sys.modules)
print("trained")
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_training_needs_no_module_of_posix_alone(tmp_path: Path) -> None:
    done = python(WITHOUT + TRAIN, str(tmp_path))
    assert (done.stdout, done.stderr) == ("trained\n", "")


@pytest.mark.parametrize("use", ["import fcntl", "from os import sched_getaffinity", "os.uname()"])
def test_the_check_would_notice(use: str) -> None:
    done = python(f"{WITHOUT}\n{use}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(("Module", "Import", "Attribute"))
