// Keeps the board fresh: one small question every two seconds, only what changed is touched. Without it the page is right
// at the moment it was loaded.
const PERIOD = 2000;
const STALE_AFTER = 7000;
const board = document.getElementById("board");
const counts = document.getElementById("board-counts");
const stale = document.getElementById("board-stale");
const stateLine = document.getElementById("board-state");
const words = document.getElementById("board-words").content;
const tiles = new Map(Array.from(board.children, (tile) => [tile.dataset.attempt, tile]));
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
  if (seat.late) found.push(word("flag", "late"));
  if (seat.code) found.push(word("flag", "code"));
  if (seat.wrong) found.push(`${word("flag", "wrong")}${seat.wrong}`);
  if (seat.signals) found.push(`${word("flag", "signals")}${seat.signals}`);
  return found.join(" ");
}

function show(facts) {
  for (const seat of facts.seats) {
    const tile = tiles.get(seat.attempt);
    if (!tile) continue;
    const wanted = `tile ${seat.state}`;
    if (tile.className !== wanted) tile.className = wanted;
    put(tile, ".seat", seat.seat);
    put(tile, ".word", word("state", seat.state));
    put(tile, ".left", seat.left === null ? "" : clock(seat.left));
    put(tile, ".saved", seat.total ? `${seat.answered}/${seat.total}` : "");
    put(tile, ".flags", flags(seat));
  }
  for (const chip of counts.children) {
    const number = facts.counts[chip.dataset.state];
    chip.hidden = !number;
    put(chip, "strong", String(number));
  }
  if (facts.state === "running") stateLine.textContent = word("phase", facts.paused ? "paused" : "running");
}

// The forms on the page belong to a state of the sitting: when that changes the page is asked for again, but never
// while somebody is typing.
function otherForms(facts) {
  if (firstState.state === null) Object.assign(firstState, { state: facts.state, paused: facts.paused });
  const changed = facts.state !== firstState.state || facts.paused !== firstState.paused;
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
  if (changed && !typing) location.reload();
}

async function ask() {
  try {
    const response = await fetch(board.dataset.source, { cache: "no-store", headers: { Accept: "application/json" }, signal: AbortSignal.timeout(5000) });
    if (response.status === 401 || response.redirected) { location.reload(); return; }
    if (response.ok) {
      const facts = await response.json();
      heard = performance.now();
      show(facts);
      otherForms(facts);
    }
  } catch {
    // The server is away for a moment; the line at the top says so when it lasts.
  }
  stale.hidden = performance.now() - heard < STALE_AFTER;
  setTimeout(ask, PERIOD);
}

ask();
