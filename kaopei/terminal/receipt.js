// After hand-in: the receipt, its QR code, and the provisional score where the policy of the paper shows it.
import { receiptScreen } from "./closing.js";
import { Refused, Unreachable } from "./server.js";

const ASK_SCORE = 10000;

export async function showReceipt(exam, stage) {
  if (exam.screen === "receipt") return;
  let receipt;
  try {
    receipt = await exam.server.receipt();
  } catch (problem) {
    if (problem instanceof Unreachable) setTimeout(() => showReceipt(exam, stage), 1000);
    return;
  }
  if (exam.screen === "receipt") return;
  exam.stopAll();
  exam.screen = "receipt";
  const more = { rows: null, result: null };
  exam.draw = () => receiptScreen(stage, receipt, more, () => exam.finish());
  exam.draw();
  const asked = await exam.server.receiptPicture().catch(() => null);
  if (asked) {
    more.rows = asked.rows;
    exam.draw();
  }
  askScore(exam, more);
}

// It comes after everybody has finished.
async function askScore(exam, more) {
  const result = await exam.server.result().catch((problem) => ({ state: problem instanceof Refused ? "absent" : "pending" }));
  if (result.state === "shown") {
    more.result = result;
    exam.draw();
  } else if (result.state === "pending" && exam.screen === "receipt") {
    setTimeout(() => askScore(exam, more), ASK_SCORE);
  }
}
