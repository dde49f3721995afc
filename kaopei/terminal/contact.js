// Contact with the server: the pulse, and the cover over the item while nothing may be seen. The terminal covers by its own
// timer; whether covered time counts is the server's business alone.
import { h } from "./dom.js";
import { save, sealed, works } from "./emergency.js";
import { Refused } from "./server.js";
import { t } from "./words.js";

const PULSE = 2000;
const COVER_AFTER = 3000;
// The guard looks twice a second; when it comes as late as this, the page itself stood still and could hear nobody.
const STOOD_STILL = 1500;
const OFFER_FILE_AFTER = 60000;
// Why the server paused → which words the cover shows.
const PAUSES = { staff: "paused", break: "break", held: "held", lan_lost: "lan_lost" };

export class Contact {
  constructor(exam, cover) {
    this.exam = exam;
    this.cover = cover;
    this.touch();
  }

  start() {
    this.looked = performance.now();
    this.beat ??= setInterval(() => this.pulse(), PULSE);
    this.guard ??= setInterval(() => this.watch(), 500);
  }

  stop() {
    clearInterval(this.beat);
    clearInterval(this.guard);
    this.beat = this.guard = null;
    this.cover.hide();
  }

  touch() {
    this.at = performance.now();
    this.excused = false;
  }

  silent() {
    return performance.now() - this.at;
  }

  async pulse() {
    const { exam } = this;
    if (this.pulsing || !exam.state || exam.screen === "receipt" || exam.screen === "stopped") return;
    this.pulsing = true;
    try {
      const now = await exam.server.pulse();
      this.touch();
      exam.help.heard(now.help ?? "");
      exam.react(now);
    } catch (problem) {
      if (problem instanceof Refused) exam.refused(problem);
    }
    this.pulsing = false;
  }

  watch() {
    const { exam } = this;
    this.excuse();
    if (exam.screen !== "paper" && exam.screen !== "summary") return;
    if (!this.cover.up && this.silent() > COVER_AFTER) this.show("lost");
    else if (this.cover.reason === "lost" && this.silent() > OFFER_FILE_AFTER && !this.asked) this.offerFile();
  }

  // A page that stood still has not heard an answer that may well be there: silence counts anew from here, once between two
  // answers, and a pulse asks at once.
  excuse() {
    const now = performance.now();
    const stood = now - this.looked;
    this.looked = now;
    if (stood < STOOD_STILL || this.excused || this.cover.up) return;
    this.at = now;
    this.excused = true;
    this.pulse();
  }

  // What was on the screen is removed from the page, not merely hidden.
  show(reason) {
    this.exam.view?.blank();
    if (reason !== "lost") this.asked = this.offered = false;
    this.cover.show(reason, () => this.buttons(reason), this.offered ? "+" : "");
  }

  buttons(reason) {
    const { exam } = this;
    const button = (key, act) => [h("button", { class: "primary", onclick: act }, t(key))];
    if (reason === "break") return button("break_end", () => this.endBreak());
    if (reason === "break_over") return button("break_resume", () => exam.uncover());
    if (reason === "lost") return this.offered ? button("emergency", () => this.saveFile()) : [];
    return [exam.help.button()];
  }

  // The server says that nothing may be answered now. True if the item is covered.
  paused(now) {
    if (now.phase !== "paused") return false;
    this.show(PAUSES[now.pause] ?? "paused");
    return true;
  }

  // ---- breaks that the accommodations give
  async beginBreak() {
    const { exam } = this;
    try {
      const now = await exam.server.beginBreak();
      exam.state.accommodations.breaks_left -= 1;
      exam.view.showBreaks();
      exam.react(now);
    } catch (problem) {
      exam.notice(problem instanceof Refused ? "break_none" : "lost");
    }
  }

  async endBreak() {
    const { exam } = this;
    try {
      const now = await exam.server.endBreak();
      this.cover.hide();
      exam.react(now);
      if (now.phase === "open") exam.uncover();
    } catch {
      exam.notice("lost");
    }
  }

  // ---- the last resort
  async offerFile() {
    const { exam } = this;
    this.asked = true;
    if (!exam.outbox.waiting.length || !(await works(exam.hello?.emergency_key)) || this.cover.reason !== "lost") return;
    this.offered = true;
    this.show("lost");
  }

  async saveFile() {
    const { exam } = this;
    const file = await sealed(exam.hello.emergency_key, exam.state.candidate.seat, exam.outbox);
    exam.notice("emergency_saved", { file: save(file, exam.state.candidate.ticket_no) });
  }
}
