"""What is served now, and the switch to what folder and graph hold by then: loaded beside it, swapped at an instant."""

import threading
from collections.abc import Callable, Sequence

from kgrec.errors import KgrecError, told
from kgrec.feedback.events import Event
from recommender.service.loaded import Contents, Loaded
from recommender.service.logs import log

BEAT = 2.0  # seconds between two looks at run folder and graph
AGAIN = 15  # beats until a load that failed is tried again


class Current:
    """Holds what is served; a request takes it once, and keeps it until it is answered.

    Args:
        load: brings what run folder and graph hold into memory.
        contents: tells what that is now, for what is loaded.
        parting: seconds after which whoever still uses what was served before has given up.

    Attributes:
        loaded: what is served now.
        problem: why the last load failed; ``None`` where it did not.

    Raises:
        KgrecError: as ``load`` does, the first time.
    """

    def __init__(self, load: Callable[[], Loaded], contents: Callable[[Loaded], Contents], parting: float):
        self._load, self._contents, self._parting = load, contents, parting
        self.loaded = load()
        self._meanwhile: list[Event] | None = None  # what users tell while another run is loaded
        self._switching = threading.Lock()
        self.problem: str | None = None
        self._asked, self._closed = threading.Event(), threading.Event()
        self._watching = threading.Thread(target=self._watch, name="kgrec-load", daemon=True)
        self._watching.start()

    def reload(self) -> None:
        """Have it loaded anew soon, whatever the run folder holds; returns at once."""
        self._asked.set()

    def tell(self, events: Sequence[Event]) -> None:
        """Remember what users did and said just now, also when the graph is away, and after a switch to another run."""
        with self._switching:
            self.loaded.tell(events)
            if self._meanwhile is not None:
                self._meanwhile += events

    def close(self) -> None:
        """Look no more, and end the connection; a look under way is waited for, as it uses the same one."""
        self._closed.set()
        self._asked.set()
        self._watching.join(BEAT)
        self.loaded.close()

    def _watch(self) -> None:
        before, waited = self.loaded.contents, 0
        while True:
            asked = self._asked.wait(BEAT)
            self._asked.clear()
            if self._closed.is_set():
                return
            now = self._looked(before)
            # A training replaces one file after the other: what is the same as a moment ago may be all of it.
            changed = now != self.loaded.contents and now == before
            waited = 0 if now != before else waited + 1
            before = now
            if asked or (changed and (self.problem is None or waited % AGAIN == 1)):
                self._switch()

    def _looked(self, before: Contents) -> Contents:
        """Look at run folder and graph; a look that fails has seen nothing new, and another follows."""
        try:
            return self._contents(self.loaded)
        except Exception as error:  # of the driver, too, where its connection breaks
            log("look failed", level="error", problem=type(error).__name__)
            return before

    def _switch(self) -> None:
        with self._switching:
            self._meanwhile = []
        loaded = self._loaded_anew()
        with self._switching:
            events, self._meanwhile = self._meanwhile or [], None
            if loaded is None:
                return
            loaded.tell(events)  # it may have been read before that
            old, self.loaded, self.problem = self.loaded, loaded, None
        log("loaded", run=loaded.recommender.personas.run_id)
        parting = threading.Timer(self._parting, old.close)
        parting.daemon = True
        parting.start()

    def _loaded_anew(self) -> Loaded | None:
        """Load, or say why that failed."""
        try:
            return self._load()
        except KgrecError as error:
            self.problem = told(error)
            log("load failed", level="warning", problem=self.problem)
        except Exception as error:
            self.problem = f"It could not be loaded: {type(error).__name__}."
            log("load failed", level="error", problem=self.problem)
        return None
