"""The ``kgrec`` command in a checkout: ``python cli.py recommend --user ...``."""

from kgrec.entry import main

if __name__ == "__main__":
    main()
