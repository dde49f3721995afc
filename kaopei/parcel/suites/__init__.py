"""Suites of cryptography by name; a verifier pins one for its deployment, nothing is negotiated."""

from kaopei.parcel.rejected import Rejected
from kaopei.parcel.suites import intl
from kaopei.parcel.suites.suite import Suite

_SUITES: dict[str, Suite] = {intl.SUITE.name: intl.SUITE}


def named(name: str) -> Suite:
    """The suite of this name, or a refusal."""
    if name not in _SUITES:
        raise Rejected("suite", f"本程序没有密码套件 {str(name)[:20]}；可用：{'、'.join(_SUITES)}")
    return _SUITES[name]
