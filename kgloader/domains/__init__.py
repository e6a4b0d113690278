"""Domains described by a settings file: any files of interactions and items, without code."""
