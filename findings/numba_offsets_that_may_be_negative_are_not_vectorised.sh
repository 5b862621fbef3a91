#!/usr/bin/env bash
# numba 0.68.1: a loop over a stretch of an array by `a[p + i]` has no vectors where p may be negative.
#
# Guess: `moment[p + i] = .9 * moment[p + i] + .1 * slope[p + i]; theta[p + i] -= moment[p + i]` over float32
# arrays, a step of momentum on the numbers of one model among those of many, is compiled to vectors
# like the same loop over the slices `moment[p:p + n]`; at the latest with fastmath=True. It is not,
# with fastmath or without: an index below 0 counts from the end, so that neighbours in the loop need
# not be neighbours in memory, and no check of the array's bounds need be asked for. One array that is
# read and one that is written are vectors still: it takes a second one that is written. With the index as
# np.uint64, and with slices, vectors are back.
#
# What it means here: Adam of dictionaries indexes flat arrays of parameters by u64
# (engines/dictionaries/adam.py).
#
# Seen: vectors of float32 in the optimised LLVM code: signed 0, signed with fastmath 0, unsigned and
# slices some
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 llvmlite==0.50.0 numpy==2.4.6
cat > "$folder/look.py" <<'PY'
import re

import numpy as np
from numba import float32, int64, njit, void

array, beta, rest = float32[::1], np.float32(0.9), np.float32(0.1)


def signed(theta, slope, moment, p, n):
    for i in range(n):
        moment[p + i] = beta * moment[p + i] + rest * slope[p + i]
        theta[p + i] -= moment[p + i]


def unsigned(theta, slope, moment, p, n):
    for i in range(n):
        q = np.uint64(p + i)
        moment[q] = beta * moment[q] + rest * slope[q]
        theta[q] -= moment[q]


def slices(theta, slope, moment, p, n):
    t, s, m = theta[p : p + n], slope[p : p + n], moment[p : p + n]
    for i in range(n):
        m[i] = beta * m[i] + rest * s[i]
        t[i] -= m[i]


found = {}
for loop, fast in ((signed, False), (signed, True), (unsigned, False), (slices, False)):
    kernel = njit(void(array, array, array, int64, int64), fastmath=fast, error_model="numpy")(loop)
    code = "".join(kernel.inspect_llvm().values())
    found[loop.__name__, fast] = len(re.findall(r"<\d+ x float>", code))
    got, wanted = [np.ones(30, np.float32) for _ in range(2)]
    moments = np.zeros((2, 30), np.float32)
    kernel(got, got * 2, moments[0], 3, 20)
    loop(wanted, wanted * 2, moments[1], 3, 20)
    np.testing.assert_allclose(got, wanted, rtol=1e-6)
print(found)
assert found["signed", False] == found["signed", True] == 0
assert found["unsigned", False] > 0 and found["slices", False] > 0
PY
NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES=+avx,+avx2,+fma "$folder/venv/bin/python" "$folder/look.py"
