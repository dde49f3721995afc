// Remaining time: the server's seconds, counted down here between two answers of the server.
// Quiet: it changes once a second without drawing the eye, and speaks at 30, 10, 5 and 1 minutes only.
const ANNOUNCE = [30, 10, 5, 1];

export class Timer {
  constructor(onSecond, onAnnounce, onZero) {
    this.onSecond = onSecond;
    this.onAnnounce = onAnnounce;
    this.onZero = onZero;
    this.running = false;
    this.said = new Set();
  }

  set(seconds, running) {
    if (this.seconds === undefined) ANNOUNCE.filter((m) => seconds < m * 60).forEach((m) => this.said.add(m));
    this.seconds = seconds;
    this.at = performance.now();
    this.running = running;
    this.handle ??= setInterval(() => this.tick(), 500);
    this.tick();
  }

  left() {
    const gone = this.running ? (performance.now() - this.at) / 1000 : 0;
    return Math.max(0, this.seconds - gone);
  }

  tick() {
    const left = this.left();
    this.onSecond(left);
    for (const minutes of ANNOUNCE) {
      if (this.running && left <= minutes * 60 && !this.said.has(minutes)) {
        this.said.add(minutes);
        this.onAnnounce(minutes);
      }
    }
    if (this.running && left <= 0) {
      this.running = false;
      this.onZero();
    }
  }

  stop() {
    clearInterval(this.handle);
    this.handle = undefined;
    this.running = false;
  }
}

// 5400 → 1:30:00; 65 → 1:05.
export function clockText(seconds) {
  const whole = Math.ceil(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
