// The call for help: a button in every phase, also over a covered item. The server keeps the call; after a restart of the
// server it is made again from here.
import { h } from "./dom.js";
import { t } from "./words.js";

export class Help {
  // `notice(key)` says something in passing.
  constructor(server, notice) {
    this.server = server;
    this.notice = notice;
    this.state = "";
    this.wanted = false;
    this.buttons = [];
  }

  // A button for one screen; all that stand in the page say the same.
  button() {
    const made = h("button", { type: "button", class: "help-button", onclick: () => this.toggle() });
    this.buttons = [...this.buttons.filter((one) => one.isConnected), made];
    this.draw();
    return made;
  }

  draw() {
    const word = this.state === "coming" ? "help_coming" : this.wanted ? "help_asked" : "help_ask";
    for (const button of this.buttons) {
      button.textContent = t(word);
      button.setAttribute("aria-pressed", String(this.wanted));
      button.className = `help-button ${this.state || (this.wanted ? "asked" : "")}`;
    }
  }

  async toggle() {
    this.wanted = !this.wanted;
    this.draw();
    try {
      this.state = (await this.server.help(this.wanted)).help;
      this.notice(this.wanted ? "help_sent" : "help_back");
    } catch {
      // Goes out with the next sign of life.
      this.notice("help_unsent");
    }
    this.draw();
  }

  // What the pulse says: somebody is coming, or the call is done, or the server forgot it.
  heard(state) {
    const before = this.state;
    this.state = state;
    if (state) this.wanted = true;
    else if (before === "coming") this.wanted = false;
    else if (this.wanted) this.server.help(true).then((answer) => { this.state = answer.help; this.draw(); }, () => undefined);
    if (state === "coming" && before !== "coming") this.notice("help_on_the_way");
    this.draw();
  }
}
