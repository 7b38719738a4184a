// The page follows new cuts of the tables: the server names one, the page asks for itself again and takes over the parts that changed.
import { attachAll } from "./chart.js";
const script = document.querySelector("script[data-updates]");
let cut = script.dataset.cut, busy = false, again = false;
const refresh = async () => {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
    if (!answer.ok) return; // the next cut asks again
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const now = fresh.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
      if (!now || now.innerHTML === part.dataset.was) continue;
      const open = [...part.querySelectorAll("details")].map((d) => d.open), held = part.contains(document.activeElement);
      if (held) continue; // nothing moves under a reader's hand
      part.dataset.was = now.innerHTML;
      part.innerHTML = now.innerHTML;
      part.querySelectorAll("details").forEach((d, i) => { d.open = open[i] ?? false; });
    }
    attachAll();
  } finally {
    busy = false;
    if (again) { again = false; refresh(); }
  }
};
if (script.dataset.updates) {
  const events = new EventSource(script.dataset.updates);
  events.addEventListener("cut", (e) => {
    if (e.lastEventId === cut) return;
    cut = e.lastEventId;
    refresh();
  });
}
setInterval(() => { if (!document.hidden) refresh(); }, 60000); // "behind" goes on, and where no stream gets through
