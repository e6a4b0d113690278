"""Item texts to vectors, and the ties between similar ones."""
