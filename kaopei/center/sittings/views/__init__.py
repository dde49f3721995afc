"""Pages of the conduct of sittings."""
