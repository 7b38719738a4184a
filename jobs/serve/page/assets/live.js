// The page follows new cuts of the tables: the server names one, the page asks for itself again and takes over the parts
// that changed. Where the server does not answer, the page says so, and its figures stay.
const script = document.querySelector("script[data-updates]"), root = document.documentElement;
let cut = script.dataset.cut, busy = false, again = false, lost = 0, read = performance.now();

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
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
    if (!answer.ok) return; // the next cut asks again
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) renew(part, fresh.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`));
    read = performance.now();
    document.dispatchEvent(new Event("renewed")); // modules do not know each other's addresses, which change with their content
  } catch {
    // offline: the stream says when the server is back
  } finally {
    busy = false;
    if (again) { again = false; refresh(); }
  }
};

// How old the figures are goes on by itself.
const ago = (s) => (s < 2 ? "1 s" : s < 120 ? `${s} s` : s < 7200 ? `${Math.floor(s / 60)} min` : s < 172800 ? `${Math.floor(s / 3600)} hours` : `${Math.floor(s / 86400)} days`);
const age = () => {
  const since = document.querySelector(".fresh .since"), dot = document.querySelector(".fresh .dot");
  if (!since) return;
  const seconds = Math.floor((since.dataset.now - since.dataset.asOf + performance.now() - read) / 1000), told = since.querySelector(".ago");
  if (told) told.textContent = ago(seconds);
  dot.classList.toggle("flows", !lost && seconds < 60);
};

const offline = () => {
  const fresh = document.querySelector(".fresh"), since = fresh?.querySelector(".since");
  if (!since || fresh.querySelector(".lost")) return;
  const told = document.createElement("span");
  told.className = "lost";
  told.setAttribute("role", "status");
  told.textContent = "Offline. ";
  since.before(told);
  fresh.querySelector(".dot").className = "dot old";
  fresh.dataset.was = "offline"; // the next answer takes its place
};

const listen = () => {
  const events = new EventSource(script.dataset.updates);
  events.addEventListener("open", () => {
    if (lost) refresh();
    clearTimeout(lost);
    lost = 0;
  });
  events.addEventListener("cut", (e) => {
    root.dataset.heard = e.lastEventId;
    if (e.lastEventId === cut) return;
    cut = e.lastEventId;
    refresh();
  });
  events.addEventListener("error", () => {
    lost ||= setTimeout(offline, 2000);
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000); // refused: the browser does not try again
  });
};

document.querySelector("header [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
if (script.dataset.updates) listen();
setInterval(age, 1000);
setInterval(() => { if (!document.hidden) refresh(); }, 60000); // what is told of the last hour, and where no stream gets through
