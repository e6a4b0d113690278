"""What both trainers share: the epoch loop with early stopping, and checkpoints that resume exactly."""

from training.checkpoint import load as load_checkpoint
from training.loop import History, Trainable, device, fingerprint, fit

__all__ = ["History", "Trainable", "device", "fingerprint", "fit", "load_checkpoint"]
