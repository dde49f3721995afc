// One window a machine: two of them would number the same answers twice, so the second one waits.
import { Exam } from "./exam.js";
import { messageScreen } from "./entry.js";
import { applyLook } from "./look.js";
import { t } from "./words.js";

function run() {
  const exam = new Exam();
  document.addEventListener("keydown", (event) => exam.key(event));
  exam.run();
}

function start() {
  applyLook();
  if (!navigator.locks) { run(); return; }
  navigator.locks.request("kaopei-exam", { ifAvailable: true }, (lock) => {
    if (!lock) {
      messageScreen(document.getElementById("stage"), t("other_tab"), t("other_tab_help"), t("retry"), () => location.reload());
      return undefined;
    }
    run();
    // Held until the window is closed.
    return new Promise(() => {});
  });
}

start();
