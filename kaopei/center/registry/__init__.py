"""Institutions, exam sites, ties between them, staff file, standing: who exists, who is qualified, who belongs to whom."""
