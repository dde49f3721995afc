"""How much the portal takes from a visitor."""

# A certificate is under 1 MiB; nobody has anything larger to send here.
LARGEST_UPLOAD = 4 * 1024 * 1024
# What is sent beyond that is thrown away up to here, so that a browser gets to see the answer.
PATIENCE = 64 * 1024 * 1024
