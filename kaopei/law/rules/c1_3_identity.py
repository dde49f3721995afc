"""一（三） One personal datum as somebody typed it: number, name, credit code, mobile; every fault has a code of its own."""

from collections.abc import Callable

from kaopei.law import identity
from kaopei.law.identity import Reading
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, hold, refuse

CLAUSE = "N1.3.11"
READERS: dict[str, tuple[str, Callable[[str], Reading]]] = {
    "id": ("身份证号码", identity.read_id_number),
    "name": ("姓名", identity.read_name),
    "credit": ("统一社会信用代码", identity.read_credit_code),
    "mobile": ("手机号码", identity.read_mobile),
}
FAULTS = {"missing": "没有填写", "mangled": "位数或字符不对", "checksum": "校验位不对，请与证件核对"}


@rule("N1.3.11", "N1.3.12")
def datum_is_right(kind: str, text: str, sex: str = "") -> Verdict:
    """一（三） Read as people type it, said what was put right; `sex` is compared with the number, a difference is for a person.

    Codes: id_mangled, id_date, id_checksum, sex_mismatch; name_missing, name_mangled, name_charset; credit_missing,
    credit_mangled, credit_checksum; mobile_missing, mobile_mangled; normalised. `kind` is one of `READERS`.
    """
    label, read = READERS[kind]
    found = read(text)
    if kind == "name" and not is_gb18030(found.value):
        return refuse(CLAUSE, "姓名里有不能写入 GB 18030 的字符", "name_charset")
    if found.fault:
        if kind == "id" and found.fault == "checksum" and identity.birth_date(found.value) is None:
            return refuse(CLAUSE, "身份证号码里的出生日期不存在", "id_date")
        return refuse(CLAUSE, f"{label}{FAULTS[found.fault]}", f"{kind}_{found.fault}")
    if kind == "id" and sex and sex != identity.id_sex(found.value):
        return hold(CLAUSE, f"填写的性别是{sex}，号码的性别位是{identity.id_sex(found.value)}，须由人核实", "sex_mismatch")
    if found.changed:
        return allow(CLAUSE, f"{label}已规范，请核对", "normalised")
    return allow()


def is_gb18030(text: str) -> bool:
    """Whether every character can be written in GB 18030: all of Unicode can, a half of a surrogate pair cannot."""
    try:
        text.encode("gb18030")
    except UnicodeEncodeError:
        return False
    return True
