"""Single bits of every kind of file that is read back, changed one at a time."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import small_kernel
from children import Tally
from runs import Case

import tegum as tg
from tegum.checksum import of_json
from tegum.engines.cache import _Files
from tegum.engines.exact import run as exact
from tegum.engines.sampled import engine as sampled
from tegum.errors import InputFileError
from tegum.explorer import gallery
from tegum.store import Store
from tegum.store.listing import row_of

#: What reading a file may come to; anything else is wrong.
SAID, SAME = "said to be damaged", "nothing changed by it"


@dataclass(frozen=True)
class Kind:
    """A kind of file: how often its bytes are changed, and what reading one comes to."""

    what: str
    share: float
    files: tuple[Path, ...]
    read: Callable[[Path], str]


def run(case: Case, number: int, seed: int, until: float) -> Iterator[Tally]:
    """`number` flips in all, shared out by kind."""
    rng = np.random.default_rng([seed, 2])
    said = _Said()
    logging.getLogger("tegum").addHandler(said)
    logging.getLogger("tegum").propagate = False
    for kind in _kinds(case):
        tally = Tally(f"one bit changed in {kind.what}")
        for _ in range(round(number * kind.share)):
            if time.monotonic() > until:
                break
            path = kind.files[rng.integers(len(kind.files))]
            whole = path.read_bytes()
            bad = bytearray(whole)
            position = int(rng.integers(len(bad)))
            bad[position] ^= 1 << int(rng.integers(8))
            path.write_bytes(bad)
            tally.tried += 1
            try:
                outcome = kind.read(path)
            except Exception as error:
                outcome = f"{type(error).__name__}: {error}"
            known = outcome in (SAID, SAME)
            tally.add(
                outcome if known else "unnoticed or a traceback",
                wrong=not known,
                detail=f"{path.name} byte {position}: {outcome}",
            )
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(whole)
        yield tally


class _Said(logging.Handler):
    """The lines that were logged."""

    lines: ClassVar[list[str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _kinds(case: Case) -> Iterator[Kind]:
    files = tuple(case.folder / f"right-{run.name}.nc" for run in case.runs)
    yield Kind("a result (.nc)", 0.27, files, _result)
    store = _store(case)
    yield Kind("a unit of the store", 0.2, _in(store, "units"), lambda p: _unit(store, p))
    yield Kind("a cut-off unit", 0.1, _in(store, "partial"), lambda p: _partial(store, p))
    for share, suffix in ((0.07, ".nbi"), (0.14, ".nbc")):
        what = {".nbi": "an index of compiled kernels", ".nbc": "a compiled kernel"}[suffix]
        yield Kind(what, share, _kernels(case, suffix), _kernel)
    small = small_kernel.kept(case.folder)
    what = "a small kernel's files, which a process then calls"
    yield Kind(what, 0.03, small, lambda _: _called(case, small))
    came = small_kernel.shipped(case.folder)
    what = "a small kernel that came with the package, which a process then calls"
    if came:  # some CPUs are of no level
        yield Kind(what, 0.03, came, lambda _: _compiled_anew(case))
    claims, kept = _claims(case), _gallery(case)
    yield Kind("claims.json, as the explorer reads it", 0.08, (claims,), _verdicts)
    yield Kind("the kept gallery", 0.08, (kept,), _known)


#: What each file holds.
_RIGHT: dict[object, object] = {}


def _result(path: Path) -> str:
    name = path.stem.removeprefix("right-")
    try:
        runs = tg.load(path)
    except InputFileError as error:
        return SAID if "\n" not in str(error) and str(path) in str(error) else str(error)
    return SAME if runs.identical(_RIGHT[name]) else "other data"


def _store(case: Case) -> Store:
    """Of the first training, with its units as cut-off ones too."""
    _RIGHT.update(case.right)
    store = Store(case.folder / "right-sampled")
    for row in list(map(row_of, store.keys())):
        assert row is not None
        arrays = store.get(row.key)
        assert arrays is not None
        cut = row._replace(start=100 + row.start, stop=100 + row.stop)
        store.put_partial(cut, arrays)
        _RIGHT[store.path / "units" / f"{row.key}.safetensors"] = _plain(arrays)
        _RIGHT[store.path / "partial" / f"{cut.key}.safetensors"] = _plain(arrays)
    return store


def _in(store: Store, folder: str) -> tuple[Path, ...]:
    return tuple((store.path / folder).iterdir())


def _unit(store: Store, path: Path) -> str:
    return _arrays(store, path, store.get(path.stem))


def _partial(store: Store, path: Path) -> str:
    return _arrays(store, path, store.get_partial(path.stem))


def _arrays(store: Store, path: Path, found: dict[str, np.ndarray] | None) -> str:
    """A damaged file is set aside, and what it held is absent."""
    if found is None:
        aside = store.path / "damaged" / path.name
        said = aside.exists() and not path.exists()
        aside.unlink(missing_ok=True)
        return SAID if said else "absent without a word"
    return SAME if _plain(found) == _RIGHT[path] else "other data"


def _plain(arrays: dict[str, np.ndarray]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()}


def _kernels(case: Case, suffix: str) -> tuple[Path, ...]:
    """Copies of the engines' own, of which each was used by a training above."""
    found: list[Path] = []
    for kernel in (sampled._lane, sampled._evaluate, exact._advance):
        own = kernel._cache._cache_file
        place = case.folder / "kernels" / Path(own._index_name).stem
        if not place.exists():
            shutil.copytree(own._cache_path, place)
        copy = _Files(str(place), Path(own._index_name).stem, own._source_stamp)
        for key, name in copy._load_index().items():
            path = place / (own._index_name if suffix == ".nbi" else name)
            _FORMS[path] = (copy, key)
            found.append(path)
            break
    return tuple(found)


