"""公布: what is public, since when, on which ground, until when."""
