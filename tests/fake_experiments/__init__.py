"""Two small experiments, found by file name as the real ones are."""
