// Over the item while it must not be seen: a pause, a break, or no contact with the server. What was on the screen is
// removed from the page by the caller; this hides the place and keeps the keyboard away from it.
import { h } from "./dom.js";
import { t } from "./words.js";

export class Cover {
  constructor(place, stage) {
    this.place = place;
    this.stage = stage;
    this.reason = null;
  }

  get up() {
    return this.reason !== null;
  }

  // `reason` is a key of words.js (paused, lost, held, break …); `buttons()` makes what stands below its text, and `mark`
  // tells two sets of buttons for one reason apart.
  show(reason, buttons, mark = "") {
    if (this.shown === reason + mark) return;
    this.shown = reason + mark;
    this.reason = reason;
    this.buttons = buttons;
    const actions = buttons();
    this.place.replaceChildren(h("div", { class: "cover-card" },
      h("h1", { id: "cover-title" }, t(reason)), h("p", {}, t(`${reason}_help`)),
      actions.length ? h("p", { class: "actions" }, actions) : null));
    this.place.hidden = false;
    this.stage.inert = true;
    (this.place.querySelector("button.primary") ?? this.place).focus();
  }

  // Words in the other language.
  redraw() {
    this.shown = null;
    if (this.reason) this.show(this.reason, this.buttons);
  }

  hide() {
    this.reason = this.shown = null;
    this.place.hidden = true;
    this.place.replaceChildren();
    this.stage.inert = false;
  }
}
