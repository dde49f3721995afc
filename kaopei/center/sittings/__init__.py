"""Conduct of sittings: parcels out to vault and site, parcels back, each step with its own signature."""
