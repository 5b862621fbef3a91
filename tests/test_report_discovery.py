"""Experiments are found by their files, and a faulty file is named."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from fake_lab import FAKES

from tegum.errors import TegumError, UnknownNameError
from tegum.report import discovery


def test_finds_by_file_name_in_the_order_of_items() -> None:
    names = [experiment.name for experiment in discovery.list_experiments(FAKES)]
    assert names == ["antipodal-pairs", "training-run"]


def test_names_choose_once_and_in_their_order() -> None:
    found = discovery.find(["training-run", "antipodal-pairs", "training-run"], FAKES)
    assert [experiment.name for experiment in found] == ["training-run", "antipodal-pairs"]


def test_an_unknown_name_is_told_with_its_nearest_and_all() -> None:
    with pytest.raises(UnknownNameError) as caught:
        discovery.find(["antipodal-pears"], FAKES)
    assert str(caught.value) == (
        "unknown experiment 'antipodal-pears'; did you mean 'antipodal-pairs'? "
        "known: antipodal-pairs, training-run"
    )
    with pytest.raises(UnknownNameError, match="unknown experiment 'zzz'; known: antipodal"):
        discovery.find(["zzz"], FAKES)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"one": "X = 1"}, r"one.EXPERIMENT must be an Experiment; got None"),
        ({"one": "EXPERIMENT = 3"}, r"one.EXPERIMENT must be an Experiment; got 3"),
        (
            {
                "one": "from fake_experiments.training_run import EXPERIMENT",
                "two": "from fake_experiments.training_run import EXPERIMENT",
            },
            "experiment 'training-run' is defined twice",
        ),
        (
            {
                "one": "from fake_experiments.training_run import EXPERIMENT",
                "two": "import dataclasses\nfrom one_bad_lab import one\n"
                "EXPERIMENT = dataclasses.replace(one.EXPERIMENT, name='other')",
            },
            "claim '3.a' is defined twice",
        ),
    ],
)
def test_a_faulty_file_is_named(
    files: dict[str, str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = tmp_path / "one_bad_lab"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("one_bad_lab")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(TegumError, match=message):
        discovery.list_experiments("one_bad_lab")


def test_an_experiment_stands_where_its_name_says() -> None:
    for experiment in discovery.list_experiments():
        home = importlib.import_module(f"tegum.experiments.{experiment.name.replace('-', '_')}")
        assert home.EXPERIMENT is experiment
        # who looks for claim 38.b finds its folder by the first lines of the files
        words = set(re.findall(r"\d+", str(home.__doc__)))
        assert {str(experiment.items[0]), str(experiment.items[-1])} <= words


def test_claims_are_judged_where_they_are_written() -> None:
    """In `claims` or `claims_ITEM_what` of the experiment's folder, or in its file."""
    for experiment in discovery.list_experiments():
        home = f"tegum.experiments.{experiment.name.replace('-', '_')}"
        folder = hasattr(sys.modules[home], "__path__")
        place = re.compile(rf"{home}\.claims(?:_(\d+)_\w+)?" if folder else rf"{home}()")
        first: dict[str, int] = {}
        for claim in experiment.claims:
            found = place.fullmatch(claim.judge.__module__)
            assert found, claim.id
            if found[1]:
                first[found[1]] = min(claim.item, first.get(found[1], claim.item))
        assert all(int(item) == least for item, least in first.items()), first


def test_every_experiment_of_the_package_is_sound() -> None:
    for experiment in discovery.list_experiments():
        assert re.fullmatch(r"[a-z0-9-]+", experiment.name)
        assert len({spec.name for spec in experiment.figures}) == len(experiment.figures)
        for claim in experiment.claims:
            assert re.fullmatch(r"[1-9]\d*\.[a-z]", claim.id)
            assert claim.rule
            assert claim.statement
            assert claim.evidence or claim.expected == "not tested"
