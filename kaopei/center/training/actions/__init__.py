"""What changes training, by noun."""
