"""`./run trust …`: found a rehearsal's trust list with all its keys, add people, take keys back, show the list."""

import getpass
import json
import re
import secrets
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kaopei.commandline import trust_files
from kaopei.commandline.words import Parser
from kaopei.parcel import keyfile, trust
from kaopei.parcel.trust import DECRYPT_ROLES, Trust

# Exam-day §0: each purpose its own key. The vault's lie in vault/keys, as on its own machine.
CENTER = (
    "center", "issuer", "status", "key_service", "key_service_decrypt", "city_import", "city_witness", "province_release",
    "province_escrow", "province_mirror", "ledger",
)
VAULT = ("outcomes", "vault_import", "ledger")
# The name stands in the names of ledgers, which know neither space nor + (C2SP).
NAMED = re.compile(r"[^\s+/|]{1,40}")


class BadTrust(ValueError):
    """The trust folder, a key or the arguments do not fit."""

    exit_status = 2


def main(argv: list[str]) -> int:
    """found, passkey, person, revoke, show."""
    parser = Parser("trust", zh="信任名单与密钥", en="the trust list and its keys")
    words = parser.words()
    _found_options(words.add_parser("found", zh="建立演练的信任名单和全部密钥", en="found a rehearsal's trust list with all keys"))
    _person_options(words.add_parser("person", zh="为人员生成签名密钥并登记", en="make and list people's signing keys"))
    key = words.add_parser("passkey", zh="把人员的通行密钥列入名单", en="list a person's passkey")
    key.arg("file", type=Path, metavar="FILE", zh="登记行（从“我的登录”页下载）", en="the row, from the page of one's log-in")
    key.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, default var/")
    back = words.add_parser("revoke", zh="吊销一把密钥", en="revoke a key")
    back.arg("kid", metavar="KID", zh="密钥编号", en="key id")
    back.arg("--reason", required=True, zh="原因", en="reason")
    back.arg("--since", type=int, metavar="SECONDS", zh="从何时起（Unix 秒），默认此刻", en="since when (Unix seconds), default now")
    back.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, default var/")
    show = words.add_parser("show", zh="显示信任名单", en="show the trust list")
    show.arg("--json", action="store_true", zh="输出 JSON", en="JSON")
    trust_files.add_options(show)
    chosen = parser.parse_args(argv)
    acts: dict[str, Callable[[Namespace], int]] = {"found": _found, "passkey": _passkey, "person": _person, "revoke": _revoke, "show": _show}
    try:
        return acts[chosen.action](chosen)
    except OSError as problem:
        raise BadTrust(f"{problem.filename or ''}：读写不了（{problem.strerror}）。请核对路径、权限和剩余空间。") from problem


def _found_options(found: Parser) -> None:
    found.arg("--rehearsal", action="store_true", zh="演练（正式的根密钥只能在离线设备上生成）", en="a rehearsal; real roots are made offline")
    found.arg("--deployment", required=True, metavar="NAME", zh="系统名称，写入每份签名文件", en="name that stands in every signed file")
    found.arg("--out", required=True, type=Path, metavar="DIR", zh="写入此数据目录", en="data directory to write")
    found.arg("--city", default="", metavar="CODE", zh="只管一个城市时的行政区划代码", en="code of the only city")
    found.arg("--custodian", action="append", metavar="HOLDER", zh="题库保管人的用户名（两名以上）", en="user name of a vault custodian, twice")
    found.arg("--file", type=Path, metavar="FILE", zh="同时登记的人员（见 trust person --help）", en="people to list at once (see trust person)")


def _person_options(person: Parser) -> None:
    person.arg("--holder", metavar="NAME", zh="用户名", en="user name")
    person.arg("--duty", action="append", default=[], metavar="DUTY", zh="职责，可多次：approver、head、invigilator……", en="duty, repeatable")
    person.arg("--role", choices=["person", "party"], default="person", zh="用途：个人，或抽签承诺方", en="person, or party of a draw")
    person.arg("--city", default="", zh="只管一个城市时的代码", en="code of the only city")
    person.arg("--site", default="", zh="只管一个考试点时的编号", en="number of the only site")
    person.arg("--pin-stdin", action="store_true", zh="从标准输入读签名口令的第一行", en="read the PIN from the first line of stdin")
    person.arg(
        "--file", type=Path, metavar="FILE", zh="多名人员：JSON 列表 [{holder, duties, role, city, site, pin}]，- 为标准输入",
        en="many people: JSON list [{holder, duties, role, city, site, pin}]; - is stdin",
    )
    person.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, default var/")


