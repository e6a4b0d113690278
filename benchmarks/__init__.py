"""Figures, never asserted in a test."""
