"""`tegum explore`: the page on which superposition happens live."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg

from tegum.cli.options import Flag, Maybe, MaybeFolder, MaybeWhole, Whole, at_least_one
from tegum.errors import SpecError

if TYPE_CHECKING:
    from tegum.explorer.serve import Place

#: Where `tegum reproduce` leaves its report.
_REPORT = Path("tegum-report")


@dataclass(frozen=True)
class Explore:
    """Open the explorer: a page on which models train between two frames, under your hands.

    It listens on this machine alone, and answers those who know the token in the address that is
    printed. It needs no network. Ctrl-C ends it.
    """

    host: Annotated[str, arg(metavar="HOST")] = "127.0.0.1"
    """Address to listen on."""
    port: MaybeWhole = None
    """Port; 8642, or any that is free, by default."""
    allow_remote: Flag = False
    """Let --host be an address that other machines can reach. The token is then all that keeps
    them out, and it travels unencrypted."""
    open: Annotated[bool, arg(help_behavior_hint="")] = True
    """Do not open the page in the browser."""
    state: Annotated[Maybe[str], arg(metavar="#STATE", help_behavior_hint="")] = None
    """State to open: an address of the page, or what stands in one from the # on, in quotes."""
    report: MaybeFolder = None
    """Report folder whose figures and verdicts the gallery shows; tegum-report if it is there."""
    pages: Whole = 8
    """How many pages may be open at a time; each has a process."""
    json: Flag = False
    """Print the address as JSON: url, host, port and token."""

    def run(self, arguments: list[str]) -> int:
        """Serve until interrupted."""
        if self.port is not None and not 0 <= self.port < 2**16:
            raise SpecError.of("--port", "", "must be in [0, 65535]", self.port)
        at_least_one("--pages", self.pages)
        fragment = "" if self.state is None else _fragment(self.state)
        from tegum.explorer.app import Offer
        from tegum.explorer.serve import serve

        report = self.report
        if report is None and (_REPORT / "claims.json").is_file():
            report = _REPORT
        serve(
            Offer(report, self.pages, warm=True),
            host=self.host,
            port=self.port,
            allow_remote=self.allow_remote,
            open_browser=self.open,
            fragment=fragment,
            ready=self._ready,
        )
        return 0

    def _ready(self, place: Place) -> None:
        if self.json:
            about = {"url": place.url, "host": place.host, "port": place.port}
            print(json.dumps({**about, "token": place.token}), flush=True)
        else:
            print(f"explorer: {place.url}\nCtrl-C ends it", flush=True)


def _fragment(text: str) -> str:
    """What an address holds of the page, from # on."""
    found = text[text.find("#") :]
    if not found.startswith("#/") or not found.isascii() or any(c <= " " for c in found):
        rule = "must be an address of the page, with its state after #"
        raise SpecError.of("--state", "", rule, text)
    return found
