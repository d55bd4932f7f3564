"""The command line: ``paksatalker``."""
