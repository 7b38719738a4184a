// A cursor over each chart: pointer and arrow keys move it, what it says comes from the chart's own table.
const attach = (figure) => {
  const stage = figure.querySelector(".stage"), rows = [...figure.querySelectorAll("tbody tr")];
  if (!stage || rows.length < 2 || stage.querySelector(".cursor")) return;
  const heads = [...figure.querySelectorAll("thead th")].map((th) => th.textContent);
  const sheet = () => [...stage.querySelectorAll("svg")].find((svg) => svg.getBoundingClientRect().width > 0).dataset; // of the screen as it is
  const cursor = document.createElement("div"), rule = document.createElement("div"), told = document.createElement("div");
  cursor.className = "cursor";
  rule.className = "rule";
  told.className = "told";
  rule.hidden = told.hidden = true;
  cursor.append(rule, told);
  cursor.tabIndex = 0;
  cursor.setAttribute("role", "slider");
  cursor.setAttribute("aria-label", figure.querySelector("svg").getAttribute("aria-label"));
  cursor.setAttribute("aria-valuemin", 0);
  cursor.setAttribute("aria-valuemax", rows.length - 1);
  let at = rows.length - 1;
  const words = (i) => {
    const cells = [...rows[i].cells].map((c) => c.textContent.trim());
    return cells[0] + ": " + cells.slice(1).map((c, n) => (c && n < heads.length - 2 ? c + " " + heads[n + 1] : c)).filter(Boolean).join(", ");
  };
  const say = () => {
    cursor.setAttribute("aria-valuenow", at);
    cursor.setAttribute("aria-valuetext", words(at));
  };
  const show = (i) => {
    at = Math.max(0, Math.min(rows.length - 1, i));
    const { first, step, width } = sheet(), share = (+first + step * at) / width;
    rule.hidden = told.hidden = false;
    rule.style.left = share * 100 + "%";
    told.textContent = words(at);
    told.style.left = share < 0.5 ? "calc(" + share * 100 + "% + 10px)" : "auto";
    told.style.right = share < 0.5 ? "auto" : "calc(" + (1 - share) * 100 + "% + 10px)";
    say();
  };
  const hide = () => { rule.hidden = told.hidden = true; };
  cursor.addEventListener("pointermove", (e) => {
    const box = cursor.getBoundingClientRect(), { first, step, width } = sheet();
    show(Math.round((((e.clientX - box.left) / box.width) * width - first) / step));
  });
  cursor.addEventListener("pointerleave", () => { if (document.activeElement !== cursor) hide(); });
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
    if (!(e.key in moves)) return;
    e.preventDefault();
    show(moves[e.key]);
  });
  say();
  stage.append(cursor);
};
export const attachAll = () => document.querySelectorAll("figure[data-chart]").forEach(attach);
attachAll();
