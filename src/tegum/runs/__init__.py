"""Datasets of trained models: their names, reading, writing, selecting, tables."""
