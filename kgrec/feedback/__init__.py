"""What users do and say after training: into the graph at once, with their personas encoded anew."""
