// The pages of one browser share one stream of new cuts. Over HTTP/1.1 a browser has six connections to a server for all
// its tabs, and a stream takes one for as long as it is open: with one a page none would be left to load the next. A
// page that is seen holds it and tells the others what it hears. One that is not seen, or was left and is kept by the
// browser, holds nothing. (Web Locks would choose the holder in fewer lines, but are not there without https.)
const script = document.querySelector("script[data-updates]"), me = Math.random();
const every = 5000, silence = 12000; // ms between two words of the holder; how long the others bear to hear none
const soon = () => 100 + 300 * Math.random(); // so that of several that wait one is first
let channel, events, timer, tag = "", lost = false;

const wait = (ms) => { clearTimeout(timer); timer = setTimeout(turn, ms); };
const say = () => channel.postMessage({ from: me, tag, lost });

const hear = (cut, without) => {
  [tag, lost] = [cut, without];
  document.documentElement.dataset.heard = tag;
  document.dispatchEvent(new CustomEvent("stream", { detail: { tag, lost } }));
};

const open = () => {
  const note = (...now) => { hear(...now); say(); };
  events = new EventSource(script.dataset.updates);
  events.addEventListener("open", () => note(tag, false));
  events.addEventListener("cut", (e) => note(e.lastEventId, false));
  events.addEventListener("error", () => note(tag, true));
};

const drop = () => { events?.close(); events = undefined; };

const turn = () => {
  if (!events || events.readyState === EventSource.CLOSED) open(); // of one that was refused the browser does not try again
  say();
  wait(every);
};

const listen = ({ data }) => {
  if (data.leaves) {
    if (!events) wait(soon());
  } else if (data.asks || (events && data.from > me)) {
    if (events) say(); // of two that hold one the lower number stays
  } else {
    drop();
    hear(data.tag, data.lost);
    wait(silence + soon());
  }
};

const begin = () => {
  if (channel) return;
  channel = new BroadcastChannel("updates");
  channel.addEventListener("message", listen);
  channel.postMessage({ asks: true });
  wait(soon());
};

const end = () => {
  if (!channel) return;
  clearTimeout(timer);
  if (events) channel.postMessage({ leaves: true });
  drop();
  channel.close();
  channel = undefined;
};

const follow = (e) => (document.hidden || e?.type === "pagehide" ? end() : begin());
for (const name of ["pageshow", "pagehide"]) addEventListener(name, follow);
document.addEventListener("visibilitychange", follow);
follow();
