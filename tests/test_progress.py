from __future__ import annotations

import io
import threading
import time

import numba
import pytest

import tegum.ensemble.progress
from tegum.engines.compiling import compiling_told
from tegum.ensemble.bars import CellBars, TerminalBars
from tegum.ensemble.progress import Display, shown, silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(tegum.ensemble.progress.time, "monotonic", lambda: now[0])
    return now


def run(display, clock, total, seconds, slices=100, first=0):
    """A training of `seconds` s by the clock."""
    display(first, total)
    for k in range(1, slices + 1):
        clock[0] += seconds / slices
        display(first + (total - first) * k // slices, total)


def test_short_trainings_say_nothing(clock):
    out = io.StringIO()
    with Display(stream=out) as display:
        run(display, clock, 1000, 1.9)
        run(display, clock, 1000, 0.0)
        run(display, clock, 0, 0.0)
    assert out.getvalue() == ""


def test_lines_are_five_seconds_apart_and_say_the_time_left(clock):
    out = io.StringIO()
    with Display("phases", stream=out) as display:
        run(display, clock, 1_000_000, 20.0)
    lines = out.getvalue().splitlines()
    # shown from 0.6 s on, when it is clear that it will take over 2 s
    assert len(lines) == 5
    assert lines[-1] == "phases: 100 % of 1e+06 model-steps"  # what was begun is ended
    assert lines[0] == "phases: 3 % of 1e+06 model-steps, 19 s left"
    assert lines[1] == "phases: 28 % of 1e+06 model-steps, 14 s left"


def test_time_left_does_not_count_what_was_there(clock):
    """9/10 were there at the start; the last tenth takes 100 s, of which 5 have passed."""
    out = io.StringIO()
    with Display(stream=out) as display:
        run(display, clock, 10_000, 100.0, first=9_000)
    assert out.getvalue().splitlines()[1].endswith("% of 1e+04 model-steps, 1 min 34 s left")


def test_time_left_does_not_count_what_the_first_slice_compiled(clock):
    """The first hundredth takes 12 s, each of the others 1/8 s."""
    out = io.StringIO()
    with Display(stream=out) as display:
        display(0, 1000)
        clock[0] += 12.0
        display(10, 1000)
        for k in range(2, 101):
            clock[0] += 0.125
            display(10 * k, 1000)
    lines = out.getvalue().splitlines()
    assert lines[0] == "training: 1 % of 1e+03 model-steps"  # no pace is known yet
    assert lines[1] == "training: 41 % of 1e+03 model-steps, 7 s left"


def test_lines_of_successive_trainings_are_five_seconds_apart(clock):
    out = io.StringIO()
    with Display(stream=out) as display:
        for total in (500, 500, 600, 700):
            run(display, clock, total, 3.0)
    lines = out.getvalue().splitlines()
    assert [line.split(" % of ")[1].split()[0] for line in lines] == [
        "500", "500", "500", "500", "700", "700"
    ]  # fmt: skip
    assert [" 100 % " in line for line in lines] == [False, True] * 3


def test_silent_start_is_shown_by_the_timer():
    """A first slice that compiles makes no calls; the display comes up all the same."""
    out = io.StringIO()
    with Display(stream=out, delay=0.05) as display:
        display(0, 10)
        deadline = time.monotonic() + 10
        while not out.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert out.getvalue() == "training: 0 % of 10 model-steps\n"


def test_closing_ends_the_timer_thread():
    before = threading.active_count()
    with Display(stream=io.StringIO(), delay=0.2) as display:
        display(0, 10)
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_terminal_gets_a_bar_that_vanishes():
    out = Terminal()
    with Display("five features", stream=out, delay=0.0) as display:
        for done in range(0, 11):
            display(done, 10)
            time.sleep(0.06)
    text = out.getvalue()
    assert "five features" in text
    assert "%" in text
    assert text.rstrip("\n").endswith("\x1b[2K")  # the line is cleared


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7300, "2 h 1 min")],
)
def test_durations(seconds, text):
    assert tegum.ensemble.progress._duration(seconds) == text


