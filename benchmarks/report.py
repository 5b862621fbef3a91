"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from check import CHECKED_AT
from tune import as_text
from verdicts import (
    Results,
    Verdict,
    fastest_peer,
    help_verdict,
    import_seconds,
    import_verdict,
    judge,
    memory_verdict,
    notebook_verdict,
    peer_verdict,
    ratio,
    sgemm_verdict,
    start_verdict,
    threads_verdict,
)
from works import BATCH, SGEMM_FROM_N, work_of

_HOW_TO_READ = f"""\
One **model-step** is one optimiser step of one model on a fresh batch of {BATCH} samples; the
tables give model-steps per second, higher is better: the median over the rounds, with the lowest
and highest in brackets. Every contestant does the same work on the same cores in the same run, in
a process of its own, and they take turns (A B C, A B C, …). Each has its best settings for each
work, found by trying them on this machine (below). Compile time and warm-up are not counted.

- A *stack* is what is trained at once. Contestants for whom smaller stacks are faster are timed on
  one of those; the notebook keeps all its models in one stack, as notebooks do.
- What a peer has no class for (a hidden ReLU, untied weights, |x|) is written as a subclass of its
  public base classes, as its user would.
- tegum's speed for sparse data depends on how many outputs are active: it is timed after up to
  1,000 steps of settling, by stepping its engine; *whole call* is `tegum.train(…)` from start to
  Dataset, untrained weights and set-up included.
- Ratios carry ✓ or ✗ where a floor is set (in parentheses).
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, the first column to the left."""
    align = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, align, *rows))


