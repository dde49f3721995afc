"""One line about each command, in both languages."""

TITLE = {
    "zh": "考培：安全生产培训考核系统。不带命令则启动演示省份。每条命令都有 --help。",
    "en": "kaopei: training and examination supervision. Without a command it starts a demo province. --help works everywhere.",
}
COMMANDS = {
    "up": {"zh": "启动中心、门户、一个考试点和题库室", "en": "start center, portal, one exam site and a vault"},
    "center": {"zh": "打开中心的页面", "en": "serve the center's pages"},
    "portal": {"zh": "打开公众门户", "en": "serve the public portal"},
    "people": {"zh": "建立中心账号", "en": "make log-ins of the center"},
    "intake": {"zh": "受理一个城市的报名表格，逐行给出结论", "en": "take a city's spreadsheets in, a verdict for each row"},
    "lottery": {"zh": "抽签、复算、公布概率", "en": "draw, verify, published chances"},
    "law": {"zh": "职责覆盖情况、某一条款", "en": "coverage of duties, one clause"},
    "hours": {"zh": "由签到和线上学习记录计算有效学时", "en": "effective hours from sign-ins and online study"},
    "findings": {"zh": "培训、考务人员、考试点记录中的线索", "en": "leads in training, staff and site records"},
    "training": {"zh": "培训记录：导入、计算学时、复核封签", "en": "training records: take in, count, check"},
    "recusal": {"zh": "回避：谁不能派到哪一场，为什么", "en": "who may not serve where, and why"},
    "roster": {"zh": "考务人员抽签排班", "en": "staff duty draw"},
    "vault": {"zh": "题库导入、组卷、密封、评分", "en": "item banks, assembly, sealing, scoring"},
    "parcel": {"zh": "检查密封包（不打开）", "en": "check parcels without opening them"},
    "edge": {"zh": "考试点服务器及其工具", "en": "the exam site's server and its tools"},
    "ledger": {"zh": "复核台账", "en": "verify a ledger"},
    "certificate": {"zh": "离线核验证书", "en": "check certificates offline"},
    "trust": {"zh": "密钥与信任名单", "en": "keys and the trust list"},
    "rehearse": {"zh": "全流程演练：从表格到证书", "en": "the whole month, from spreadsheets to certificates"},
}
