// The exam itself: one item, the number grid, the state of saving, the time.
import { h } from "./dom.js";
import { otherLanguage, t } from "./words.js";

const STATUS = { saved: "✓", saving: "…", unsaved: "!" };

// Built once an attempt; `act` has go, choose, mark, handIn, font, contrast, time, language, help, rest.
export class PaperView {
  constructor(stage, state, act) {
    this.state = state;
    this.act = act;
    this.item = null;
    this.status = h("span", { class: "status", role: "status", "aria-live": "polite" });
    this.time = h("span", { class: "time", role: "timer", "aria-live": "off" });
    this.timeButton = h("button", { class: "tool time-toggle", onclick: act.time });
    this.main = h("main", { class: "item", id: "item" });
    this.numbers = Array.from({ length: state.exam.total }, (_, index) => this.number(index + 1));
    this.grid = h("div", { class: "numbers", role: "group", "aria-label": t("grid"), onkeydown: (event) => this.gridKey(event) }, this.numbers);
    this.counts = h("p", { class: "counts" });
    this.breakButton = h("button", { type: "button", onclick: act.rest });
    this.showBreaks();
    stage.replaceChildren(h("div", { class: "paper" }, this.header(), this.main, this.side()));
  }

  header() {
    const { exam, candidate } = this.state;
    return h("header", { class: "bar" },
      h("div", { class: "who" }, h("strong", {}, candidate.subject), h("span", {}, `${candidate.seat}　${candidate.name}`)),
      this.status,
      h("div", { class: "clock" }, h("span", { class: "clock-label" }, t("remaining")), this.time, this.timeButton),
      h("div", { class: "tools" },
        h("button", { class: "tool", onclick: () => this.act.font(-1), "aria-label": `${t("font")} ${t("font_smaller")}` }, "A−"),
        h("button", { class: "tool", onclick: () => this.act.font(1), "aria-label": `${t("font")} ${t("font_larger")}` }, "A+"),
        h("button", { class: "tool", onclick: this.act.contrast }, document.body.classList.contains("contrast") ? t("contrast_off") : t("contrast")),
        h("button", { class: "tool", onclick: this.act.language, lang: otherLanguage() }, t("language"))),
      h("span", { class: "visually-hidden" }, exam.title));
  }

  side() {
    const key = (name) => h("li", {}, h("span", { class: `swatch ${name}`, "aria-hidden": "true" }), t(`legend_${name}`));
    return h("nav", { class: "side", "aria-label": t("grid") },
      this.counts, this.grid,
      h("ul", { class: "legend" }, ["answered", "open", "marked", "current"].map(key)),
      h("div", { class: "asking" }, this.act.help(), this.breakButton),
      h("button", { class: "hand-in", onclick: this.act.handIn, "aria-keyshortcuts": "J" }, t("hand_in")));
  }

  showBreaks() {
    const left = this.state.accommodations?.breaks_left ?? 0;
    this.breakButton.hidden = !left;
    this.breakButton.textContent = t("break_take", { n: left });
  }

  number(n) {
    return h("button", { class: "number", tabindex: "-1", onclick: () => this.act.go(n) }, String(n));
  }

  // Arrow keys walk the grid without leaving it; Enter goes to the item.
  gridKey(event) {
    const here = this.numbers.indexOf(document.activeElement);
    const columns = getComputedStyle(this.grid).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (here < 0 || !step) return;
    event.preventDefault();
    event.stopPropagation();
    this.numbers[Math.min(Math.max(here + step, 0), this.numbers.length - 1)].focus();
  }

  refreshGrid() {
    const { answers, marked, position } = this.state;
    let answered = 0;
    this.numbers.forEach((button, index) => {
      const n = index + 1;
      const has = Boolean(answers[n]);
      answered += has ? 1 : 0;
      button.classList.toggle("answered", has);
      button.classList.toggle("marked", marked.has(n));
      button.classList.toggle("current", n === position);
      button.tabIndex = n === position ? 0 : -1;
      if (n === position) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      const state = t(has ? "state_answered" : "state_open") + (marked.has(n) ? t("state_marked") : "");
      button.setAttribute("aria-label", t("grid_label", { n, state }));
    });
    const total = this.numbers.length;
    this.counts.textContent = `${t("legend_answered")} ${answered} / ${total}`;
    this.numbers[position - 1].scrollIntoView({ block: "nearest" });
  }

  showItem(item) {
    this.item = item;
    const chosen = this.state.answers[item.n] ?? "";
    const several = item.kind === "multiple";
    const options = item.options.map((option, index) => h("div", {}, h("label", { class: "option" },
      h("input", {
        type: several ? "checkbox" : "radio", name: "option", value: option.letter, checked: chosen.includes(option.letter),
        onchange: () => this.act.choose(option.letter), "aria-keyshortcuts": `${index + 1} ${option.letter}`,
      }),
      h("span", { class: "letter" }, option.letter), h("span", { class: "text" }, option.text))));
    const last = this.state.exam.total;
    this.main.replaceChildren(
      h("p", { class: "where" },
        h("strong", {}, t("item_of", { n: item.n })), h("span", {}, t("of_total", { total: last })),
        h("span", { class: "kind" }, t(`kind_${item.kind}`)), h("span", {}, t("points", { points: item.points })),
        several ? h("span", { class: "hint" }, t("multiple_hint")) : null),
      h("h1", { class: "stem", tabindex: "-1" }, item.stem),
      h("div", { class: "options", role: several ? "group" : "radiogroup" }, options),
      h("p", { class: "turn" },
        h("button", { onclick: () => this.act.go(item.n - 1), disabled: item.n === 1 }, `← ${t("previous")}`),
        h("button", { class: "mark-button", onclick: this.act.mark, "aria-pressed": "false" }),
        h("button", { class: "primary", onclick: () => this.act.go(item.n + 1), disabled: item.n === last }, `${t("next")} →`)),
      h("p", { class: "keys", "aria-hidden": "true" }, t("keys_hint")));
    this.showMark();
    this.refreshGrid();
    this.main.scrollTop = 0;
    this.main.querySelector(".stem").focus({ preventScroll: true });
  }

  showMark() {
    const on = this.state.marked.has(this.state.position);
    const button = this.main.querySelector(".mark-button");
    if (!button) return;
    button.textContent = `${on ? "⚑" : "⚐"} ${t(on ? "unmark" : "marked")}`;
    button.setAttribute("aria-pressed", String(on));
  }

  showChosen() {
    const chosen = this.state.answers[this.item.n] ?? "";
    for (const input of this.main.querySelectorAll("input")) input.checked = chosen.includes(input.value);
    this.refreshGrid();
  }

  // Nothing of an item stays in the page while it is covered.
  blank() {
    this.item = null;
    this.main.replaceChildren();
  }

  showStatus(word) {
    if (this.status.dataset.word === word) return;
    this.status.dataset.word = word;
    this.status.className = `status ${word}`;
    const more = word === "unsaved" ? [h("small", {}, t("unsaved_help"))] : [];
    this.status.replaceChildren(h("span", { class: "shape", "aria-hidden": "true" }, STATUS[word]), t(word), ...more);
  }

  showTime(text, hidden, low) {
    this.time.textContent = hidden ? t("hidden") : text;
    this.time.classList.toggle("low", low && !hidden);
    this.timeButton.textContent = hidden ? t("time_show") : t("time_hide");
  }
}