def amount(value: float) -> str:
    """Three significant digits: 1.23M, 45.6k, 789, 4.56."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * 0.9995:
            return f"{_digits(value / size)}{suffix}"
    return _digits(value)


def _digits(value: float) -> str:
    return (
        f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
    )


def speed(found: Mapping[str, Any]) -> str:
    """A rate with its range."""
    return f"{amount(found['rate'])} [{amount(found['low'])}, {amount(found['high'])}]"


def judged(verdict: Verdict | None, value: float | None = None) -> str:
    """A number with its mark and bound; without a verdict, the number alone."""
    if verdict is None:
        return "–" if value is None else _digits(value)
    return f"{_digits(verdict.measured)} {verdict.mark} ({verdict.bound:g})"


def markdown(results: Results) -> str:
    """The whole report."""
    sections = [
        "# Benchmarks",
        _machine(results),
        _summary(judge(results)),
        _different(results),
        "## How to read it\n\n" + _HOW_TO_READ,
        *_speeds(results),
        _dense(results),
        _threads(results),
        _starts(results),
        _memory(results),
        _checks(results),
        _settings(results),
    ]
    return "\n\n".join(section.rstrip() for section in sections if section) + "\n"


def _machine(results: Results) -> str:
    machine, sgemm = results["machine"], results["sgemm"]
    caches = ", ".join(f"{name} {size}" for name, size in machine["caches"].items())
    packages = {k: v for found in results["versions"].values() for k, v in found.items()}
    lines = [
        f"- measured {results['date']} in {results['wall_seconds'] / 60:.1f} minutes; "
        f"{results['plan']['rounds']} rounds of about {results['plan']['seconds']:g} s"
        + (" (`--quick`)" if results["quick"] else ""),
        f"- {machine['cpu']} (family and model {machine['cpu_family_model']}), "
        f"{machine['cores']} cores, {machine['vector_units']}; caches: {caches}; "
        f"{machine['memory_gib']} GiB of memory",
        f"- {machine['system']}; Python {machine['python']}; "
        + ", ".join(f"{name} {number}" for name, number in sorted(packages.items())),
        f"- sgemm (numpy, 2000 × 2000): {sgemm['one'] / 1e9:.0f} GFLOP/s on one thread, "
        f"{sgemm['all'] / 1e9:.0f} on {machine['cores']}",
    ]
    return "\n".join(lines)


def _summary(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    missed = [verdict for verdict in verdicts if not verdict.holds]
    head = f"**{len(verdicts) - len(missed)} of {len(verdicts)} floors and ceilings hold.**"
    lines = [f"- ✗ {v.what}: {_digits(v.measured)}, wanted {v.bound:g}" for v in missed]
    return "\n\n".join([head, "\n".join(lines)]) if lines else head


def _different(results: Results) -> str:
    """A warning where somebody does other work than the first contestant."""
    found = [
        f"{name}, {work_of(key).title}"
        for key, work in results["works"].items()
        for name, one in work["check"].items()
        if not one["same"]
    ]
    return f"**Not the same work: {'; '.join(found)}.**" if found else ""


def _speeds(results: Results) -> list[str]:
    names = list(results["entries"])
    tegum = "tegum" in names
    ratios = ["vs notebook", "vs fastest peer", "whole call"] if tegum else []
    sections = []
    for p in results["probabilities"]:
        rows = [
            [work_of(key).title, *(speed(found["rates"][str(p)][name]) for name in names)]
            + (_ratios(key, p, found["rates"][str(p)]) if tegum else [])
            for key, found in results["works"].items()
        ]
        head = ["work", *names, *ratios]
        sections.append(f"## Model-steps per second at p = {p:g}\n\n" + table(head, rows))
    legend = "\n".join(f"- **{name}**: {text}." for name, text in results["entries"].items())
    return ["## Contestants\n\n" + legend, *sections]


def _ratios(key: str, p: float, rates: Mapping[str, Any]) -> list[str]:
    work, peer = work_of(key), fastest_peer(rates)
    against = None if peer is None else ratio(rates, peer)
    fastest = judged(peer_verdict(work, p, rates), against)
    whole = rates.get("tegum", {}).get("whole_call", {})
    return [
        judged(notebook_verdict(work, p, rates)),
        fastest if peer is None else f"{fastest} {peer}",
        amount(whole["rate"]) if whole else "–",
    ]


def _dense(results: Results) -> str:
    sgemm, rows = results["sgemm"]["all"], []
    for key, found in results["works"].items():
        work, rates = work_of(key), found["rates"]["1.0"]
        if work.n < SGEMM_FROM_N:
            continue
        for name in rates:
            verdict = sgemm_verdict(work, rates[name]["rate"], sgemm)
            cell = judged(verdict) if name == "tegum" else _digits(verdict.measured)
            rows.append([work.title, name, cell])
    if not rows:
        return ""
    text = f"10·n·m·{BATCH} floating-point operations a step, against sgemm on all cores."
    head = ["work", "contestant", "fraction"]
    return f"## Dense data: fraction of the sgemm rate\n\n{text}\n\n" + table(head, rows)


def _threads(results: Results) -> str:
    rows = [
        [
            work_of(key).title,
            speed(found["one"]),
            speed(found["two"]),
            judged(threads_verdict(work_of(key), found["ratio"])),
        ]
        for key, found in results["threads"].items()
    ]
    head = ["tegum at p = 0.05", "one thread, one core", "two threads, two cores", "ratio"]
    return "## Threads\n\n" + table(head, rows) if rows else ""


def _starts(results: Results) -> str:
    if not results["starts"]:
        return ""
    rows = [
        [
            work_of(key).title,
            _digits(found["cold"]["to_first_step"]),
            judged(start_verdict(work_of(key), found["warm"]["to_first_step"])),
        ]
        for key, found in results["starts"].items()
    ]
    head = ["tegum at p = 0.05", "compiling (cold)", "kernels on disk (warm)"]
    text = "Seconds from `import tegum` to the end of the first training step, in a new process."
    extra = [f"`import tegum`: {judged(import_verdict(import_seconds(results)))} s"]
    if results["help_seconds"] is not None:
        extra.append(f"`tegum --help`: {judged(help_verdict(results['help_seconds']))} s")
    first = _first_steps(results)
    parts = [f"## Start-up and compile time\n\n{text}", table(head, rows), "; ".join(extra) + "."]
    return "\n\n".join([*parts, first])


def _first_steps(results: Results) -> str:
    """What building and the first two steps took in the timed processes."""
    names = list(results["entries"])
    rows = []
    for key, found in results["works"].items():
        rates = next(iter(found["rates"].values()))
        cells = [_digits(rates[name]["first_seconds"]) for name in names]
        rows.append([work_of(key).title, *cells])
    text = "Seconds to build the models and do two steps in the processes timed above."
    return text + "\n\n" + table(["work", *names], rows)


def _memory(results: Results) -> str:
    names = list(results["entries"])
    rows = [
        [work_of(key).title, *(_digits(found["peak"][name]) for name in names)]
        for key, found in results["works"].items()
    ]
    imported = [_digits(results["import_megabytes"][name]) for name in names]
    head = ["peak megabytes", *names]
    parts = ["## Memory", table(head, [["libraries imported", *imported], *rows])]
    if results["footprints"]:
        rows = [
            [title, f"{judged(memory_verdict(title, found))}", _digits(found["result_megabytes"])]
            for title, found in results["footprints"].items()
        ]
        parts.append(table(["tegum.train", "peak megabytes", "of which result"], rows))
    return "\n\n".join(parts)


def _checks(results: Results) -> str:
    found = {key: work["check"] for key, work in results["works"].items() if work.get("check")}
    if not found:
        return ""
    names = list(results["entries"])
    rows = []
    for key, checks in found.items():
        marked = [(checks[name], "✓" if checks[name]["same"] else "✗") for name in names]
        cells = [f"{one['loss']:.4g}, {one['bias']:.3f} {mark}" for one, mark in marked]
        work = work_of(key)
        title = f"{work.title}, {work.check_instances} models, {work.check_steps} steps"
        rows.append([title, f"{checks[names[0]]['before']:.4g}", *cells])
    text = (
        f"Mean loss (sum over features) on one held-out set, and mean bias, after training at p = "
        f"{CHECKED_AT:g} and learning rate 0.01 from the same initial weights; ✓ where both agree "
        f"with {names[0]}'s (see check.py)."
    )
    return f"## The same work\n\n{text}\n\n" + table(["work", "untrained", *names], rows)


def _settings(results: Results) -> str:
    names = [name for name in results["entries"] if name != "tegum"]
    rows = [
        [work_of(key).title, *(as_text(found["settings"][name]) for name in names)]
        for key, found in results["works"].items()
    ]
    return "## Settings found best\n\n" + table(["work", *names], rows) if names else ""
