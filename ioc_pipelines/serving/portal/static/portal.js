// Comforts only: every page works without this file.
"use strict";

// a click on the map fills in the place that is asked about
const map = document.querySelector("svg.map[data-west]");
const lon = document.querySelector("#lon");
const lat = document.querySelector("#lat");
if (map && lon && lat) {
  map.setAttribute("data-pick", "");
  map.addEventListener("click", (event) => {
    const box = map.getBoundingClientRect();
    const { west, south, east, north } = map.dataset;
    const right = (event.clientX - box.left) / box.width;
    const down = (event.clientY - box.top) / box.height;
    lon.value = (Number(west) + right * (Number(east) - Number(west))).toFixed(5);
    lat.value = (Number(north) - down * (Number(north) - Number(south))).toFixed(5);
    lon.focus();
  });
}

// a wall that nobody sits at: shown anew each minute, as long as the portal answers
if (document.body.dataset.wall) {
  setInterval(async () => {
    try {
      const answer = await fetch("/healthz", { cache: "no-store" });
      if (answer.ok) location.reload();
    } catch {
      // the portal is away: what is shown stays
    }
  }, 60_000);
}

for (const select of document.querySelectorAll("select[data-go]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
