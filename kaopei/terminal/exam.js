// The terminal's course: seat → code → identity → rules → bell → items → hand-in → receipt.
// The server decides everything; after a reload or a crash this page asks it where it was.
import { codeScreen, confirmScreen, messageScreen, notMeScreen, rulesScreen, seatScreen, waitingScreen } from "./entry.js";
import { summaryScreen } from "./closing.js";
import { Contact } from "./contact.js";
import { Cover } from "./cover.js";
import { h } from "./dom.js";
import { Help } from "./help.js";
import { keyAct } from "./keys.js";
import { applyLook, changeContrast, changeFont, changeLanguage, forgetLook, grantFont, timeHidden, toggleTimeHidden, watermark } from "./look.js";
import { keepSecret, keptSecret } from "./machine.js";
import { Outbox } from "./outbox.js";
import { PaperView } from "./paper.js";
import { showReceipt } from "./receipt.js";
import { newSecret, Refused, Server } from "./server.js";
import { clockText, Timer } from "./timer.js";
import { watch } from "./watch.js";
import { otherLanguage, refusal, t } from "./words.js";

const stage = document.getElementById("stage");
const cover = new Cover(document.getElementById("cover"), stage);
const kept = window.localStorage;

export class Exam {
  constructor() {
    this.server = new Server(kept.getItem("secret"));
    this.outbox = new Outbox(this.server, (word) => this.saving(word), (problem) => this.refused(problem));
    this.timer = new Timer((left) => this.second(left), (minutes) => this.announce(minutes), () => this.timeOver());
    this.contact = new Contact(this, cover);
    this.help = new Help(this.server, (key) => this.notice(key));
    this.fixedSeat = new URLSearchParams(location.search).get("seat");
    this.screen = "entry";
    this.confirmed = false;
  }

  async run() {
    applyLook();
    try {
      this.hello = await this.server.hello();
    } catch {
      this.draw = () => messageScreen(stage, t("lost"), t("unsaved_help"), t("again"), () => this.run());
      this.draw();
      setTimeout(() => { if (!this.hello) this.run(); }, 3000);
      return;
    }
    this.banner();
    // A machine that died while it redeemed its code still knows its key; whether it holds, the server says.
    this.unsure = this.server.secret ? null : await keptSecret();
    this.server.secret ??= this.unsure;
    if (this.server.secret) await this.resume();
    else this.askSeatOrCode();
  }

  get screen() {
    return this.shown;
  }

  // Language and contrast stand in the corner, and in the bar while a paper is open.
  set screen(name) {
    this.shown = name;
    document.getElementById("corner").hidden = name === "paper";
  }

  banner() {
    document.getElementById("corner").replaceChildren(
      this.state ? this.help.button() : "",
      h("button", { class: "tool", onclick: () => this.relook(changeContrast) }, t(document.body.classList.contains("contrast") ? "contrast_off" : "contrast")),
      h("button", { class: "tool", onclick: () => this.relook(changeLanguage), lang: otherLanguage() }, t("language")));
    const line = document.getElementById("rehearsal");
    line.hidden = !this.hello?.rehearsal;
    line.textContent = t("rehearsal");
    document.title = t("title");
  }

  // ---- before the exam
  // The machine's address may name its seat; then nobody at the machine can change it.
  seat() {
    return this.fixedSeat ?? kept.getItem("seat");
  }

  askSeatOrCode(problem) {
    this.screen = "entry";
    const seat = this.seat();
    const changed = (value) => { kept.setItem("seat", value); this.askSeatOrCode(); };
    const otherSeat = this.fixedSeat ? null : () => { kept.removeItem("seat"); this.askSeatOrCode(); };
    this.draw = seat
      ? () => codeScreen(stage, seat, (code) => this.enter(seat, code), otherSeat, problem?.())
      : () => seatScreen(stage, this.hello, changed);
    this.draw();
  }

  async enter(seat, code) {
    if (!this.server.secret || this.codeUsed !== code) this.server.secret = newSecret();
    this.codeUsed = code;
    await keepSecret(this.server.secret);
    try {
      await this.server.start(seat, code);
    } catch (problem) {
      this.askSeatOrCode(() => (problem instanceof Refused ? refusal(problem) : t("lost")));
      return;
    }
    kept.setItem("secret", this.server.secret);
    this.unsure = null;
    await this.resume();
  }

