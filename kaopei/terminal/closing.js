// The screens after the last item: summary, receipt.
import { h, qrPicture, show } from "./dom.js";
import { t } from "./words.js";

function numbers(list, go) {
  return h("p", { class: "number-list" }, list.map((n) => h("button", { class: "number", onclick: () => go(n) }, String(n))));
}

// `act`: go(n), back, handIn. `waiting`: answers that are not acknowledged yet.
export function summaryScreen(stage, state, waiting, act) {
  const all = Array.from({ length: state.exam.total }, (_, index) => index + 1);
  const open = all.filter((n) => !state.answers[n]);
  const marked = all.filter((n) => state.marked.has(n));
  show(stage, h("main", { class: "entry" }, h("section", { class: "card wide", id: "summary" },
    h("h1", {}, t("summary")),
    h("ul", { class: "totals" },
      h("li", {}, t("summary_answered", { n: all.length - open.length })),
      h("li", { class: open.length ? "attention" : "" }, t("summary_open", { n: open.length })),
      h("li", {}, t("summary_marked", { n: marked.length }))),
    open.length ? [h("h2", {}, t("summary_open_list")), numbers(open, act.go)] : null,
    marked.length ? [h("h2", {}, t("summary_marked_list")), numbers(marked, act.go)] : null,
    h("p", { class: "help" }, t("summary_help")),
    h("p", { class: "problem", role: "alert", id: "summary-problem" }, waiting ? t("summary_wait") : ""),
    h("p", { class: "actions" },
      h("button", { onclick: act.back, "data-focus": true }, t("keep_on")),
      h("button", { class: "primary", id: "hand-in-now", onclick: act.handIn }, t("hand_in_now"))))));
}

const BY = { time: "receipt_by_time", staff: "receipt_by_staff" };

// `more`: rows of the QR code and the result, once they are there.
export function receiptScreen(stage, receipt, more, finish) {
  const facts = [
    ["receipt_answered", t("items", { n: `${receipt.answered} / ${receipt.total}` })], ["receipt_events", t("records", { n: receipt.count })],
    ["receipt_time", receipt.time_text], ["ticket", receipt.ticket_no], ["seat", receipt.seat],
  ];
  const picture = h("div", { class: "qr-frame" }, more.rows ? qrPicture(more.rows, t("receipt_qr")) : null);
  const { result } = more;
  show(stage, h("main", { class: "entry" }, h("section", { class: "card wide", id: "receipt" },
    h("h1", {}, `✓ ${t("receipt")}`),
    BY[receipt.ended_by] ? h("p", {}, t(BY[receipt.ended_by])) : null,
    h("div", { class: "receipt" },
      h("div", {},
        h("p", { class: "receipt-label" }, t("receipt_code")),
        h("p", { class: "receipt-code" }, receipt.code.match(/.{1,4}/g).map((group) => h("span", {}, group))),
        h("dl", {}, facts.map(([key, value]) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, String(value)))))),
      picture),
    result ? h("p", { class: "score", role: "status" }, t("score", { score: result.score, full: result.full_marks })) : null,
    h("p", { class: "help" }, t("receipt_help")),
    h("p", { class: "actions" }, h("button", { onclick: finish }, t("finish"))),
    h("p", { class: "aside" }, t("finish_help")))));
}
