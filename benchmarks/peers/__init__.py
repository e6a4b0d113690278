"""Other libraries' sequence models on kgrec's split, by kgrec's protocol; README.md tells how to run them."""
