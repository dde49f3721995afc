// Signals for the invigilators: they prove nothing and stop nothing. Each kind at most once in five seconds, 200 in all.
const QUIET = 5000;
const MOST = 200;

export function watch(tell) {
  const last = new Map();
  let sent = 0;
  const signal = (code) => {
    const now = performance.now();
    if (sent >= MOST || now - (last.get(code) ?? -QUIET) < QUIET) return;
    last.set(code, now);
    sent += 1;
    tell(code);
  };
  const wide = window.outerWidth - window.innerWidth;
  const handlers = [
    [window, "blur", () => signal("blur")],
    [document, "visibilitychange", () => { if (document.hidden) signal("hidden"); }],
    [document, "keyup", (event) => { if (event.key === "PrintScreen") signal("print_screen"); }],
    [document, "copy", (event) => { event.preventDefault(); signal("copy"); }],
    [document, "contextmenu", (event) => { event.preventDefault(); signal("menu"); }],
    [window, "resize", () => signal(Math.abs(window.outerWidth - window.innerWidth - wide) > 160 ? "developer_tools" : "resize")],
    [window, "beforeprint", () => signal("print")],
  ];
  for (const [target, name, handler] of handlers) target.addEventListener(name, handler);
  return () => handlers.forEach(([target, name, handler]) => target.removeEventListener(name, handler));
}
