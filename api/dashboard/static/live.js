// The live part of a campaign's page: each event carries it whole; only what differs is replaced.
(() => {
  const watched = document.querySelector("[data-events]");
  if (!watched || !("EventSource" in window)) return;
  const RETRY_MS = 3000;
  const said = document.getElementById("said");
  const state = document.getElementById("live").dataset.state;
  let lastSaid = "";

  const tell = (what) => document.dispatchEvent(new CustomEvent(`figures:${what}`, { detail: "stream" }));

  // A screen reader hears each tenth, not each second.
  const say = (fresh) => {
    const share = fresh.querySelector("#line strong")?.textContent.trim() ?? "";
    const tenth = share.replace(/[.,].*| ?%/g, "").slice(0, -1);
    if (share && tenth !== lastSaid) {
      lastSaid = tenth;
      said.textContent = said.dataset.said.replace("{share}", share);
    }
  };

  const show = (source, event) => {
    tell("found");
    const fresh = new DOMParser().parseFromString(event.data, "text/html");
    if (fresh.getElementById("live").dataset.state !== state) {
      source.close();
      location.reload(); // other actions are possible now
      return;
    }
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const shown = document.getElementById(part.id);
      if (shown && shown.innerHTML !== part.innerHTML) shown.innerHTML = part.innerHTML;
    }
    say(fresh);
  };

  // A browser gives a stream up for good once it is refused, and does not say why.
  const ask = async () => {
    const answer = await fetch(watched.dataset.events, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(10000) }).catch(() => null);
    answer?.body?.cancel().catch(() => {});
    const where = answer?.headers.get("HX-Redirect");
    if (where) location.href = where;
    else if (answer?.ok) follow();
    else setTimeout(ask, RETRY_MS);
  };

  const follow = () => {
    const source = new EventSource(watched.dataset.events);
    source.addEventListener("progress", (event) => show(source, event));
    source.addEventListener("end", () => source.close());
    source.addEventListener("error", () => {
      tell("lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(ask, RETRY_MS);
    });
  };

  follow();
})();