def _found(chosen: Namespace) -> int:
    out: Path = chosen.out
    if not chosen.rehearsal:
        raise BadTrust("trust found：正式系统的根密钥只能在省级离线设备上生成。演练请加 --rehearsal。")
    if (out / "trust.json").exists():
        raise BadTrust(f"{out / 'trust.json'}：已有信任名单，不能覆盖。增加人员用 trust person，重来请换一个目录。")
    custodians = chosen.custodian or ["custodian1", "custodian2"]
    if len(set(custodians)) < 2:
        raise BadTrust("--custodian：题库保管人至少要两名不同的人。")
    if not NAMED.fullmatch(chosen.deployment):
        raise BadTrust(f"--deployment：系统名称“{chosen.deployment[:40]}”不能用，应为 1 至 40 个字，不含空格和 + / |")
    people = _people(chosen.file) if chosen.file else []
    homes = {name: Home(out / name) for name in ("keys", "vault/keys", "roots")}
    rows = [homes["keys"].make(role, "center" if role == "ledger" else role, city=_city(role, chosen.city)) for role in CENTER]
    rows += [homes["vault/keys"].make(role, "vault" if role == "ledger" else role) for role in VAULT]
    rows += [homes["vault/keys"].make("custodian", holder, duties=["custodian"]) for holder in custodians]
    made = [_person_key(one) for one in people]
    rows += [row for row, _ in made]
    data, root, roots = trust.found(deployment=chosen.deployment, rehearsal=True, issued_at=_now(), keys=rows)
    for signer in roots:
        homes["roots"].add(signer.kid, signer.key)
    # Nothing is written before everything fits; the list comes last, so that it never names a key that is not there.
    for home in homes.values():
        home.lay()
    _lay_people(out, made)
    _write(out / "root.txt", f"{root}\n".encode(), 0o644)
    _lay(out, 1, data)
    print(f"已建立演练信任名单 {out / 'trust.json'}，密钥 {len(rows)} 把；根指纹 {root}")
    return 0


def _city(role: str, city: str) -> str:
    """The province's keys serve every city."""
    return "" if role.startswith("province") else city


class Home:
    """A folder of key files with one random passphrase beside them, for rehearsals; `lay` writes what was made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, Any] = {}

    @property
    def passphrase(self) -> bytes:
        """Of every key here."""
        return (self.folder / "passphrase").read_bytes().strip()

    def make(self, role: str, holder: str, *, city: str = "", duties: Sequence[str] = ()) -> dict[str, Any]:
        """A fresh key; its row for the list."""
        key = keyfile.generate_decrypt() if role in DECRYPT_ROLES else keyfile.generate_sign()
        row = trust.entry(keyfile.public(key), role, holder, city=city, duties=duties)
        self.add(row["kid"], key)
        return row

    def add(self, kid: str, key: Any) -> None:
        """A key that is to lie here."""
        self.made[kid] = key

    def lay(self) -> None:
        """Passphrase and keys on the disk."""
        _closed(self.folder)
        if not (self.folder / "passphrase").exists():
            _write(self.folder / "passphrase", secrets.token_urlsafe(24).encode(), 0o600)
        for kid, key in self.made.items():
            _write(self.folder / f"{kid}.key", keyfile.dump(key, self.passphrase), 0o600)


def _closed(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _people(path: Path) -> list[dict[str, Any]]:
    where = "标准输入" if str(path) == "-" else str(path)
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
        rows = json.loads(text)
    except (OSError, ValueError) as problem:
        raise BadTrust(f"{where}：读不出人员名单（应为 JSON 列表）") from problem
    if not isinstance(rows, list) or not rows:
        raise BadTrust(f"{where}：人员名单应为非空的 JSON 列表")
    for place, row in enumerate(rows, 1):
        _check_person(row, f"{where} 第 {place} 人")
    return rows


def _check_person(row: Any, where: str) -> None:
    known = {"holder", "duties", "role", "city", "site", "pin"}
    if not isinstance(row, dict) or set(row) - known or not row.get("holder") or not row.get("pin"):
        raise BadTrust(f"{where}：应有 holder、pin，可有 duties、role、city、site，不应有其他字段")
    texts = [row.get(name, "") for name in ("holder", "role", "city", "site", "pin")]
    duties = row.get("duties", [])
    if not isinstance(duties, list) or not all(isinstance(one, str) for one in [*texts, *duties]):
        raise BadTrust(f"{where}：duties 应为文字列表，其余应为文字")
    if row.get("role", "person") not in ("person", "party") or len(row["pin"]) < 4:
        raise BadTrust(f"{where}：role 只能是 person 或 party，pin 不少于 4 位")


def _person_key(row: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """A person's row for the list, and his key file under his PIN."""
    key = keyfile.generate_sign()
    scope = {"city": row.get("city", ""), "site": row.get("site", ""), "duties": row.get("duties", [])}
    made = trust.entry(keyfile.public(key), row.get("role", "person"), row["holder"], **scope)
    return made, keyfile.dump(key, row["pin"].encode())


