"""What the personas of the graph say of themselves: cards, a comparison of two, and a map."""
