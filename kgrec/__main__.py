"""``python -m kgrec``."""

from kgrec.commands import main

if __name__ == "__main__":
    main()
