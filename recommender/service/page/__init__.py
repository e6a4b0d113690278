"""The page of the service: files that a browser takes as they are."""
