// The page around mydraw.js: takes a slip from a file or as text, shows what follows from it. Sends nothing.
import { MARKET, check, market } from "./mydraw.js";

const english = document.documentElement.lang === "en";
const say = (zh, en) => (english ? en : zh);
const form = document.querySelector("#slip-form");
const answer = document.querySelector("#slip-answer");
const published = { ...form.dataset, size: Number(form.dataset.size), draw_id: form.dataset.number };

// The public files, fetched when the page opens: afterwards the check works without the network.
const fetched = load();

async function load() {
  const get = async (name) => {
    const got = await fetch(form.dataset.files + name).catch(() => null);
    return got?.ok ? new Uint8Array(await got.arrayBuffer()) : null;
  };
  const transcript = await get("result/transcript.json");
  if (!transcript) return null;
  const names = form.dataset.follows ? [...MARKET, "changes.csv"] : MARKET;
  const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await get(`instance/${name}`)])));
  try { return market(transcript, files, published); } catch { return { fault: "transcript.json" }; }
}

const RESULTS = { full: ["当时已满，再抽", "full, draw again"], seat: ["有座位", "a seat"], moved: ["有座位，后为多排座位而调整", "a seat, moved by the repair"] };
const HOWS = {
  draw: ["抽签得到座位", "seated by the draw"], repair: ["为多排座位而调整后得到座位", "seated by the repair"],
  own_school: ["在校学生在本校考试", "own school"], kept: ["沿用上一次抽签的座位", "kept from the result before"],
  no_seat: ["座位不够，没有座位", "no seat left"], no_site: ["没有可去的考试点", "no site"], no_theory_seat: ["没有理论座位", "no theory seat"],
};
const WHAT = {
  format: ["这不是抽签单", "this is no draw slip"], draw_id: ["抽签单属于另一次抽签", "the slip is of another draw"],
  size: ["人次总数与公布的不同", "the number of rows differs"], root: ["记录的这一行到不了公布的树根", "the row does not lead to the published root"],
  file: ["公布的文件与公布的摘要不符", "a published file does not have its published digest"],
  lottery: ["摇号号码不符", "the lottery number differs"], row: ["记录的这一行读不出来", "the row cannot be read"],
};
const word = (table, key) => (table[key] ? say(...table[key]) : key.replace("draw ", say("抽取，第 ", "draw ")).replace("options ", say("可选考试点，第 ", "options "))
  .replace("seats ", say("机位数，考试点 ", "seats at ")).replace("band ", say("距离系数，考试点 ", "distance factor of ")));

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
    if (stage.subject === undefined) continue;
    put("h3", stage.label.startsWith("T") ? say("理论", "Theory") : say("实操", "Practical"), box).append(stage.label.endsWith("x") ? say("（跨市）", " (cross-city)") : "");
    put("p", say(`按作业项目“${stage.subject}”、居住区县“${stage.district || "（未登记）"}”计算，请看是不是您的。`, `For the subject “${stage.subject}”, district “${stage.district || "(none)"}”: please see that they are yours.`), box);
    put("p", stage.weighed ? say("机位数和距离系数已用公布的场次、考试点、区县文件重新算过。", "Seats and distance factors were worked out again from the published files.")
      : say("机位数和距离系数取自抽签单：公布的文件还不全，末场考试以后请再核对一次。", "Seats and distance factors are taken from the slip: not all files are public yet; check again after the last sitting."), box).className = "note";
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
  const files = await fetched;
  let found;
  try { found = files?.fault ? [{ ok: false, what: "file", must: files.fault, is: "" }] : check(slip, published, files); } catch { found = [{ ok: false, what: "format", must: "xslip/1", is: "" }]; }
  found.forEach(show);
  answer.focus();
});
