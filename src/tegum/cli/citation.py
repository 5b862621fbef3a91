"""How tegum is cited."""

from __future__ import annotations

from typing import Final

from tegum import __version__

#: BibTeX of this version, and of the paper whose models it trains.
BIBTEX: Final = f"""\
@software{{tegum,
  title   = {{tegum: the laboratory for toy models of superposition}},
  author  = {{{{The tegum maintainers}}}},
  version = {{{__version__}}},
}}

@article{{elhage2022superposition,
  title   = {{Toy Models of Superposition}},
  author  = {{Elhage, Nelson and others}},
  journal = {{Transformer Circuits Thread}},
  year    = {{2022}},
  url     = {{https://transformer-circuits.pub/2022/toy_model/index.html}},
}}"""
