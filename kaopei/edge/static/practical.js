// One examiner's sheet. Each press is a numbered mark; what the server has not acknowledged stays in an outbox in IndexedDB,
// survives a cut LAN, a reload or a dead tablet, and is sent again. The server takes each number once.
// The outbox holds (attempt, examiner, version, number, kind, task, step, value) and never a word of a task.
const sheet = document.getElementById("sheet");
const { url, sign: signUrl, attempt, csrf } = sheet.dataset;
const saving = document.getElementById("saving");
const signForm = document.getElementById("sign");
const signButton = signForm.querySelector("button");
const signProblem = document.getElementById("sign-problem");
const steps = new Map();
const state = { version: 0, examiner: "", saved: 0, deducted: new Map(), vetoed: new Set(), waiting: [], busy: false, stopped: false };
let store = null;

for (const task of sheet.querySelectorAll("[data-task]")) {
  for (const step of task.querySelectorAll("[data-step]")) {
    steps.set(`${task.dataset.task}-${step.dataset.step}`, { task, step, points: Number(step.dataset.points) });
  }
}

// ---- the outbox
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("kaopei-practical", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("marks", { keyPath: ["attempt", "examiner", "seq"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function work(mode, change) {
  if (!store) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const going = store.transaction("marks", mode, { durability: "strict" });
    const request = change(going.objectStore("marks"));
    going.oncomplete = () => resolve(request.result);
    going.onerror = () => reject(going.error);
  });
}

function range() {
  return IDBKeyRange.bound([attempt, state.examiner, 0], [attempt, state.examiner, Infinity]);
}

// ---- what stands on the page
function worth(at) {
  let left = 0;
  let veto = false;
  for (const [where, { points }] of steps) {
    if (!where.startsWith(`${at}-`)) continue;
    left += points - (state.deducted.get(where) ?? 0);
    veto ||= state.vetoed.has(where);
  }
  return veto ? 0 : left;
}

function total() {
  const tasks = [...sheet.querySelectorAll("[data-task]")];
  const score = tasks.reduce((sum, task) => sum + worth(task.dataset.task), 0);
  return { score, veto: state.vetoed.size > 0 && sheet.dataset.vetoFails === "1" };
}

function missing() {
  return [...steps.keys()].filter((where) => !state.deducted.has(where) && !state.vetoed.has(where));
}

function put(id, text) {
  const place = document.getElementById(id);
  if (place.textContent !== text) place.textContent = text;
}

function show() {
  for (const [where, { step }] of steps) {
    const value = state.deducted.get(where);
    const vetoed = state.vetoed.has(where);
    const field = step.querySelector("select");
    if (field) field.value = value === undefined ? "" : String(value);
    for (const radio of step.querySelectorAll("input[type=radio]")) radio.checked = value === Number(radio.value);
    step.querySelector("button.veto")?.setAttribute("aria-pressed", String(vetoed));
    step.classList.toggle("done", value !== undefined && !vetoed);
    step.classList.toggle("vetoed", vetoed);
  }
  for (const task of sheet.querySelectorAll("[data-task]")) task.querySelector(".task-score").textContent = worth(task.dataset.task);
  const { score, veto } = total();
  put("score", String(score));
  put("score2", String(score));
  put("missing", String(missing().length));
  for (const id of ["veto-flag", "veto-flag2"]) document.getElementById(id).hidden = state.vetoed.size === 0;
  signButton.disabled = missing().length > 0 || state.waiting.length > 0 || state.stopped;
  return { score, veto };
}

function say(word) {
  saving.dataset.state = word;
  for (const count of saving.querySelectorAll(".count")) count.textContent = state.waiting.length;
}

function refuse(text) {
  state.stopped = true;
  put("why", text);
  say("refused");
  show();
}

let presses = Promise.resolve();

// ---- talking to the server
class Refused extends Error {
  constructor(status, body) {
    super(body.text ?? "");
    this.status = status;
    this.body = body;
  }
}

async function ask(where, fields) {
  const options = { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(8000) };
  if (fields) Object.assign(options, { method: "POST", body: new URLSearchParams({ csrf, ...fields }) });
  const answer = await fetch(where, options);
  const body = await answer.json();
  // 5xx: the server is being restored; that is a cut, not a refusal.
  if (answer.status >= 500) throw new Error(body.text);
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// Take over what the server holds, then let what it has not yet act on it. Marks whose number means something else there are
// numbered anew: the last word about a step counts.
async function takeUp(found) {
  Object.assign(state, { version: found.version, examiner: found.examiner, saved: found.saved });
  state.deducted = new Map(Object.entries(found.deducted));
  state.vetoed = new Set(found.vetoed);
  const kept = (await work("readonly", (table) => table.getAll(range()))).filter((mark) => mark.version === state.version);
  const mine = (kept.length || !state.waiting.length ? kept : state.waiting).filter((mark) => !holds(mark) || mark.seq > state.saved);
  await work("readwrite", (table) => table.delete(range()));
  state.waiting = [];
  for (const mark of mine) await keep(mark.kind, mark.task, mark.step, mark.value);
  show();
}

function holds({ kind, task, step, value }) {
  const where = `${task}-${step}`;
  return kind === "deduct" ? state.deducted.get(where) === value : state.vetoed.has(where) === (value === 1);
}

async function keep(kind, task, step, value) {
  const seq = (state.waiting.at(-1)?.seq ?? state.saved) + 1;
  const mark = { attempt, examiner: state.examiner, version: state.version, seq, kind, task, step, value };
  state.waiting.push(mark);
  if (kind === "deduct") state.deducted.set(`${task}-${step}`, value);
  else if (value) state.vetoed.add(`${task}-${step}`);
  else state.vetoed.delete(`${task}-${step}`);
  await work("readwrite", (table) => table.put(mark));
}

async function begin() {
  store = await open().catch(() => null);
  for (let wait = 500; ; wait = Math.min(wait * 2, 4000)) {
    try {
      await takeUp(await ask(url));
      break;
    } catch (problem) {
      if (problem instanceof Refused) { problem.status === 401 ? say("login") : refuse(problem.message); return; }
      say("cut");
      await pause(wait);
    }
  }
  sheet.dataset.ready = "1";
  send();
}

async function send() {
  if (state.busy || state.stopped) return;
  state.busy = true;
  let wait = 300;
  while (state.waiting.length && !state.stopped) {
    const batch = state.waiting.slice(0, 100);
    if (saving.dataset.state !== "cut") say("saving");
    try {
      const rows = batch.map(({ seq, kind, task, step, value }) => [seq, kind, task, step, value]);
      const { saved } = await ask(url, { version: state.version, marks: JSON.stringify(rows) });
      await acknowledged(saved);
      wait = 300;
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 409 && problem.body.error === "sequence") {
        presses = presses.then(() => takeUp(problem.body));
        await presses;
        continue;
      }
      // The outbox stays: whoever logs in again finds it here.
      if (problem instanceof Refused && (problem.status === 401 || problem.status === 403)) { state.stopped = true; say("login"); break; }
      if (problem instanceof Refused) { refuse(`${problem.message}${problem.body.todo ?? ""}`); break; }
      say("cut");
      await pause(wait);
      wait = Math.min(wait * 2, 3000);
    }
  }
  state.busy = false;
  if (!state.stopped) say("saved");
  show();
}

async function acknowledged(saved) {
  state.saved = Math.max(state.saved, saved);
  state.waiting = state.waiting.filter((mark) => mark.seq > saved);
  await work("readwrite", (table) => table.delete(IDBKeyRange.bound([attempt, state.examiner, 0], [attempt, state.examiner, saved])));
}

// ---- presses, one after the other
function press(kind, task, step, value) {
  if (sheet.dataset.ready !== "1" || state.stopped) { show(); return; }
  presses = presses.then(() => keep(kind, Number(task), Number(step), value)).then(() => { show(); send(); });
}

for (const [where, { step }] of steps) {
  const [task, place] = where.split("-");
  for (const field of step.querySelectorAll("input[type=radio], select")) {
    field.addEventListener("change", () => { if (field.value !== "") press("deduct", task, place, Number(field.value)); else show(); });
  }
  step.querySelector("button.veto")?.addEventListener("click", () => press("veto", task, place, state.vetoed.has(where) ? 0 : 1));
}

for (const task of sheet.querySelectorAll("[data-task]")) {
  task.querySelector("button.rest").addEventListener("click", () => {
    for (const where of missing()) {
      const [at, place] = where.split("-");
      if (at === task.dataset.task) press("deduct", at, place, 0);
    }
  });
}

window.addEventListener("beforeunload", (event) => {
  if (state.waiting.length) event.preventDefault();
});

signForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { score, veto } = show();
  signButton.disabled = true;
  signProblem.hidden = true;
  try {
    await ask(signUrl, { version: state.version, saved: state.saved, score, veto: veto ? "1" : "", sign_pin: signForm.elements.sign_pin.value });
    location.reload();
  } catch (problem) {
    signProblem.textContent = problem instanceof Refused ? `${problem.message}${problem.body.todo ?? ""}` : saving.querySelector("[data-when=cut]").textContent;
    signProblem.hidden = false;
    signForm.elements.sign_pin.value = "";
    show();
  }
});

begin();
