"""One file per experiment; the command line and the report find them by file name."""
