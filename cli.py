"""The ``kgrec`` command in a checkout: ``python cli.py recommend --user ...``."""

from kgrec.commands import main

if __name__ == "__main__":
    main()
