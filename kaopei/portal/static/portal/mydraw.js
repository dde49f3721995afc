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

// Rows of a CSV file of the input as objects; quoting as in RFC 4180.
export function table(text) {
  const cells = text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g);
  const rows = [[]];
  for (const [, cell, end] of cells) {
    rows.at(-1).push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === "\n") rows.push([]);
  }
  const [head, ...body] = rows.slice(0, -1);
  return body.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at]])));
}

// The frozen files that seats and distances come from: bytes by name, as published. Each must have the digest that the
// transcript has, and the transcript the digest that was published. null where a file is not public yet.
export const MARKET = ["districts.csv", "points.csv", "sessions.csv", "suspensions.csv"];

export function market(transcriptBytes, files, published) {
  if (hex(sha256(transcriptBytes)) !== published.transcript) return { fault: "transcript.json" };
  const transcript = JSON.parse(new TextDecoder().decode(transcriptBytes));
  const digests = Object.fromEntries(transcript.files.map((one) => [one.name, one.digest]));
  // Which sittings a change has closed stands in changes.csv, which names candidates and is public after the last sitting.
  const wanted = digests["changes.csv"] ? [...MARKET, "changes.csv"] : MARKET;
  const rows = {};
  for (const name of wanted) {
    if (!files[name]) return null;
    if (hex(sha256(files[name])) !== digests[name]) return { fault: name };
    rows[name] = table(new TextDecoder().decode(files[name]));
  }
  const closed = new Set((rows["changes.csv"] ?? []).filter((row) => ["sitting_unsealed", "sitting_withdrawn"].includes(row.kind)).map((row) => row.id));
  const place = (row) => (row?.x_m ? [Number(row.x_m), Number(row.y_m)] : null);
  const sites = new Map(rows["points.csv"].map((row) => [row.point_id, { ...row, place: place(row) }]));
  const districts = new Map(rows["districts.csv"].map((row) => [row.district_id, place(row)]));
  const shut = (site, day) => rows["suspensions.csv"].some((row) => row.point_id === site && Number(row.from_day) <= day && day <= Number(row.to_day));
  const open = rows["sessions.csv"].filter((row) => !closed.has(row.session_id) && !shut(row.point_id, Number(row.day)));
  return { sites, districts, open, bands: transcript.rules.bands };
}

function seatsAt(market, site, part, subject) {
  const able = market.sites.get(site)?.[part === "T" ? "theory_subjects" : "practical_subjects"].split(";") ?? [];
  if (!able.includes(subject)) return 0;
  const listed = (row) => row.subjects === "*" || row.subjects.split(";").includes(subject);
  return market.open.filter((row) => row.point_id === site && row.part === part && listed(row)).reduce((sum, row) => sum + Number(row.seats), 0);
}

function bandOf(market, district, sites, site) {
  const centre = market.districts.get(district);
  if (!centre || sites.some((one) => !market.sites.get(one)?.place)) return 1;
  const [x, y] = market.sites.get(site).place;
  const metres = Math.floor(Math.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2));
  const fits = market.bands.split(";").map((pair) => pair.split(":")).find(([limit]) => limit === "" || metres <= Number(limit));
  return Number(fits[1]);
}

// What a slip says of weights against the published files: every option of a tier, its seats, its factor. The first difference, or null.
function weighed(market, told) {
  const part = told.label[0];
  const stranger = told.sites.find((site) => !market.sites.has(site));
  if (stranger !== undefined) return wrong("options", "points.csv", stranger);
  for (const [at, draw] of told.draws.entries()) {
    if (at === 0 || told.draws[at - 1].tier !== draw.tier) {
      const tier = told.sites.filter((site) => (market.sites.get(site)?.kind !== "public") === (draw.tier === 1));
      const all = draw.options.map((one) => one.site);
      if (JSON.stringify(all) !== JSON.stringify(tier)) return wrong(`options ${at + 1}`, tier, all);
    }
    for (const one of draw.options) {
      const seats = seatsAt(market, one.site, part, told.subject), band = bandOf(market, told.district, told.sites, one.site);
      if (!seats || one.seats !== seats) return wrong(`seats ${one.site}`, seats, one.seats);
      if (one.band !== band) return wrong(`band ${one.site}`, band, one.band);
    }
  }
  return null;
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

// All parts of a slip against what was published: seed, root, number of rows, name of the draw; with `market` the weights too.
export function check(slip, published, market = null) {
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
      const weights = told.ok && market ? weighed(market, part.stages[at]) : null;
      found.stages.push({ ...told, ...weights, subject: part.stages[at].subject, district: part.stages[at].district, weighed: Boolean(market) });
      if (weights) return { ...found, ...weights };
      if (!told.ok) return { ...found, ok: false, what: told.what, must: told.must, is: told.is };
    }
    return found;
  });
}
