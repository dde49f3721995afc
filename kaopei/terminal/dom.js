// Elements from plain values; text is always text, never markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A QR code from rows of 0 and 1, as one SVG path.
export function qrPicture(rows, label) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const size = rows.length + 8;
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  const path = document.createElementNS(space, "path");
  let strokes = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) if (row[x] === "1") strokes += `M${x + 4} ${y + 4}h1v1h-1z`;
  });
  path.setAttribute("d", strokes);
  svg.append(path);
  return svg;
}

// Show one screen; the heading takes the focus so that a screen reader starts there.
export function show(stage, ...content) {
  stage.replaceChildren(...content);
  const first = stage.querySelector("[data-focus]") ?? stage.querySelector("h1");
  if (first) {
    if (first.tagName === "H1") first.tabIndex = -1;
    first.focus();
  }
}
