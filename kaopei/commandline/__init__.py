"""The doors of the programs: arguments in, entry functions called, exit status out."""
