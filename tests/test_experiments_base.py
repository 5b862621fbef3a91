"""Claims are kept as they are written, and a judgement says plain numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_checks import judged

from tegum.experiments.base import (
    Claim,
    Claims,
    Experiment,
    Judgement,
    Tables,
    Verdict,
    some,
    when,
)


def holds(tables: Tables) -> Judgement:
    return when(True, "yes")


def written(*ids: str) -> Claims:
    claims = Claims("Geometry")
    for identity in ids:
        claims(identity, f"Statement {identity}.", rule="always", evidence=("t",))(holds)
    return claims


class TestClaims:
    def test_a_claim_is_what_stands_above_its_judge(self) -> None:
        claims = Claims("Geometry")

        @claims(
            "38.b", "It is so.", rule="> 1", evidence=("f", "t"), expected="differs", quick=False
        )
        def judge(tables: Tables) -> Judgement:
            return when(True, "yes")

        assert tuple(claims) == (
            Claim("38.b", "Geometry", "It is so.", "> 1", judge, ("f", "t"), "differs", False),
        )
        assert judge({}) == Judgement("holds", "yes")

    def test_what_is_not_said_is_a_claim_that_holds_in_any_run(self) -> None:
        (claim,) = written("1.a")
        assert (claim.expected, claim.quick, claim.section) == ("holds", True, "Geometry")

    def test_they_keep_the_order_in_which_they_are_written(self) -> None:
        claims = written("12.b", "2.a", "12.a")
        assert [claim.id for claim in claims] == ["12.b", "2.a", "12.a"]
        assert [claim.id for claim in claims] == ["12.b", "2.a", "12.a"]  # as often as asked

    @pytest.mark.parametrize(
        "identity", ["", "a", "1", "1a", "1.", ".a", "0.a", "01.a", "1.A", "1.ab", "1.1", "1.a "]
    )
    def test_ids_are_an_item_and_a_letter(self, identity: str) -> None:
        with pytest.raises(
            ValueError, match=r"claims must have ids like 32\.a, each once"
        ) as caught:
            written(identity)
        assert str(caught.value).endswith(f"got {identity!r}")

    def test_no_id_is_given_twice(self) -> None:
        with pytest.raises(ValueError, match=r"each once; got '1\.a'"):
            written("1.a", "1.b", "1.a")
        assert len(list(written("1.a", "2.a", "1.b"))) == 3

    def test_two_sections_do_not_know_of_each_other(self) -> None:
        assert [c.section for c in (*Claims("A"), *written("1.a"), *written("1.a"))] == [
            "Geometry"
        ] * 2

    def test_items_follow_from_ids(self) -> None:
        claims = tuple(written("12.b", "2.a", "12.a"))
        assert [claim.item for claim in claims] == [12, 2, 12]
        experiment = Experiment("e", "E", "S", "One.", lambda lab: {}, (), claims)
        assert experiment.items == (2, 12)

    @pytest.mark.parametrize(
        ("status", "expected", "surprise"),
        [
            ("holds", "holds", False),
            ("differs", "holds", True),
            ("holds", "differs", True),
            ("differs", "differs", False),
            ("not tested", "holds", False),
            ("not tested", "differs", False),
        ],
    )
    def test_a_verdict_is_a_surprise_or_none(
        self, status: Any, expected: Any, surprise: bool
    ) -> None:
        claim = Claim("1.a", "S", "It is so.", "always", holds, (), expected)
        assert Verdict("e", claim, Judgement(status, "x")).as_expected is not surprise


class TestSome:
    def test_rows_are_given_back(self) -> None:
        rows = pd.DataFrame({"a": [0.0]})
        assert some(rows) is rows
        assert some(rows["a"] == 0).all()
        assert some((0.1,)) == (0.1,)

    @pytest.mark.parametrize("rows", [pd.DataFrame({"a": []}), pd.Series([], dtype=float), ()])
    def test_none_are_no_evidence(self, rows: Any) -> None:
        with pytest.raises(LookupError, match=r"^no rows$"):
            some(rows)
        with pytest.raises(LookupError, match=r"^no models$"):
            some(rows, "models")


class TestClaimsOfNothing:
    """What tests of experiments ask of every claim that holds."""

    def tables(self) -> Tables:
        return {"losses": pd.DataFrame({"loss": [0.5]}), "other": pd.DataFrame({"a": [1]})}

    def claims(self, rule: Any) -> Claims:
        claims = Claims("Geometry")
        claims("1.a", "It is so.", rule="< 1", evidence=())(lambda t: when(rule(t), "x"))
        return claims

    def test_a_rule_that_is_true_of_no_rows_is_caught(self) -> None:
        loose = self.claims(lambda t: (t["losses"]["loss"] < 1).all())
        with pytest.raises(AssertionError, match=r"1\.a holds of an empty losses"):
            judged(loose, "1.a", self.tables())

    def test_one_that_differs_or_raises_is_not(self) -> None:
        for rule in (
            lambda t: t["losses"]["loss"].max() < 1,
            lambda t: (some(t["losses"])["loss"] < 1).all(),
        ):
            assert judged(self.claims(rule), "1.a", self.tables()).status == "holds"


class TestWhen:
    @pytest.mark.parametrize(
        "true", [True, 1, 3, np.True_, np.float64(2), [0], np.array([True]), pd.Series([1]).all()]
    )
    def test_any_truth_value_will_do(self, true: Any) -> None:
        assert when(true, "x").status == "holds"
        assert when(not true, "x").status == "differs"

    @pytest.mark.parametrize("false", [False, 0, np.False_, np.int64(0), "", pd.Series([0]).any()])
    def test_and_any_that_is_none(self, false: Any) -> None:
        assert when(false, "x").status == "differs"

    def test_many_truth_values_are_no_verdict(self) -> None:
        with pytest.raises(ValueError, match="ambiguous"):
            when(np.array([True, False]), "x")
        with pytest.raises(ValueError, match="ambiguous"):
            when(pd.Series([True, True]), "x")

    def test_numbers_become_those_of_python(self) -> None:
        found = when(
            True, "x", a=np.float32(0.5), b=np.int64(3), c=7, d=True, e=pd.Series([1, 2]).max(),
            f=np.array(2.5), g=np.nan,
        )  # fmt: skip
        assert {name: type(value) for name, value in found.values.items()} == {
            **dict.fromkeys("abdefg", float),
            "c": int,
        }
        assert json.dumps(found.values) == (
            '{"a": 0.5, "b": 3.0, "c": 7, "d": 1.0, "e": 2.0, "f": 2.5, "g": NaN}'
        )

    def test_what_is_no_number_is_refused(self) -> None:
        with pytest.raises(TypeError):
            when(True, "x", a=None)
        with pytest.raises(TypeError):
            when(True, "x", a=np.zeros(2))

    def test_it_says_what_was_measured(self) -> None:
        assert when(True, "two of three", part=2 / 3) == Judgement(
            "holds", "two of three", {"part": 2 / 3}
        )
        assert when(False, "none").values == {}
