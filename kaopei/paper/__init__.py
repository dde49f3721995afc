"""Exam papers: items, blueprints, assembly, per-candidate order, scoring. Pure: no disk, clock or chance of its own."""
