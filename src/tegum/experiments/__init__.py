"""A folder for each experiment, a file for a small one; they are found by their names."""

from tegum.faces import lazy

__all__, __getattr__, __dir__ = lazy(__name__)