_FORMS: dict[Path, tuple[_Files, object]] = {}


def _kernel(path: Path) -> str:
    files, key = _FORMS[path]
    return SAID if files.load(key) is None else "loaded"


def _called(case: Case, files: tuple[Path, ...]) -> str:
    """What was damaged is compiled, once."""
    ended = small_kernel.called(case.folder)
    for path in files[0].parent.glob("*.nbc"):  # a damaged index leads to a new form
        if path not in files:
            path.unlink()
    return SAID if ended.done and ended.said == "1" else f"{ended.code}: {ended.said or 'died'}"


def _compiled_anew(case: Case) -> str:
    """The same of one that is in no cache, either."""
    ended = small_kernel.called(case.folder, "empty")
    shutil.rmtree(case.folder / "empty")
    return SAID if ended.done and ended.said == "1" else f"{ended.code}: {ended.said or 'died'}"


def _claims(case: Case) -> Path:
    path = case.folder / "claims.json"
    entries = [
        {"id": f"{k}.a", "status": "holds", "measured": f"×{k / 7:.3f}", "values": {"x": k / 7}}
        for k in range(1, 40)
    ]
    sealed = [{**entry, "checksum": of_json(entry)} for entry in entries]
    path.write_text(json.dumps(sealed, indent=2, ensure_ascii=False), "utf-8")
    return path


def _verdicts(path: Path) -> str:
    _Said.lines.clear()
    found = gallery._verdicts(path.parent)
    right = {f"{k}.a": ("holds", f"×{k / 7:.3f}") for k in range(1, 40)}
    shown = {name: (verdict.status, verdict.measured) for name, verdict in found.items()}
    if shown == right:
        return SAME
    said = any(str(path) in line for line in _Said.lines)
    return SAID if said and all(right.get(k) == v for k, v in shown.items()) else "other data"


def _gallery(case: Case) -> Path:
    os.environ["TEGUM_CACHE_DIR"] = str(case.folder / "cache")
    _RIGHT["gallery"] = gallery.known_experiments()
    (kept,) = (case.folder / "cache" / "gallery").iterdir()
    return kept


def _known(path: Path) -> str:
    bad = path.read_bytes()
    same = gallery.known_experiments() == _RIGHT["gallery"]
    return SAID if same and path.read_bytes() != bad else "other data"
