"""Files to records: Amazon reviews and metadata, RecBole's atomic files."""
