"""Assemblies: parallel papers made for a look or a record. Papers for a sitting are made at sealing."""

from django.db import models

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedTextField


class Assembly(AppendOnly):
    """One run: subject, seed, and which items stand in which paper."""

    subject = models.CharField(max_length=120)
    seed = models.CharField(max_length=200)
    # JSON list of lists of item numbers; which items meet in a paper is worth hiding.
    papers = EncryptedTextField("papers")
    at = models.DateTimeField()
    by = models.CharField(max_length=32)
