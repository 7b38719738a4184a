// A cursor over each chart: pointer, finger and arrow keys move it, and what it says comes from the chart's own table.
// It is a slider, so screen readers read out each point as it is reached.
const element = (name, parent) => {
  const e = document.createElement("div");
  e.className = name;
  parent.append(e);
  return e;
};

const attach = (figure) => {
  const stage = figure.querySelector(".stage"), rows = [...figure.querySelectorAll("tbody tr")];
  if (!stage || rows.length < 2 || stage.querySelector(".cursor")) return;
  const heads = [...figure.querySelectorAll("thead th")].map((th) => th.textContent);
  const cursor = element("cursor", stage), rule = element("rule", cursor), told = element("told", cursor);
  const dots = heads[2] ? [element("at then", cursor), element("at", cursor)] : [element("at", cursor)];
  const parts = [rule, told, ...dots];
  let at = rows.length - 1;
  const sheet = () => [...stage.querySelectorAll("svg")].find((svg) => svg.getBoundingClientRect().width > 0)?.dataset; // of the screen as it is
  const cells = (i) => [...rows[i].cells].map((c) => c.textContent.trim());
  const lines = (i) => cells(i).map((text, n) => [rows[i].cells[n].className === "r" ? heads[n] : "", text]).slice(1).filter(([, text]) => text);
  const hide = () => parts.forEach((p) => { p.hidden = true; });
  const say = () => {
    cursor.setAttribute("aria-valuenow", at);
    cursor.setAttribute("aria-valuetext", `${cells(at)[0]}: ${lines(at).map((line) => line.join(" ").trim()).join(", ")}`);
  };
  const show = (i) => {
    const s = sheet();
    if (!s) return;
    at = Math.max(0, Math.min(rows.length - 1, i));
    const share = (Number(s.first) + s.step * at) / s.width, left = share < 0.5;
    parts.forEach((p) => { p.hidden = false; });
    rule.style.left = `${share * 100}%`;
    rule.style.height = `${s.bottom ? (s.bottom / s.height) * 100 : 100}%`;
    dots.forEach((dot, n) => {
      const plays = Number(cells(at)[dots.length - n].replaceAll(",", ""));
      dot.hidden = !s.most;
      if (s.most) dot.style.top = `${((s.bottom - ((s.bottom - s.top) * plays) / s.most) / s.height) * 100}%`;
      dot.style.left = `${share * 100}%`;
    });
    const head = document.createElement("b");
    head.textContent = cells(at)[0];
    told.replaceChildren(head, ...lines(at).flat().filter(Boolean).map((text) => {
      const span = document.createElement("span");
      span.textContent = text;
      return span;
    }));
    told.style.left = left ? `calc(${share * 100}% + 14px)` : "auto";
    told.style.right = left ? "auto" : `calc(${(1 - share) * 100}% + 14px)`;
    say();
  };
  const point = (e) => {
    const box = cursor.getBoundingClientRect(), s = sheet();
    if (s) show(Math.round((((e.clientX - box.left) / box.width) * s.width - s.first) / s.step));
  };
  for (const [name, value] of Object.entries({ role: "slider", tabindex: 0, "aria-label": figure.querySelector("svg").getAttribute("aria-label"), "aria-valuemin": 0, "aria-valuemax": rows.length - 1 })) cursor.setAttribute(name, value);
  hide();
  say();
  cursor.addEventListener("pointerdown", point);
  cursor.addEventListener("pointermove", point);
  cursor.addEventListener("pointerleave", (e) => { if (e.pointerType === "mouse" && document.activeElement !== cursor) hide(); });
  cursor.addEventListener("focus", () => show(at));
  cursor.addEventListener("blur", hide);
  cursor.addEventListener("click", (e) => { // marks lie below the cursor
    cursor.style.pointerEvents = "none";
    const under = document.elementFromPoint(e.clientX, e.clientY);
    cursor.style.pointerEvents = "";
    under?.closest("a")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  });
  cursor.addEventListener("keydown", (e) => {
    const moves = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 7, PageUp: at + 7, Home: 0, End: rows.length - 1 };
    if (e.key === "Escape") hide();
    if (!(e.key in moves)) return;
    e.preventDefault();
    show(moves[e.key]);
  });
};

const attachAll = () => document.querySelectorAll("figure[data-chart]").forEach(attach);
document.addEventListener("renewed", attachAll); // parts of the page were replaced
attachAll();
