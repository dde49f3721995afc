// One unit of online study: what happens in the page is told to the center, and the answer says what of it counts.
"use strict";

const study = document.getElementById("study");
const CHECK_EVERY = 900;
let position = Number(study.dataset.counted);
let playing = false;
let sequence = Date.now();
let events = [];
let checked = new Set();

const skew = Math.round(Number(document.body.dataset.now) - Date.now() / 1000);
const now = () => Math.floor(Date.now() / 1000) + skew;
const add = (kind, result = "") => events.push([now(), kind, position, result]);
const clock = (seconds) => `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;

async function flush() {
  if (!events.length) return;
  const sent = events;
  events = [];
  const number = sequence++;
  try {
    const answer = await fetch(study.dataset.url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sequence: number, events: sent }) });
    const told = await answer.json();
    if (!told.ok) { document.getElementById("reasons").textContent = told.text; return; }
    document.getElementById("counted").textContent = told.counted;
    document.getElementById("bar").value = told.counted;
    document.getElementById("lost").textContent = told.lost;
    const list = document.getElementById("reasons");
    list.replaceChildren(...told.reasons.map(([code, text]) => Object.assign(document.createElement("li"), { textContent: `${code} ${text}` })));
  } catch {
    events = [...sent, ...events];
  }
}

function tick() {
  if (!playing) return;
  position += 1;
  document.getElementById("position").textContent = clock(position);
  const part = Math.floor(position / CHECK_EVERY);
  if (!checked.has(part)) document.getElementById("check").hidden = false;
  if (position >= Number(study.dataset.whole)) { playing = false; add("pause"); flush(); }
}

document.getElementById("play").addEventListener("click", () => { if (!playing) { playing = true; add("play"); flush(); } });
document.getElementById("pause").addEventListener("click", () => { if (playing) { playing = false; add("pause"); flush(); } });
document.getElementById("check").addEventListener("click", (event) => {
  checked.add(Math.floor(position / CHECK_EVERY));
  add("identity-check", "pass");
  event.currentTarget.hidden = true;
  flush();
});
addEventListener("blur", () => { if (playing) { add("blur"); flush(); } });
addEventListener("focus", () => { if (playing) { add("focus"); flush(); } });
setInterval(tick, 1000);
setInterval(() => { if (playing) { add("heartbeat"); flush(); } }, 30000);
document.getElementById("position").textContent = clock(position);
