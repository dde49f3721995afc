"""A rehearsal's trust list for tests: the installation's keys and one key a person."""

from kaopei.office.accounts import queries
from kaopei.office.accounts.roles import SYSTEM
from kaopei.parcel import keyfile, trust
from tests.people import NOW, PIN

OWN = ("center", "province_mirror", "ledger")


def found(data, people):
    """Lay keys and trust.json into `data`, make the people with their keys; username → person."""
    from kaopei.office.accounts import actions

    (data / "keys").mkdir()
    (data / "persons").mkdir()
    (data / "keys" / "passphrase").write_bytes(b"rehearsal")
    listed = []
    for role in OWN:
        listed.append(_key(data / "keys", b"rehearsal", role, f"{role} 440600", ()))
    made = {}
    for username, person in people.items():
        user = person.make()
        role = "party" if "draw_party" in person.roles else "person"
        entry = _key(data / "persons", PIN.encode(), role, person.name, person.roles)
        actions.bind_key(user, entry["kid"], by=SYSTEM, at=NOW)
        listed.append(entry)
        made[username] = queries.person(username)
    content, root, _ = trust.found(deployment="test", rehearsal=True, issued_at=int(NOW.timestamp()) - 1000, keys=listed)
    (data / "trust.json").write_bytes(content)
    (data / "root.txt").write_text(root)
    return made


def _key(folder, passphrase, role, holder, duties):
    key = keyfile.generate_sign()
    entry = trust.entry(keyfile.public(key), role, holder, duties=duties)
    (folder / f"{entry['kid']}.key").write_bytes(keyfile.dump(key, passphrase))
    return entry
