"""Results: the vault's scoring taken in, released by two persons, and what each result leads to."""
