"""Pages of sittings and draws."""
