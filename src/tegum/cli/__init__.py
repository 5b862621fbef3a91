"""The command line: list, reproduce, train, show."""
