"""The read API of the center, version 1: what a log-in may see on its pages, as JSON, described by /api/v1/openapi.json.

Each app gives its part in an `api.py` of its own. Whoever asks has logged in (the session's cookie); scope and roles are those of the
pages: an act of roles.toml, and the rows of the person's city by row-level security. Nothing is changed here and no name, identity
number or phone is given.
"""

from kaopei.center.allocation.api import router as allocation
from kaopei.center.registry.api import router as registry
from kaopei.office.api import made

api = made("考培中心", "1.0.0")
api.add_router("/registry/", registry)
api.add_router("/allocation/", allocation)
