"""The index of a dump where there is no room for it."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

LOADING = """
import resource, sys
from pathlib import Path
from kgloader.dbpedia.dump import Dump
from kgrec.errors import KgrecError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    Dump([Path(sys.argv[1])])
except KgrecError as error:
    print(error)
"""


@pytest.mark.parametrize("most", [1 << 10, 1 << 18])  # bytes: from the first file on, or later
def test_an_index_that_cannot_be_kept_is_not_taken_for_a_dump_that_cannot_be_read(tmp_path: Path, most: int) -> None:
    """The system lets no file grow beyond a size, which it says as it says that a disk is full."""
    path, folder = tmp_path / "facts.nt", tmp_path / "temporary"
    path.write_text("".join(f"<http://x/{n}> <http://y/{n * 7919}> <http://z/{n}> .\n" for n in range(60_000)))
    folder.mkdir()
    command = [sys.executable, "-c", LOADING, str(path), str(most)]
    said = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"TMPDIR": str(folder)})
    assert said.stdout.startswith(f"The index of a dump cannot be kept in {folder}, which TMPDIR names: "), said.stderr
    assert os.strerror(errno.EFBIG) in said.stdout
    assert not list(folder.iterdir())
