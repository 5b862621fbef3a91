"""Every figure and claim of the experiments, with the verdicts of a report and models to open."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tegum import checksum
from tegum.engines.cache import own_folder
from tegum.errors import TegumError
from tegum.store.writer import write

log = logging.getLogger("tegum.explorer")

#: The kinds of files that a figure may have in a report.
_KINDS = ("svg", "png", "gif")


def gallery(report: Path | None) -> dict[str, Any]:
    """As the protocol says; without a report folder there are no pictures and no verdicts."""
    verdicts = _verdicts(report)
    experiments = known_experiments()
    for experiment in experiments:
        for figure in experiment["figures"]:
            files = figure.pop("files")
            figure |= {kind: _served(report, files[kind]) for kind in _KINDS}
        for claim in experiment["claims"]:
            found = verdicts.get(claim["id"], {})
            claim |= {"status": found.get("status"), "measured": found.get("measured")}
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


def _about(report: Path | None, verdicts: dict[str, Any]) -> dict[str, Any] | None:
    if report is None:
        return None
    quick = any(bool(entry.get("quick")) for entry in verdicts.values())
    page = "/report/report.html" if (report / "report.html").is_file() else None
    return {"folder": str(report), "page": page, "quick": quick}


def intact(entry: Any) -> bool:
    """Whether an entry of claims.json matches its checksum, or has none."""
    if not isinstance(entry, dict):
        return False
    said = {name: value for name, value in entry.items() if name != "checksum"}
    return entry.get("checksum") in (None, checksum.of_json(said))


def _verdicts(report: Path | None) -> dict[str, dict[str, Any]]:
    """The sound entries of claims.json by claim; none where it cannot be read, and a line said."""
    if report is None:
        return {}
    file = report / "claims.json"
    try:
        entries = json.loads(file.read_text("utf-8"))
        found = {str(entry["id"]): entry for entry in entries if intact(entry)}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("%s cannot be read, its verdicts are not shown: %s", file, error)
        return {}
    if len(found) < len(entries):
        log.warning("%s is damaged: %d verdicts are not shown", file, len(entries) - len(found))
    return found


def _served(report: Path | None, file: str) -> str | None:
    """The address of a file of the report, if it is there."""
    return f"/report/{file}" if report is not None and (report / file).is_file() else None


def main() -> None:
    """The gallery of the report folder in the arguments on stdout, as JSON."""
    folder = sys.argv[1]
    print(json.dumps(gallery(Path(folder) if folder else None), allow_nan=False))
