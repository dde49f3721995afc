// The last resort when the network does not come back: what the server has not acknowledged, sealed to the city's import
// key, as a file that two persons take away on a registered stick. Evidence, never an import (docs/edge-protocol.md).
const text = (value) => new TextEncoder().encode(value);

function encode(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(value) {
  return Uint8Array.from(atob(value.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

// Whether this browser can do it at all (Chromium from 133 on).
export async function works(key) {
  if (!key?.pub || key.suite !== "intl") return false;
  return crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]).then(() => true, () => false);
}

async function contentKey(mine, key, attempt) {
  const theirs = await crypto.subtle.importKey("raw", decode(key.pub), { name: "X25519" }, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, mine, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text(`emf1|${key.kid}|${attempt}`) };
  return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
}

export async function sealed(key, seat, outbox) {
  const { attempt, lease, waiting } = outbox;
  const events = waiting.map(({ seq, kind, item, value, chain }) => ({ seq, kind, item, value, chain }));
  const own = await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const cipher = { name: "AES-GCM", iv, additionalData: text(`emf1|${attempt}`) };
  const data = await crypto.subtle.encrypt(cipher, await contentKey(own.privateKey, key, attempt), text(JSON.stringify({ attempt, lease, events })));
  const epk = await crypto.subtle.exportKey("raw", own.publicKey);
  return { v: 1, kind: "emergency", attempt, seat, lease, kid: key.kid, epk: encode(epk), iv: encode(iv), data: encode(data) };
}

// Hands the file to the browser's own download.
export function save(file, ticket) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file)], { type: "application/json" }));
  link.download = `${ticket}-${Math.round(Date.now() / 1000)}.emergency.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return link.download;
}
