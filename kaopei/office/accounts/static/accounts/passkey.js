// Passkeys: a form with data-passkey asks the browser for one and sends its answer as the field "answer".
// data-passkey = address of the options; data-act = create or get. Without script or WebAuthn the form says so and stays shut.

const BAD = { zh: "浏览器没有完成通行密钥验证，请重试。", en: "The browser did not finish with the passkey. Please try again." };
const NONE = {
  zh: "这个浏览器或地址不能使用通行密钥（须经 HTTPS，或以 localhost 打开）。",
  en: "Passkeys do not work in this browser or under this address (HTTPS or localhost is needed).",
};
const lang = document.documentElement.lang === "en" ? "en" : "zh";

function say(form, words) {
  const place = form.querySelector("[data-says]");
  place.textContent = words;
  place.hidden = !words;
}

async function options(form) {
  const body = new FormData(form);
  body.delete("answer");
  const answer = await fetch(form.dataset.passkey, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return (await answer.json()).publicKey;
}

async function ask(form) {
  const wanted = await options(form);
  if (form.dataset.act === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(wanted) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(wanted) });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON !== undefined;
  const button = form.querySelector("button");
  button.disabled = !able;
  if (!able) say(form, NONE[lang]);
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    button.disabled = true;
    say(form, "");
    try {
      form.elements.answer.value = JSON.stringify((await ask(form)).toJSON());
      form.submit();
    } catch {
      say(form, BAD[lang]);
      button.disabled = false;
    }
  });
}
