"""Fixed data sets and mixtures: moments, files, what two of them have in common, refusals."""

from __future__ import annotations

import gc
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import tegum as tg
from tegum.engines.sampled import draw

ROWS = np.array([[1.0, 0.0, 0.5], [0.0, -0.25, 0.0], [0.0, 0.0, 0.0], [0.25, 2.0, 0.0]])
WEIGHTS = np.array([1.0, 2.0, 0.5, 4.0])


def test_moments_are_means_over_the_rows() -> None:
    law, p = tg.Samples(ROWS, WEIGHTS), WEIGHTS / 7.5
    np.testing.assert_allclose(law.mean(), p @ ROWS)
    np.testing.assert_allclose(
        law.second_moment(), sum(q * np.outer(x, x) for q, x in zip(p, ROWS, strict=True))
    )
    np.testing.assert_allclose(law.active_probability(), [5 / 7.5, 6 / 7.5, 1 / 7.5])
    np.testing.assert_allclose(tg.Samples(ROWS).mean(), ROWS.mean(0))


def test_files_hold_the_same_data_set(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", ROWS.T.copy().T)  # in Fortran order
    save_file({"x": ROWS, "other": WEIGHTS}, tmp_path / "x.safetensors")
    save_file({"only": ROWS.astype(np.float32)}, tmp_path / "one.safetensors")
    law = tg.Samples(ROWS)
    for name in ("x.npy", "x.safetensors", "one.safetensors"):
        read = tg.Samples(tmp_path / name)
        assert read == law
        assert hash(read) == hash(law)
        assert read.key() == law.key()
        np.testing.assert_array_equal(read.x.values, ROWS)


def test_small_data_is_written_out_and_large_is_known_by_its_digest(tmp_path: Path) -> None:
    small = tg.Samples(ROWS, WEIGHTS)
    assert tg.Samples.from_json(small.to_json()) == small
    assert pickle.loads(pickle.dumps(small)) == small
    large = np.random.default_rng(0).random((300, 10))
    law = tg.Samples(large)
    text = law.to_json()
    assert len(text) < 200
    assert tg.Samples.from_json(text) == law
    np.save(tmp_path / "x.npy", large)
    placed = tg.Samples(tmp_path / "x.npy")
    assert placed == law
    assert placed.key() == law.key() == text
    named = placed.to_json()
    del law, placed
    gc.collect()
    with pytest.raises(tg.SpecError, match="is known by its digest alone, and no such array"):
        tg.Samples.from_json(text)
    assert tg.Samples.from_json(named).key() == text
    gc.collect()
    np.save(tmp_path / "x.npy", large + 1)
    with pytest.raises(
        tg.SpecError, match="must be the file as it was: it holds other numbers now"
    ):
        tg.Samples.from_json(named)


@pytest.mark.parametrize(
    ("x", "weights", "said"),
    [
        ([[1.0, np.nan]], None, "x[0][1] must be finite; got nan"),
        ([1.0, 2.0], None, "x must be rows of features (T, n), T and n >= 1; got [1.0, 2.0]"),
        (np.zeros((0, 3)), None, "x must be rows of features (T, n), T and n >= 1; got []"),
        ([["a"]], None, "x must be an array of real numbers; got [['a']]"),
        ([[1.0], [2.0, 3.0]], None, "x must be an array of real numbers; got [[1.0], [2.0, 3.0]]"),
        ([[1e16]], None, "x must be at most 1e+15 in size; got 1e+16"),
        (ROWS, [1, 2], "weights must be 4, one for each row; got 2"),
        (ROWS, [1, 2, -1, 0], "weights must be a row of numbers >= 0, not all 0; "
         "got [1, 2, -1, 0]"),
        (ROWS, [0, 0, 0, 0], "weights must be a row of numbers >= 0, not all 0; "
         "got [0, 0, 0, 0]"),
        ("x.csv", None, "x cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_data_set_is_refused_in_a_line(x: Any, weights: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.Samples(x, weights)
    assert str(caught.value).startswith(f"Samples.{said}")
    assert "\n" not in str(caught.value)


def test_files_that_are_none_are_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("no numbers")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    save_file({"a": ROWS, "b": ROWS}, tmp_path / "two.safetensors")
    (tmp_path / "x.csv").write_text("1,2")
    for name in ("text.npy", "objects.npy", "two.safetensors", "x.csv", "missing.npy"):
        with pytest.raises(tg.SpecError) as caught:
            tg.Samples(tmp_path / name)
        assert str(caught.value).startswith("Samples.x ")
        assert "\n" not in str(caught.value)
    with pytest.raises(tg.SpecError) as caught:
        tg.Samples(tmp_path / "text.npy")
    assert "must be a .npy file, and does not begin as one" in str(caught.value)
    assert "pickle" not in str(caught.value)  # as numpy has it, with the advice to run it


def test_all_rows_are_a_batch_of_samples_alone() -> None:
    every = tg.Training(batch_size="all")
    assert every.samples_in_step(tg.Samples(ROWS)) == 4
    assert tg.Training.from_json(every.to_json()) == every
    for law, said in (
        (tg.Independent(2, 0.5), "Independent"),
        (tg.Samples(ROWS, WEIGHTS), "Samples with weights"),
    ):
        with pytest.raises(tg.SpecError) as caught:
            every.samples_in_step(law)
        rule = "can be 'all' where the distribution is Samples without weights"
        assert str(caught.value) == f"Training.batch_size {rule}; got {said}"


def test_rows_of_many_features_are_turned_as_they_are() -> None:
    """Sixteen rows and features at a time, and what is left of both, by their places."""
    rows = np.random.default_rng(0).normal(size=(1000, 21)).astype(np.float32)
    problem, count = tg.Problem(tg.Samples(rows), tg.ReLUOutput(2)), 1000
    whole = draw.samples(problem, tg.Training(batch_size="all"), steps=2)
    np.testing.assert_array_equal(whole, [rows, rows])
    x = draw.samples(problem, tg.Training(batch_size=count))[0]
    place = {row.tobytes(): k for k, row in enumerate(rows)}
    drawn = np.bincount([place[row.tobytes()] for row in x], minlength=len(rows))
    assert abs((drawn > 0).mean() - (1 - np.exp(-1))) < 0.05  # with replacement; 5 deviations
    one = draw.samples(problem, tg.Training(batch_size=count + 7))[0]
    np.testing.assert_array_equal(one[:count], x)


def test_pages_name_no_files(tmp_path: Path) -> None:
    from tegum.explorer.state import PageState

    np.save(tmp_path / "x.npy", ROWS)
    model = {"kind": "relu_output", "n_hidden": 2}
    problem = {"distribution": {"kind": "samples", "x": ROWS.tolist()}, "model": model}
    assert PageState.read({"problem": problem}).problem.distribution == tg.Samples(ROWS)
    for x in (str(tmp_path / "x.npy"), {"digest": "none", "file": str(tmp_path / "x.npy")}):
        problem["distribution"] = {"kind": "samples", "x": x}
        with pytest.raises(tg.SpecError, match="must be an array of numbers: no files are read"):
            PageState.read({"problem": problem})
    assert tg.Samples(tmp_path / "x.npy") == tg.Samples(ROWS)


# --- Mixtures ----------------------------------------------------------------------------------


def test_moments_of_a_mixture_are_those_of_its_parts() -> None:
    parts = tg.Independent(2, (0.2, 0.4)), tg.Samples([[1.0, 3.0]])
    law = tg.Mixture(parts, (3, 1))
    np.testing.assert_allclose(law.mean(), [0.75 * 0.1 + 0.25, 0.75 * 0.2 + 0.75])
    np.testing.assert_allclose(law.active_together(), [[0.4, 0.31], [0.31, 0.55]])
    np.testing.assert_allclose(law.second_moment()[0, 1], 0.75 * 0.1 * 0.2 + 0.25 * 3)
    assert law.feature_probability == (0.2, 0.4)
    changed = law.with_probability(0.5, 1)
    assert changed.parts == (tg.Independent(2, (0.2, 0.5)), parts[1])
    assert law.with_probability(0.5).parts[0] == tg.Independent(2, 0.5)
    with pytest.raises(tg.SpecError, match="has entries 0 to 1; got index 2"):
        law.with_probability(0.5, 2)


def test_mixtures_and_groups_of_mixtures_are_lists_of_components() -> None:
    a, b, c = (tg.Independent(2, p) for p in (0.1, 0.2, 0.3))
    nested = tg.Mixture([tg.Mixture([a, b]), c], (1, 3))
    assert nested.components() == ((0.125, a), (0.125, b), (0.75, c))
    beside = tg.Groups(parts=[tg.Mixture([a, b], (1, 3)), c])
    assert beside.components() == (
        (0.25, tg.Groups(parts=[a, c])),
        (0.75, tg.Groups(parts=[b, c])),
    )
    assert a.components() == ((1.0, a),)


@pytest.mark.parametrize(
    ("parts", "weights", "said"),
    [
        ([], None, "parts must be one or more distributions; got []"),
        ([tg.Independent(2, 0.1), tg.Independent(3, 0.1)], None,
         "parts[1] must have as many features as the first, 2; got 3"),
        ([tg.Independent(2, 0.1)], (1, 2), "weights must be 1, one for each part; got 2"),
        ([tg.Independent(2, 0.1)], 0, "weights must be a row of numbers >= 0, not all 0; got 0"),
        ([tg.Independent(2, 0.1)], (-1,), "weights must be a row of numbers >= 0, not all 0; "
         "got (-1,)"),
        ([3], None, "parts must be a Distribution, as "
         "tg.Independent(n_features=5, feature_probability=0.1) is; got 3"),
    ],
)  # fmt: skip
def test_what_is_no_mixture_is_refused_in_a_line(parts: Any, weights: Any, said: str) -> None:
    with pytest.raises(tg.SpecError) as caught:
        tg.Mixture(parts, weights)
    assert str(caught.value) == f"Mixture.{said}"
