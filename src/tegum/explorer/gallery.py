"""Every figure and claim of the experiments, with the verdicts of a report and models to open."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

from tegum import checksum
from tegum.engines.cache import own_folder
from tegum.errors import TegumError, joined
from tegum.experiments.base import Status
from tegum.explorer.frames import to_json
from tegum.report.files import PAGE, VERDICTS
from tegum.store.writer import write

log = logging.getLogger("tegum.explorer")

#: The kinds of files that a figure may have in a report.
_KINDS: Final = ("svg", "png", "gif")
#: A file of verdicts larger than this is none.
_MOST_BYTES: Final = 16_000_000


class Verdict(NamedTuple):
    """What a report says of a claim."""

    claim: str
    status: str
    measured: str | None
    quick: bool


def gallery(report: Path | None) -> dict[str, Any]:
    """As the protocol says; without a report folder there are no pictures and no verdicts."""
    verdicts = _verdicts(report)
    experiments = known_experiments()
    for experiment in experiments:
        for figure in experiment["figures"]:
            files = figure.pop("files")
            figure |= {kind: _served(report, files[kind]) for kind in _KINDS}
        for claim in experiment["claims"]:
            found = verdicts.get(claim["id"])
            claim |= {
                "status": None if found is None else found.status,
                "measured": None if found is None else found.measured,
            }
        experiment["ran"] = any(claim["id"] in verdicts for claim in experiment["claims"])
    return {"report": _about(report, verdicts), "experiments": experiments}


def known_experiments() -> list[dict[str, Any]]:
    """What the gallery says of each experiment apart from a report.

    To know it all experiments are imported, with all that they draw and analyse with; so it is
    kept on disk, for as long as no source file of tegum changes.
    """
    folder = own_folder("gallery")
    name = f"{_sources()}.json"
    with suppress(OSError):
        body = None if folder is None else checksum.unseal((folder / name).read_bytes(), name)
        if body is not None:
            kept: list[dict[str, Any]] = json.loads(bytes(body))
            return kept
    # The import that is spared where the file is there.
    from tegum.explorer.catalogue import catalogue

    made = catalogue()
    if folder is not None:
        with suppress(TegumError):
            write(folder / name, checksum.seal(json.dumps(made).encode(), name))
    return made


def _sources() -> str:
    """A digest of the places, sizes and times of all source files of tegum."""
    spec = find_spec("tegum")
    assert spec is not None
    digest = blake2b(digest_size=8)
    for home in spec.submodule_search_locations or ():
        for path in sorted(Path(home).rglob("*.py")):
            about = path.stat()
            digest.update(f"{path}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _about(report: Path | None, verdicts: dict[str, Verdict]) -> dict[str, Any] | None:
    if report is None:
        return None
    quick = any(verdict.quick for verdict in verdicts.values())
    return {"folder": str(report), "page": _served(report, PAGE), "quick": quick}


def _verdicts(report: Path | None) -> dict[str, Verdict]:
    """The entries of claims.json by claim; none where it cannot be read, which is said.

    It is a file like any other, that anybody may have written: what is no verdict is left out.
    """
    if report is None:
        return {}
    file = report / VERDICTS
    try:
        if not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return {}
        entries = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read, its verdicts are not shown: %s", file, joined(error))
        return {}
    entries = entries if isinstance(entries, list) else [entries]
    found = [_verdict(entry) for entry in entries if _intact(entry)]
    lost = len(entries) - sum(verdict is not None for verdict in found)
    if lost:
        log.warning("%s is damaged or foreign: %d verdicts are not shown", file, lost)
    return {verdict.claim: verdict for verdict in found if verdict is not None}


def _verdict(entry: Any) -> Verdict | None:
    """What is said of a claim, or None where nothing is."""
    if not isinstance(entry, dict) or entry.get("status") not in get_args(Status):
        return None
    claim, measured = entry.get("id"), entry.get("measured")
    if not isinstance(claim, str) or not isinstance(measured, str | None):
        return None
    return Verdict(claim, entry["status"], measured, entry.get("quick") is True)


def _intact(entry: Any) -> bool:
    """Whether an entry matches its checksum, or has none."""
    if not isinstance(entry, dict) or "checksum" not in entry:
        return True
    said = {name: value for name, value in entry.items() if name != "checksum"}
    try:
        return bool(entry["checksum"] == checksum.of_json(said))
    except RecursionError:
        return False


def _served(report: Path | None, file: str) -> str | None:
    """The address of a file of the report, if it is there."""
    return f"/report/{file}" if report is not None and (report / file).is_file() else None


def main() -> None:
    """The gallery of the report folder in the arguments on stdout, as JSON."""
    folder = sys.argv[1]
    sys.stdout.buffer.write(to_json(gallery(Path(folder) if folder else None)).encode())
