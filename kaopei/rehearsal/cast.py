"""Who plays whom: one person a role, nobody in two that the separation of duties forbids together."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "demo-people.json"


@dataclass(frozen=True)
class Player:
    """One person. `duties` are his duties in the trust list; empty means that they are his roles. `vault`: he works there."""

    username: str
    name: str
    roles: tuple[str, ...]
    city: str = ""
    institution: str = ""
    site: str = ""
    duties: tuple[str, ...] = ()
    vault: bool = False

    @property
    def is_party(self) -> bool:
        """Parties of a draw sign with a key of another kind."""
        return "draw_party" in self.roles


PROVINCE = "*"
OFFICE = (
    ("clerk", "林秀兰", ("clerk",)),
    ("approver", "陈国强", ("approver",)),
    ("approver2", "许文静", ("approver",)),
    ("inspector", "孙法", ("inspector",)),
    ("legal", "吴律", ("legal",)),
    ("announcer", "黄志明", ("draw_announcer",)),
    ("freezer", "罗建华", ("draw_freezer",)),
    ("party_city", "梁国栋", ("draw_party",)),
    ("party_notary", "郭小红", ("draw_party",)),
    ("escrow", "冯玉", ("draw_escrow",)),
    ("escrow2", "蒋守", ("draw_escrow",)),
    ("key1", "邓明", ("key_officer",)),
    ("key2", "蔡丽", ("key_officer",)),
)
OF_PROVINCE = (
    ("province", "周正", ("province", "draw_verifier")),
    ("province2", "贺强", ("province",)),
    ("party_province", "郑海燕", ("draw_party",)),
    ("security", "袁安", ("security_admin",)),
    ("sysadmin", "余力", ("sysadmin",)),
    ("auditor", "韩审", ("auditor",)),
)
OF_VAULT = (
    ("custodian1", "赵文", ("custodian",)),
    ("custodian2", "钱立", ("custodian",)),
    ("author", "潘学文", ("author",)),
    ("reviewer", "曾思齐", ("reviewer",)),
    ("assembler", "彭定", ("assembler",)),
    ("scorer", "田公平", ("scorer",)),
)
# Username, duty at the site, role in the center's list of people
AT_SITE = (
    ("head", "head", "site_head"),
    ("deputy", "deputy", "site_head"),
    ("keeper", "keeper", "keeper"),
    ("invig1", "invigilator", "invigilator"),
    ("invig2", "invigilator", "invigilator"),
    ("patrol", "patroller", "patroller"),
)
# Who marks a practical exam: two, as the setting is when it is not set
EXAMINERS = (("examiner1", "冼志强"), ("examiner2", "卢婉仪"))
TITLES = {
    "clerk": "考务员", "approver": "审批人", "institution": "培训机构", "inspector": "执法人员", "legal": "法制审核", "province": "省考试机构",
    "draw_announcer": "抽签公告人", "draw_freezer": "抽签冻结人", "draw_party": "抽签承诺方", "draw_escrow": "抽签托管人",
    "draw_verifier": "抽签复核人",
    "key_officer": "密钥值班员", "security_admin": "安全管理员", "sysadmin": "系统管理员", "auditor": "审计员", "custodian": "题库保管人",
    "author": "命题人", "reviewer": "审题人", "assembler": "组卷人", "scorer": "评分员", "site_head": "考点负责人", "keeper": "考点系统管理员",
    "invigilator": "监考人员", "patroller": "巡考人员", "examiner": "考评员",
}  # fmt: skip
FAMILY, GIVEN = "杨何高梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏", "建国志强秀英桂兰海燕立新晓东文静春梅卫民丽华永刚雪芹"


@dataclass
class Cast:
    """Everybody of one installation, with the password and the PIN that were thrown for it."""

    password: str
    pin: str
    players: dict[str, Player] = field(default_factory=dict)

    def add(self, players: Iterable[Player]) -> None:
        """More people; a name is used once."""
        for one in players:
            if one.username in self.players:
                raise ValueError(f"{one.username} is in the cast already")
            self.players[one.username] = one

    def of_site(self, site: str) -> list[Player]:
        """The people of one exam site: head, deputy, keeper, invigilators, patroller."""
        return [one for one in self.players.values() if one.site == site]

    def at_site(self, site: str, duty: str) -> list[Player]:
        """Of those, the ones with this duty."""
        return [one for one in self.of_site(site) if duty in one.duties]

    def trust_rows(self) -> list[dict[str, Any]]:
        """For `./run trust found --file`: a signing key for each; custodians' keys are made in the vault."""
        return [
            {
                "holder": one.username, "duties": list(one.duties or one.roles), "role": "party" if one.is_party else "person",
                "city": "" if one.city == PROVINCE else one.city, "site": one.site, "pin": self.pin,
            }
            for one in self.players.values()
            if not one.vault
        ]  # fmt: skip

    def people_rows(self) -> list[dict[str, Any]]:
        """For `./run people` and `./run vault person`: log-ins of center and vault."""
        return [
            {
                "username": one.username, "name": one.name, "password": self.password, "roles": list(one.roles), "city": one.city,
                "institution": one.institution, "site": one.site,
            }
            for one in self.players.values()
        ]  # fmt: skip

    def keep(self, data: Path) -> None:
        """For the next start: only the owner of the data folder can read it."""
        rows = {name: vars(one) for name, one in self.players.items()}
        _private(data / FILE, {"password": self.password, "pin": self.pin, "players": rows})

    def show_at_log_in(self, data: Path) -> None:
        """The center's log-in page shows password and PIN of a demo; it looks at them under rehearsal trust only."""
        (data / "center").mkdir(parents=True, exist_ok=True, mode=0o711)
        _private(data / "center" / "demo.json", {"password": self.password, "pin": self.pin})


def gather(city: str, institution: str) -> Cast:
    """The cast of a city's offices, the province and the vault; password and PIN are thrown here."""
    password = "-".join(secrets.token_hex(2) for _ in range(3))
    made = Cast(password=password, pin="".join(secrets.SystemRandom().sample("0123456789", 6)))
    made.add(Player(username, name, roles, city) for username, name, roles in OFFICE)
    made.add([Player("institution", "何敏", ("institution",), city, institution)])
    made.add(Player(username, name, roles, PROVINCE) for username, name, roles in OF_PROVINCE)
    made.add(Player(username, name, roles, PROVINCE, vault=True) for username, name, roles in OF_VAULT)
    return made


def site_people(city: str, site: str, place: int) -> list[Player]:
    """Six people of an exam site, with names of their own."""
    made = []
    for number, (word, duty, role) in enumerate(AT_SITE):
        turn = place * len(AT_SITE) + number
        given = GIVEN[turn * 2 % len(GIVEN) :][:2]
        name = FAMILY[(turn * 7 + place) % len(FAMILY)] + given
        made.append(Player(f"{word}.{site}", name, (role,), city, site=site, duties=(duty,)))
    return made


def examiners(city: str, site: str) -> list[Player]:
    """Those who mark at a site that holds a practical exam."""
    return [Player(f"{word}.{site}", name, ("examiner",), city, site=site, duties=("examiner",)) for word, name in EXAMINERS]


def load(data: Path) -> Cast:
    """The cast of an installation made before."""
    kept = json.loads((data / FILE).read_text(encoding="utf-8"))
    players = {
        name: Player(**{**row, "roles": tuple(row["roles"]), "duties": tuple(row["duties"])}) for name, row in kept["players"].items()
    }
    return Cast(kept["password"], kept["pin"], players)


def _private(path: Path, content: dict[str, Any]) -> None:
    beside = path.with_suffix(".part")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    beside.replace(path)
