// The only place that talks to the exam server. Every answer carries the server's time; nothing is cached.
const TIMEOUT = 3000;

// What the server refused: `status` is HTTP's, `code` the protocol's word, `text` for people.
export class Refused extends Error {
  constructor(status, body) {
    super(body.text ?? String(status));
    this.status = status;
    this.code = body.error ?? "";
    this.body = body;
  }
}

// The server could not be reached in time, or said that it could not write.
export class Unreachable extends Error {}

export class Server {
  constructor(secret) {
    this.secret = secret;
  }

  async call(method, path, body) {
    const headers = this.secret ? { Authorization: `Bearer ${this.secret}` } : {};
    // A locked-down browser that no longer sends its own header lets a page hand the value on.
    const locked = globalThis.SafeExamBrowser?.security;
    if (locked?.configKey) headers["X-SafeExamBrowser-ConfigKeyHash"] = locked.configKey;
    if (locked?.browserExamKey) headers["X-SafeExamBrowser-RequestHash"] = locked.browserExamKey;
    // The one cookie says which of two servers is the newer one; a page cannot read it.
    const options = { method, headers, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT) };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      headers["Content-Type"] = "application/json";
    }
    let response;
    let answer;
    try {
      response = await fetch(path, options);
      answer = await response.json();
    } catch (problem) {
      throw new Unreachable(String(problem));
    }
    if (response.ok) return answer;
    if (response.status >= 500) throw new Unreachable(answer.text ?? String(response.status));
    throw new Refused(response.status, answer);
  }

  hello() { return this.call("GET", "/api/hello"); }
  start(seat, code) { return this.call("POST", "/api/start", { seat, code, key: this.secret }); }
  state() { return this.call("GET", "/api/state"); }
  begin() { return this.call("POST", "/api/begin", {}); }
  pulse() { return this.call("GET", "/api/pulse"); }
  item(n) { return this.call("GET", `/api/item/${n}`); }
  events(lease, events) { return this.call("POST", "/api/events", { lease, events }); }
  handIn(count, head) { return this.call("POST", "/api/hand-in", { count, head }); }
  receipt() { return this.call("GET", "/api/receipt"); }
  receiptPicture() { return this.call("GET", "/api/receipt/qr"); }
  result() { return this.call("GET", "/api/result"); }
  help(on) { return this.call("POST", "/api/help", { on }); }
  beginBreak() { return this.call("POST", "/api/break", {}); }
  endBreak() { return this.call("POST", "/api/break/end", {}); }

  async photo() {
    const response = await fetch("/api/photo", { headers: { Authorization: `Bearer ${this.secret}` }, cache: "no-store" });
    return response.ok ? URL.createObjectURL(await response.blob()) : null;
  }
}

// 256 random bits made here, so that a lost reply to "start" can be asked for again.
export function newSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
