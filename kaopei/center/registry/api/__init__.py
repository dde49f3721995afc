"""The register for machines."""

from kaopei.center.registry.api import register, sheets  # noqa: F401
from kaopei.center.registry.api.frame import router

__all__ = ["router"]
