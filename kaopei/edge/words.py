"""The words of the room's pages in both languages: states, roles, grounds. Pages pick by `t(word, english[word])`."""

REFUSALS = {
    "late": "迟到超过规定时间", "no_document": "没有带有效证件", "mismatch": "证件与名单不符", "impostor": "人证不符、疑似替考",
    "forbidden_items": "拒不交出禁带物品", "withdrew": "签到后离场、没有开始答题", "other": "其他原因",
}  # fmt: skip
STATES = {
    "expected": "未到", "signed_in": "已签到", "seated": "已就座", "open": "答题中", "handed_in": "已交卷", "absent": "缺考", "refused": "不予入场",
}  # fmt: skip
SEAT_STATES = {
    "free": "未到", "signed_in": "已签到", "seated": "已就座", "answering": "答题中", "idle": "久无操作", "lost": "失联", "paused": "已暂停",
    "handed_in": "已交卷", "absent": "缺考", "refused": "不予入场",
}  # fmt: skip
# In a practical exam nobody answers or hands in: examiners mark, and finish.
EXAMINED = {"open": "考核中", "answering": "考核中", "handed_in": "已考完"}
PAUSES = {"staff": "监考员暂停", "break": "休息中", "held": "等监考员处理", "lan_lost": "局域网中断"}
CALLS = {"asked": "举手呼叫", "coming": "有人去处理"}
ROLES = {
    "head": "考点负责人", "deputy": "副负责人", "keeper": "系统管理员", "invigilator": "监考员", "examiner": "考评员", "patroller": "巡考员",
}  # fmt: skip
SITTING_STATES = {"imported": "已收包", "opened": "已启封", "running": "考试中", "closed": "已收场", "returned": "已交回"}
ENGLISH = {
    "未到": "not here", "已签到": "signed in", "已就座": "seated", "答题中": "answering", "已交卷": "handed in", "缺考": "absent",
    "不予入场": "kept out", "久无操作": "idle", "失联": "lost", "已暂停": "paused", "迟到超过规定时间": "too late",
    "没有带有效证件": "no valid document", "证件与名单不符": "document does not match", "人证不符、疑似替考": "another person",
    "拒不交出禁带物品": "keeps forbidden things", "签到后离场、没有开始答题": "left before beginning", "其他原因": "other",
    "监考员暂停": "by staff", "休息中": "on a break", "等监考员处理": "waits for you", "局域网中断": "network lost",
    "举手呼叫": "calls for help", "有人去处理": "somebody is coming",
    "考核中": "being examined", "已考完": "finished",
    "考点负责人": "site head", "副负责人": "deputy", "系统管理员": "system keeper", "监考员": "invigilator",
    "考评员": "examiner", "巡考员": "patroller",
    "已收包": "taken in", "已启封": "opened", "考试中": "running", "已收场": "closed", "已交回": "handed back",
}  # fmt: skip


def states(practical: bool) -> dict[str, str]:
    """The words of an attempt's states in this kind of exam."""
    return STATES | {code: word for code, word in EXAMINED.items() if code in STATES} if practical else STATES


def seat_states(practical: bool) -> dict[str, str]:
    """The words of the board's tiles in this kind of exam."""
    return SEAT_STATES | {code: word for code, word in EXAMINED.items() if code in SEAT_STATES} if practical else SEAT_STATES
