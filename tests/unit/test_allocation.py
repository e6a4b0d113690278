"""Freed memory that stays: counted are the pages that the kernel has to fill anew."""

import platform
import subprocess
import sys

import pytest

PAGES = """
import contextlib, io, resource, sys
import numpy as np
from kgrec.allocation import keep_freed_memory
from kgrec.commands import main

if sys.argv[1] == "keep":
    keep_freed_memory()
if sys.argv[1] == "kgrec":
    sys.argv[1:] = ["settings", "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main()

def work():
    some = [np.ones(2**20) for _ in range(4)]  # 8 MiB each, 2,048 pages
    del some

work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries stay as they are")
def test_freed_memory_is_not_filled_anew() -> None:
    found = {
        way: int(subprocess.run([sys.executable, "-c", PAGES, way], check=True, capture_output=True, text=True).stdout)
        for way in ("keep", "kgrec", "give back")
    }
    assert found["give back"] > 10_000 and found["keep"] < 1_000
    assert found["kgrec"] < 1_000  # a command does it before anything else
