// Over the item while it must not be seen: a pause, or no contact with the server. What was on the screen is removed from
// the page by the caller; this hides the place and keeps the keyboard away from it.
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

  // `reason` is a key of words.js: paused or lost.
  show(reason) {
    if (this.reason === reason) return;
    this.reason = reason;
    this.place.replaceChildren(h("div", { class: "cover-card" }, h("h1", { id: "cover-title" }, t(reason)), h("p", {}, t(`${reason}_help`))));
    this.place.hidden = false;
    this.stage.inert = true;
    this.place.focus();
  }

  hide() {
    this.reason = null;
    this.place.hidden = true;
    this.place.replaceChildren();
    this.stage.inert = false;
  }
}
