"""The wheel and the source archive, each installed into an environment that has nothing else.

What a user does first is done there, in a folder outside the sources: the page opens, experiments
are reproduced, the examples run. `make test-dist` builds both files, with page and kernels.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

ROOT = Path(__file__).parents[2]
DIST = Path(os.environ.get("TEGUM_DIST", ROOT / "dist")).resolve()
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def built(pattern: str) -> Path:
    """The one file of this kind that was built."""
    (found,) = DIST.glob(pattern)
    return found


@dataclass
class Installed:
    """An environment with tegum alone, and a folder to work in."""

    home: Path

    def run(self, program: str, *words: str) -> str:
        """What a program of the environment says; it has to succeed."""
        done = subprocess.run(
            [self.program(program), *words], cwd=self.home, env=self.surroundings(), timeout=1200,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def program(self, name: str) -> Path:
        """Where a program of the environment is."""
        return self.home / "env" / "bin" / name

    def surroundings(self) -> dict[str, str]:
        """Nothing of the sources, and no kernels that others compiled."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TEGUM_CACHE_DIR")}
        return {**kept, "TEGUM_CACHE_DIR": str(self.home / "cache"), "MPLBACKEND": "agg"}


@pytest.fixture(scope="module", params=["*.whl", "*.tar.gz"], ids=["wheel", "sdist"])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    home = tmp_path_factory.mktemp("home")
    venv.create(home / "env", with_pip=True)
    given = os.environ.get("PIP_OPTIONS", "--quiet").split()
    installed = Installed(home)
    installed.run("python", "-m", "pip", "install", *given, str(built(request.param)))
    return installed


def names_in(path: Path) -> set[str]:
    """The files of an archive, from `tegum/` or the sources' root on."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_what_is_in_the_files() -> None:
    wheel, source = names_in(built("*.whl")), names_in(built("*.tar.gz"))
    assert "tegum/explorer/static/index.html" in wheel
    assert any(name.startswith("tegum/engines/shipped/") for name in wheel)
    assert not {name for name in wheel if name.startswith(("tests/", "web/"))}
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = {name for name in kept.stdout.splitlines() if not name.startswith((".", "findings/"))}
    assert tracked - source == set()
    assert "src/tegum/explorer/static/index.html" in source
    assert not {name for name in source if "node_modules" in name}


def test_it_is_the_installed_one(installed: Installed) -> None:
    where = installed.run("python", "-c", "import tegum; print(tegum.__file__)")
    assert Path(where.strip()).is_relative_to(installed.home)


def test_the_page_opens(installed: Installed) -> None:
    command = [installed.program("tegum"), "explore", "--no-open", "--json"]
    with subprocess.Popen(
        command, cwd=installed.home, env=installed.surroundings(), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = json.loads(server.stdout.readline())["url"]
            with build_opener(HTTPCookieProcessor()).open(url, timeout=60) as page:
                assert page.status == 200
                assert b"<title>tegum" in page.read()
        finally:
            server.terminate()
            assert server.wait(60) in (0, -15, 130)


def test_experiments_are_reproduced(installed: Installed) -> None:
    installed.run("tegum", "reproduce", "setup", "--quick", "--out", "report")
    report = installed.home / "report"
    assert (report / "report.html").stat().st_size > 10_000
    assert json.loads((report / "claims.json").read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(installed: Installed, example: Path) -> None:
    shutil.copy(example, installed.home)
    installed.run("python", example.name)
