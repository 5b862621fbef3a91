"""The notebooks of `examples/`, run by a real kernel with nothing set up, and exported.

Settings are small, and bars come up at once in place of after two seconds.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

pytestmark = pytest.mark.xdist_group("notebooks")

FOLDER = Path(__file__).parents[1] / "examples" / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.py"))
SMALL = {"STEPS": 300, "SEEDS": 2, "FEATURES": 6, "NEURONS": 8, "HIDDEN": 2, "POINTS": 3}
AT_ONCE = """
from tegum.ensemble.progress import Display
Display.__init__.__kwdefaults__["delay"] = 0.0
"""
PICTURES = ("image/png", "image/svg+xml")
#: What draws, and what may take long.
DRAWS = r"tg\.plots\.\w+\(|tg\.widgets\.view\("
WAITS = r"tg\.(train|score|polish|minima|from_weights)\("


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook of a script in which `# %%` begins a cell."""
    cells = []
    for part in re.split(r"^# %%", path.read_text("utf-8"), flags=re.M)[1:]:
        head, _, body = part.partition("\n")
        if "[markdown]" in head:
            cells.append(nbformat.v4.new_markdown_cell(re.sub(r"^# ?", "", body, flags=re.M)))
            continue
        cells.append(nbformat.v4.new_code_cell(body.strip()))
        if "parameters" in head:
            (names,) = ast.parse(body).body[0].targets
            small = [f"{name.id} = {SMALL[name.id]}" for name in names.elts]
            cells.append(nbformat.v4.new_code_cell("\n".join(small)))
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, nbformat.NotebookNode]:
    """All of them, by name, one after the other in one kernel: it has much to import."""
    place = {"metadata": {"path": str(tmp_path_factory.mktemp("notebooks"))}}
    read_in = {name: read(FOLDER / f"{name}.py") for name in NOTEBOOKS}
    every = [cell for notebook in read_in.values() for cell in notebook.cells]
    together = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(AT_ONCE), *every])
    NotebookClient(together, timeout=1200, kernel_name="python3", resources=place).execute()
    for notebook in read_in.values():
        notebook.metadata = together.metadata
    return read_in


def bundles(cell: nbformat.NotebookNode) -> list[dict[str, Any]]:
    return [dict(output.get("data", {})) for output in cell.get("outputs", [])]


def bars(cell: nbformat.NotebookNode) -> list[str]:
    texts = [bundle.get("text/plain", "") for bundle in bundles(cell)]
    return [text for text in texts if re.fullmatch(r"[\w ]+ ━+ 100% [\d:]+\s*", text)]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_draws_shows_a_picture_once_and_what_waits_a_bar(
    name: str, ran: dict[str, nbformat.NotebookNode]
) -> None:
    drawn = waited = 0
    for cell in ran[name].cells:
        if cell.cell_type != "code":
            continue
        assert {output.output_type for output in cell.outputs} <= {
            "display_data",
            "execute_result",
            *(["stream"] if "print(" in cell.source else []),
        }
        pictures = [bundle for bundle in bundles(cell) if set(PICTURES) & bundle.keys()]
        assert len(pictures) == len(re.findall(DRAWS, cell.source)), cell.source
        assert len(bars(cell)) == len(re.findall(WAITS, cell.source)), cell.source
        drawn, waited = drawn + len(pictures), waited + len(bars(cell))
    assert drawn >= 2
    assert waited >= 1


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_export_keeps_pictures_and_one_line_of_each_bar(
    name: str, ran: dict[str, nbformat.NotebookNode]
) -> None:
    page, _ = HTMLExporter().from_notebook_node(ran[name])
    source = "\n".join(cell.source for cell in ran[name].cells if cell.cell_type == "code")
    pictures = re.findall(r'<img[^>]+src="data:image/png;base64,|<svg ', page)
    assert len(pictures) >= len(re.findall(DRAWS, source))
    assert page.count("100%") >= len(re.findall(WAITS, source))
    assert "Traceback" not in page


def test_the_picture_of_a_widget_is_an_output_of_its_own(
    ran: dict[str, nbformat.NotebookNode],
) -> None:
    """Exporters drop a picture that stands in one output with a widget whose state is stored."""
    notebook = ran["5_loaded_weights"]
    (cell,) = [cell for cell in notebook.cells if "tg.widgets.view(" in cell.source]
    picture, view = bundles(cell)
    widget = "application/vnd.jupyter.widget-view+json"
    assert widget not in picture
    state = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    own = state[view[widget]["model_id"]]
    assert own["state"]["still"] in picture["text/html"]
    assert [buffer["path"] for buffer in own["buffers"]] == [["frame"]]