  // Ask the server where this attempt stands and show exactly that.
  async resume() {
    let state;
    try {
      state = await this.server.state();
    } catch (problem) {
      if (problem instanceof Refused && this.unsure) {
        this.server.secret = this.unsure = null;
        this.askSeatOrCode();
      } else if (problem instanceof Refused) this.refused(problem);
      else {
        // After a reload there is nothing on the screen yet that could say why one waits.
        if (!this.draw) messageScreen(stage, t("lost"), t("lost_help"));
        setTimeout(() => this.resume(), 1000);
      }
      return;
    }
    this.contact.touch();
    if (this.unsure) kept.setItem("secret", this.unsure);
    this.unsure = null;
    this.state = { ...state, marked: new Set(state.marked) };
    grantFont(state.attempt, state.accommodations?.font);
    this.help.heard(state.help ?? "");
    this.banner();
    document.body.classList.toggle("sitting", true);
    watermark(state.mark);
    this.contact.start();
    if (state.phase === "handed_in") this.showReceipt();
    else if (state.phase === "waiting") this.identify();
    else await this.openPaper();
  }

  async identify() {
    this.screen = "entry";
    const photo = this.state.candidate.photo ? await this.server.photo().catch(() => null) : null;
    if (this.confirmed) { this.waiting(); return; }
    const ask = () => {
      this.draw = () => confirmScreen(stage, this.state, photo, () => this.rules(), () => { this.draw = () => notMeScreen(stage, ask); this.draw(); });
      this.draw();
    };
    ask();
  }

  async rules() {
    const checks = { server: await this.server.hello().then(() => true, () => false), store: await Outbox.works() };
    this.draw = () => rulesScreen(stage, this.state, checks, () => { this.confirmed = true; this.waiting(); });
    this.draw();
  }

  waiting() {
    this.screen = "waiting";
    this.draw = () => waitingScreen(stage, this.state);
    this.draw();
    this.contact.pulse();
  }

  async begin() {
    if (this.beginning) return;
    this.beginning = true;
    try {
      await this.server.begin();
      await this.resume();
    } catch (problem) {
      if (problem instanceof Refused && problem.status !== 425) this.refused(problem);
    }
    this.beginning = false;
  }

  // ---- the exam
  async openPaper() {
    const unsent = await this.outbox.resume(this.state);
    for (const event of unsent) this.apply(event);
    this.stopWatching ??= watch((code) => { if (!this.handingIn && !cover.up) this.outbox.add("signal", this.state.position, code); });
    this.screen = "paper";
    this.draw = () => this.drawPaper();
    await this.drawPaper();
  }

  apply({ kind, item, value }) {
    if (kind === "answer") this.state.answers[item] = value;
    if (kind === "mark") this.state.marked[value === "1" ? "add" : "delete"](item);
  }

  async drawPaper() {
    this.view = new PaperView(stage, this.state, {
      go: (n) => this.go(n), choose: (letter) => this.choose(letter), mark: () => this.mark(), handIn: () => this.summary(),
      font: changeFont, contrast: () => this.relook(changeContrast), time: () => this.toggleTime(), language: () => this.relook(changeLanguage),
      help: () => this.help.button(), rest: () => this.contact.beginBreak(),
    });
    this.view.showStatus(this.savingWord ?? "saved");
    this.timer.set(this.state.remaining, this.state.phase === "open");
    await this.go(this.state.position);
    this.contact.paused(this.state);
  }

  async go(n) {
    if (n < 1 || n > this.state.exam.total) return;
    this.state.position = n;
    this.asked = (this.asked ?? 0) + 1;
    const asked = this.asked;
    if (this.screen !== "paper") { this.screen = "paper"; await this.drawPaper(); return; }
    try {
      const item = await this.server.item(n);
      this.contact.touch();
      if (asked === this.asked && this.screen === "paper" && !cover.up) this.view.showItem(item);
      else if (asked === this.asked && cover.reason === "lost") { cover.hide(); this.view.showItem(item); }
    } catch (problem) {
      if (problem instanceof Refused && problem.status !== 423) this.refused(problem);
      else this.view.blank();
    }
  }

  choose(letter) {
    const { item } = this.view;
    if (!item || cover.up || this.over) return;
    const before = this.state.answers[item.n] ?? "";
    let value = letter;
    if (item.kind === "multiple") {
      value = before.includes(letter) ? before.replace(letter, "") : [...before, letter].sort().join("");
    }
    if (value === before) return;
    this.state.answers[item.n] = value;
    this.view.showChosen();
    this.outbox.add("answer", item.n, value);
  }

  mark() {
    const n = this.state.position;
    if (!this.view.item || this.over) return;
    const on = !this.state.marked.has(n);
    this.state.marked[on ? "add" : "delete"](n);
    this.view.showMark();
    this.view.refreshGrid();
    this.outbox.add("mark", n, on ? "1" : "0");
  }

