"""What is claimed of features that jump, and the rules that decide."""

from __future__ import annotations

from typing import Final

from tegum.analysis.dynamics import MARGIN
from tegum.dims import SEED
from tegum.experiments.base import Claims, Judgement, Tables, some, when
from tegum.experiments.energy_levels.measure import LATE, OFF, SIZE, chosen_of, late_jumps

SIGNIFICANT: Final = 0.05

claims = Claims("Superposition and Learning Dynamics")


@claims(
    "30.a",
    f"Late in training, after step {LATE:,}, single features jump from one dimensionality to "
    "another.",
    rule="in the chosen model of 24 a feature changes level (crosses the middle between 0 and 1/2 "
    f"by {MARGIN:g}) by more than {SIZE:g}, beginning after step {LATE:,}",
    evidence=("levels", "jumps", "trainings"),
    quick=False,
)
def late(tables: Tables) -> Judgement:
    found, trainings = tables["jumps"], tables["trainings"]
    seed, count = int(chosen_of(trainings)[SEED]), len(trainings)
    own = late_jumps(found[found[SEED] == seed])
    with_late, with_any = (int((trainings[name] > 0).sum()) for name in ("late", "jumps"))
    words = "; ".join(
        f"feature {row['feature']:.0f}: D {row['before']:.2f} → {row['after']:.2f} at steps "
        f"{row['start']:,.0f}–{row['end']:,.0f}, loss −{row['loss_drop']:.4f}"
        for _, row in own.iterrows()
    )
    return when(
        len(own),
        f"seed {seed}: {words or 'no such jump'}; such jumps in {with_late} of {count} seeds; in "
        f"{with_any} of any size and at any time after 70 % of the pairs have formed",
        late=len(own), seeds_with_late=with_late, seeds=count,
    )  # fmt: skip


@claims(
    "30.b",
    "As a feature jumps, the loss drops.",
    rule=f"after step {LATE:,} the interval between checkpoints in which the loss of the chosen "
    f"model falls most lies within a jump of more than {SIZE:g}",
    evidence=("levels", "trainings", "jumps"),
    quick=False,
)
def coincident(tables: Tables) -> Judgement:
    trainings = tables["trainings"]
    chosen, having = chosen_of(trainings), trainings[trainings["late"] > 0]
    return when(
        chosen["within"],
        f"seed {chosen[SEED]}: the loss falls most, by {chosen['fall']:.4f}, at steps "
        f"{chosen['fall_start']:,}–{chosen['fall_end']:,}, "
        f"{'within' if chosen['within'] else 'outside'} a jump; so in {having['within'].sum()} of "
        f"{len(having)} seeds with late jumps",
        fall=chosen["fall"],
    )


@claims(
    "30.c",
    "In the end every feature has half a dimension, as in an antipodal pair, or none.",
    rule=f"the last D_i of the chosen model are within {OFF:g} of 0 or 1/2",
    evidence=("levels", "trainings"),
    quick=False,
)
def settled(tables: Tables) -> Judgement:
    trainings = tables["trainings"]
    chosen, losses = chosen_of(trainings), trainings["last_loss"]
    return when(
        chosen["off"] <= OFF,
        f"seed {chosen[SEED]}: {chosen['at_half']} features at 1/2, all within "
        f"{chosen['off']:.4f} of their level; so in {(trainings['off'] <= OFF).sum()} of "
        f"{len(trainings)} seeds; last losses {losses.min():.4f} … {losses.max():.4f}",
        off=chosen["off"],
    )


@claims(
    "30.d",
    "Of what looks like a smooth decrease of the loss such jumps hold more than chance would give "
    "them.",
    rule="after 70 % of the pairs have formed, of all seeds with jumps together: jumps hold more "
    "of the fall of the loss than jumps moved around the time at random, circular-shift test, p < "
    f"{SIGNIFICANT:g}",
    evidence=("trainings", "jumps", "share"),
)
def share(tables: Tables) -> Judgement:
    pooled, jumps = tables["share"].iloc[0], some(tables["trainings"])["jumps"]
    return when(
        pooled["p_value"] < SIGNIFICANT,
        f"jumps take {100 * pooled['time_share']:.1f} % of the time and hold "
        f"{100 * pooled['drop_share']:.0f} % of the fall of the loss, p = {pooled['p_value']:.2g}; "
        f"{(jumps > 0).sum()} of {len(jumps)} seeds have jumps then",
        **pooled,
    )
