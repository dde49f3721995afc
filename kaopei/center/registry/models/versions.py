"""What was true of a body, from which day to which day, and since when we know it."""

from django.db import models

from kaopei.office.scope import CityRow


class Version(CityRow):
    """Facts in force from … to (both included). Nothing is overwritten: an end is entered, or the row is struck out.

    `recorded_at` and `closed_at` say when beginning and end became known, `ended_at` when the row was struck out: so the register
    can be shown as it stood on a day, and as it was known at a moment.
    """

    from_day = models.DateField()
    to_day = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    # A fact that gave way on the very day it began stays, with the moment it was put out of force.
    ended_at = models.DateTimeField(null=True)
    source = models.TextField()

    class Meta:
        abstract = True
