"use strict";
const report = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");
const summary = report.summary;

// Elements are built, never parsed: what a log holds is text and nothing else.
function el(name, attributes, ...children) {
  const svg = ["svg", "g", "rect", "line", "text", "title"].includes(name) && attributes && attributes.svg !== undefined;
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "svg" || value === null || value === undefined) continue;
    if (key === "onclick" || key === "oninput") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}
const s = (name, attributes, ...children) => el(name, { ...attributes, svg: "" }, ...children);

const count = n => n.toLocaleString("en");
function ms(value) {
  if (value === 0) return "0 ms";
  if (value < 1) return value.toFixed(3) + " ms";
  if (value < 1000) return value.toFixed(1) + " ms";
  if (value < 120000) return (value / 1000).toFixed(1) + " s";
  if (value < 7200000) return (value / 60000).toFixed(1) + " min";
  return (value / 3600000).toFixed(1) + " h";
}
function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 1000 && unit < 4) { value /= 1000; unit++; }
  return value.toFixed(unit ? 1 : 0) + " " + units[unit];
}
const when = text => text ? text.slice(0, 19).replace("T", " ") : "";

function figures(pairs) {
  return el("dl", { class: "figures" }, ...pairs.filter(pair => pair).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

// Columns of a chart: `label` is said on hover, `tick` under the first, middle and last.
function chart(name, columns) {
  const width = 900, height = 170, left = 60, bottom = 20, top = 10;
  const most = Math.max(...columns.map(c => c.value), 1e-9);
  const step = (width - left - 10) / Math.max(columns.length, 1);
  const y = value => top + (height - top - bottom) * (1 - value / most);
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name });
  for (const part of [0, 0.5, 1]) {
    svg.append(s("line", { class: "grid", x1: left, x2: width - 10, y1: y(most * part), y2: y(most * part) }));
    svg.append(s("text", { x: left - 6, y: y(most * part) + 4, "text-anchor": "end" }, columns.length ? columns[0].say(most * part) : ""));
  }
  columns.forEach((column, i) => {
    const at = y(column.value);
    const rect = s("rect", { class: "bar", x: left + i * step + 0.5, y: at, width: Math.max(step - 1, 1), height: Math.max(height - bottom - at, column.value > 0 ? 1 : 0) });
    rect.append(s("title", {}, column.label));
    svg.append(rect);
  });
  const ticks = [...new Set([0, Math.floor((columns.length - 1) / 2), columns.length - 1])].filter(i => i >= 0);
  ticks.forEach((i, n) => svg.append(s("text", { x: left + (i + 0.5) * step, y: height - 5, "text-anchor": n === 0 ? "start" : i === columns.length - 1 ? "end" : "middle" }, columns[i].tick)));
  return svg;
}

// Stretches without executions are columns too.
function load(columns, value, say) {
  const filled = [];
  columns.forEach((column, i) => {
    const start = Date.parse(column.start);
    if (i > 0) {
      const width = column.minutes * 60000;
      for (let t = Date.parse(columns[i - 1].start) + width; t < start && filled.length < 500; t += width) {
        const text = new Date(t).toISOString();
        filled.push({ value: 0, say, tick: when(text).slice(0, 16), label: when(text) + ": nothing" });
      }
    }
    filled.push({ value: value(column), say, tick: when(column.start).slice(0, 16), label: `${when(column.start)}, ${column.minutes} min: ${count(column.calls)} executions, ${ms(column.total_ms)}` });
  });
  return filled;
}

function findings(list, linked) {
  if (!list.length) return null;
  return el("ul", { class: "plain" }, ...list.map(f => el("li", {},
    el("strong", { class: f.severity }, `${f.severity}: ${f.rule} `), f.message,
    linked && f.query ? el("span", {}, " ", el("a", { href: "#query/" + f.query }, f.query)) : null,
    f.help ? el("p", { class: "help" }, f.help) : null)));
}

