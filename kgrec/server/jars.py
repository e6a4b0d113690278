"""The jars of the managed Neo4j: fetched once from Maven Central, each checked against the lock file of the package."""

import hashlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pooch
import requests
from jgo.constants import MAVEN_CENTRAL_URL
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from kgrec.errors import KgrecError
from kgrec.files import exclusive
from kgrec.settings import cache_home
from kgrec.terminal import progress

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
TRIES = 5
TRIED_AGAIN = {429, 500, 502, 503, 504}
PASSING = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
TIMEOUT_SECONDS = 60

pooch.get_logger().setLevel("WARNING")  # it tells of every file


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
    """Return the paths of all jars; the first call fetches them, and every call verifies them, in half a second.

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
                _verify(folder, jars)
            else:
                _fetch_all(folder, jars)
                stamp.touch()
    except OSError as error:
        raise KgrecError(f"The jar cache {folder} cannot be used: {error.strerror or error}.") from error
    return [folder / jar.path for jar in jars]


def _verify(folder: Path, jars: list[LockedJar]) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        for jar, fault in zip(jars, pool.map(lambda jar: _fault(folder / jar.path, jar), jars), strict=True):
            if fault:
                broken = f"The jar cache is broken ({jar.path.name} {fault})"
                raise KgrecError(f"{broken}: remove the folder {folder} and run the command again.")


def _fault(path: Path, jar: LockedJar) -> str:
    """What is wrong with a jar, in words; nothing where it is the locked one."""
    if not path.is_file():
        return "is missing"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return "" if found == jar.sha256 else "is not the one of the lock file"


def _fetch_all(folder: Path, jars: list[LockedJar]) -> None:
    """Fetch what is not there as the lock file has it; a whole jar of an interrupted run is kept."""
    total, fetched = sum(jar.size for jar in jars), 0
    pool = ThreadPoolExecutor(WORKERS)
    try:
        with progress(f"Fetching Neo4j {NEO4J_VERSION} and GDS {GDS_VERSION}", total) as advance:
            running = {pool.submit(_fetch, folder, jar): jar for jar in jars}
            for done in as_completed(running):
                done.result()
                fetched += running[done].size
                advance(fetched, f"{fetched / 1e6:.0f} of {total / 1e6:.0f} MB")
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch(folder: Path, jar: LockedJar) -> None:
    place = folder / jar.path
    tries = Retrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        retry=retry_if_exception(_passing),
        reraise=True,
    )
    try:
        tries(
            pooch.retrieve,
            url=f"{REPOSITORY}/{jar.path.as_posix()}",
            known_hash=f"sha256:{jar.sha256}",
            fname=place.name,
            path=place.parent,
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS),
        )
    except requests.RequestException as error:
        raise KgrecError(
            f"{place.name} cannot be fetched from {REPOSITORY} ({type(error).__name__}): check the network and run the "
            "command again, it goes on from here."
        ) from error
    except ValueError as error:  # pooch's word for a wrong hash
        raise KgrecError(
            f"{place.name} from {REPOSITORY} is not the jar of kgrec's lock file: it changed on the way."
        ) from error


def _passing(error: BaseException) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in TRIED_AGAIN
    return isinstance(error, PASSING)


def _lock_text() -> str:
    return files(__package__).joinpath(LOCK_FILE).read_text(encoding="utf-8")
