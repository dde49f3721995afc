"""Intake of a month's spreadsheets: a verdict for each row, decisions of held rows, corrections."""
