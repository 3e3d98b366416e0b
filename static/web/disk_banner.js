// The banner about a full disk: each answer to a page says whether the disk is full, also while nothing else is new.
"use strict";

document.addEventListener("htmx:afterRequest", (event) => {
  const banner = document.getElementById("disk-banner");
  const xhr = event.detail.xhr;
  if (banner && xhr.status > 0) banner.hidden = xhr.getResponseHeader("DQM-Disk") !== "full";
});
