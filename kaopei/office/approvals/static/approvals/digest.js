// The page computes the digest of the bytes itself and compares it with the one that will be signed.

for (const place of document.querySelectorAll("[data-digest]")) {
  if (!window.isSecureContext) continue;
  const answer = await fetch(place.dataset.content);
  if (!answer.ok) continue;
  const raw = new Uint8Array(await crypto.subtle.digest("SHA-256", await answer.arrayBuffer()));
  const found = [...raw].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  place.textContent = found === place.dataset.digest ? place.dataset.same : place.dataset.other;
  place.className = found === place.dataset.digest ? "note" : "wrong";
}
