"""What the report writes: the page, Markdown, JSON, tables; whole files only."""

from __future__ import annotations

import csv
import errno
import io
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_lab import finished_fakes, run_facts

import tegum
from tegum.checksum import of_json
from tegum.errors import TegumError
from tegum.report import tables
from tegum.report.html import STANDS_IN
from tegum.report.markdown import plain
from tegum.report.output import ReportFolder
from tegum.report.run import Finished
from tegum.store import writer


@pytest.fixture(scope="module")
def finished() -> tuple[Finished, ...]:
    return finished_fakes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, finished: tuple[Finished, ...]) -> Path:
    path = tmp_path_factory.mktemp("report") / "new" / "out"
    report = ReportFolder(path, run_facts(), [done.experiment for done in finished])
    for done in finished:
        report.add(done)
    return path


class Page(HTMLParser):
    """Ids, links and images of a page, and whether every tag is closed in its turn."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.images: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.feed(text)
        self.faults += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        given = dict(attrs)
        if "id" in given:
            self.ids[str(given["id"])] += 1
        self.links += [str(v) for k, v in attrs if k in ("href", "xlink:href", "src")]
        if given.get("role") == "img" or tag == "img":
            self.images.append(given)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


@pytest.fixture(scope="module")
def markdown(folder: Path) -> str:
    return (folder / "report.md").read_text("utf-8")


class TestPage:
    def test_tags_are_balanced(self, page: Page) -> None:
        assert page.faults == []

    def test_ids_are_unique_and_references_resolve(self, page: Page, text: str) -> None:
        assert [name for name, number in page.ids.items() if number > 1] == []
        inside = [link[1:] for link in page.links if link.startswith("#")]
        inside += re.findall(r"url\(#([^)]+)\)", text)
        assert len(inside) > 20
        assert set(inside) <= set(page.ids)

    def test_nothing_comes_from_elsewhere(self, page: Page, text: str) -> None:
        assert page.tags["script"] == page.tags["link"] == page.tags["iframe"] == 0
        assert "@import" not in text
        for link in page.links:
            assert link.startswith(("#", "data:image/", "figures/", "tables/")), link
        assert set(re.findall(r"https?://[^\"'<> ]+", text)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }

    def test_files_it_links_are_there(self, page: Page, folder: Path) -> None:
        files = {link for link in page.links if link.startswith(("figures/", "tables/"))}
        assert len(files) == 2 * 2 + 3
        assert all((folder / file).is_file() for file in files)

    def test_text_is_escaped(self, text: str, page: Page) -> None:
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "absent &lt;column&gt;" in text
        assert page.tags["b"] == text.count("<li class=")

    def test_figures_have_alternative_text(self, page: Page) -> None:
        labels = [image.get("aria-label") or image.get("alt") for image in page.images]
        assert labels == ['Norm "‖W_i‖" over 1/(1−S); <b>bold</b>.', "A heat map and bars."]

    def test_heat_maps_are_images_within_the_drawing(self, text: str) -> None:
        assert text.count("<image ") >= 1

    def test_a_drawing_styles_nothing_but_itself(self, text: str) -> None:
        of_page, *others = re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL)
        (shared,) = others
        assert len(re.findall(r"\.[gs]\d+\{", shared)) > 10
        assert re.sub(r"\.[gs]\d+\{[^{}]*\}", "", shared) == (
            ".drawn *{stroke-linejoin:round;stroke-linecap:butt}"
        )
        assert not re.search(r"\.[gs]\d+\b", of_page)

    def test_table_headers_and_order(self, text: str) -> None:
        names = re.findall(r'<th scope="col">(\w+)</th>', text)[:7]
        assert names == [
            "Claim", "Verdict", "Statement", "Measured", "Rule", "Expected", "Evidence",
        ]  # fmt: skip
        assert text.index('id="claim-1.a"') < text.index('id="claim-3.b"')
        assert text.index('id="claim-3.b"') < text.index('<section class="card"')

    def test_the_foot_says_how_it_was_made(self, text: str) -> None:
        foot = text[text.index("<footer>") :]
        for word in (tegum.__version__, "tegum reproduce --out &#x27;a b&#x27;", "quick run"):
            assert word in foot
        assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", foot)

    def test_failures_are_shown(self, text: str) -> None:
        assert "Failed while drawing losses: ValueError: no ink" in text
        assert "Something went wrong in training-run" in text


class TestMarkdown:
    def test_every_row_of_the_verdict_table_has_its_cells(self, markdown: str) -> None:
        rows = [line for line in markdown.splitlines() if line.startswith("| ")][:7]
        assert len(rows) == 2 + 5
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}

    def test_links_are_there(self, markdown: str, folder: Path) -> None:
        files = re.findall(r"(?<!\\)\]\(([^)]+)\)", markdown)
        assert len(files) > 8
        assert all((folder / file).is_file() for file in files)
        assert "figures/antipodal-pairs-norms.png" in files

    def test_escapes(self) -> None:
        assert plain("W_i * W_j | <b>\n~2 $x$") == r"W\_i \* W\_j \| \<b\> \~2 \$x\$"


class TestFiles:
    def test_claims(self, folder: Path) -> None:
        def refuse(name: str) -> None:
            raise AssertionError(f"{name} is no JSON")

        claims = json.loads((folder / "claims.json").read_text(), parse_constant=refuse)
        assert [claim["id"] for claim in claims] == ["1.a", "1.b", "2.a", "3.a", "3.b"]
        keys = {
            *("item", "id", "section", "statement", "rule", "measured", "status", "expected"),
            *("evidence", "values", "seconds", "seeds", "models", "experiment", "quick"),
        }
        for claim in claims:
            assert keys <= set(claim)
            assert claim.pop("checksum") == of_json(claim)
            assert claim["status"] in ("holds", "differs", "not tested")
            assert all((folder / file).is_file() for file in claim["evidence"])
        assert claims[0]["evidence"] == [
            "figures/antipodal-pairs-norms.svg",
            "tables/antipodal-pairs-sweep.csv",
        ]
        assert claims[0]["values"] == {"largest": pytest.approx(1.297)}
        assert claims[1]["values"] == {"ratio": "nan"}
        assert claims[4]["error"] == "KeyError: 'absent <column>'"
        assert (claims[3]["models"], claims[3]["seeds"]) == (4, [2])

    def test_tables_keep_every_digit(self, folder: Path, finished: tuple[Finished, ...]) -> None:
        for name in ("sweep", "grid"):
            table = tables.flat(finished[0].outcome.tables[name])
            text = (folder / f"tables/antipodal-pairs-{name}.csv").read_text()
            header, *rows = csv.reader(io.StringIO(text))
            assert header == [str(column) for column in table.columns]
            numbers = np.array([[float(cell) for cell in row] for row in rows])
            np.testing.assert_array_equal(numbers, table.to_numpy())

    def test_nothing_temporary_is_left(self, folder: Path) -> None:
        assert [path for path in folder.rglob("*") if path.name.startswith(".")] == []

    def test_experiments_stand_in_their_order_however_they_finish(
        self, tmp_path: Path, folder: Path, finished: tuple[Finished, ...]
    ) -> None:
        report = ReportFolder(tmp_path, run_facts(), [done.experiment for done in finished])
        for done in reversed(finished):
            report.add(done)
        assert report.report.finished == finished
        assert (tmp_path / "claims.json").read_bytes() == (folder / "claims.json").read_bytes()

    def test_the_time_of_a_run_is_that_of_the_clock(
        self, tmp_path: Path, finished: tuple[Finished, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [50.0]
        monkeypatch.setattr("tegum.report.output.time.monotonic", lambda: now[0])
        report = ReportFolder(tmp_path, run_facts(), [done.experiment for done in finished])
        for done in finished:
            now[0] += 41.0
            report.add(done)
        assert "by tegum 0.1.0 in 1 min 22 s." in (tmp_path / "report.md").read_text("utf-8")

    def test_a_quick_report_marks_no_verdict_as_quick(self, folder: Path) -> None:
        assert STANDS_IN not in (folder / "report.html").read_text("utf-8")


class TestPreview:
    def test_corner_and_size(self) -> None:
        table = pd.DataFrame({f"c{i}": np.arange(20) / 3 for i in range(12)})
        short = tables.preview(table)
        assert len(short.rows) == tables.PREVIEW_ROWS
        assert len(short.header) == tables.PREVIEW_COLUMNS
        assert short.size == "20 rows × 12 columns"
        assert not short.whole
        assert short.rows[1][0] == "0.3333"

    def test_small_and_indexed(self) -> None:
        table = pd.DataFrame({"x": [1]}, index=pd.Index([0.5], name="p"))
        short = tables.preview(table)
        assert (short.header, short.rows) == (("p", "x"), (("0.5", "1"),))
        assert short.whole
        assert short.size == "1 row × 2 columns"


class TestWriter:
    def test_a_failure_leaves_the_old_file_and_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.txt"
        writer.write(path, "old")

        def full(self: Path, data: bytes) -> int:
            with self.open("wb") as stream:
                stream.write(data[:2])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(TegumError, match=r"cannot write .*a\.txt: No space left on device"):
            writer.write(path, "new text")
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_an_interrupt_leaves_no_file(self, tmp_path: Path) -> None:
        def interrupted() -> None:
            with writer.replacing(tmp_path / "a") as temporary:
                temporary.write_text("half")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert list(tmp_path.iterdir()) == []

    def test_line_ends_and_encoding(self, tmp_path: Path) -> None:
        writer.write(tmp_path / "sub" / "a", "‖x‖\n")
        assert (tmp_path / "sub" / "a").read_bytes() == "‖x‖\n".encode()

    def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(TegumError, match="cannot write"):
            ReportFolder(tmp_path / "file" / "out", run_facts(), [])
