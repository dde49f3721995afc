// The page around mydraw.js: takes a slip from a file or as text, shows what follows from it. Sends nothing.
import { check } from "./mydraw.js";

const english = document.documentElement.lang === "en";
const say = (zh, en) => (english ? en : zh);
const form = document.querySelector("#slip-form");
const answer = document.querySelector("#slip-answer");
const published = { ...form.dataset, size: Number(form.dataset.size), draw_id: form.dataset.number };

const RESULTS = { full: ["当时已满，再抽", "full, draw again"], seat: ["有座位", "a seat"], moved: ["有座位，后为多排座位而调整", "a seat, moved by the repair"] };
const HOWS = {
  draw: ["抽签得到座位", "seated by the draw"], repair: ["为多排座位而调整后得到座位", "seated by the repair"],
  own_school: ["在校学生在本校考试", "own school"], kept: ["沿用上一次抽签的座位", "kept from the result before"],
  no_seat: ["座位不够，没有座位", "no seat left"], no_site: ["没有可去的考试点", "no site"], no_theory_seat: ["没有理论座位", "no theory seat"],
};
const WHAT = {
  format: ["这不是抽签单", "this is no draw slip"], draw_id: ["抽签单属于另一次抽签", "the slip is of another draw"],
  size: ["人次总数与公布的不同", "the number of rows differs"], root: ["记录的这一行到不了公布的树根", "the row does not lead to the published root"],
  lottery: ["摇号号码不符", "the lottery number differs"], row: ["记录的这一行读不出来", "the row cannot be read"],
};
const word = (table, key) => (table[key] ? say(...table[key]) : key.replace("draw ", say("第 ", "draw ")).replace("options ", say("可选考试点，第 ", "options ")));

function put(tag, text, parent) {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}

function show(found) {
  const box = put("section", "", answer);
  const good = put("p", found.ok ? say("✓ 核对一致：号码、抽签、位置都由公布的种子和树根得出。", "✓ Agrees: number, draws and place follow from the published seed and root.")
    : say(`✗ 不一致：${word(WHAT, found.what)}。应为 ${found.must || "（没有）"}，抽签单写的是 ${found.is || "（没有）"}。请把抽签单和本页交给考试机构。`,
      `✗ Differs: ${word(WHAT, found.what)}. Must be ${found.must || "(nothing)"}, the slip says ${found.is || "(nothing)"}.`), box);
  good.className = found.ok ? "slip-good" : "slip-bad";
  good.setAttribute("role", "status");
  for (const stage of found.stages ?? []) {
    put("h3", stage.label.startsWith("T") ? say("理论", "Theory") : say("实操", "Practical"), box).append(stage.label.endsWith("x") ? say("（跨市）", " (cross-city)") : "");
    const list = put("ol", "", box);
    const line = put("li", say("您的号：", "Your number: "), list);
    put("code", stage.lottery, line);
    line.append(say("，由种子和您的代号算出，号小的先抽。", ", from the seed and your pseudonym; smaller numbers draw first."));
    for (const draw of stage.draws) {
      const tier = draw.tier ? say("其他考试点", "other sites") : say("公共考试基地", "public bases");
      put("li", say(`在 ${draw.options} 个${tier}中抽到 ${draw.site}：${word(RESULTS, draw.result)}。`, `Out of ${draw.options} ${tier}: ${draw.site}: ${word(RESULTS, draw.result)}.`), list);
    }
  }
  if (found.ok && found.how) put("p", say(`结果：${word(HOWS, found.how)}${found.session ? `，场次 ${found.session}` : ""}。`, `Result: ${word(HOWS, found.how)}${found.session ? `, sitting ${found.session}` : ""}.`), box);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.replaceChildren();
  const file = form.elements.file.files[0];
  const text = file ? await file.text() : form.elements.slip.value;
  let slip;
  try { slip = JSON.parse(text); } catch { slip = null; }
  let found;
  try { found = check(slip, published); } catch { found = [{ ok: false, what: "format", must: "xslip/1", is: "" }]; }
  found.forEach(show);
  answer.focus();
});
