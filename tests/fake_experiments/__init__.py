"""Two small experiments, a folder and a file, found by their names as the real ones are."""
