"""What every desk needs: log-in, page frame, record of events, two-person approvals, long work. Django; no program is known here."""
