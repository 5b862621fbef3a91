#!/usr/bin/env bash
# loky 3.7.0: an idle timeout does not end the workers of a driver that was killed.
#
# Guess: a pool made with `timeout=3`, whose workers end when they have been idle for three seconds,
# leaves nothing behind when its driver is killed. With the driver alive they do end; with the driver
# killed they are still there after ten seconds, as are those of a pool without a timeout, and those of
# Python's own ProcessPoolExecutor (spawned), which has none. A worker that is idle for too long asks
# its driver for leave to go, and nobody answers.
#
# What it means here: with `executor="processes:N"` each worker looks for its parent and ends itself
# (tests/test_executors.py: a killed driver leaves no worker).
#
# Seen: 2 of 2 left of each pool whose driver was killed; 0 of 2 where it lived
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check loky==3.7.0 cloudpickle==3.1.3
cat > "$folder/driver.py" <<'PY'
import multiprocessing
import os
import sys
import time
from concurrent import futures

import loky


def own(seconds):
    time.sleep(seconds)
    return os.getpid()


if __name__ == "__main__":
    kind = sys.argv[1]
    if kind == "python":
        pool = futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    else:
        pool = loky.ProcessPoolExecutor(2, timeout=3 if kind == "loky-timeout" else None)
    print(*{f.result() for f in [pool.submit(own, 0.5) for _ in range(4)]}, flush=True)
    time.sleep(600)
PY
cat > "$folder/watch.py" <<'PY'
import os
import subprocess
import sys
import time


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


left = {}
for kind, killed in (("python", 1), ("loky", 1), ("loky-timeout", 1), ("loky-timeout", 0)):
    command = [sys.executable, os.path.join(os.path.dirname(__file__), "driver.py"), kind]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    workers = [int(pid) for pid in driver.stdout.readline().split()]
    assert workers and all(map(alive, workers)), (kind, workers)
    if killed:
        driver.kill()
        driver.wait()
    time.sleep(10)
    left[kind, killed] = sum(map(alive, workers)), len(workers)
    driver.kill()
    for pid in filter(alive, workers):
        os.kill(pid, 9)
print("left of the workers after 10 s:", left)
for (kind, killed), (still, all_of_them) in left.items():
    assert still == (all_of_them if killed else 0), (kind, killed)
PY
"$folder/venv/bin/python" "$folder/watch.py"
