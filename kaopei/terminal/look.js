// How the terminal looks: language, size of the text, contrast, the visible mark. Kept until the candidate leaves.
import { h } from "./dom.js";
import { otherLanguage, setLanguage } from "./words.js";

const FONTS = ["90%", "100%", "115%", "130%", "150%"];
const kept = window.localStorage;

export function applyLook() {
  setLanguage(kept.getItem("language") ?? "zh");
  document.documentElement.style.setProperty("--text", FONTS[Number(kept.getItem("font") ?? 1)] ?? FONTS[1]);
  document.body.classList.toggle("contrast", kept.getItem("contrast") === "1");
}

export function changeFont(step) {
  const now = Math.min(Math.max(Number(kept.getItem("font") ?? 1) + step, 0), FONTS.length - 1);
  kept.setItem("font", String(now));
  applyLook();
}

export function changeContrast() {
  kept.setItem("contrast", document.body.classList.contains("contrast") ? "0" : "1");
  applyLook();
}

export function changeLanguage() {
  kept.setItem("language", otherLanguage());
  applyLook();
}

// What the accommodations give stands once an attempt; afterwards the candidate chooses.
export function grantFont(attempt, font) {
  if (font === undefined || kept.getItem("font-for") === attempt) return;
  kept.setItem("font-for", attempt);
  kept.setItem("font", String(font));
  applyLook();
}

// The next candidate begins with the ordinary look.
export function forgetLook() {
  ["font", "font-for", "contrast", "time-hidden", "language"].forEach((name) => kept.removeItem(name));
}

export function timeHidden() {
  return kept.getItem("time-hidden") === "1";
}

export function toggleTimeHidden() {
  kept.setItem("time-hidden", timeHidden() ? "0" : "1");
}

// Seat and a random code at low contrast, so that a photograph names the seat.
export function watermark(text) {
  const tiles = Array.from({ length: 60 }, () => h("span", {}, text));
  document.getElementById("mark").replaceChildren(...tiles);
}