function overview() {
  const left = [["entries not known", summary.unrecognized], ["entries in another language", summary.foreign], ["stray lines", summary.stray], ["marks of cut text", summary.truncated],
    ["durations without a statement", summary.unattributed.calls], ["executions without a duration", summary.untimed], ["executions beyond the kept queries", summary.overflow.calls]].filter(pair => pair[1] > 0);
  main.append(
    figures([["executions", count(summary.statements)], ["queries", count(summary.queries)], ["time in queries", ms(summary.total_ms)], ["parse and bind", ms(summary.parse_bind_ms)],
      ["entries", count(summary.entries)], ["read", bytes(summary.bytes)], ["lock waits", count(report.events.lock_waits.count)], ["deadlocks", count(report.events.deadlocks.count)],
      ["cancelled", count(report.events.cancelled.count)], ["errors", count(report.events.errors.count)]]),
    summary.from_plans ? el("p", {}, "The figures come from auto_explain's plans: the log has no durations of statements.") : "",
    el("h2", {}, "Time in queries"), chart("time in queries over time", load(report.timeline, c => c.total_ms, ms)),
    el("h2", {}, "Executions"), chart("executions over time", load(report.timeline, c => c.calls, n => count(Math.round(n)))),
    el("h2", {}, "What costs the most"), table(report.top.by_total.slice(0, 10).map(i => report.queries[i]).filter(q => q)));
  if (left.length || report.errors.length) main.append(el("h2", {}, "Not in the figures"), el("ul", { class: "plain" },
    ...left.map(([name, n]) => el("li", {}, `${count(n)} ${name}`)), ...report.errors.map(e => el("li", { class: "error" }, `${e.file}: ${e.message}`))));
  main.append(el("h2", {}, "Files"), el("ul", { class: "plain" }, ...report.files.map(f => el("li", {}, f.file + " ", el("span", { class: "sub" }, f.format)))));
}

const COLUMNS = [["total", "total_ms", ms], ["share", "share", x => (x * 100).toFixed(1) + " %"], ["calls", "calls", count], ["mean", "mean_ms", ms], ["p95", "p95_ms", ms], ["p99", "p99_ms", ms], ["max", "max_ms", ms], ["deviation", "stddev_ms", ms]];
const order = { by: "total_ms", down: true };

function table(queries, sortable) {
  const head = COLUMNS.map(([name, key]) => el("th", sortable && order.by === key ? { "aria-sort": order.down ? "descending" : "ascending" } : {},
    sortable ? el("button", { type: "button", onclick: () => { order.down = order.by === key ? !order.down : true; order.by = key; listing(); } }, name) : name));
  return el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, ...head, el("th", { class: "text" }, "query"))),
    el("tbody", {}, ...queries.map(q => el("tr", {}, ...COLUMNS.map(([, key, say]) => el("td", key === "share" ? { class: "share", style: `--w:${(q.share * 100).toFixed(1)}%` } : {}, say(q[key]))),
      el("td", { class: "text" }, el("a", { href: "#query/" + q.query }, q.text.length > 240 ? q.text.slice(0, 240) + "…" : q.text),
        q.code.length ? el("div", { class: "sub" }, q.code.slice(0, 2).map(c => `${c.file}:${c.line}`).join(", ")) : null,
        q.findings.length ? el("div", { class: "sub " + q.findings[0].severity }, q.findings.map(f => f.rule).join(", ")) : null))))));
}

let wanted = "";
let listing = () => {};
function queries() {
  const place = el("div", {});
  listing = () => {
    const words = wanted.toLowerCase().split(/\s+/).filter(word => word);
    const shown = report.queries.filter(q => { const text = [q.text, q.query, q.tables.join(" "), q.code.map(c => c.file).join(" "), q.findings.map(f => f.rule).join(" "), q.users.map(u => u.name).join(" "), q.applications.map(a => a.name).join(" ")].join(" ").toLowerCase(); return words.every(word => text.includes(word)); });
    shown.sort((a, b) => (a[order.by] - b[order.by]) * (order.down ? -1 : 1));
    place.replaceChildren(el("p", { class: "sub", "aria-live": "polite" }, `${count(shown.length)} of ${count(summary.queries)} queries`), table(shown.slice(0, 300), true), shown.length > 300 ? el("p", { class: "sub" }, "The first 300 are shown: search for the others.") : "");
  };
  const search = el("input", { type: "search", placeholder: "text, table, file, rule, user", "aria-label": "search queries", value: wanted, oninput: event => { wanted = event.target.value; listing(); } });
  main.append(el("h2", {}, "Queries"), search, place);
  listing();
}

function shares(title, list) {
  return el("div", {}, el("h2", {}, title), el("table", {}, el("tbody", {}, ...list.slice(0, 15).map(x => el("tr", {}, el("td", { class: "text" }, x.name), el("td", {}, count(x.calls)), el("td", {}, ms(x.total_ms)))))));
}

