"""Measures speed, memory and quality on this machine: the same as ``paksatalker bench``."""

from paksatalker.cli.app import main

if __name__ == "__main__":
    import sys

    main(["bench", *sys.argv[1:]])
