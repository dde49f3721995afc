"""What actions share: words read from paper and their digests, and ending a person's sessions."""

from datetime import datetime

from django.contrib.sessions.models import Session

from kaopei.office.accounts.models import LogIn, User
from kaopei.office.personal import blind_index

# Neither 0/O nor 1/I/L: they are read from paper.
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def drop_sessions(user: User, keep: str, at: datetime) -> int:
    """Log a person out everywhere else, in the running transaction."""
    rows = LogIn.objects.filter(user=user, ended_at=None).exclude(session_key=keep)
    Session.objects.filter(session_key__in=list(rows.values_list("session_key", flat=True))).delete()
    return rows.update(ended_at=at)


def digest_of(user: User, code: str) -> bytes:
    """Of a recovery code, with a key that is not in the database."""
    return blind_index(f"{user.pk}|{code.replace('-', '')}", "recovery")
