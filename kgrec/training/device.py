"""Where tensors live, and what the device there makes faster: half precision and compiled kernels."""

import os
from contextlib import AbstractContextManager

import torch
from torch.distributed import is_torchelastic_launched


def device() -> torch.device:
    """CUDA where there is one, else the CPU; of several processes on one machine each has a CUDA device of its own."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ["LOCAL_RANK"])) if is_torchelastic_launched() else torch.device("cuda")


def in_bf16(where: torch.device) -> AbstractContextManager[object]:
    """Compute a block in bfloat16 where CUDA has it; weights and what is sensitive stay in float32."""
    wanted = where.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(where.type, torch.bfloat16, enabled=wanted)


def compile_where_possible(model: torch.nn.Module, where: torch.device) -> None:
    """Have the model's forward pass compiled on CUDA, where Triton works; else leave it as it is."""
    if where.type == "cuda" and _compiles(where):
        model.compile(dynamic=True)  # in place: the names of its weights stay


def _compiles(where: torch.device) -> bool:
    """Tell by trying: Triton may be missing, or what it needs: a C compiler, a GPU that it knows, a folder to write."""
    try:
        torch.compile(torch.sin)(torch.ones(2, device=where))
    except Exception:  # whatever it is, the model runs without
        return False
    return True
