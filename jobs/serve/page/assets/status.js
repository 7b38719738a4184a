// The page of operators looks again every 10 seconds, and takes over its parts where they are.
const look = async () => {
  if (document.hidden) return;
  const clock = document.querySelector(".fresh");
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(8000) });
    if ([401, 403, 404].includes(answer.status)) { location.reload(); return; }
    if (!answer.ok) throw new Error(answer.status);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) part.innerHTML = fresh.querySelector(`[data-live="${part.dataset.live}"]`)?.innerHTML ?? part.innerHTML;
  } catch {
    if (!clock.textContent.startsWith("Offline")) clock.prepend("Offline. As of ");
  }
};
setInterval(look, 10000);
