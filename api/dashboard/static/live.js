// The live part of a campaign's page: each event carries it whole; only what differs is replaced.
(() => {
  const watched = document.querySelector("[data-events]");
  if (!watched || !("EventSource" in window)) return;
  const lost = document.getElementById("lost");
  const said = document.getElementById("said");
  const state = document.getElementById("live").dataset.state;
  const source = new EventSource(watched.dataset.events);
  let lastSaid = "";

  // A screen reader hears each tenth, not each second.
  const say = (fresh) => {
    const share = fresh.querySelector("#line strong")?.textContent.trim() ?? "";
    const tenth = share.replace(/[.,].*| ?%/g, "").slice(0, -1);
    if (share && tenth !== lastSaid) {
      lastSaid = tenth;
      said.textContent = said.dataset.said.replace("{share}", share);
    }
  };

  source.addEventListener("progress", (event) => {
    lost.hidden = true;
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
  });
  source.addEventListener("end", () => source.close());
  source.addEventListener("error", () => { lost.hidden = false; });
})();
