"""The command line: what it prints, what it writes, its exit codes and its errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fake_lab import FAKES, start

import tegum
from tegum.cli import terminal
from tegum.cli.arguments import COMMANDS
from tegum.cli.main import main
from tegum.report import overview


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "PACKAGE", FAKES)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


Capture = pytest.CaptureFixture[str]


class TestHelp:
    def test_overview(self, capsys: Capture) -> None:
        assert main(["--help"]) == 0
        out = capsys.readouterr().out
        assert all(f"  {name} " in out for name in COMMANDS)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_of_each_command(self, command: str, capsys: Capture) -> None:
        assert main([command, "--help"]) == 0
        out = capsys.readouterr().out
        assert f"usage: tegum {command}" in out
        assert "None" not in out
        assert "\x1b" not in out

    def test_version(self, capsys: Capture) -> None:
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == f"tegum {tegum.__version__}\n"

    def test_as_a_module(self) -> None:
        command = [sys.executable, "-m", "tegum", "--version"]
        run = subprocess.run(command, capture_output=True, check=True, text=True)
        assert run.stdout == f"tegum {tegum.__version__}\n"
        wrong = subprocess.run([*command[:-1], "no-such-command"], capture_output=True)
        assert wrong.returncode == 2

    def test_cite(self, capsys: Capture) -> None:
        assert main(["--cite"]) == 0
        out = capsys.readouterr().out
        stated = (Path(__file__).parents[1] / "CITATION.cff").read_text("utf-8")
        assert f"version: {tegum.__version__}\n" in stated
        assert f"version = {{{tegum.__version__}}}" in out
        for title in (
            "tegum: the laboratory for toy models of superposition",
            "Toy Models of Superposition",
        ):
            assert title in stated
            assert f"title   = {{{title}}}" in out
        assert out.count("{") == out.count("}")


@pytest.mark.usefixtures("fakes", "here")
class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("", "a command is missing: list, reproduce, train, explore, site, warm, show"),
            ("repoduce", "unknown command 'repoduce'; did you mean 'reproduce'?"),
            ("--verbose", "unknown option '--verbose'"),
            ("list extra", "unrecognized options: extra (see tegum list --help)"),
            ("reproduce --fin", "tegum reproduce has no option --fin: it is --fine (see"),
            ("reproduce --name 3", "unrecognized options: --name"),
            ("reproduce train", "unknown experiment 'train'; did you mean 'training-run'?"),
            ("train --lr 0.1", "tegum train has no option --lr: it is --learning-rate (see tegum"),
            ("train --kind topk", "tegum train has no option --kind: it is --architecture (see"),
            ("train --no-bias --n-inst=3", "tegum train has no option --n-inst: it is --seeds (se"),
            ("train --sparsity 0.75", "no option --sparsity: it is p = 1 − S, --probability 0.25"),
            ("train --sparsity", "--sparsity: it is p = 1 − S, --probability 1 − S (see tegum"),
            ("train --xyz 1", "unrecognized options: --xyz, 1 (see tegum train --help)"),
            (
                "train --hidden 1 --features 2 --probability 1 --out runs.csv",
                "--out must end in .nc, it is netCDF (tg.runs.tables.loss_table(runs) is a table)",
            ),
            ("reproduce --jobs two", "--jobs must be an integer; got 'two'"),
            ("reproduce --jobs 0", "--jobs must be at least 1; got 0"),
            ("reproduce --quick --fine", "--quick and --fine exclude each other"),
            ("reproduce nothing", "unknown experiment 'nothing'; known: antipodal-pairs, train"),
            ("reproduce --seed -1 training-run", "--seed must be in [0, 2^64); got -1"),
            ("reproduce --out file/out", "cannot write file/out: Not a directory"),
            ("reproduce --store file", "store cannot use file"),
            ("show", "FILE is missing"),
            ("show gone.nc", "gone.nc is not there"),
            ("show .", ". is a folder"),
            ("show file", "file is not a whole netCDF file"),
            ("train", "--probability is missing"),
            ("train --features 3 --probability 1", "--hidden is missing"),
            ("train --hidden 1 --probability 1", "--distribution independent needs --features"),
            (
                "train --hidden 1 --probability 1 --features 2 --sets 2",
                "--distribution independent has no --sets",
            ),
            (
                "train --hidden 1 --probability 1 --distribution correlated --sets 2",
                "--distribution correlated needs --set-size",
            ),
            ("train --distribution normal --probability 1", "unknown distribution 'normal'; known"),
            ("train --steps 1.5", "--steps must be an integer; got '1.5'"),
            ("train --learning-rate fast", "--learning-rate must be a number; got 'fast'"),
            ("train --seeds", "missing value for argument '--seeds'"),
            ("train --hidden 1 --features 2 --probability 1.2", "got 1.2"),
            ("train --hidden 1 --features 2 --probability -1", "must be in [0, 1]; got -1"),
            ("train --hidden 1 --features 2 --probability 1 --model mlp", "unknown model 'mlp'"),
            ("train --hidden 1 --features 2 --probability 1 --importance nan", "must be finite"),
            ("train --hidden 1 --features 2 --probability 1 --importance 1,2,3", "3 entries"),
            ("train --hidden 1 --features 2 --probability 1 --target sin", "Problem.target must"),
            ("train --hidden 1 --features 2 --probability 1 --pairs 0+1", "--pairs must come with"),
            ("train --hidden 1 --features 2 --probability 1 --target or --pairs 0-1", "as 0+1,2+3"),
            ("train --hidden 1 --features 2 --probability 1 --target or --pairs 0+2", "pairs[0] m"),
            ("train --hidden 1 --features 2 --probability 1 --target x --target-table 0,0",
             "leave out one of them"),
            ("train --hidden 1 --features 2 --probability 1 --target-table 1,1", "must be 0 at x"),
            ("train --problem file --pairs 0+1", "leave out --pairs"),
            ("train --hidden 1 --features 2 --probability 1 --optimizer lion", "Training.optimiz"),
            ("train --hidden 1 --features 2 --probability 1 --steps -1", "Training.steps must be"),
            ("train --hidden 1 --features 2 --probability 1 --seeds 0", "train.seeds must be"),
            ("train --hidden 1 --features 2 --probability 1 --axis p", "NAME=VALUES"),
            ("train --hidden 1 --features 2 --probability 1 --axis p=1", "unknown axis 'p'"),
            ("train --hidden 1 --features 2 --probability 1 --out .", "it is a folder"),
            ("train --hidden 1 --features 2 --probability 1 --out file/x.nc", "cannot write file"),
            ("train --hidden 1 --features 2 --probability 1 --store file", "store cannot use file"),
            ("train --hidden 1 --features 2 --probability 1 --checkpoints x", "a count or a list"),
            ("train --model linear --hidden 1 --features 2 --probability 1 --activation relu",
             'Linear has no field "activation"'),
            ("train --problem gone.json", "gone.json is not there"),
            ("train --problem file", "file holds no problem"),
            ("train --problem file --hidden 3", "leave out --hidden"),
            ("train --problem file --no-bias", "leave out --no-bias"),
        ],
    )  # fmt: skip
    def test_one_line_and_code_2(self, line: str, said: str, here: Path, capsys: Capture) -> None:
        (here / "file").write_text("not what you think")
        assert main(line.split()) == 2
        printed = capsys.readouterr()
        message = next(x for x in printed.err.splitlines() if not x.startswith(("[", " ")))
        assert printed.out == ""
        assert message.startswith("error: ")
        assert said in message
        assert printed.err.endswith(message + "\n")
        assert "Traceback" not in printed.err


@pytest.mark.usefixtures("fakes")
class TestList:
    def test_text(self, capsys: Capture) -> None:
        assert main(["list"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "name             items  claims  title",
            "antipodal-pairs  1, 2        3  Antipodal pairs & <norms>",
            "training-run     3           2  A training",
        ]

    def test_json(self, capsys: Capture) -> None:
        assert main(["list", "--json"]) == 0
        first, second = json.loads(capsys.readouterr().out)
        assert (first["name"], first["items"]) == ("antipodal-pairs", [1, 2])
        assert [claim["id"] for claim in second["claims"]] == ["3.a", "3.b"]

    def test_a_reader_who_leaves(self) -> None:
        with start("list") as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == ""
        assert process.returncode == 141


@pytest.mark.usefixtures("fakes", "here")
class TestReproduce:
    def test_as_expected(self, here: Path, capsys: Capture) -> None:
        assert main(["reproduce", "antipodal-pairs", "--quick"]) == 0
        printed = capsys.readouterr()
        assert "1.b    differs, as recorded  " in printed.out
        assert "report: tegum-report/report.html" in printed.out
        assert "[1/1] antipodal-pairs: Antipodal pairs & <norms>" in printed.err
        assert printed.err.startswith("made the folder tegum-report\n")
        assert "\x1b" not in printed.out + printed.err
        for name in ("report.html", "report.md", "claims.json", "store/units"):
            assert (here / "tegum-report" / name).exists()

    def test_everything_with_surprises(self, here: Path, capsys: Capture) -> None:
        assert main(["reproduce", "--quick", "--out", "o", "--jobs", "1", "--json"]) == 1
        printed = capsys.readouterr()
        claims = json.loads(printed.out)
        assert claims == json.loads((here / "o/claims.json").read_text())
        assert [claim["status"] for claim in claims] == [
            "holds", "differs", "not tested", "differs", "not tested",
        ]  # fmt: skip
        assert "failed judging claim 3.b: KeyError: 'absent <column>'" in printed.err
        assert "report: o/report.html" in printed.err

    def test_a_full_run_opens_with_quick_results(self, here: Path, capsys: Capture) -> None:
        assert main(["reproduce", "--out", "o", "--jobs", "1"]) == 1
        said = [
            line for line in capsys.readouterr().err.splitlines() if line.startswith(("[", "r"))
        ]
        begun = [
            line.partition(":")[0] for line in said if line.endswith(("<norms>", "A training"))
        ]
        assert begun == [
            "[quick 1/2] antipodal-pairs", "[quick 2/2] training-run",
            "[1/2] training-run", "[2/2] antipodal-pairs",
        ]  # fmt: skip
        assert "report: o/report.html, of quick runs; full ones follow" in said
        claims = json.loads((here / "o/claims.json").read_text())
        assert not any(claim["quick"] for claim in claims)
        assert "Still to run" not in (here / "o/report.html").read_text("utf-8")

    def test_a_second_run_trains_nothing_and_agrees(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tegum.engines.sampled import engine

        table = here / "o/tables/training-run-losses.csv"
        assert main(["reproduce", "training-run", "--quick", "--out", "o"]) == 1
        before = table.read_bytes()
        table.unlink()

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("trained again")

        monkeypatch.setattr(engine.SampledEngine, "advance", refuse)
        assert main(["reproduce", "training-run", "--quick", "--out", "o"]) == 1
        assert table.read_bytes() == before
        assert main(["reproduce", "training-run", "--quick", "--out", "o", "--seed", "1"]) == 1
        assert "trained again" in (here / "o/report.md").read_text()

    def test_ctrl_c_keeps_what_is_finished(
        self, here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import fake_experiments.training_run as second

        def interrupted(lab: object) -> None:
            raise KeyboardInterrupt

        changed = second.EXPERIMENT.__class__(
            **{**second.EXPERIMENT.__dict__, "measure": interrupted}
        )
        monkeypatch.setattr(second, "EXPERIMENT", changed)
        assert main(["reproduce", "--quick", "--out", "o"]) == 130
        printed = capsys.readouterr()
        assert printed.err.splitlines()[-1] == (
            "interrupted; experiments that are done and models of tegum.train are kept, "
            "run the same command to continue"
        )
        assert len(json.loads((here / "o/claims.json").read_text())) == 3
        assert "Still to run: training-run." in (here / "o/report.html").read_text("utf-8")


@pytest.mark.usefixtures("here")
class TestTerminal:
    ROWS = (("1.a", "holds", "[bold]x[/bold]"), ("1.b", "differs, expected holds", "–"))

    def test_plain(self, capsys: Capture) -> None:
        terminal.print_table(("claim", "verdict", "n"), self.ROWS, right=(2,), status=1)
        assert capsys.readouterr().out.splitlines() == [
            "claim  verdict                               n",
            "1.a    holds                    [bold]x[/bold]",
            "1.b    differs, expected holds               –",
        ]

    def test_lines_for_a_pipe_are_wrapped_between_words(self, capsys: Capture) -> None:
        words = "as superposition forms models get more vulnerable " * 5
        terminal.print_table(("id", "text", "more"), [("1.a", words, words), ("2.b", "x", "y")])
        out = capsys.readouterr().out.splitlines()
        assert max(map(len, out)) <= 100
        assert [line[:3].strip() for line in out if line[:3].strip()] == ["id", "1.a", "2.b"]
        left, right = out[0].index("text"), out[0].index("more")
        for low, high in ((left, right), (right, None)):
            column = " ".join(line[low:high].strip() for line in out[1:-1])
            assert column.split() == words.split()

    def test_a_word_is_never_cut_nor_a_column_of_numbers(self, capsys: Capture) -> None:
        long = "x" * 120
        terminal.print_table(("id", "text", "n"), [("1.a", f"a {long} b", "1 2")], right=(2,))
        out = capsys.readouterr().out
        assert long in out
        assert "1 2" in out

    def test_on_a_terminal(self, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", "60")
        terminal.print_table(("claim", "verdict", "n"), self.ROWS, status=1)
        out = capsys.readouterr().out
        assert "[bold]x[/bold]" in out
        assert all(len(line) <= 60 + line.count("\x1b") * 8 for line in out.splitlines())


def test_exit_codes_reach_the_shell() -> None:
    process = start("show", "gone.nc")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (2, "", "error: gone.nc is not there\n")
