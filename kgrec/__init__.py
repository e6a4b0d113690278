"""The foundation: settings, the connection to the graph, the managed server, the training loop."""
