// The screens before the exam: seat of the machine, start code, own data, rules, waiting for the bell.
import { h, show } from "./dom.js";
import { t } from "./words.js";

export function seatScreen(stage, hello, chosen) {
  const seats = hello.seats ?? [];
  const form = h("form", { class: "card", onsubmit: (event) => { event.preventDefault(); chosen(form.elements.seat.value); } },
    h("h1", {}, t("choose_seat")), h("p", { class: "help" }, seats.length ? t("choose_seat_help") : t("seat_none")));
  if (seats.length) {
    form.append(
      h("label", { for: "seat" }, t("seat")),
      h("select", { id: "seat", name: "seat", "data-focus": true }, seats.map((seat) => h("option", { value: seat }, seat))),
      h("p", { class: "actions" }, h("button", { class: "primary" }, t("seat_set"))));
  }
  show(stage, h("main", { class: "entry" }, form));
}

export function codeScreen(stage, seat, submit, changeSeat, problem) {
  const field = h("input", {
    id: "code", name: "code", inputmode: "numeric", autocomplete: "off", maxlength: "6", pattern: "[0-9]{6}", required: true,
    class: "code", "data-focus": true, "aria-describedby": "code-help code-problem",
  });
  const form = h("form", { class: "card", onsubmit: (event) => { event.preventDefault(); submit(field.value.trim()); } },
    h("p", { class: "seat" }, t("seat"), " ", h("strong", {}, seat)),
    h("h1", {}, t("welcome")),
    h("p", { class: "help", id: "code-help" }, t("welcome_help")),
    h("label", { for: "code" }, t("code")), field,
    h("p", { class: "problem", id: "code-problem", role: "alert" }, problem ?? ""),
    h("p", { class: "actions" }, h("button", { class: "primary" }, t("enter"))),
    changeSeat ? h("p", { class: "aside" }, h("button", { type: "button", class: "quiet", onclick: changeSeat }, t("seat_change"))) : null);
  show(stage, h("main", { class: "entry" }, form));
}

export function confirmScreen(stage, state, photo, yes, no) {
  const person = state.candidate;
  const rows = [["name", person.name], ["id_last4", person.id_last4], ["ticket", person.ticket_no], ["subject", person.subject], ["seat", person.seat]];
  show(stage, h("main", { class: "entry" }, h("section", { class: "card" },
    h("h1", {}, t("confirm")), h("p", { class: "help" }, t("confirm_help")),
    h("div", { class: "identity" },
      photo ? h("img", { src: photo, alt: t("photo"), class: "photo" }) : h("div", { class: "photo none" }, t("no_photo")),
      h("dl", {}, rows.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, value))))),
    h("p", { class: "actions" },
      h("button", { class: "primary", onclick: yes, "data-focus": true }, t("confirm_yes")),
      h("button", { onclick: no }, t("not_me"))))));
}

export function notMeScreen(stage, back) {
  show(stage, h("main", { class: "entry" }, h("section", { class: "card" },
    h("h1", {}, t("not_me")), h("p", { class: "help" }, t("not_me_help")),
    h("p", { class: "actions" }, h("button", { onclick: back }, t("back"))))));
}

// `checks` = {server, store}: true, false or null while it runs; the keyboard is checked by the candidate.
export function rulesScreen(stage, state, checks, ready) {
  const values = { total: state.exam.total, points: state.exam.points, minutes: state.exam.duration_minutes };
  const result = (good) => h("span", { class: good ? "good" : "bad" }, good ? `✓ ${t("ok")}` : `✕ ${t("not_ok")}`);
  const keyboard = h("span", { class: "open" }, t("check_keys_help"));
  const onkey = (event) => {
    if (event.key !== "1") return;
    keyboard.replaceWith(result(true));
    document.removeEventListener("keydown", onkey);
  };
  document.addEventListener("keydown", onkey);
  show(stage, h("main", { class: "entry" }, h("section", { class: "card wide" },
    h("h1", {}, t("rules")),
    h("ol", { class: "rules" }, ["rule_1", "rule_2", "rule_3", "rule_4", "rule_5", "rule_6"].map((key) => h("li", {}, t(key === "rule_1" && !values.total ? "rule_1_sealed" : key, values)))),
    h("h2", {}, t("check")),
    h("ul", { class: "checks" },
      h("li", {}, t("check_server"), result(checks.server)), h("li", {}, t("check_store"), result(checks.store)),
      h("li", {}, t("check_keys"), keyboard)),
    h("p", { class: "actions" }, h("button", { class: "primary", onclick: () => { document.removeEventListener("keydown", onkey); ready(); } }, t("ready"))))));
}

export function waitingScreen(stage, state) {
  show(stage, h("main", { class: "entry" }, h("section", { class: "card calm" },
    h("p", { class: "seat" }, t("seat"), " ", h("strong", {}, state.candidate.seat)),
    h("h1", {}, t("waiting")), h("p", { class: "help" }, t("waiting_help")),
    h("p", { class: "exam-title" }, state.exam.title), h("p", {}, state.candidate.subject))));
}

export function messageScreen(stage, title, text, button, act) {
  show(stage, h("main", { class: "entry" }, h("section", { class: "card calm", role: "alert" },
    h("h1", {}, title), h("p", { class: "help" }, text),
    button ? h("p", { class: "actions" }, h("button", { class: "primary", onclick: act }, button)) : null)));
}
