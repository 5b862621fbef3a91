"""Not an experiment: discovery leaves names with an underscore alone."""
