"""Sequences and splits, SASRec, persona conditioning, retrieval, reranking, evaluation, explanations."""
