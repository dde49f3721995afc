"""Certificates: issued on released results, signed, printed, checked; and the list of those that no longer hold."""
