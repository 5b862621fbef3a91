"""`tegum explore` as it is typed: it says where it is, serves the built page, ends on Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from http.client import HTTPConnection

import pytest

pytestmark = pytest.mark.xdist_group("explorer")


def test_the_command_serves_the_built_page() -> None:
    command = [sys.executable, "-m", "tegum.cli.main", "explore"]
    process = subprocess.Popen(
        [*command, "--no-open", "--json", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        place = json.loads(process.stdout.readline())
        assert place["url"] == f"http://127.0.0.1:{place['port']}/?token={place['token']}"
        connection = HTTPConnection("127.0.0.1", place["port"], timeout=30)
        connection.request("GET", f"/index.html?token={place['token']}")
        page = connection.getresponse().read().decode()
        connection.close()
        assert "<title>" in page
        assert 'src="./assets/' in page
        # no address of anybody else, no script or style within the page
        assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(20)
        if process.stdout is not None:
            process.stdout.close()
    assert code == 0
