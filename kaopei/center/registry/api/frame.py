"""The router of the register's operations."""

from ninja import Router

router = Router(tags=["registry"])
