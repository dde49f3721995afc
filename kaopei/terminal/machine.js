// What this machine keeps so that a crash, a restart of the browser or a power cut loses nothing: the key that the server
// knows it by, and the outbox. Deleted when the candidate leaves.
const DATABASE = "kaopei-outbox";
export const EVENTS = "events";
const KEYS = "keys";

export function request(operation) {
  return new Promise((resolve, reject) => {
    operation.onsuccess = () => resolve(operation.result);
    operation.onerror = () => reject(operation.error);
  });
}

export async function database() {
  const opening = indexedDB.open(DATABASE, 2);
  opening.onupgradeneeded = () => {
    const names = opening.result.objectStoreNames;
    if (!names.contains(EVENTS)) opening.result.createObjectStore(EVENTS, { keyPath: ["attempt", "lease", "seq"] });
    if (!names.contains(KEYS)) opening.result.createObjectStore(KEYS);
  };
  return request(opening);
}

// A write that is on the disk when it is done, not somewhere on the way to it.
export function writing(base, table) {
  return base.transaction(table, "readwrite", { durability: "strict" }).objectStore(table);
}

// Kept before the code is redeemed: a machine that dies in between still knows its key.
export async function keepSecret(secret) {
  try {
    const base = await database();
    await request(writing(base, KEYS).put(secret, "secret"));
    base.close();
  } catch {
    // A browser that forbids it: then the key lives in the page's storage alone.
  }
}

export async function keptSecret() {
  try {
    // Asking must not make one.
    if (!(await indexedDB.databases()).some(({ name }) => name === DATABASE)) return null;
    const base = await database();
    const found = await request(base.transaction(KEYS).objectStore(KEYS).get("secret"));
    base.close();
    return found ?? null;
  } catch {
    return null;
  }
}

// Nothing of this candidate stays on the machine. An open connection would hold the deletion up: close yours first.
export function forgetAll() {
  return request(indexedDB.deleteDatabase(DATABASE)).catch(() => undefined);
}
