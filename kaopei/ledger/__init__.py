"""Trees of records: entries, RFC 6962 trees with proofs, C2SP checkpoints, and segments for outsiders.

Standard library only. Signing and verifying come in as functions: this room knows no key and no clock.
"""
