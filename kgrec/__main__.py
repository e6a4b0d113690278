"""``python -m kgrec``."""

from kgrec.entry import main

if __name__ == "__main__":
    main()
