"""The stand-alone verifier: re-runs a draw with code of its own and names the first difference.

Standard library only; `lottery bundle` writes it as one file.
"""

from .compare import verify as verify
from .reading import Unreadable as Unreadable