def test_displays_that_share_a_terminal_show_a_bar_each_and_leave_none():
    out = Terminal()
    bars = TerminalBars(out)
    with (
        Display("seven", bars=bars, delay=0.0) as one,
        Display("nine", bars=bars, delay=0.0) as other,
    ):
        for done in range(11):
            one(done, 20)
            other(done, 10)
            time.sleep(0.06)
        both = out.getvalue()
        assert "seven" in both
        assert "nine" in both
        other.close()
        before = len(out.getvalue())
        for done in range(11, 20):
            one(done, 20)
            time.sleep(0.06)
        after = out.getvalue()[before:]
        assert "seven" in after
        assert "nine" not in after
    assert out.getvalue().rstrip("\n").endswith("\x1b[2K")


def test_true_shows_a_bar_where_there_is_no_terminal_and_false_none() -> None:
    with shown(True) as told:
        assert isinstance(told, Display)
    for nothing in (False, None):  # in tests there is no terminal
        with shown(nothing) as told:
            assert not isinstance(told, Display)
            told(1, 2)


class Recorder:
    """A place of bars that writes down what it is to show."""

    drawn = True
    stream = io.StringIO()

    def __init__(self, shared: bool = True) -> None:
        self.shared = shared
        self.said: list[object] = []

    def add(self, label: str, total: int, done: int) -> int:
        self.said.append((label, total, done))
        return len(self.said)

    def update(self, bar: int, label: str, done: int) -> None:
        self.said.append((label, done))

    def remove(self, bar: int) -> None:
        self.said.append("end")


def test_a_display_says_when_kernels_are_compiled_and_ends_with_all_that_is_done(clock):
    bars = Recorder()
    with Display("one", bars=bars) as display:
        display(0, 10)
        display.compiling(True)  # before it is shown: nothing yet
        clock[0] += 3
        display(1, 10)
        display.compiling(False)
        clock[0] += 3
        display(10, 10)
    compiling, done = ("one: compiling …", 1), ("one", 1)
    assert bars.said == [("one", 10, 0), compiling, done, ("one", 10), "end"]


def test_where_one_thread_alone_may_draw_it_does_so_as_it_compiles():
    bars = Recorder(shared=False)
    with Display("one", bars=bars, delay=0.05) as display:
        display(0, 10)
        time.sleep(0.2)  # a timer would have drawn
        assert bars.said == []
        display.compiling(True)
        assert bars.said == [("one", 10, 0), ("one: compiling …", 0)]


def test_compiling_is_told_of_what_numba_compiles_and_of_nothing_else():
    @numba.njit
    def inner(x):
        return x + 1

    @numba.njit
    def outer(x):
        return 2 * inner(x)

    told: list[bool] = []
    with compiling_told(told.append):
        assert outer(1) == 4
        assert told == [True, False]  # the inner is part of it
        outer(2)
        assert told == [True, False]
        outer(1.5)  # another form
        assert told == [True, False] * 2
    inner(1j)
    assert told == [True, False] * 2


def test_what_is_called_within_shows_nothing_of_its_own(monkeypatch):
    monkeypatch.setattr(tegum.ensemble.progress, "in_notebook", lambda: True)

    with shown(None) as told:
        assert isinstance(told, Display)
        with shown(None) as inner:
            assert not isinstance(inner, Display)
        with shown(True) as inner:
            assert isinstance(inner, Display)
    with silent(), shown(None) as told:
        assert not isinstance(told, Display)


def test_bars_of_a_cell_keep_apart_whichever_ends_first(monkeypatch):
    texts: list[str] = []

    class Handle:
        def __init__(self):
            self.place = len(texts)
            texts.append("")

        def update(self, line):
            texts[self.place] = line._repr_mimebundle_()["text/plain"]

    monkeypatch.setattr("IPython.display.display", lambda line, display_id: Handle())
    bars = CellBars()
    first, second = bars.add("first", 10, 0), bars.add("second", 10, 0)
    bars.update(first, "first", 10)
    bars.remove(first)
    third = bars.add("third", 10, 0)
    bars.update(second, "second", 10)
    bars.update(third, "third", 10)
    for bar in (second, third):
        bars.remove(bar)
    assert [text.split()[0] for text in texts] == ["first", "second", "third"]
    assert all("100%" in text for text in texts)
