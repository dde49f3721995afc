// The trainee's phone: makes its key here, signs each sign-in with it, keeps what cannot be sent yet.
"use strict";

const ROOT = "/training/phone/";
const bytes = (text) => new TextEncoder().encode(text);
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const hex = (buffer) => [...new Uint8Array(buffer)].map((one) => one.toString(16).padStart(2, "0")).join("");

// ── what the phone remembers: its key (not extractable), its number, events to be sent ──
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("kaopei-trainee", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("own");
      opening.result.createObjectStore("outbox", { autoIncrement: true });
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function store(name, mode, work) {
  const base = await database();
  return new Promise((resolve, reject) => {
    const change = base.transaction(name, mode);
    const request = work(change.objectStore(name));
    change.oncomplete = () => { base.close(); resolve(request && request.result); };
    change.onerror = change.onabort = () => { base.close(); reject(change.error); };
  });
}

const own = (key) => store("own", "readonly", (box) => box.get(key));
const remember = (key, value) => store("own", "readwrite", (box) => box.put(value, key));

async function fingerprint() {
  let known = await own("fingerprint");
  if (!known) {
    known = hex(crypto.getRandomValues(new Uint8Array(16)));
    await remember("fingerprint", known);
  }
  return known;
}

// Phones run fast or slow: the difference to the center's clock is taken when a page comes from it, and kept for the time without network.
async function setClock() {
  const said = Number(document.body.dataset.now);
  const age = performance.timing ? Date.now() - performance.timing.responseStart : 0;
  if (navigator.onLine && said) await remember("skew", Math.round(said - (Date.now() - age) / 1000));
}

const moment = async () => Math.floor(Date.now() / 1000) + ((await own("skew")) || 0);

function tell(text, kind) {
  const place = document.getElementById("told");
  place.textContent = text;
  place.dataset.kind = kind;
  place.hidden = false;
  place.scrollIntoView({ block: "nearest" });
}

async function post(path, said) {
  const answer = await fetch(ROOT + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) });
  if (answer.status >= 500) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
}

const sign = async (key, text) => base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, bytes(text)));

// ── binding and log-in ──
async function enrol(event) {
  event.preventDefault();
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const said = {
    code: document.getElementById("code").value,
    last_four: document.getElementById("last").value,
    public_key: base64url(await crypto.subtle.exportKey("raw", pair.publicKey)),
    fingerprint: await fingerprint(),
  };
  try {
    const answer = await post("enrol/", said);
    if (!answer.ok) { tell(answer.text, "bad"); return; }
    await remember("key", pair.privateKey);
    await remember("device", answer.device);
    await logIn();
  } catch {
    tell("连不上网络，请联网后再绑定。", "bad");
  }
}

async function logIn() {
  const [key, device] = [await own("key"), await own("device")];
  if (!key || !device) return false;
  const { challenge } = await (await fetch(ROOT + "challenge/")).json();
  const answer = await post("log-in/", { device, signature: await sign(key, `log-in/${challenge}`) });
  if (!answer.ok) { tell(answer.text, "bad"); return false; }
  location.replace(ROOT);
  return true;
}

// ── signing in ──
async function signIn(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const [key, device] = [await own("key"), await own("device")];
  const code = form.querySelector(".six").value.replace(/\s/g, "");
  if (!/^\d{6}$/.test(code)) { tell("请输入教师屏幕上的六位数字。", "bad"); return; }
  const payload = JSON.stringify({
    v: 1, device, kind: event.submitter.value, lesson: Number(form.dataset.lesson), code,
    at: await moment(), nonce: hex(crypto.getRandomValues(new Uint8Array(8))), ...(await place()),
  });
  const sent = { device, payload, signature: await sign(key, payload) };
  await store("outbox", "readwrite", (box) => box.add(sent));
  form.querySelector(".six").value = "";
  await send();
}

let sending = false;

// Events leave the phone in the order in which they were signed; what was answered is taken out, whatever the answer.
async function send() {
  if (sending) return;
  sending = true;
  try {
    for (;;) {
      const [key] = await store("outbox", "readonly", (box) => box.getAllKeys(null, 1));
      if (key === undefined) break;
      const event = await store("outbox", "readonly", (box) => box.get(key));
      const answer = await post("events/", { events: [event] });
      const result = answer.results ? answer.results[0] : answer;
      await store("outbox", "readwrite", (box) => box.delete(key));
      tell(result.text, result.ok ? "good" : "bad");
    }
  } catch {
    // No network: what was signed stays in the outbox.
  } finally {
    sending = false;
  }
  await shown();
}

async function shown() {
  const waiting = await store("outbox", "readonly", (box) => box.count());
  const line = document.getElementById("outbox");
  if (line) {
    line.hidden = !waiting;
    line.textContent = `没有网络：已在手机上签署并保存 ${waiting} 条签到，联网后自动上传。`;
  }
  const chip = document.getElementById("network");
  chip.hidden = navigator.onLine && !waiting;
  chip.textContent = waiting ? `待上传 ${waiting}` : "离线";
}

async function place() {
  if (!navigator.geolocation || !navigator.permissions) return {};
  const allowed = await navigator.permissions.query({ name: "geolocation" }).catch(() => ({ state: "denied" }));
  if (allowed.state !== "granted") return {};
  return new Promise((resolve) => navigator.geolocation.getCurrentPosition(
    (found) => resolve({ longitude: found.coords.longitude, latitude: found.coords.latitude }), () => resolve({}), { timeout: 3000 },
  ));
}

// ── start ──
async function start() {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(`${ROOT}sw.js`, { scope: ROOT }).catch(() => undefined);
  await setClock();
  const form = document.getElementById("enrol");
  if (form) {
    form.addEventListener("submit", enrol);
    await logIn().catch(() => undefined);
  }
  for (const one of document.querySelectorAll("form.sign")) one.addEventListener("submit", signIn);
  addEventListener("online", send);
  addEventListener("offline", shown);
  setInterval(send, 20000);
  await send();
}

start();
