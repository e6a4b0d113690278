"""What both trainers share: the epoch loop with early stopping, and checkpoints that resume exactly."""

from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.loop import History, Trainable, device, fingerprint, fit

__all__ = ["History", "Trainable", "device", "fingerprint", "fit", "load_checkpoint"]
