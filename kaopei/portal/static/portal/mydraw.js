// 我的抽签: a candidate's number, draws and Merkle path computed again in his own browser. Nothing is sent anywhere.
// Written from the published rules; integers are BigInt. SHA-256 stands here because a page without TLS has no crypto.subtle.

const K = primes(64).map((p) => fraction(Math.cbrt(p)));
const START = primes(8).map((p) => fraction(Math.sqrt(p)));

function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
}

function fraction(root) {
  return Math.floor((root - Math.floor(root)) * 2 ** 32) >>> 0;
}

export function sha256(bytes) {
  const size = ((bytes.length + 8) >> 6) + 1;
  const block = new Uint8Array(size * 64);
  block.set(bytes);
  block[bytes.length] = 0x80;
  new DataView(block.buffer).setBigUint64(block.length - 8, BigInt(bytes.length) * 8n);
  const view = new DataView(block.buffer);
  const state = Uint32Array.from(START);
  const w = new Uint32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let at = 0; at < block.length; at += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = view.getUint32(at + 4 * i);
      else {
        const a = w[i - 15], b = w[i - 2];
        w[i] = (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 16];
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => (state[i] += x));
  }
  const out = new Uint8Array(32);
  state.forEach((x, i) => new DataView(out.buffer).setUint32(4 * i, x));
  return out;
}

const utf8 = new TextEncoder();
export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const integer = (bytes) => BigInt("0x" + (hex(bytes) || "0"));

function join(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}

// H(fields): each field after its length in four bytes.
export function hashed(...fields) {
  return sha256(join(...fields.flatMap((field) => {
    const raw = utf8.encode(field), size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, raw.length);
    return [size, raw];
  })));
}

export function root(row, place, size, path) {
  let found = sha256(join(Uint8Array.of(0), utf8.encode(row)));
  let last = size - 1, used = 0;
  if (!(place >= 0 && place <= last)) return "";
  for (; last > 0; place >>= 1, last >>= 1) {
    if ((place ^ 1) > last) continue;
    const beside = unhex(path[used++] ?? "");
    found = sha256(place & 1 ? join(Uint8Array.of(1), beside, found) : join(Uint8Array.of(1), found, beside));
  }
  return used === path.length ? hex(found) : "";
}

// The 40-bit number of a draw: four out of the tier's digest, then one digest each.
function number(seed, label, cand, tier, turn, left) {
  if (turn >= 4) return integer(hashed("xexam/1", seed, label, cand, "r", String(tier), String(left)).slice(27));
  const digest = tier ? hashed("xexam/1", seed, label, cand, "t1") : hashed("xexam/1", seed, label, cand);
  return (integer(digest.slice(8)) >> BigInt(40 * turn)) & ((1n << 40n) - 1n);
}

export function weigh(options) {
  const most = options.reduce((max, one) => Math.max(max, one.seats), 0) || 1;
  return options.map((one) => {
    const scaled = (BigInt(one.seats) * 255n) / BigInt(most);
    return BigInt(one.band) * (scaled > 0n ? scaled : 1n);
  });
}

export function pick(drawn, options) {
  const weights = weigh(options);
  let rest = (drawn * weights.reduce((sum, one) => sum + one, 0n)) >> 40n;
  for (let at = 0; at < options.length; at++) {
    if (rest < weights[at]) return options[at].site;
    rest -= weights[at];
  }
  return "";
}

const CHECKED = { ok: true };
const wrong = (what, must, is) => ({ ok: false, what, must: String(must), is: String(is) });

// One stage of one part: what follows from the seed, and the first thing that does not.
function stage(seed, cand, row, told) {
  const digest = hashed("xexam/1", seed, told.label, cand);
  const lottery = hex(digest.slice(0, 8));
  const found = { label: told.label, lottery, draws: [], ...CHECKED };
  if (lottery !== row.lottery) return { ...found, ...wrong("lottery", lottery, row.lottery) };
  let turn = 0, tier = 0, options = null;
  for (let at = 0; at < told.draws.length; at++) {
    const draw = told.draws[at];
    if (draw.tier !== tier || options === null) {
      if (draw.tier < tier) return { ...found, ...wrong("tier", tier, draw.tier) };
      tier = draw.tier; turn = 0; options = draw.options;
    }
    const same = JSON.stringify(options.map((one) => one.site)) === JSON.stringify(draw.options.map((one) => one.site));
    if (!same) return { ...found, ...wrong(`options ${at + 1}`, options.map((one) => one.site), draw.options.map((one) => one.site)) };
    const drawn = number(seed, told.label, cand, tier, turn, options.length);
    const site = pick(drawn, draw.options);
    const [written, result] = row.drawn[at] ?? ["", ""];
    found.draws.push({ tier, number: drawn.toString(), site, result, options: draw.options.length });
    if (site !== written) return { ...found, ...wrong(`draw ${at + 1}`, site, written) };
    if (result !== "full" && at !== row.drawn.length - 1) return { ...found, ...wrong(`draw ${at + 2}`, "", row.drawn[at + 1][0]) };
    options = options.filter((one) => one.site !== site);
    turn++;
  }
  if (told.draws.length !== row.drawn.length) return { ...found, ...wrong("draws", told.draws.length, row.drawn.length) };
  return found;
}

// All parts of a slip against what was published: seed, root, number of rows, name of the draw.
export function check(slip, published) {
  if (slip?.format !== "xslip/1" || !Array.isArray(slip.parts)) return [wrong("format", "xslip/1", slip?.format)];
  if (slip.draw_id !== published.draw_id) return [wrong("draw_id", published.draw_id, slip.draw_id)];
  if (slip.size !== published.size) return [wrong("size", published.size, slip.size)];
  return slip.parts.map((part) => {
    let row;
    try { row = JSON.parse(part.row); } catch { return wrong("row", "JSON", part.row); }
    const found = { ...CHECKED, cand: row.cand, part: row.part, how: row.how, session: row.session, exempt: row.exempt ?? "", stages: [] };
    const reached = root(part.row, part.place, slip.size, part.path);
    if (reached !== published.root) return { ...found, ...wrong("root", published.root, reached || "—") };
    const rows = row.lottery === undefined ? [] : row.cross === undefined ? [row] : [row, row.cross];
    if (part.stages.length !== rows.length) return { ...found, ...wrong("stages", rows.length, part.stages.length) };
    for (let at = 0; at < rows.length; at++) {
      const label = row.part + (at ? "x" : "");
      if (part.stages[at].label !== label) return { ...found, ...wrong("label", label, part.stages[at].label) };
      const told = stage(published.seed, row.cand, rows[at], part.stages[at]);
      found.stages.push(told);
      if (!told.ok) return { ...found, ok: false, what: told.what, must: told.must, is: told.is };
    }
    return found;
  });
}
