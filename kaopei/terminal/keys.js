// What a key means while an item is on the screen: 1–4 and A–D choose, arrows turn, M marks, T shows or
// hides the time, H calls for help, J goes to the summary before hand-in.
export function keyAct(event, item) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  if (event.key === "ArrowRight") return ["turn", 1];
  if (event.key === "ArrowLeft") return ["turn", -1];
  const letter = event.key.length === 1 ? event.key.toUpperCase() : "";
  if (letter === "M") return ["mark"];
  if (letter === "T") return ["time"];
  if (letter === "H" && !item?.options[7]) return ["help"];
  if (letter === "J") return ["hand_in"];
  const index = /^[1-9]$/.test(letter) ? Number(letter) - 1 : letter.charCodeAt(0) - 65;
  const option = item?.options[index];
  return letter && option ? ["choose", option.letter] : null;
}
