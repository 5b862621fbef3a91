#!/usr/bin/env bash
# numba 0.68.1: while it compiles a kernel it compares the options of the kernel with themselves.
#
# Guess: where numba finds types it looks implementations up by the types of the arguments, microseconds
# each. The key has the options of the function, too (`Flags`, the same from its first line to its
# last), and these are compared at every look-up of what is written in Python, as `==`, `and` and `max`
# are: each comparison makes two dictionaries of all options, by a property each, each hash makes
# another. A line as `if i == j and x > a[k]: x = max(x, b[k])` does so a hundred times. Options whose
# dictionary and hash are made once, equal to numba's own, give the same instructions.
#
# What it means here: kernels are compiled with options that are fixed once numba looks at them
# (engines/parts.py). Of those of the exact engine, with tuples of a hundred arrays, a sixth of the
# compiler's time went there.
#
# Seen: dictionaries of options per such line: 96 (numba's), 32 (fixed); the same instructions; compiling
# takes .92 to .98 of the time
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 llvmlite==0.50.0 numpy==2.4.6
cat > "$folder/look.py" <<'PY'
import re
import time

from numba import float64, int64, njit
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.targetconfig import TargetConfig

LINES = 60
array = float64[::1]
lines = "\n".join(f"    if i == j and x > a[{k}]:\n        x = max(x, b[{k}])" for k in range(LINES))
asked = 0
own_values = TargetConfig.values


def values(self):
    global asked
    asked += 1
    return own_values(self)


class Own(Flags):
    """As numba's; the copy that is looked at while a function is compiled stays as it is."""

    def copy(self):
        return Fixed(self)


class Fixed(Flags):
    __slots__ = ("all", "hash")

    def __init__(self, copy_from):
        super().__init__(copy_from)
        self.all = own_values(self)
        self.hash = Flags.__hash__(copy_from)

    def values(self):
        return self.all

    def __hash__(self):
        return self.hash

    def __eq__(self, other):
        return self is other or self.all == other.values()

    def copy(self):
        return Own(self)


class Quick(CompilerBase):
    def __init__(self, *given):
        super().__init__(*given)
        self.state.flags = Own(self.state.flags)

    def define_pipelines(self):
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


def compiled(**options):
    """(LLVM's code without names, dictionaries of options made, seconds)."""
    global asked
    scope = {}
    exec(f"def work(a, b, x, i, j):\n{lines}\n    return x\n", scope)
    before, began = asked, time.process_time()
    kernel = njit((array, array, float64, int64, int64), **options)(scope["work"])
    seconds, (code,) = time.process_time() - began, kernel.inspect_llvm().values()
    body = re.findall(r"= (fcmp|select|load|phi|and|or|getelementptr)\b", code)
    return body, asked - before, seconds


TargetConfig.values = values
compiled(), compiled(pipeline_class=Quick)  # what numba compiles once for all
pairs = [(compiled(), compiled(pipeline_class=Quick)) for _ in range(3)]
(code, many, _), (same, few, _) = pairs[0]
print(f"dictionaries per line: {many / LINES:.1f} and {few / LINES:.1f}")
print(f"the same instructions: {code == same}, {len(code)} of them")
slow, quick = (min(pair[k][2] for pair in pairs) for k in (0, 1))
print(f"seconds of compiling, with fixed options: {quick / slow:.2f} of those without")
assert code == same and len(code) > LINES
assert many > 50 * LINES, "numba no longer compares its options so often"
assert few < many / 2
PY
"$folder/venv/bin/python" "$folder/look.py"
