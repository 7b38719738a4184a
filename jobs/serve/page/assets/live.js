// The page follows new cuts of the tables: the stream (stream.js) names one, the page asks for itself again and takes over
// the parts that changed. Where the server does not answer, the page says so, and its figures stay. One whose access has
// ended gives way to what the server says then.
let cut = document.querySelector("script[data-cut]").dataset.cut;
let busy = false, again = false, away = "", lost = false, read = performance.now();

const renew = (part, now) => {
  if (!now || now.innerHTML === (part.dataset.was ?? part.innerHTML)) return;
  if (part.contains(document.activeElement)) return; // nothing moves under a reader's hand
  const open = [...part.querySelectorAll("details")].map((d) => d.open), before = [...part.querySelectorAll("b")].map((b) => b.textContent);
  part.dataset.was = part.innerHTML = now.innerHTML;
  part.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? false; });
  part.querySelectorAll("b").forEach((b, i) => { if (b.textContent !== before[i]) b.classList.add("moved"); });
};

const refresh = async () => {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin", signal: AbortSignal.timeout(30000) });
    if ([401, 403, 404].includes(answer.status)) { location.reload(); return; }
    away = answer.status >= 500 ? "No new figures. " : "";
    if (!answer.ok) return; // the next cut asks again
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) renew(part, fresh.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`));
    read = performance.now();
    document.dispatchEvent(new Event("renewed")); // modules do not know each other's addresses, which change with their content
  } catch {
    away = "Offline. ";
  } finally {
    busy = false;
    age();
    if (again) { again = false; refresh(); }
  }
};

// How old the figures are goes on by itself.
const ago = (s) => (s < 2 ? "1 s" : s < 120 ? `${s} s` : s < 7200 ? `${Math.floor(s / 60)} min` : s < 172800 ? `${Math.floor(s / 3600)} hours` : `${Math.floor(s / 86400)} days`);
const age = () => {
  const fresh = document.querySelector(".fresh"), since = fresh?.querySelector(".since"), dot = fresh?.querySelector(".dot");
  if (!since) return;
  const seconds = Math.floor((since.dataset.now - since.dataset.asOf + performance.now() - read) / 1000), told = since.querySelector(".ago");
  if (told) told.textContent = ago(seconds);
  if (away && !fresh.querySelector(".lost")) since.insertAdjacentHTML("beforebegin", `<span class="lost" role="status"></span>`);
  if (away) fresh.querySelector(".lost").textContent = away;
  else fresh.querySelector(".lost")?.remove();
  dot.classList.toggle("old", Boolean(away) || !told);
  dot.classList.toggle("flows", !away && seconds < 60);
};

document.addEventListener("stream", ({ detail }) => {
  if (detail.lost && !lost) setTimeout(refresh, 1000); // a server that starts anew is back by then
  if (detail.tag !== cut && detail.tag || lost && !detail.lost) refresh();
  [cut, lost] = [detail.tag || cut, detail.lost];
});

document.querySelector("header [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
setInterval(age, 1000);
setInterval(() => { if (!document.hidden) refresh(); }, 60000); // what is told of the last hour, and where no stream gets through
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
