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
# What the checks before the opening and the parcels are called; findings in a sentence stay in Chinese, as the exact words.
CHECKS = {
    "座次包": "Seating", "试卷密封包": "Sealed paper", "服务器登记书": "Record of this server", "考生名单": "Roster", "信任名单": "Trust list",
    "回执": "Receipt", "试封演练": "Trial opening", "考前检查四项": "Four checks of the day before", "准备人员": "People", "考场": "Room",
    "考场封闭": "Room closed", "封条": "Seals", "磁盘": "Disk", "密钥保管进程": "Key keeper", "网络": "Network", "服务器": "Server",
    "监控": "Cameras", "考试机": "Terminals", "晚于期限封闭": "Closed after the limit", "封闭考场": "Room closed", "核对封条": "Seals checked",
    "正常": "in order", "有问题": "fault", "两人放行": "let pass by two", "四项都已检查": "all four checked",
    "考前已检查封闭": "checked and closed in time", "启用时封条完好，编号相符": "found whole, numbers agree",
    "与试卷封装时一致": "as at the sealing", "还没有检查": "not checked yet", "还没有收": "not here yet",
    "网线、交换机正常；与外网断开，无线关闭": "Cables and switch in order; cut off from outside, no radio",
    "考试服务器开机、校时，磁盘空间足够": "Server on, clock set, disk with room",
    "每台摄像头有画面，录像机正在录": "A picture of each camera, the recorder records",
    "逐台开机，能打开考试页面；网内没有别的设备": "Each one on and shows the exam page; no other machine on the network",
    "参加准备的人与本场考生的培训机构没有关联": "Nobody here is tied to the candidates' institutions",
    "座位号、屏风、钟表齐备，无关物品已清走": "Seat numbers, screens, a clock; nothing that does not belong", "场次": "Sitting", "考试": "Exam",
    "日期": "Date", "考生": "Candidates", "考务人员": "Staff", "版次": "Revision", "密封包": "Package", "卷别": "Form set", "科目": "Subject",
    "试卷": "Papers", "封装人": "Sealed by", "清单摘要": "Digest", "回传包": "Return parcel", "台账大小": "Ledger size", "考试点": "Site",
}  # fmt: skip
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
