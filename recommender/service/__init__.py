"""The service: lists, personas, reasons and feedback over HTTP, from models in memory and the graph of now."""
