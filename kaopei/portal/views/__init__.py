"""Pages of the portal: no log-in, no session; every address is read-only."""
