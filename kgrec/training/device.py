"""Where tensors live, and what the device there makes faster: half precision, large steps, and few commands."""

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
from torch import Tensor, nn
from torch.distributed import is_torchelastic_launched

# AMD's processors multiply float32 by oneDNN in half of MKL's time. PyTorch leaves products to oneDNN only where it may
# round their factors to bfloat16; without AMX it does not round them, which `tests/unit/test_device.py` proves.
BY_ONEDNN = torch.cpu._is_avx512_supported() and not torch.cpu._is_amx_tile_supported()
if BY_ONEDNN:
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"  # type: ignore[attr-defined]


def device() -> torch.device:
    """CUDA where there is one, else the CPU; of several processes on one machine each has a CUDA device of its own."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ["LOCAL_RANK"])) if is_torchelastic_launched() else torch.device("cuda")


def in_bf16(where: torch.device) -> AbstractContextManager[object]:
    """Compute a block in bfloat16 where CUDA has it; weights and what is sensitive stay in float32."""
    wanted = where.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    # Nothing is cast twice in a block, and what is recorded may not refer to a cache.
    return torch.autocast(where.type, torch.bfloat16, enabled=wanted, cache_enabled=False)


@contextmanager
def many_small_products() -> Iterator[None]:
    """Have the CPU multiply float32 as PyTorch does by itself, in a block of products of some tens of rows each.

    oneDNN makes ready for each of them anew: attention to 14 to 50 items takes it five to ten times as long.
    """
    if not BY_ONEDNN:
        yield
        return
    torch.backends.mkldnn.matmul.fp32_precision = "none"  # type: ignore[attr-defined]
    try:
        yield
    finally:  # not what was before: that may be what another thread has set for a while
        torch.backends.mkldnn.matmul.fp32_precision = "bf16"  # type: ignore[attr-defined]


def at_once(where: torch.device, cached: int, held: int) -> int:
    """How many rows an operation takes at a time: on a CPU as many as stay in its cache, on CUDA as memory holds.

    To start an operation on CUDA costs more than most of what is computed here.
    """
    return held if where.type == "cuda" else cached


def record(module: nn.Module, *samples: Tensor) -> bool:
    """Have what a module does on CUDA, forwards and backwards, recorded, and started as a whole from then on.

    The module has to be training, and to be called with tensors of the samples' shapes. It is changed in place; where
    it cannot be recorded, it stays as it is.

    Returns:
        Whether it is recorded.
    """
    # What was recorded keeps the gradients' nodes of its own stream; they wait for each other as they should.
    warnings.filterwarnings("ignore", "The AccumulateGrad node's stream does not match")
    try:
        torch.cuda.make_graphed_callables(module, samples, allow_unused_input=True)
    except RuntimeError:  # of memory, of a driver, of an operation that waits for the CPU
        return False
    return True
