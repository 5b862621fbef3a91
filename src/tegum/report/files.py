"""What a report is made of: the names of its files, from its folder."""

from __future__ import annotations

import re
from typing import Final, Literal

PAGE: Final = "report.html"
TEXT: Final = "report.md"
VERDICTS: Final = "claims.json"
#: How far the run is, for the next one; no part of the report.
RUN: Final = "run.json"
_NAME: Final = "[0-9A-Za-z][0-9A-Za-z_-]*"
_DRAWN: Final = re.compile(rf"figures/{_NAME}\.(?:svg|png|gif)|tables/{_NAME}\.csv", re.ASCII)


def figure_file(experiment: str, figure: str, kind: Literal["svg", "png", "gif"]) -> str:
    """Path of a figure from the report's folder."""
    return f"figures/{experiment}-{figure}.{kind}"


def table_file(experiment: str, table: str) -> str:
    """Path of a table from the report's folder."""
    return f"tables/{experiment}-{table}.csv"


def is_report_file(path: str) -> bool:
    """Whether a path from the report's folder, with slashes, is one that a report writes."""
    return path in (PAGE, TEXT, VERDICTS) or _DRAWN.fullmatch(path) is not None
