// Answers on their way: an ordered outbox in IndexedDB that survives a reload or a crash of the browser.
// It holds (attempt, lease, seq, kind, item number, letters as shown, chain hash) and never a word of an item.
import { database, EVENTS, forgetAll, request, writing } from "./machine.js";
import { Refused } from "./server.js";

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

// chain = SHA-256(previous chain, then the event's line); the server computes the same.
export async function chained(head, attempt, lease, event) {
  const line = new TextEncoder().encode([attempt, lease, event.seq, event.kind, event.item, event.value].join("|"));
  const before = unhex(head);
  const joined = new Uint8Array(before.length + line.length);
  joined.set(before);
  joined.set(line, before.length);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", joined)));
}

export class Outbox {
  // `tell(word)` is called with saved, saving or unsaved; `refused(problem)` when the server says no for good.
  constructor(server, tell, refused) {
    this.server = server;
    this.tell = tell;
    this.refused = refused;
    this.waiting = [];
    this.work = Promise.resolve();
    this.sending = false;
    this.stopped = false;
  }

  static async works() {
    try {
      (await database()).close();
      return true;
    } catch {
      return false;
    }
  }

  // Nothing of this candidate stays on the machine. An open connection would hold the deletion up.
  async forget() {
    this.stop();
    this.database?.close();
    await forgetAll();
  }

  // Take up where the server stands: what it has is dropped, what it has not is sent again. Waits its turn among `add`s.
  resume(state) {
    this.work = this.work.then(() => this.takeUp(state));
    return this.work;
  }

  async takeUp(state) {
    this.attempt = state.attempt;
    this.lease = state.lease;
    this.seq = state.seq;
    this.head = state.head;
    this.count = state.count;
    // Without a database (a browser that forbids it) the outbox lives in memory and does not survive a reload.
    if (this.database === undefined) this.database = await database().catch(() => null);
    const kept = this.database ? await request(this.database.transaction(EVENTS).objectStore(EVENTS).getAll()) : this.waiting;
    this.waiting = [];
    for (const event of kept) {
      const ours = event.attempt === this.attempt && event.lease === this.lease && event.seq === this.seq + 1;
      const chain = ours ? await chained(this.head, this.attempt, this.lease, event) : "";
      if (ours && chain === event.chain) this.take(event);
      else await this.drop(event);
    }
    this.say();
    this.send();
    return [...this.waiting];
  }

  take(event) {
    this.waiting.push(event);
    this.seq = event.seq;
    this.head = event.chain;
    this.count += 1;
  }

  // Events are numbered and chained strictly in the order in which they were made.
  add(kind, item, value) {
    this.work = this.work.then(async () => {
      if (this.stopped) return;
      const event = { attempt: this.attempt, lease: this.lease, seq: this.seq + 1, kind, item, value };
      event.chain = await chained(this.head, this.attempt, this.lease, event);
      this.take(event);
      this.say();
      await this.store((table) => table.put(event));
      this.send();
    });
    return this.work;
  }

  async store(change) {
    if (!this.database) return;
    await request(change(writing(this.database, EVENTS)));
  }

  drop(event) {
    return this.store((table) => table.delete([event.attempt, event.lease, event.seq]));
  }

  async send() {
    if (this.sending || this.stopped) return;
    this.sending = true;
    let pause = 250;
    while (this.waiting.length && !this.stopped) {
      const batch = this.waiting.slice(0, 50);
      try {
        const answer = await this.server.events(this.lease, batch.map(({ seq, kind, item, value, chain }) => ({ seq, kind, item, value, chain })));
        await this.acknowledged(answer.saved);
        pause = 250;
      } catch (problem) {
        if (problem instanceof Refused) {
          this.sending = false;
          this.refused(problem);
          return;
        }
        this.tell("unsaved");
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, 4000);
      }
    }
    this.sending = false;
    this.say();
  }

  async acknowledged(saved) {
    while (this.waiting.length && this.waiting[0].seq <= saved) await this.drop(this.waiting.shift());
  }

  say() {
    this.tell(this.waiting.length ? "saving" : "saved");
  }

  // Resolves when everything made so far has been acknowledged, or after `limit` milliseconds.
  async empty(limit) {
    await this.work;
    const end = performance.now() + limit;
    while (this.waiting.length && performance.now() < end && !this.stopped) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return this.waiting.length === 0;
  }

  stop() {
    this.stopped = true;
  }
}
