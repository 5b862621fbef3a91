"""What random inputs are made of: numbers at the edges, texts that upset, files of every kind."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray as xr

import tegum as tg

#: Texts that are no name of anything, among them what steers terminals and parsers.
TEXTS = (
    "", " ", "x", "0x10", "-", "--", "=", ",", ":", "a b", "a\nb", "a\r\nb\t",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x07\x08", "\u202eabc", "\u2028", "é", "日本",
    "😀", "\udcff", "[bold]x[/bold]", "│ box │", "╭──╮", "{}", "{0}", "%s", "%n", "\\", "'",
    '"', "'\"", "null", "None", "self", "cls", "kind", "__class__", "importance[1]",
    "importance[-1]", "importance[", "x" * 300, "~", "@file", "$HOME", "*", "true", "NaN",
    "Infinity",
)  # fmt: skip

WHOLE = (
    "0", "1", "2", "3", "5", "7", "-1", "16", "64", "1000", "2147483647", "2147483648",
    "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "18446744073709551616", "1" + "0" * 40, "9" * 5000,
    "-" + "9" * 5000, "1.5", "1e3", "+2", "1_000", "٣", "²", "0b1", "inf",
)  # fmt: skip

REAL = (
    "0", "1", "0.5", "0.1", "-0.5", "1e-3", "1e-300", "5e-324", "1e300", "1.8e308", "-1e300",
    "nan", "inf", "-inf", "-0.0", "1e-45", "3e38", "1e39", "1/2", "0,5", "1e", ".", "1_0.5",
    "٣.٥", "9" * 5000,
)  # fmt: skip

VECTORS = (
    "1,1,1", "1,0.5,0.25", "0.9^i", "1e300^i", "0^i", "-1^i", "nan^i", "^i", "0.5^i^i",
    "1^i,2", "geom:1:0.01:3", "lin:0:1:3", "lin:0:1:0", "geom:0:1:2", "geom:1:2:9999999",
    "lin:1:1:2", "geom:1e-300:1e300:3", "lin:-1.7e308:1.7e308:3", "lin:0:1:" + "9" * 5000,
    "log:1:2:3", "1,,2", ",", "1,nan,1", "1,-1,1", "0,0,0", "1" + ",1" * 400,
)  # fmt: skip

JSONS = (
    "[]", "{}", "null", "1", '"x"', "[[[]]]", "[" * 1000, "[" * 100_000, '{"self": 1}',
    "[1e999]", "NaN", '[{"kind":"independent","n_features":3,"feature_probability":0.3}]',
    '[{"kind":"independent"}]', '[{"kind":"groups","parts":[]}]', '{"kind":"groups"}',
    "9" * 5000, "[" + "9" * 5000 + "]",
    '[{"kind":"independent","n_features":3,"feature_probability":0.3,"self":1}]',
    '[{"kind":"a\\nb\\u001b[31m"}]', '[{"a\\nb":1,"kind":"independent"}]', '{"kind":["x"]}',
    "[null]",
)  # fmt: skip

PROBLEM = tg.Problem(tg.Independent(3, 0.3), tg.ReLUOutput(2))
TRAINING = tg.Training(steps=2, batch_size=8, held_out=64, curve_points=2)

#: Names of the files that `a_folder` makes, and of what it does not make.
PATHS = (
    "good.nc", "two.nc", "problem.json", "deep.json", "self.json", "junk", "empty", "pipe",
    "folder", "folder/x", "gone", "gone/x", "loop", "junk/x", "new\nline.nc",
    "esc\x1b[31m.nc", "\udcff.nc", "é.nc", "x" * 300, "/".join(["x" * 200] * 30), "/dev/null",
    "/dev/full", "/proc/self/mem", "", ".", "out.nc", "out/deep/x.nc", "a\0b", "short.nc",
)  # fmt: skip


def runs_by_hand(points: int = 2, seeds: int = 2) -> xr.Dataset:
    """A Dataset as `train` makes one, of random weights."""
    rng = np.random.default_rng(0)
    lead = (points, seeds)
    loss = rng.uniform(0.1, 1.0, lead).astype(np.float32)
    arrays = {
        "W": (("p", "seed", "hidden", "feature"), rng.normal(size=(*lead, 2, 3)).astype("f4")),
        "b": (("p", "seed", "feature"), rng.normal(size=(*lead, 3)).astype("f4")),
        "loss": (("p", "seed"), loss),
        "loss_error": (("p", "seed"), loss / 10),
        "diverged": (("p", "seed"), np.zeros(lead, bool)),
        "loss_curve": (("p", "seed", "step"), np.ones((*lead, 2), "f4")),
    }
    coordinates = {"p": np.linspace(0.5, 1, points), "seed": np.arange(seeds), "step": [0, 2]}
    attributes = {
        "axes": '{"p": "feature_probability"}',
        "problem": PROBLEM.to_json(),
        "training": TRAINING.to_json(),
        "run_seed": 0,
        "engine": "sampled",
        "engine_version": "0",
        "tegum_version": "0.0",
    }
    return xr.Dataset(arrays, coordinates, attributes)


@contextmanager
def a_folder(home: Path) -> Iterator[Path]:
    """Work in a folder with a file of every kind."""
    before = Path.cwd()
    os.chdir(home)
    try:
        refill()
        yield home
    finally:
        os.chdir(before)


def refill() -> None:
    """Make the files of `PATHS` where they are not there, in the folder we are in."""
    if not Path("good.nc").is_file():
        tg.save(runs_by_hand(1), "good.nc")
    whole = Path("good.nc").read_bytes()
    if not Path("two.nc").is_file():
        tg.save(runs_by_hand().rename(p="a\nb\x1b[31m"), "two.nc")
    for name in ("new\nline.nc", "esc\x1b[31m.nc", "\udcff.nc", "é.nc"):
        Path(name).write_bytes(whole)
    Path("short.nc").write_bytes(whole[: len(whole) // 2])
    text = PROBLEM.to_json()
    Path("problem.json").write_text(text)
    Path("self.json").write_text(text[:-1] + ',"self":1}')
    inner = '{"kind":"independent","n_features":3,"feature_probability":0.3}'
    for _ in range(200):
        inner = '{"kind":"groups","parts":[' + inner + "]}"
    model = '{"kind":"relu_output","n_hidden":2}'
    Path("deep.json").write_text(f'{{"distribution":{inner},"model":{model}}}')
    Path("junk").write_bytes(b"\x89junk\n\x00\xff" * 9)
    Path("empty").write_bytes(b"")
    Path("folder").mkdir(exist_ok=True)
    if hasattr(os, "mkfifo") and not Path("pipe").exists():
        os.mkfifo("pipe")
    if not Path("loop").is_symlink():
        Path("loop").symlink_to("loop")


def some(rng: random.Random, usual: tuple[str, ...], odd: float = 0.15) -> str:
    """One of the usual, now and then any text."""
    return rng.choice(TEXTS if rng.random() < odd else usual)
