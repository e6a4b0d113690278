"""The jars of the managed Neo4j: fetched once from Maven Central, each checked against the lock file of the package."""

import hashlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jgo.constants import MAVEN_CENTRAL_URL
from requests import RequestException, Session
from requests.adapters import HTTPAdapter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from urllib3.util import Retry

from kgrec.errors import KgrecError
from kgrec.files import exclusive
from kgrec.settings import cache_home

NEO4J_VERSION = "2026.08.1"
GDS_VERSION = "2.26.0"
BROWSER_VERSION = "5.24.0"
COORDINATES = (
    f"org.neo4j:neo4j:{NEO4J_VERSION}",
    f"org.neo4j.app:neo4j-server:{NEO4J_VERSION}",
    f"org.neo4j.client:neo4j-browser:{BROWSER_VERSION}",
    f"org.neo4j.gds:proc:{GDS_VERSION}",
    f"org.neo4j.gds:opengds-extension:{GDS_VERSION}",
)
LOCK_FILE = "jars.lock"
REPOSITORY = MAVEN_CENTRAL_URL
WORKERS = 8
RETRIES = Retry(4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class LockedJar:
    """One line of the lock file: ``sha256 size group:artifact:version[:classifier]``."""

    sha256: str
    size: int
    coordinate: str

    @property
    def path(self) -> Path:
        """Its place below the repository, as Maven lays it out."""
        group, artifact, *version = self.coordinate.split(":")
        return Path(*group.split("."), artifact, version[0], f"{'-'.join([artifact, *version])}.jar")


def locked_jars() -> list[LockedJar]:
    """Read the lock file: every jar that the server needs, in class path order."""
    lines = _lock_text().splitlines()
    return [
        LockedJar(sha256, int(size), coordinate)
        for sha256, size, coordinate in (line.split() for line in lines if not line.startswith("#"))
    ]


def jar_folder() -> Path:
    """Where the jars are kept for all servers of this user."""
    return cache_home() / "jars"


def ensure_jars() -> list[Path]:
    """Return the paths of all jars; the first call fetches and verifies them, the later ones look at their sizes.

    Raises:
        KgrecError: Maven Central cannot be reached, a jar is not the locked one, the disk is full, or the cache was
            damaged after it had been verified.
    """
    folder = jar_folder()
    jars = locked_jars()
    stamp = folder / f"verified-{hashlib.sha256(_lock_text().encode()).hexdigest()[:16]}"
    try:
        with exclusive(folder / "lock"):
            if stamp.exists():
                _check_sizes(folder, jars)
            else:
                _fetch_all(folder, jars)
                draft = stamp.with_suffix(".partial")
                draft.touch()
                draft.replace(stamp)
    except OSError as error:
        raise KgrecError(f"The jar cache {folder} cannot be used: {error.strerror or error}.") from error
    return [folder / jar.path for jar in jars]


def _check_sizes(folder: Path, jars: list[LockedJar]) -> None:
    for jar in jars:
        path = folder / jar.path
        if not path.is_file() or path.stat().st_size != jar.size:
            state = "has a wrong size" if path.exists() else "is missing"
            raise KgrecError(
                f"The jar cache is broken ({path.name} {state}): remove the folder {folder} and run the command again."
            )


def _fetch_all(folder: Path, jars: list[LockedJar]) -> None:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    pool = ThreadPoolExecutor(WORKERS)
    session = Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=WORKERS, max_retries=RETRIES))
    try:
        with progress, session:
            task = progress.add_task(
                f"Fetching Neo4j {NEO4J_VERSION} and GDS {GDS_VERSION}", total=sum(jar.size for jar in jars)
            )
            running = {pool.submit(_fetch, session, folder, jar): jar for jar in jars}
            for done in as_completed(running):
                done.result()
                progress.advance(task, running[done].size)
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(session: Session, folder: Path, jar: LockedJar) -> None:
    """Fetch one jar unless a whole one is there from an interrupted run."""
    path = folder / jar.path
    if _is_whole(path, jar):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".partial")
    try:
        with session.get(f"{REPOSITORY}/{jar.path.as_posix()}", stream=True, timeout=TIMEOUT_SECONDS) as response:
            response.raise_for_status()
            with draft.open("wb") as file:
                for chunk in response.iter_content(chunk_size=1 << 16):
                    file.write(chunk)
    except RequestException as error:
        raise KgrecError(
            f"{path.name} cannot be fetched from {REPOSITORY} ({type(error).__name__}): check the network and run the "
            "command again, it goes on from here."
        ) from error
    if not _is_whole(draft, jar):
        draft.unlink()
        raise KgrecError(f"{path.name} from {REPOSITORY} is not the jar of kgrec's lock file: it changed on the way.")
    draft.replace(path)


def _is_whole(path: Path, jar: LockedJar) -> bool:
    if not path.is_file() or path.stat().st_size != jar.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256


def _lock_text() -> str:
    return files(__package__).joinpath(LOCK_FILE).read_text(encoding="utf-8")
