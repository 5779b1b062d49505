// Watches one camera: opens a viewing, plays it, and stops it at the very moment Varco says that it has ended.

const STATUS_EVERY_MS = 2000;
const LOST_AFTER_COUNT = 3;

for (const place of document.querySelectorAll("[data-player]")) new Player(place);

function Player(place) {
  const says = place.dataset;
  const video = place.querySelector("video");
  const words = place.querySelector("[data-screen-words]");
  const state = place.querySelector("[data-state]");
  const term = place.querySelector("[data-until]"); // not read aloud: it moves on as the grant is decided again
  const refusal = place.querySelector("[data-refusal]");
  const stop = place.querySelector("[data-stop]");
  const skew = Date.parse(says.now) - Date.now(); // Varco's clock counts, not this machine's
  let viewing = null;

  for (const form of place.querySelectorAll("form[data-open]")) {
    form.addEventListener("submit", (event) => { event.preventDefault(); open(form); });
  }
  place.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-start]");
    const form = chosen?.closest("form");
    if (form) { form.elements.dal.value = chosen.dataset.start; form.querySelector("[type=submit]").focus(); }
  });
  stop.addEventListener("click", () => end(says.saysClosed, { tell: true }));
  window.addEventListener("pagehide", () => { if (viewing) tellClosed(viewing.grant); });

  async function open(form) {
    end("", { tell: true });
    refusal.replaceChildren();
    state.textContent = says.saysOpening;
    const live = form.dataset.open === "live.view";
    const question = { controller: says.controller, camera: says.camera, operation: form.dataset.open, case: says.case };
    if (!live) {
      const starts = instantOf(form.elements.dal.value);
      const ends = Math.min(starts + Number(form.elements.durata.value) * 1000, Date.now() + skew); // what is not yet filmed is not asked for
      question.starts = instant(new Date(starts));
      question.ends = instant(new Date(Math.max(ends, starts + 1000)));
    }
    let answer;
    try {
      answer = await fetch("/api/v1/viewings", {
        method: "POST", headers: { "Content-Type": "application/json", "X-Varco": "1" }, body: JSON.stringify(question),
      });
    } catch { state.textContent = says.saysLost; return; }
    const told = await answer.json().catch(() => ({}));
    state.textContent = "";
    if (answer.status !== 201) { show(told); return; }
    begin(told, live);
  }

  async function begin(told, live) {
    const mine = viewing = { grant: told.grant, live, hls: null, events: null, timer: null, misses: 0 };
    until(told.valid_until);
    video.hidden = false; words.hidden = true; stop.hidden = false;
    follow(mine);
    const { default: Hls } = await import(says.hls);
    if (viewing !== mine) return;
    if (!Hls.isSupported()) { end(says.saysUnplayable, { tell: true }); return; }
    mine.hls = new Hls({
      workerPath: says.worker, enableWorker: true, backBufferLength: live ? 4 : 60,
      liveSyncDurationCount: 2, liveMaxLatencyDurationCount: 6, startPosition: live ? -1 : 0,
    });
    mine.hls.on(Hls.Events.ERROR, (_, error) => {
      if (viewing !== mine) return;
      if (error.response?.code >= 400) ask(mine);
      if (error.fatal) ask(mine).then(() => { if (viewing === mine) end(says.saysUnplayable, { tell: true }); });
    });
    mine.hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch(() => {}));
    mine.hls.loadSource(told.playlist);
    mine.hls.attachMedia(video);
    video.focus();
  }

  // Told by the server as it happens; asked again and again where that does not get through.
  function follow(mine) {
    mine.events = new EventSource(`/visioni/${mine.grant}/stato`);
    mine.events.addEventListener("stato", (event) => heard(mine, JSON.parse(event.data)));
    mine.events.onerror = () => {
      if (mine.timer || viewing !== mine) return;
      mine.events.close();
      ask(mine);
      mine.timer = setInterval(() => ask(mine), STATUS_EVERY_MS);
    };
  }

  async function ask(mine) {
    try {
      const answer = await fetch(`/api/v1/viewings/${mine.grant}/status`, { cache: "no-store" });
      const told = await answer.json();
      mine.misses = 0;
      heard(mine, answer.ok ? told : { state: "terminated", ...told });
    } catch {
      mine.misses += 1;
      if (viewing === mine && mine.misses >= LOST_AFTER_COUNT) end(says.saysLost);
    }
  }

  function heard(mine, told) {
    if (viewing !== mine) return;
    if (told.state !== "terminated" && told.state !== "ended") { until(told.valid_until); return; }
    const plain = { complete: says.saysComplete, closed: says.saysClosed, idle: says.saysIdle }[told.ending];
    end(plain ?? says.saysEnded);
    if (!plain) show(told);
  }

  function until(text) {
    const at = text ? new Date(text) : null;
    const kind = viewing?.live ? says.saysLive : says.saysRecording;
    if (state.textContent !== kind) state.textContent = kind;
    term.textContent = at && !Number.isNaN(at.getTime()) ? says.saysUntil.replace("{time}", clock(at)) : "";
  }

  function end(why, { tell = false } = {}) {
    const ended = viewing;
    viewing = null;
    if (ended) {
      ended.hls?.destroy();
      ended.events?.close();
      clearInterval(ended.timer);
      if (tell) tellClosed(ended.grant);
    }
    video.pause(); video.removeAttribute("src"); video.load();
    const held = document.activeElement === video || document.activeElement === stop;
    video.hidden = true; stop.hidden = true; words.hidden = false;
    term.textContent = "";
    if (why) { words.textContent = why; state.textContent = ""; }
    if (held) place.querySelector("form[data-open] button")?.focus();
  }

  function tellClosed(grant) {
    fetch(`/api/v1/viewings/${grant}`, { method: "DELETE", headers: { "X-Varco": "1" }, keepalive: true }).catch(() => {});
  }

  // A refusal says its sentence; a failure says what failed and since when.
  function show(told) {
    const template = place.querySelector(told.sentence ? "[data-refusal-template]" : "[data-fault-template]");
    const shown = template.content.cloneNode(true);
    const said = { since: clock(new Date()), title: told.title ?? says.saysUnplayable, ...told };
    if (String(told.type).endsWith(":footage-missing")) said.title = says.saysNofootage;
    for (const part of shown.querySelectorAll("[data-said]")) part.textContent = said[part.dataset.said] ?? "";
    refusal.replaceChildren(shown);
  }

  function clock(at) {
    return at.toLocaleTimeString(says.language, { timeZone: "Europe/Rome", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }
}

// Six decimals, always: Varco compares instants as text.
function instant(at) { return at.toISOString().replace("Z", "000Z"); }

// The wall time of a form's field, in Italy, whatever zone the machine is set to.
function instantOf(wall) {
  const guess = Date.parse(`${wall.length === 16 ? `${wall}:00` : wall}Z`);
  const offset = (at) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat("en", {
      timeZone: "Europe/Rome", hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    }).formatToParts(at).map((part) => [part.type, Number(part.value)]));
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - at;
  };
  const once = guess - offset(guess);
  return guess - offset(once);
}
