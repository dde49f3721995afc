"""Training as the law counts it: for now the hours of the syllabus, entered by the city with their source."""
