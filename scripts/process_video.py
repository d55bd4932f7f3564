"""Tracks and scores a video: the same as ``paksatalker score``."""

from paksatalker.cli.app import main

if __name__ == "__main__":
    import sys

    main(["score", *sys.argv[1:]])
