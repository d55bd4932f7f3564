"""``python -m paksatalker``."""

from paksatalker.cli.app import main

if __name__ == "__main__":
    main()
