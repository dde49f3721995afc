"""`./run edge …`: set up an exam server, make its keys and its request for enrolment, serve."""

import re
import secrets
import shutil
from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from kaopei.commandline import edge_site
from kaopei.commandline.words import Parser


class BadEdge(ValueError):
    """The folder or the arguments of an exam server do not fit."""

    exit_status = 2


class Forked(ValueError):
    """An earlier export is not the beginning of this ledger."""

    exit_status = 1


def main(argv: list[str]) -> int:
    """init, enrol, serve, ledger, and what gets a site ready."""
    parser = Parser("edge", zh="考试点服务器", en="the exam site's server")
    words = parser.words()
    _init_options(words.add_parser("init", zh="在空文件夹里写好配置", en="write the configuration into an empty folder"))
    enrol = words.add_parser("enrol", zh="生成本机密钥和登记申请", en="make this machine's keys and its request for enrolment")
    _config(enrol)
    enrol.arg("--out", required=True, type=Path, metavar="FILE", zh="登记申请写入此文件，送市考试机构", en="write the request here")
    enrol.arg("--again", action="store_true", zh="用已有的密钥再写一份申请", en="write the request again, with the keys that exist")
    serve = words.add_parser("serve", zh="启动考试服务器，直到收到停止信号", en="serve until told to stop")
    _config(serve)
    export = words.add_parser("ledger", zh="导出本机台账，供外部复核", en="lay this server's ledger down for outsiders")
    _config(export)
    export.arg("--out", required=True, type=Path, metavar="DIR", zh="写入 DIR/服务器编号", en="written to DIR/<serial>")
    more = edge_site.add(words)
    chosen = parser.parse_args(argv)
    acts: dict[str, Callable[[Namespace], int]] = {"init": _init, "enrol": _enrol, "ledger": _ledger, "serve": _serve, **more}
    return acts[chosen.action](chosen)


def _config(parser: Parser) -> None:
    parser.arg("--config", required=True, type=Path, metavar="FILE", zh="配置文件 config.toml", en="config.toml")


def _init_options(init: Parser) -> None:
    init.arg("folder", type=Path, metavar="DIR", zh="考试服务器的文件夹", en="folder of the exam server")
    init.arg("--site", required=True, metavar="CODE", zh="考试点代码", en="code of the exam site")
    init.arg("--city", default="", metavar="CODE", zh="城市代码，默认取考试点代码的前四位", en="code of the city; default: first four of the site's")
    init.arg("--serial", default="", metavar="NAME", zh="服务器编号", en="serial of the machine")
    init.arg("--title", default="", metavar="NAME", zh="页面上的考试点名称", en="name of the site on its pages")
    init.arg("--listen", default="127.0.0.1:8750", zh="监听：地址:端口（只限演练），或 unix:文件", en="host:port (rehearsals only) or unix:file")
    init.arg("--min-free-mib", type=int, default=2048, metavar="N", zh="磁盘少于此数不准启封", en="no opening below this much free disk")
    init.arg("--trust", type=Path, metavar="FILE", zh="信任名单；默认 DIR/../../trust.json", en="trust list; default DIR/../../trust.json")


def _room(min_free: int) -> list[str]:
    """A machine that may do with less free disk (a rehearsal) keeps less of it back."""
    return [f"ballast_mib = {min(256, min_free)}", f"low_mib = {min(200, min_free)}"] if min_free < 2048 else []


def _init(chosen: Namespace) -> int:
    folder: Path = chosen.folder
    config = folder / "config.toml"
    if config.exists():
        raise BadEdge(f"{config}：已有配置，不能覆盖。重装请换一个空文件夹。")
    source: Path = chosen.trust or folder.resolve().parent.parent / "trust.json"
    if not source.is_file():
        raise BadEdge(f"{source}：没有信任名单。请用 --trust 指明中心给的 trust.json。")
    texts = {
        "site": chosen.site, "city": chosen.city, "serial": chosen.serial, "title": chosen.title, "listen": chosen.listen,
        "trust": "trust.json", "root": "root.txt" if (source.parent / "root.txt").is_file() else "", "passphrase": "passphrase",
    }  # fmt: skip
    odd = [value for value in texts.values() if re.search(r"[\"\\\x00-\x1f]", value)]
    if odd:
        raise BadEdge(f"参数里不能有引号、反斜线或换行：{odd[0]!r}")
    lines = [f'{name} = "{value}"' for name, value in texts.items() if value]
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _copy_trust(source, folder)
    _private(folder / "passphrase", secrets.token_urlsafe(24))
    text = "\n".join([*lines, f"min_free_mib = {chosen.min_free_mib}", *_room(chosen.min_free_mib), ""])
    from kaopei.edge import settings

    fresh = folder / "config.toml.new"
    fresh.write_text(text, "utf-8")
    try:
        settings.read(fresh)
    except settings.BadSettings:
        fresh.unlink()
        raise
    fresh.replace(config)
    print(f"已写好 {config}。下一步：./run edge enrol --config {config} --out 登记申请.json")
    return 0


