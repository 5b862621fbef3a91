"""Run experiments, judge their claims and write what was found as HTML, Markdown and JSON."""
