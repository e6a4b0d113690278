"""The last things that were kept, of a bounded number, beside those that are never given up."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps the ``most`` things that were used last, and those that are to be held; for many threads."""

    def __init__(self, most: int):
        self.most = most
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._held: dict[Key, Value] = {}
        self._lock = threading.Lock()

    def keep(self, key: Key, value: Value) -> None:
        """Keep a thing, in place of one of the same key, or of the one that was not used for the longest."""
        with self._lock:
            if key in self._held:
                self._held[key] = value
                return
            self._kept[key] = value
            self._kept.move_to_end(key)
            if len(self._kept) > self.most:
                self._kept.popitem(last=False)

    def hold(self, key: Key, value: Value) -> None:
        """Keep a thing, and whatever takes its place, for good."""
        with self._lock:
            self._kept.pop(key, None)
            self._held[key] = value

    def get(self, key: Key) -> Value | None:
        """Return what was kept, if it still is."""
        with self._lock:
            if key in self._held:
                return self._held[key]
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def held(self) -> list[Key]:
        """Return the keys of what is never given up."""
        with self._lock:
            return list(self._held)