function query(name) {
  const q = report.queries.find(q => q.query === name);
  if (!q) { main.append(el("p", {}, "This query is not among those in this page.")); return; }
  main.append(el("a", { class: "back", href: "#queries" }, "← all queries"), el("pre", {}, q.text),
    figures([["total", ms(q.total_ms)], ["share", (q.share * 100).toFixed(1) + " %"], ["calls", count(q.calls)], ["mean", ms(q.mean_ms)], ["deviation", ms(q.stddev_ms)], ["min", ms(q.min_ms)], ["median", ms(q.p50_ms)], ["p95", ms(q.p95_ms)], ["p99", ms(q.p99_ms)], ["max", ms(q.max_ms)],
      q.parse_bind_ms ? ["parse and bind", ms(q.parse_bind_ms)] : null, q.rows !== null ? ["rows", String(q.rows)] : null, q.temp_bytes ? ["temporary files", bytes(q.temp_bytes)] : null]),
    el("p", { class: "sub" }, `${q.query} · ${when(q.first)} to ${when(q.last)}` + (q.tables.length ? " · tables: " + q.tables.join(", ") : "")));
  if (q.findings.length) main.append(el("h2", {}, "Findings"), findings(q.findings, false));
  if (q.code.length) main.append(el("h2", {}, "Sent by"), el("ul", { class: "plain" }, ...q.code.map(c => el("li", {}, `${c.file}:${c.line}:${c.column}`))));
  main.append(el("h2", {}, "Time over the day"), chart("time of this query over time", load(q.timeline, c => c.total_ms, ms)),
    el("h2", {}, "Durations"), chart("how many executions took how long", q.latency.map(([at, n]) => ({ value: n, say: x => count(Math.round(x)), tick: ms(at), label: `about ${ms(at)}: ${count(n)}` }))));
  if (q.offsets.length > 1) main.append(el("h2", {}, "Mean time by OFFSET"), chart("mean time by offset", q.offsets.map(o => ({ value: o.mean_ms, say: ms, tick: count(o.offset), label: `OFFSET ${count(o.offset)}: ${count(o.calls)} executions, ${ms(o.mean_ms)} on average` }))));
  if (q.example) main.append(el("h2", {}, `Slowest example, ${ms(q.example.ms)}`), el("pre", {}, q.example.filled), el("p", { class: "sub" }, q.example.file + (q.example.line ? ":" + q.example.line : "") + (q.example.cut ? " (cut)" : "")));
  if (q.plan) main.append(el("h2", {}, "Worst plan"), el("pre", {}, q.plan));
  if (q.labels.length) main.append(el("h2", {}, "Labels in its comments"), el("ul", { class: "plain" }, ...q.labels.map(([k, v]) => el("li", {}, `${k}: ${v}`))));
  main.append(el("div", { class: "two" }, shares("Users", q.users), shares("Databases", q.databases), shares("Applications", q.applications), shares("Hosts", q.hosts)));
}

function events() {
  for (const [name, list] of Object.entries(report.events)) {
    if (!list.count) continue;
    main.append(el("h2", {}, `${name.replaceAll("_", " ")}: ${count(list.count)}`), el("div", { class: "wide" }, el("table", {}, el("tbody", {}, ...list.groups.slice(0, 50).map(g => el("tr", {},
      el("td", {}, count(g.count)), el("td", {}, g.total_ms ? ms(g.total_ms) : ""), el("td", {}, g.bytes ? bytes(g.bytes) : ""), el("td", {}, when(g.first)),
      el("td", { class: "text" }, g.example || g.key, g.detail ? el("div", { class: "sub" }, g.detail.slice(0, 400)) : null, g.query ? el("div", {}, el("a", { href: "#query/" + g.query }, g.statement.slice(0, 200))) : null)))))));
  }
}

function who() {
  main.append(el("div", { class: "two" }, shares("Users", report.users), shares("Databases", report.databases), shares("Applications", report.applications), shares("Hosts", report.hosts), shares("Tables", report.tables)),
    el("h2", {}, "By hour"), chart("time by hour", load(report.hours, c => c.total_ms, ms)));
}

function show() {
  const [part, name] = (location.hash.slice(1) || "overview").split("/");
  main.replaceChildren();
  document.querySelectorAll("nav a").forEach(a => a.hash === "#" + (part === "query" ? "queries" : part) ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current"));
  ({ overview, queries, events, who, query: () => query(name), findings: () => main.append(el("h2", {}, "Findings"), findings(report.findings, true) || el("p", {}, "Nothing stood out."),
    el("h2", {}, "Of the queries"), findings(report.queries.flatMap(q => q.findings), true) || el("p", {}, "None."))}[part] || overview)();
  scrollTo(0, 0);
}
document.getElementById("span").textContent = `${when(summary.first)} to ${when(summary.last)} UTC`;
addEventListener("hashchange", show);
show();
