// Every word on the terminal, in both languages. Items themselves stay in the language of the paper.
const WORDS = {
  zh: {
    title: "考试终端", rehearsal: "演练样张　不是真实考试，数据不作为成绩", language: "English",
    choose_seat: "设置本机机位", choose_seat_help: "由监考员在布置考场时设置一次。请选择本机对应的考场和机位。", seat: "机位",
    seat_set: "设为本机机位", seat_none: "考试服务器还没有收到座次包。请在控制台收包后刷新本页。", seat_change: "更换机位",
    welcome: "请输入开考码", welcome_help: "签到后由监考员告诉您 6 位开考码。开考码只能在这台机器上使用一次。", code: "开考码", enter: "进入",
    confirm: "请核对本人信息", confirm_help: "如有任何一项不符，请不要继续，举手告诉监考员。", name: "姓名", id_last4: "证件末四位",
    ticket: "准考证号", subject: "科目", photo: "照片", no_photo: "无照片", confirm_yes: "信息无误", not_me: "有误，找监考员",
    not_me_help: "请举手，等监考员到您的机位。不要离开座位。", back: "返回",
    rules: "考试须知", rule_1: "共 {total} 题，满分 {points} 分，时间 {minutes} 分钟。一次显示一题，可以前后翻看和修改。",
    rule_1_sealed: "时间 {minutes} 分钟，题数和分值在打铃后显示。一次显示一题，可以前后翻看和修改。",
    rule_2: "每作答一题都会立即保存，状态显示在屏幕上方。看到“未保存”请举手，不要关机。",
    rule_3: "机器出故障可以换机继续，已保存的答案和剩余时间不会丢失。",
    rule_4: "全程可用键盘：数字 1–4 或字母 A–D 选择答案，← → 翻题，M 标记，T 显示或隐藏时间，H 呼叫监考员，J 交卷前核对。",
    rule_5: "时间到自动交卷。交卷后会得到一个回执码，可用它查证所交的答卷。",
    rule_6: "切换窗口、截屏等操作会被记录并由监考员查看。",
    check: "本机检查", check_server: "考试服务器", check_store: "本机暂存", check_keys: "键盘", ok: "正常", not_ok: "不正常，请举手",
    check_keys_help: "请按一下数字键 1", ready: "我已阅读，准备好了", waiting: "请等待开考",
    waiting_help: "监考员打铃后自动开始，请不要操作键盘。", starting: "正在开始…",
    item_of: "第 {n} 题", of_total: "共 {total} 题", kind_judge: "判断题", kind_single: "单选题", kind_multiple: "多选题", points: "{points} 分",
    multiple_hint: "选择所有正确的选项", previous: "上一题", next: "下一题", marked: "标记", unmark: "取消标记", hand_in: "交卷", grid: "题号",
    legend_answered: "已答", legend_open: "未答", legend_marked: "已标记", legend_current: "当前题",
    grid_label: "第 {n} 题，{state}", state_answered: "已答", state_open: "未答", state_marked: "，已标记",
    saved: "已保存", saving: "保存中", unsaved: "未保存", unsaved_help: "正在重试，请勿关机；如持续出现请举手",
    remaining: "剩余时间", time_hide: "隐藏时间", time_show: "显示时间", hidden: "已隐藏", minutes_left: "还剩 {minutes} 分钟",
    font: "字号", font_larger: "放大", font_smaller: "缩小", contrast: "高对比", contrast_off: "普通对比",
    summary: "交卷前核对", summary_answered: "已答 {n} 题", summary_open: "未答 {n} 题", summary_marked: "标记 {n} 题",
    summary_open_list: "未答题号（按题号可回去作答）", summary_marked_list: "标记题号", summary_help: "交卷后不能再修改。",
    summary_wait: "还有答案没有保存，保存后才能交卷。", keep_on: "继续答题", hand_in_now: "确认交卷", handing_in: "正在交卷…",
    receipt: "已交卷", receipt_help: "请抄下回执码，或请监考员打印。用它可以在门户上查证您所交的答卷已原样送达。", receipt_code: "回执码",
    receipt_answered: "已答", receipt_events: "保存记录", receipt_time: "交卷时间", receipt_by_time: "时间到，系统已自动交卷。",
    receipt_by_staff: "由考场工作人员收卷。", finish: "离开本机", finish_help: "监考员允许后离开。按下后本机清除您的信息。", items: "{n} 题", records: "{n} 条",
    lost: "网络中断", lost_help: "题目已遮盖，正在重新连接。已保存的答案不会丢失，恢复后自动继续。请举手告诉监考员。",
    paused: "考试已暂停", paused_help: "题目已遮盖，您的考试时间也已停止计算。请留在座位上等候。",
    moved: "本机已停用", moved_help: "您的考试已转到另一台机器继续。请听从监考员安排。",
    other_tab: "考试已在另一个窗口打开", other_tab_help: "请回到原来的窗口。关闭那个窗口后，按下面的按钮在这里继续。", retry: "在这里继续",
    unknown: "需要重新签到", unknown_help: "考试服务器不认识本机的登录。请举手，由监考员重新发放开考码。",
    help_ask: "呼叫监考员", help_asked: "已呼叫（再按取消）", help_coming: "监考员就来", help_sent: "已呼叫监考员，请留在座位上。", help_back: "已取消呼叫。",
    help_unsent: "网络不通，恢复后自动呼叫；也请举手。", help_on_the_way: "监考员已看到，马上就来。",
    held: "请等监考员", held_help: "本机位再次断线，题目已遮盖，您的时间已停止计算。请举手或呼叫，监考员查明后恢复。",
    lan_lost: "考场网络中断", lan_lost_help: "考场多台机器断线，全场已暂停，时间停止计算。请留在座位上，恢复后自动继续。",
    break: "休息中", break_help: "题目已遮盖，您的时间已停止计算。回到座位后按下面的按钮继续；超过规定时长后自动恢复计时。", break_end: "休息好了，继续答题",
    break_over: "休息时间已到", break_over_help: "已恢复计时。请按下面的按钮继续答题。", break_resume: "继续答题", break_take: "休息（还有 {n} 次）",
    break_none: "现在不能休息，或没有剩余次数。",
    device: "这台机器暂时不能用", device_help: "考试服务器不认可本机（地址或机位不符）。题目已遮盖，请举手；恢复后自动继续。",
    emergency: "导出应急文件", emergency_saved: "已导出 {file}，请两名考务人员登记并带走。",
    receipt_qr: "回执二维码", score: "初评成绩 {score} 分（满分 {full} 分），以正式公布为准。",
    refused_code: "开考码不对，或这台机器要等几秒。请核对机位和开考码；还不行请举手。", refused_device: "这台机器不能用于这个机位，请举手。",
    error: "操作没有完成", again: "重试", keys_hint: "1–4 选择　← → 翻题　M 标记　H 呼叫　J 交卷",
  },
  en: {
    title: "Exam terminal", rehearsal: "Rehearsal sample, not a real exam; nothing here counts", language: "中文",
    choose_seat: "Set the seat of this machine", choose_seat_help: "Done once by an invigilator while preparing the room. Choose the room and seat of this machine.", seat: "Seat",
    seat_set: "This is the seat", seat_none: "The exam server has no seating yet. Import it at the console, then reload this page.", seat_change: "Change seat",
    welcome: "Enter your start code", welcome_help: "After sign-in the invigilator tells you a code of 6 digits. It works once, on this machine only.", code: "Start code", enter: "Enter",
    confirm: "Is this you?", confirm_help: "If anything is wrong, do not go on: raise your hand.", name: "Name", id_last4: "Last 4 digits of ID",
    ticket: "Ticket number", subject: "Subject", photo: "Photo", no_photo: "No photo", confirm_yes: "All correct", not_me: "Something is wrong",
    not_me_help: "Raise your hand and wait for an invigilator at your seat.", back: "Back",
    rules: "Rules", rule_1: "{total} items, {points} points, {minutes} minutes. One item at a time; you may go back and change answers.",
    rule_1_sealed: "{minutes} minutes; the number of items appears at the bell. One item at a time; you may go back and change answers.",
    rule_2: "Every answer is saved at once; the state is shown at the top. If it says “not saved”, raise your hand and leave the machine on.",
    rule_3: "If the machine fails you go on at another one: saved answers and remaining time are kept.",
    rule_4: "The keyboard is enough: 1–4 or A–D choose, ← → turn, M marks, T shows or hides the time, H calls an invigilator, J goes to hand-in.",
    rule_5: "At the end of time the exam is handed in by itself. You get a receipt code with which you can check what you handed in.",
    rule_6: "Switching windows, screenshots and the like are recorded and shown to invigilators.",
    check: "Machine check", check_server: "Exam server", check_store: "Local buffer", check_keys: "Keyboard", ok: "good", not_ok: "not good, raise your hand",
    check_keys_help: "press the key 1", ready: "I have read this and am ready", waiting: "Please wait for the start",
    waiting_help: "It starts by itself when the invigilator rings the bell.", starting: "Starting…",
    item_of: "Item {n}", of_total: "of {total}", kind_judge: "True or false", kind_single: "One answer", kind_multiple: "Several answers", points: "{points} pt",
    multiple_hint: "choose all that are right", previous: "Previous", next: "Next", marked: "Mark", unmark: "Unmark", hand_in: "Hand in", grid: "Items",
    legend_answered: "answered", legend_open: "open", legend_marked: "marked", legend_current: "current",
    grid_label: "Item {n}, {state}", state_answered: "answered", state_open: "open", state_marked: ", marked",
    saved: "Saved", saving: "Saving", unsaved: "Not saved", unsaved_help: "trying again; leave the machine on and raise your hand if this stays",
    remaining: "Time left", time_hide: "Hide time", time_show: "Show time", hidden: "hidden", minutes_left: "{minutes} min left",
    font: "Text", font_larger: "Larger", font_smaller: "Smaller", contrast: "High contrast", contrast_off: "Normal contrast",
    summary: "Check before handing in", summary_answered: "{n} answered", summary_open: "{n} open", summary_marked: "{n} marked",
    summary_open_list: "Open items (press a number to go back)", summary_marked_list: "Marked items", summary_help: "After handing in nothing can be changed.",
    summary_wait: "Some answers are not saved yet; you can hand in when they are.", keep_on: "Go on answering", hand_in_now: "Hand in now", handing_in: "Handing in…",
    receipt: "Handed in", receipt_help: "Copy the receipt code or ask for a print. With it the portal shows that your answers arrived unchanged.", receipt_code: "Receipt code",
    receipt_answered: "Answered", receipt_events: "Records saved", receipt_time: "Handed in at", receipt_by_time: "Time was over: handed in by the system.",
    receipt_by_staff: "Collected by the staff.", finish: "Leave this machine", finish_help: "When the invigilator allows it. This machine then forgets you.", items: "{n} items", records: "{n}",
    lost: "Network lost", lost_help: "The item is covered; we are reconnecting. Saved answers are safe and the exam goes on by itself. Raise your hand.",
    paused: "The exam is paused", paused_help: "The item is covered and your time stands still. Please stay seated.",
    moved: "This machine is out of use", moved_help: "Your exam goes on at another machine. Please follow the invigilator.",
    other_tab: "The exam is open in another window", other_tab_help: "Go back to that window, or close it and go on here.", retry: "Go on here",
    unknown: "Please sign in again", unknown_help: "The exam server does not know this machine. Raise your hand for a new start code.",
    help_ask: "Call invigilator", help_asked: "Called (again: cancel)", help_coming: "Somebody is coming", help_sent: "An invigilator is called. Please stay seated.", help_back: "The call is taken back.",
    help_unsent: "No network: the call goes out when it is back; raise your hand as well.", help_on_the_way: "The invigilator has seen it and is coming.",
    held: "Please wait for an invigilator", held_help: "This machine lost the network again. The item is covered and your time stands still. Raise your hand or call.",
    lan_lost: "The room's network is down", lan_lost_help: "Many machines lost the network: everybody is paused and time stands still. Stay seated; it goes on by itself.",
    break: "On a break", break_help: "The item is covered and your time stands still. Press the button when you are back; after its length time goes on by itself.", break_end: "I am back: go on",
    break_over: "The break is over", break_over_help: "Your time is running again. Press the button to go on.", break_resume: "Go on", break_take: "Break ({n} left)",
    break_none: "No break now, or none is left.",
    device: "This machine cannot be used now", device_help: "The server does not accept it (address or seat). The item is covered: raise your hand; it goes on by itself.",
    emergency: "Save an emergency file", emergency_saved: "Saved {file}: two members of staff register it and take it away.",
    receipt_qr: "QR code of the receipt", score: "Provisional score {score} of {full}; what counts is the published result.",
    refused_code: "Wrong code, or this machine has to wait some seconds. Check seat and code; if it stays, raise your hand.", refused_device: "This machine is not for this seat: raise your hand.",
    error: "That did not work", again: "Try again", keys_hint: "1–4 choose　← → turn　M mark　H help　J hand in",
  },
};

let language = "zh";

export function setLanguage(code) {
  language = code === "en" ? "en" : "zh";
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

export function otherLanguage() {
  return language === "zh" ? "en" : "zh";
}

// The word for `key`, with {names} filled in.
export function t(key, values = {}) {
  const text = WORDS[language][key] ?? WORDS.zh[key];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

// What the server refused: its own words are Chinese and the most exact ones; in English what is known of the kind.
export function refusal(problem) {
  const key = `refused_${problem.code}`;
  return language === "en" && key in WORDS.en ? t(key) : problem.message;
}

export function keysOfBothLanguages() {
  return [Object.keys(WORDS.zh), Object.keys(WORDS.en)];
}
