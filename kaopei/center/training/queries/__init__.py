"""Reads of training, by noun."""
