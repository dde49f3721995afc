"""Hours that count: records of classroom and online study in, effective minutes, excluded ones and findings out. Pure."""
