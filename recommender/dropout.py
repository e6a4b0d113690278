"""Dropout whose masks are drawn eight values at a time."""

import torch
from torch import Tensor, nn

LEVELS = 256  # values of a byte


class Dropout(nn.Module):
    """Zeroes a share of the values in training and scales the others up to the same mean (Srivastava et al. 2014).

    PyTorch's own draws 32 random bits a value; a byte is enough, and drawing is most of dropout's time on a CPU. The
    share is rounded to 1/256, but never up to 1; the scale fits the rounded share.

    Args:
        share: of the values that are zeroed.
    """

    def __init__(self, share: float):
        super().__init__()
        self.dropped = min(round(share * LEVELS), LEVELS - 1)  # values of a byte that zero
        self.scale = LEVELS / (LEVELS - self.dropped)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x``, in training with some values zeroed: the same shape."""
        if not self.training or not self.dropped:
            return x
        if x.device.type != "cpu":
            return nn.functional.dropout(x, 1 - 1 / self.scale)
        words = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        kept = words.view(torch.uint8)[: x.numel()].view(x.shape) >= self.dropped
        return x * kept.to(x.dtype).mul_(self.scale)
