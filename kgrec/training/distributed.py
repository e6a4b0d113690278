"""One model trained by several processes, as torchrun starts them: who they are, and what they tell each other.

The first process leads: it alone reads the graph, holds locks, writes files and talks to the user. Without torchrun
there is one process, which leads, and nothing here costs or changes anything.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from kgrec.errors import KgrecError
from kgrec.training.device import device
from kgrec.training.last_words import wait_before_terminating

PATIENCE = timedelta(days=7)  # that the others wait while the leader reads or chooses; one that ends is noticed at once
TOLD = "failure told"

T = TypeVar("T")


def processes() -> int:
    """Return how many train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process among them, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def leads() -> bool:
    """Tell whether this is the process that reads, writes and talks."""
    return rank() == 0


@contextmanager
def together() -> Iterator[None]:
    """Join the other processes of a torchrun for the block; alone, do nothing.

    Where a process fails, it alone tells why, and all end. SIGTERM leaves them a moment for that.

    Raises:
        KgrecError: another process ended without a word, as one that is killed does.
    """
    if not dist.is_torchelastic_launched():
        yield
        return
    wait_before_terminating()
    store, own, of = next(rendezvous("env://"))
    try:
        _join(store, own, of)
        yield
    except BaseException as error:
        lost = _of_another(error)
        if not _first(store):
            sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)
        if lost:
            raise KgrecError(
                f"One of the {of} processes ended before the training did: the same command goes on from the last "
                "checkpoint."
            ) from error
        raise
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def from_leader(make: Callable[[], T]) -> T:
    """Have the leader alone make something, and send it to the others, which wait."""
    if processes() == 1:
        return make()
    sent: list[T | None] = [make() if leads() else None]
    dist.broadcast_object_list(sent, src=0)
    return sent[0]  # type: ignore[return-value]


def share(values: Sequence[T]) -> Sequence[T]:
    """Take this process's part: every so many-th value."""
    return values[rank() :: processes()]


def mean(values: np.ndarray) -> float:
    """Return the mean over the values ``[n]`` of all processes."""
    if processes() == 1:
        return float(values.mean())
    total, count = summed(float(values.sum()), float(len(values)))
    return total / count


def summed(*numbers: float) -> list[float]:
    """Add up numbers over all processes."""
    if processes() == 1:
        return list(numbers)
    totals = torch.tensor(numbers, dtype=torch.float64)
    dist.all_reduce(totals)
    found: list[float] = totals.tolist()
    return found


def own_randomness() -> None:
    """Let each process draw numbers of its own from here on, after what all have to draw alike."""
    if processes() > 1:
        torch.manual_seed(torch.initial_seed() * processes() + rank())


def replicated(module: nn.Module) -> nn.Module:
    """Have the gradients of a module averaged over all processes; alone, it stays as it is."""
    return module if processes() == 1 else DistributedDataParallel(module)


def averaging(module: nn.Module, now: bool) -> AbstractContextManager[None]:
    """Average the gradients at the end of a backward pass in the block, or only collect them here."""
    if isinstance(module, DistributedDataParallel) and not now:
        return module.no_sync()
    return nullcontext()


def _join(store: Store, own: int, of: int) -> None:
    where = device()
    if where.index is not None and where.index >= torch.cuda.device_count():
        raise KgrecError(f"This machine has {torch.cuda.device_count()} GPUs: give as many with --nproc-per-node.")
    if where.type == "cuda":
        torch.cuda.set_device(where)
    backend = "cpu:gloo,cuda:nccl" if where.type == "cuda" else "gloo"
    dist.init_process_group(backend, store=store, rank=own, world_size=of, timeout=PATIENCE)


def _first(store: Store) -> bool:
    """Tell whether this process is the first to fail, and the one to tell it."""
    try:
        return int(store.add(TOLD, 1)) == 1
    except RuntimeError:  # torchrun itself has ended
        return leads()


def _of_another(error: BaseException) -> bool:
    """Tell whether an error only says that another process is gone."""
    words = str(error)
    return isinstance(error, RuntimeError) and ("gloo" in words.lower() or "NCCL" in words or "onnection" in words)
