"""What would be public now: drafts of every group, made from what the other apps answer."""

from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.drafts.group import GROUPS, Group

__all__ = ["GROUPS", "Draft", "Group"]
