"""Memory that is freed stays with the process, which needs it again in the next step.

Tensors of some MiB come and go by the thousand. The C library gives each back to the system, and the kernel fills each
page with zeros again for the next one: a third of the time of a step of `kgrec train personas` over 15,800 items.
"""

import contextlib
import ctypes

# Of glibc's malloc.h. Above the first, memory at the end of the heap is given back; from the second on, what is asked
# for does not come from the heap at all, and is given back at once: 32 MiB is the most that glibc takes.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
TRIM_THRESHOLD, MMAP_THRESHOLD = 2**30, 2**25


def keep_freed_memory() -> None:
    """Have glibc keep up to 1 GiB of what is freed, for good; other C libraries stay as they are.

    For kgrec's own processes: in those of others it is not kgrec's to choose.
    """
    with contextlib.suppress(OSError, AttributeError):  # another system, or another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)
