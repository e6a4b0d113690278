"""What both trainers share: the epoch loop with early stopping, and checkpoints that resume, on a CPU exactly."""
