"""The office of a city and of the province: registry, intake, draw, results, certificates, publication. It never holds a question."""
