"""The documentation: every public name has an entry, its code runs, its links lead somewhere."""

from __future__ import annotations

import importlib
import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = sorted(DOCS.with_name("examples").glob("*.py"))


def machinery(name: str) -> ModuleType:
    """A module of docs/machinery, which is on no path."""
    sys.path.insert(0, str(DOCS / "machinery"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(DOCS / "machinery"))


entries, running, check = (machinery(name) for name in ("entries", "running", "check"))

PAGE = """\
# A page

```python
x = 2
print("x is", x)
```

```python file=mine.py
def twice(x):
    return 2 * x
```

```py
this is only shown
```

```python
from mine import twice
twice(x)
```

```console
$ cat mine.py | head -n 1
```
"""


def test_every_public_name_has_an_entry_in_the_reference() -> None:
    source = "\n".join(entries.made().values())
    documented = re.findall(r"^\.\. auto\w+:: (\S+)$", source, flags=re.M)
    assert len(documented) == len(set(documented))
    assert entries.missing(documented) == []
    fewer = [name for name in documented if name != "tegum.plots.gram"]
    assert entries.missing(fewer) == ["tegum.plots.gram"]


def test_blocks_run_in_order_in_one_place(tmp_path: Path) -> None:
    blocks = running.blocks(PAGE)
    assert [(one.kind, one.file, one.line) for one in blocks] == [
        ("python", "", 3),
        ("python", "mine.py", 8),
        ("python", "", 17),
        ("console", "", 22),
    ]
    said = running.run("a/page.md", blocks, tmp_path)
    assert [one["text"] for one in said] == ["x is 2\n", "", "4\n", "def twice(x):\n"]
    assert all(one["picture"] is None for one in said)
    assert (tmp_path / "a-page.json").is_file()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError"),
        ("import warnings\nwarnings.warn('look out')", "UserWarning: look out"),
    ],
)
def test_code_that_fails_or_warns_is_said_with_its_line(
    source: str, said: str, tmp_path: Path
) -> None:
    blocks = running.blocks(f"text\n\n```python\n{source}\n```\n")
    with pytest.raises(running.PageError) as caught:
        running.run("page.md", blocks, tmp_path)
    assert said in str(caught.value)
    assert 'page.md, block at line 3", line 2' in str(caught.value)
    assert not list(tmp_path.iterdir())


DRAWN = """\
```python
import matplotlib.pyplot as plt
figure, ax = plt.subplots()
ax.set(title="one");
```

```python
2 + 2
```

<!-- check: said == "4\\n" and ax.get_title() == "one" -->
"""


def test_a_figure_of_pyplot_is_shown_and_the_text_is_held_to_what_it_says(tmp_path: Path) -> None:
    drawn, said = running.run("page.md", running.blocks(DRAWN), tmp_path)
    assert (tmp_path / drawn["picture"]).read_text().startswith("<?xml")
    assert (said["text"], said["picture"]) == ("4\n", None)
    wrong = running.blocks(DRAWN.replace('"4', '"5'))
    with pytest.raises(running.PageError, match="the text says more than is true: said == "):
        running.run("page.md", wrong, tmp_path)


def test_what_a_notebook_would_not_show_is_no_picture_of_a_page(tmp_path: Path) -> None:
    hidden = "```python\nfrom matplotlib.figure import Figure\nFigure()\n```\n"
    with pytest.raises(running.PageError, match="a notebook shows no figure"):
        running.run("page.md", running.blocks(hidden), tmp_path)


def test_a_site_is_checked(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text('<h1 id="here">b</h1><a href="https://example.org/">e</a>')
    page = tmp_path / "a.html"
    page.write_text('<a href="b.html#here">b</a><a href="#">top</a><img src="p.svg" alt="a p">')
    (tmp_path / "p.svg").write_text("<svg/>")
    assert check.faults(tmp_path) == []
    page.write_text(
        '<a href="c.html">c</a><a href="b.html#there">b</a><img src="p.svg">'
        '<script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "s.css").write_text("@import url(https://example.org/font.css);")
    found = check.faults(tmp_path)
    for words in ("c.html leads nowhere", "b.html#there has no such", "p.svg does not say"):
        assert sum(words in fault for fault in found) == 1
    assert sum("from elsewhere" in fault for fault in found) == 2
    (tmp_path / "empty").mkdir()
    assert check.faults(tmp_path / "empty") == [f"{tmp_path / 'empty'} has no pages"]


@pytest.mark.slow
@pytest.mark.parametrize("page", running.pages(), ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    name = str(page.relative_to(DOCS))
    blocks = running.blocks(page.read_text("utf-8"))
    assert len(running.run(name, blocks, tmp_path)) == len(blocks)


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_an_example_draws_and_is_in_the_gallery(script: Path) -> None:
    source = script.read_text("utf-8")
    assert len(source.splitlines()) <= 50
    assert f"```{{example}} {script.stem}\n" in (DOCS / "gallery.md").read_text("utf-8")
    figure = runpy.run_path(str(script))["figure"]
    plt.close(figure)  # nobody else's business: pyplot would keep it
    assert isinstance(figure, Figure)
    assert figure.get_axes()
