"""``python -m broker``: the same as ``varco``."""

from broker.cli import main

if __name__ == "__main__":
    main()