def _copy_trust(source: Path, folder: Path) -> None:
    """The list with its whole chain, so that the machine can follow later versions by itself."""
    for name in ("trust.json", "root.txt"):
        if (source.parent / name).is_file():
            shutil.copyfile(source if name == "trust.json" else source.parent / name, folder / name)
    chain = source.parent / "trust"
    if chain.is_dir():
        shutil.copytree(chain, folder / "trust", dirs_exist_ok=True)


def _private(path: Path, text: str) -> None:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(text, "ascii")


def _enrol(chosen: Namespace) -> int:
    from kaopei.edge import keystore, settings
    from kaopei.edge.clock import Clock
    from kaopei.parcel import enrolment

    its = settings.read(chosen.config)
    trust = settings.load_trust(its)
    if not trust.rehearsal:
        raise BadEdge("正式考试服务器的密钥必须在 TPM 或 PKCS#11 硬件中生成，本版只支持演练的密钥文件。")
    keys = keystore.load(its, trust.suite) if chosen.again else keystore.generate(its, trust.suite)
    clock = Clock(its.clock if trust.rehearsal else None)
    request = enrolment.ask(
        trust, edge_serial=its.serial, function=its.function, city=its.city, site_code=its.site, sign_key=keys.signer.key,
        decrypt_key=keys.decrypt_key, keystore="file", software=settings.software(), at=round(clock.wall()),
    )
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    keystore.write_private(chosen.out, request)
    print(f"已写入登记申请 {chosen.out}（{its.serial}，考试点 {its.site}）。会签后的登记书放到 {its.enrolment}，或在“收包”页收入。")
    return 0


def _ledger(chosen: Namespace) -> int:
    """Read beside a running server or from a stopped one; an earlier export that lies there must be its beginning."""
    import apsw

    from kaopei.edge import record, settings
    from kaopei.ledger import checkpoint, tree
    from kaopei.parcel import container

    its = settings.read(chosen.config)
    if not its.database.is_file():
        raise BadEdge(f"{its.database}：还没有台账，请先启动过考试服务器。")
    with closing(apsw.Connection(str(its.database), flags=apsw.SQLITE_OPEN_READWRITE)) as store, store:
        store.set_busy_timeout(10_000)
        newest = store.execute("SELECT max(size) FROM checkpoint").fetchall()[0][0]
        if newest is None:
            raise BadEdge(f"{its.database}：台账还没有检查点。")
        files = record.files(lambda sql, values: store.execute(sql, values).fetchall(), newest)
        before = store.execute("SELECT size, files FROM predecessor WHERE sound < size").fetchall()
        leaves = [tree.leaf_hash(bytes(leaf)) for (leaf,) in store.execute("SELECT leaf FROM entry WHERE seq < ? ORDER BY seq", (newest,))]
    home: Path = chosen.out / its.serial
    if (home / "checkpoint").is_file():
        old = checkpoint.parse((home / "checkpoint").read_bytes())
        if checkpoint.parse(files["checkpoint"]).origin == old.origin and (old.size > newest or tree.root(leaves[: old.size]) != old.root):
            raise Forked(f"{home}：已有的导出（{old.size} 条）不是本机台账（{newest} 条）的开头，没有改动它。请报告考试机构。")
    if its.enrolment.is_file():
        files["enrolment.json"] = its.enrolment.read_bytes()
    _replace(home, files)
    for size, packed in before:
        record_file = {"enrolment.json": files["enrolment.json"]} if "enrolment.json" in files else {}
        _replace(chosen.out / f"{its.serial}-before-{size}", dict(container.read(bytes(packed))) | record_file)
    print(home, newest, tree.root(leaves).hex(), sep="\t")
    return 0


def _replace(home: Path, files: dict[str, bytes]) -> None:
    """The folder as a whole, written beside and then put in its place."""
    fresh = home.with_name(f".{home.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, data in files.items():
        (fresh / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).write_bytes(data)
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)


def _serve(chosen: Namespace) -> int:
    from kaopei.edge import app, settings

    return app.serve(settings.read(chosen.config))
