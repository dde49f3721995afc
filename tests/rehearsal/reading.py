"""What the city can read of what lies in a rehearsal's folder: its trust list with the machines, its private keys."""

from kaopei.office import trusted
from kaopei.parcel import enrolment, keyfile


def listed(stage):
    """The trust list in force, with every enrolled machine."""
    found = trusted.current(stage.data)
    for record in sorted((stage.data / "enrolments").glob("*.json")):
        found = enrolment.trusting(found, enrolment.read(record.read_bytes(), found))
    return found


def key_of(stage, trust, role):
    """(kid, private key) of the only key with this role."""
    passphrase = (stage.data / "keys" / "passphrase").read_bytes().strip()
    (kid,) = [key.kid for key in trust.keys.values() if key.role == role]
    return kid, keyfile.load((stage.data / "keys" / f"{kid}.key").read_bytes(), passphrase, trust.suite)
