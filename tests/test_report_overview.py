"""The list of experiments as read from sources, beside the experiments themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tegum.report.discovery import list_experiments
from tegum.report.overview import Entry, overview

PLAIN = """
from tegum.experiments.base import Claims, Experiment
claims = Claims("A section")

@claims("7.b", "It is so.", rule="x > 0", evidence=())
def first(tables): ...

@claims("3.a", "It is " "so.", rule=f"x > {1}", evidence=())
def second(tables): ...

for id_ in ("7.c",):
    claims(id_, "It is.", rule="", evidence=())(first)
EXPERIMENT = Experiment(
    name="plain", title="In " "plain words", section=claims.section, summary="",
    measure=print, figures=(), claims=tuple(claims),
)
"""


def test_sources_say_what_the_experiments_say() -> None:
    imported = [Entry(e.name, e.title, e.items, len(e.claims)) for e in list_experiments()]
    assert overview() == imported


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package of no experiments."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "experiments_of_mine"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "base.py").write_text("not Python")
    (folder / "_shared").mkdir()
    return folder


def test_a_single_file_and_a_folder_are_experiments(package: Path) -> None:
    assert overview(package.name) == []
    (package / "plain.py").write_text(PLAIN)
    assert overview(package.name) == [Entry("plain", "In plain words", (3, 7), 3)]
    folder = package / "another"
    folder.mkdir()
    (folder / "claims.py").write_text(PLAIN.partition("for id_")[0].replace("7.b", "1.b"))
    (folder / "__init__.py").write_text(PLAIN.replace("7.b", "5.c").replace('"plain"', '"more"'))
    first, second = overview(package.name) or []
    assert (first, second.name) == (Entry("more", "In plain words", (1, 3, 5, 7), 4), "plain")


@pytest.mark.parametrize(
    ("words", "others"),
    [
        ('name="plain"', "name=NAME"),
        ("Experiment(\n", "Made(\n"),
        ('"7.b"', "id_of(7)"),
        ('"3.a", "It', '"3" + ".a", "It'),
        ('rule="x > 0"', 'rule="""x\n> 0"""'),
    ],
)
def test_what_is_not_said_in_plain_words_is_left_to_an_import(
    package: Path, words: str, others: str
) -> None:
    assert words in PLAIN
    (package / "plain.py").write_text(PLAIN.replace(words, others))
    assert overview(package.name) is None
