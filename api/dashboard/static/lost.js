// A page that fetches its figures says when they stand still, since when, and that it tries again.
(() => {
  const PATIENCE_MS = 4000; // one answer that fails is nothing to be told of
  const said = document.getElementById("lost");
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "Europe/Paris" });
  const missing = new Set();
  let telling = 0;

  const lost = (what) => {
    if (missing.size === 0) {
      const since = clock.format(new Date());
      telling = setTimeout(() => {
        said.textContent = said.dataset.said.replace("{time}", since);
        said.hidden = false;
      }, PATIENCE_MS);
    }
    missing.add(what);
  };

  const found = (what) => {
    missing.delete(what);
    if (missing.size > 0) return;
    clearTimeout(telling);
    said.hidden = true;
    said.textContent = "";
  };

  document.addEventListener("figures:lost", (event) => lost(event.detail));
  document.addEventListener("figures:found", (event) => found(event.detail));

  // What a refusal or another page has none of would be emptied here, also out of band, which
  // htmx's noSwap leaves as it is.
  document.addEventListener("htmx:before:swap", (event) => {
    const answer = event.detail.ctx.response?.raw;
    if (!answer || (answer.ok && !answer.redirected)) return;
    event.preventDefault();
    lost("page");
  });
  document.addEventListener("htmx:error", (event) => { if (event.detail.ctx) lost("page"); });
  document.addEventListener("htmx:after:swap", () => found("page"));
})();