  key(event) {
    if (this.screen !== "paper" || cover.up) return;
    const [act, value] = keyAct(event, this.view.item) ?? [];
    if (act === "turn") this.go(this.state.position + value);
    else if (act === "mark") this.mark();
    else if (act === "time") this.toggleTime();
    else if (act === "choose") this.choose(value);
    else if (act === "help") this.help.toggle();
    else if (act === "hand_in") this.summary();
    else return;
    event.preventDefault();
  }

  saving(word) {
    this.savingWord = word;
    this.view?.showStatus(word);
    const problem = document.getElementById("summary-problem");
    if (problem) problem.textContent = word === "saved" ? "" : t("summary_wait");
  }

  // ---- time
  second(left) {
    this.view?.showTime(clockText(left), timeHidden() && left > 60, left <= 300);
  }

  announce(minutes) {
    this.notice("minutes_left", { minutes });
  }

  notice(key, values) {
    const line = document.getElementById("notice");
    this.noticed = () => Object.assign(line, { hidden: false, textContent: t(key, values) });
    this.noticed();
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => { this.noticed = null; line.hidden = true; line.textContent = ""; }, 8000);
  }

  toggleTime() {
    toggleTimeHidden();
    this.timer.tick();
  }

  async timeOver() {
    this.over = true;
    this.view?.blank();
    this.notice("receipt_by_time");
    await this.outbox.empty(4000);
    this.handIn();
  }

  // ---- what the server says
  react(now) {
    if (this.screen === "waiting") {
      if (now.phase === "waiting" && now.bell) this.begin();
      else if (now.phase !== "waiting") this.resume();
      return;
    }
    if (this.screen === "entry") return;
    if (now.phase === "handed_in") { this.showReceipt(); return; }
    Object.assign(this.state, { phase: now.phase, pause: now.pause, remaining: now.remaining });
    this.timer.set(now.remaining, now.phase === "open");
    if (this.contact.paused(now)) return;
    // A break that ended by itself: the candidate may not be back, so the item waits for his key.
    if (cover.reason === "break") this.contact.show("break_over");
    if (cover.reason === "break_over") return;
    if (cover.up) this.uncover();
    else if (this.screen === "paper" && !this.view.item) this.go(this.state.position);
    // What the server refused during a pause goes out now.
    this.outbox.send();
  }

  uncover() {
    cover.hide();
    if (this.screen === "paper") this.go(this.state.position);
  }

  refused(problem) {
    if (problem.code === "sequence" || problem.code === "chain") { this.resume(); return; }
    if (problem.code === "closed" || problem.code === "handed_in") { this.showReceipt(); return; }
    if (problem.code === "paused" || problem.code === "too_early") return;
    // The wrong machine, or one whose address changed: nothing here is given up, it may be put right.
    if (problem.code === "device" && this.state) { this.contact.show("device"); return; }
    const words = ["moved", "unknown"].find((known) => known === problem.code);
    this.stopAll();
    this.draw = () => messageScreen(stage, words ? t(words) : t("error"), words ? t(`${words}_help`) : refusal(problem), t("finish"), () => this.finish());
    this.draw();
  }

  stopAll() {
    this.screen = "stopped";
    this.contact.stop();
    this.outbox.stop();
    this.timer.stop();
    this.stopWatching?.();
    this.stopWatching = null;
  }

  // ---- hand-in
  summary() {
    this.screen = "summary";
    this.draw = () => summaryScreen(stage, this.state, this.outbox.waiting.length > 0, {
      go: (n) => this.go(n), back: () => this.go(this.state.position), handIn: () => this.handIn(),
    });
    this.draw();
  }

  async handIn() {
    if (this.handingIn) return;
    this.handingIn = true;
    const button = document.getElementById("hand-in-now");
    if (button) { button.disabled = true; button.textContent = t("handing_in"); }
    try {
      if (!(await this.outbox.empty(4000)) && !this.over) { this.summary(); return; }
      await this.server.handIn(this.outbox.count, this.outbox.head);
      await this.showReceipt();
    } catch (problem) {
      if (problem instanceof Refused) this.refused(problem);
      else if (this.over) setTimeout(() => this.handIn(), 1000);
      else this.summary();
    } finally {
      this.handingIn = false;
    }
  }

  showReceipt() {
    return showReceipt(this, stage);
  }

  async finish() {
    kept.removeItem("secret");
    forgetLook();
    await this.outbox.forget();
    location.reload();
  }

  // Another language or contrast: the same screen, drawn again.
  relook(change) {
    change();
    this.banner();
    this.help.draw();
    this.noticed?.();
    this.draw?.();
    cover.redraw();
  }
}
