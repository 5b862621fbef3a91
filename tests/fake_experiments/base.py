"""Not an experiment: discovery leaves a module of this name alone."""