def _lay_people(data: Path, made: Sequence[tuple[dict[str, Any], bytes]]) -> None:
    if made:
        _closed(data / "persons")
    for row, content in made:
        _write(data / "persons" / f"{row['kid']}.key", content, 0o600)
        print(row["kid"], row["holder"], sep="\t")


def _person(chosen: Namespace) -> int:
    data = trust_files.data_folder(chosen.data)
    if chosen.file:
        people = _people(chosen.file)
    else:
        pin = sys.stdin.readline().strip() if chosen.pin_stdin or not sys.stdin.isatty() else getpass.getpass("签名口令：")
        people = [{"holder": chosen.holder, "duties": chosen.duty, "role": chosen.role, "city": chosen.city, "site": chosen.site, "pin": pin}]
        _check_person(people[0], "trust person")
    listed, signers = _in_force(data)
    made = [_person_key(one) for one in people]
    following = _following(listed, signers, add=[row for row, _ in made])
    _lay_people(data, made)
    _lay(data, listed.version + 1, following)
    return 0


def _passkey(chosen: Namespace) -> int:
    data = trust_files.data_folder(chosen.data)
    listed, signers = _in_force(data)
    try:
        row = json.loads(chosen.file.read_text(encoding="utf-8-sig"))
        told = {"passkey", "pub", "role", "holder", "scope"}
        fits = isinstance(row, dict) and told <= set(row) and row["role"] == "person" and row["kid"] == keyfile.kid(row["pub"])
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise BadTrust(f"{chosen.file}：不是通行密钥的登记行。请从“我的登录”页重新下载。")
    if row["kid"] in listed.keys:
        raise BadTrust(f"{chosen.file}：这把通行密钥已在信任名单中。")
    _lay(data, listed.version + 1, _following(listed, signers, add=[row]))
    print(row["kid"], row["holder"], sep="\t")
    return 0


def _revoke(chosen: Namespace) -> int:
    data = trust_files.data_folder(chosen.data)
    listed, signers = _in_force(data)
    since = _now() if chosen.since is None else chosen.since
    _lay(data, listed.version + 1, _following(listed, signers, revoke={chosen.kid: (since, chosen.reason)}))
    print(f"密钥 {chosen.kid} 已吊销，信任名单第 {listed.version + 1} 版")
    return 0


def _in_force(data: Path) -> tuple[Trust, list[keyfile.Signer]]:
    """The list of a data folder and two of its roots' signers."""
    path = data / "trust.json"
    if not path.is_file():
        raise BadTrust(f"{path}：没有信任名单。请先用 trust found --rehearsal 建立。")
    sources = trust_files.Sources(path, None, data, True)
    listed, home = sources.of(None), Home(data / "roots")
    roots = sorted(home.folder.glob("*.key"))[:2]
    if len(roots) < 2 or not listed.rehearsal:
        raise BadTrust(f"{home.folder}：没有两把根密钥。正式系统的名单只能在省级离线设备上续签。")
    return listed, [keyfile.load_signer(file.read_bytes(), home.passphrase, listed.suite) for file in roots]


def _following(listed: Trust, signers: list[keyfile.Signer], **changes: Any) -> bytes:
    """The next list, checked as everybody will check it."""
    following = trust.extend(listed.chain[-1], issued_at=_now(), signers=signers, **changes)
    listed.advance([following])
    return following


def _lay(data: Path, version: int, content: bytes) -> None:
    """The chain first, the list in force last: a reader never finds a newer list without its chain."""
    (data / "trust").mkdir(parents=True, exist_ok=True)
    _write(data / "trust" / f"{version}.json", content, 0o644)
    _write(data / "trust.json", content, 0o644)


def _show(chosen: Namespace) -> int:
    sources = trust_files.sources(chosen)
    listed = sources.of(None)
    rows = [{name: value for name, value in vars(key).items() if name != "pub"} for key in listed.keys.values()]
    if chosen.json:
        head = {name: getattr(listed, name) for name in ("deployment", "suite", "rehearsal", "version", "root", "pinned")}
        print(json.dumps({**head, "keys": rows}, ensure_ascii=False, indent=1))
        return 0
    pinned = "已钉住" if listed.pinned else "未钉住"
    print(f"{trust_files.prefix(listed)}{listed.deployment} 套件 {listed.suite} 第 {listed.version} 版 根指纹 {listed.root}（{pinned}）")
    for row in rows:
        state = "已吊销" if row["revoked_since"] is not None else ""
        print(row["kid"], row["role"], row["holder"], row["city"], row["site"], " ".join(row["duties"]), state, sep="\t")
    return 0


def _write(path: Path, data: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=mode)
    fresh.write_bytes(data)
    fresh.chmod(mode)
    fresh.replace(path)


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
