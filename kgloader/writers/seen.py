"""Which keys of a load have certainly not come before, at constant memory."""

import numpy as np

BITS = 2**28  # 32 MiB; ten million keys fill 4% of them


class Seen:
    """Marks of keys in one table of bits, a Bloom filter of one hash (Bloom, 1970).

    A key whose bit is free has not come before. One whose bit is taken may have: the graph is asked. So more keys than
    the table was made for make a load slower, and never wrong.

    Args:
        bits: of the table, a power of two.
    """

    def __init__(self, bits: int = BITS):
        self._places = bits - 1
        self._taken = np.zeros(bits // 8, dtype=np.uint8)  # pages of it are real memory once they are written

    def new(self, keys: np.ndarray) -> np.ndarray:
        """Mark keys, and tell which have certainly not come before, here or in an earlier call.

        Args:
            keys: hashes ``[n]``, whole numbers of 63 bits whose low ones are spread evenly.

        Returns:
            ``[n]``, truth values.
        """
        places = keys & self._places
        byte, bit = places >> 3, np.left_shift(1, places & 7).astype(np.uint8)
        free = self._taken[byte] & bit == 0
        first = np.zeros(len(keys), dtype=bool)
        first[np.unique(places, return_index=True)[1]] = True
        np.bitwise_or.at(self._taken, byte, bit)
        found: np.ndarray = free & first
        return found
