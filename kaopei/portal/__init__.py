"""Public pages: what the exam bodies publish, readable and checkable by everybody."""
