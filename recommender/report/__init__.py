"""The report of an evaluation: one self-contained HTML page, and Markdown with its plots beside it."""
