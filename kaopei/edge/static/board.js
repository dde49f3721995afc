// Keeps the board fresh by server-sent events: everything once, then only the tiles that changed. The time left counts
// down here. Without this script the page is right at the moment it was loaded.
const STALE_AFTER = 7000;
const board = document.getElementById("board");
const counts = document.getElementById("board-counts");
const stale = document.getElementById("board-stale");
const stateLine = document.getElementById("board-state");
const clockLine = document.querySelector(".top .clock");
const attention = document.getElementById("attention");
const words = document.getElementById("board-words").content;
const tiles = new Map(Array.from(board.children, (tile) => [tile.dataset.attempt, tile]));
const known = new Map();
const firstState = { state: null, paused: null };
let heard = performance.now();

function word(kind, name) {
  return words.querySelector(`[data-${kind}="${name}"]`)?.textContent ?? name;
}

// 5400 → 1:30:00; 65 → 1:05.
function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

function put(tile, selector, text) {
  const place = tile.querySelector(selector);
  if (place.textContent !== text) place.textContent = text;
}

function flags(seat) {
  const found = [];
  if (seat.void) found.push(word("flag", "void"));
  if (seat.cause) found.push(word("pause", seat.cause));
  if (seat.late) found.push(word("flag", "late"));
  if (seat.code) found.push(word("flag", "code"));
  if (seat.wrong) found.push(`${word("flag", "wrong")}${seat.wrong}`);
  if (seat.signals) found.push(`${word("flag", "signals")}${seat.signals}`);
  return found.join(" ");
}

// What somebody has to go to, most urgent first: calls, seats that wait for a decision, lost machines.
function need(seat) {
  if (seat.help === "asked") return 1;
  if (seat.cause === "held") return 2;
  if (seat.state === "lost") return 3;
  if (seat.help === "coming") return 4;
  return 0;
}

function showTime({ seat, tile, at }) {
  if (seat.left === null) { put(tile, ".left", ""); return; }
  const gone = seat.ticks ? (performance.now() - at) / 1000 : 0;
  put(tile, ".left", clock(Math.max(0, Math.round(seat.left - gone))));
}

function showSeat(seat) {
  const tile = tiles.get(seat.attempt);
  if (!tile) return;
  const calling = seat.help ? ` calling ${seat.help}` : "";
  const wanted = `tile ${seat.state}${calling}${seat.cause === "held" ? " held" : ""}`;
  if (tile.className !== wanted) tile.className = wanted;
  put(tile, ".seat", seat.seat);
  put(tile, ".word", word("state", seat.state));
  put(tile, ".saved", seat.total ? `${seat.answered}/${seat.total}` : "");
  put(tile, ".flags", flags(seat));
  put(tile, ".help", seat.help ? word("help", seat.help) : "");
  const one = { seat, tile, at: performance.now() };
  known.set(seat.attempt, one);
  showTime(one);
}

function showAttention() {
  const due = [...known.values()].filter(({ seat }) => need(seat)).sort((one, other) => need(one.seat) - need(other.seat) || one.seat.seat.localeCompare(other.seat.seat));
  attention.hidden = !due.length;
  const list = attention.querySelector("ul");
  const line = ({ seat }) => (seat.help ? word("help", seat.help) : seat.cause === "held" ? word("pause", "held") : word("state", seat.state));
  const marks = due.map((one) => `${one.seat.attempt} ${one.seat.seat} ${line(one)}`).join();
  if (list.dataset.marks === marks) return;
  list.dataset.marks = marks;
  list.replaceChildren(...due.slice(0, 12).map((one) => {
    const link = document.createElement("a");
    link.href = one.tile.querySelector("a").href;
    link.textContent = `${one.seat.seat} ${one.tile.querySelector(".name").textContent} · ${line(one)}`;
    const item = document.createElement("li");
    item.className = one.seat.help || one.seat.cause || one.seat.state;
    item.append(link);
    return item;
  }));
  if (due.length > 12) list.append(Object.assign(document.createElement("li"), { textContent: `+ ${due.length - 12}` }));
}

function show(facts) {
  heard = performance.now();
  facts.seats.forEach(showSeat);
  for (const chip of counts.children) {
    const number = facts.counts[chip.dataset.state];
    chip.hidden = !number;
    put(chip, "strong", String(number));
  }
  if (clockLine) clockLine.textContent = facts.clock;
  if (facts.state === "running") stateLine.textContent = word("phase", facts.paused ? "paused" : "running");
  showAttention();
  otherForms(facts);
}

// The forms on the page belong to a state of the sitting: when that changes the page is asked for again, but never
// while somebody is typing.
function otherForms(facts) {
  if (firstState.state === null) Object.assign(firstState, { state: facts.state, paused: facts.paused });
  const changed = facts.state !== firstState.state || facts.paused !== firstState.paused;
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
  if (changed && !typing) location.reload();
}

function listen() {
  const source = new EventSource(board.dataset.events);
  source.addEventListener("board", (event) => show(JSON.parse(event.data)));
  source.addEventListener("change", (event) => show(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // A browser gives up after any answer other than a stream: when the server answers again, the page is asked for (log-in included).
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => fetch("/healthz", { cache: "no-store" }).then(() => location.reload(), listen), 2000);
  });
}

setInterval(() => {
  stale.hidden = performance.now() - heard < STALE_AFTER;
  known.forEach(showTime);
}, 1000);
listen();
