// Without network the last page of the trainee still opens; nothing else is kept.
const NAME = "kaopei-phone-1";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  if (request.method !== "GET" || (path !== "/training/phone/" && !path.startsWith("/static/"))) return;
  event.respondWith(
    fetch(request)
      .then((answer) => {
        if (answer.ok && !answer.redirected) {
          const copy = answer.clone();
          event.waitUntil(caches.open(NAME).then((cache) => cache.put(request, copy)));
        }
        return answer;
      })
      .catch(() => caches.match(request).then((kept) => kept || Response.error())),
  );
});
