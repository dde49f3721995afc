"""The cast: one named person a role, the same in every test and in the demo province. All are invented.

`PEOPLE["clerk"].make()` creates the person; `at` is always NOW, a Monday before the exams of 2026-12.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)
FOSHAN, GUANGZHOU = "440600", "440100"
PASSWORD = "kaopei-demo-2026"
PIN = "246810"


@dataclass(frozen=True)
class Person:
    """Somebody who logs in."""

    username: str
    name: str
    roles: tuple[str, ...]
    city: str = FOSHAN
    institution: str = ""

    def make(self, **more):
        """The person in the database; once made, the same again."""
        from kaopei.office.accounts import actions, queries
        from kaopei.office.accounts.roles import SYSTEM

        wanted = {"held": self.roles, "city": self.city, "institution": self.institution, **more}
        return queries.find(self.username) or actions.create_person(
            username=self.username, name=self.name, password=PASSWORD, by=SYSTEM, at=NOW, **wanted
        )


CAST = [
    Person("clerk", "林秀兰", ("clerk",)),
    Person("approver", "陈国强", ("approver",)),
    Person("approver2", "许文静", ("approver",)),
    Person("institution", "何敏", ("institution",), institution="91440604MA5W1TDK60"),
    Person("inspector", "孙法", ("inspector",)),
    Person("legal", "吴律", ("legal",)),
    Person("province", "周正", ("province", "draw_verifier"), city="*"),
    Person("announcer", "黄志明", ("draw_announcer",)),
    Person("freezer", "罗建华", ("draw_freezer",)),
    Person("party_city", "梁国栋", ("draw_party",)),
    Person("party_province", "郑海燕", ("draw_party",), city="*"),
    Person("party_notary", "郭小红", ("draw_party",)),
    Person("escrow", "冯玉", ("draw_escrow",)),
    Person("escrow2", "蒋守", ("draw_escrow",)),
    Person("key1", "邓明", ("key_officer",)),
    Person("key2", "蔡丽", ("key_officer",)),
    Person("head", "高平", ("site_head",)),
    Person("invigilator", "马晓", ("invigilator",)),
    Person("patroller", "罗巡", ("patroller",)),
    Person("custodian1", "赵文", ("custodian",), city="*"),
    Person("custodian2", "钱立", ("custodian",), city="*"),
    Person("author", "潘学文", ("author",), city="*"),
    Person("reviewer", "曾思齐", ("reviewer",), city="*"),
    Person("assembler", "彭定", ("assembler",), city="*"),
    Person("scorer", "田公平", ("scorer",), city="*"),
    Person("security", "袁安", ("security_admin",), city="*"),
    Person("sysadmin", "余力", ("sysadmin",), city="*"),
    Person("auditor", "韩审", ("auditor",), city="*"),
    Person("clerk_gz", "方晓", ("clerk",), city=GUANGZHOU),
]
PEOPLE = {person.username: person for person in CAST}


def log_in(client, person):
    """Log a test client in by the door; gives the client back."""
    person.make()
    answer = client.post("/login/", {"username": person.username, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


# Keys of the installation by role, and those that lie in the vault; a trust list names people's duties in the words of a seating too.
OWN_KEYS = (
    "ledger", "center", "issuer", "key_service", "province_release", "key_service_decrypt", "city_import", "city_witness",
    "province_mirror", "province_escrow", "status",
)  # fmt: skip
VAULT_KEYS = ("outcomes", "vault_import", "custodian1", "custodian2")
DUTIES = {"site_head": "head"}


def lay_trust(data, people=CAST, *, rehearsal=True, city=FOSHAN):
    """Keys for everybody and for the installation, and the trust list that names them, in a data folder.

    Returns the kid of each person by username. Holder = username, duties = roles, passphrase of a person's key = PIN.
    """
    from kaopei.parcel import keyfile, trust

    (data / "keys").mkdir(parents=True, exist_ok=True)
    (data / "persons").mkdir(exist_ok=True)
    (data / "trust").mkdir(exist_ok=True)
    (data / "keys" / "passphrase").write_text("test-passphrase")
    rows, kids = [], {}
    for person in people:
        key = keyfile.generate_sign()
        kids[person.username] = _keep(data / "persons", key, PIN.encode())
        role = "party" if "draw_party" in person.roles else "person"
        duties = [*person.roles, *(DUTIES[one] for one in person.roles if one in DUTIES)]
        rows.append(trust.entry(keyfile.public(key), role, person.username, duties=duties))
    (data / "vault" / "keys").mkdir(parents=True, exist_ok=True)
    for name in (*OWN_KEYS, *VAULT_KEYS):
        role = name.rstrip("12")
        key = keyfile.generate_decrypt() if role in trust.DECRYPT_ROLES else keyfile.generate_sign()
        folder = data / "keys" if name in OWN_KEYS else data / "vault" / "keys"
        _keep(folder, key, b"test-passphrase")
        holder = name if role == "custodian" else f"{role}.{city}"
        rows.append(trust.entry(keyfile.public(key), role, holder, city="" if role.startswith(("province", "vault")) else city))
    listed, root, _ = trust.found(deployment="gd-test", rehearsal=rehearsal, issued_at=1, keys=rows)
    (data / "trust.json").write_bytes(listed)
    (data / "trust" / "1.json").write_bytes(listed)
    (data / "root.txt").write_text(root)
    return kids


def vault_key(data, holder):
    """A key that lies in the vault, by its holder in the trust list: custodian1, outcomes.440600 …"""
    from kaopei.office import trusted
    from kaopei.parcel import keyfile

    (kid,) = [key.kid for key in trusted.current(data).keys.values() if key.holder == holder and key.role != "person"]
    return kid, keyfile.load((data / "vault" / "keys" / f"{kid}.key").read_bytes(), b"test-passphrase")


def _keep(folder, key, passphrase):
    from kaopei.parcel import keyfile

    kid = keyfile.kid(keyfile.public(key))
    (folder / f"{kid}.key").write_bytes(keyfile.dump(key, passphrase))
    return kid
