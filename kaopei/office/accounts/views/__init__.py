"""Pages of the door, of one's own log-in, and of people."""
