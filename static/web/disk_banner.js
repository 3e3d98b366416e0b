// The banners about a disk that is full or read-only: each answer to a page says whether it is, also while nothing else is new.
"use strict";

document.addEventListener("htmx:afterRequest", (event) => {
  const xhr = event.detail.xhr;
  if (xhr.status === 0) return;
  const state = xhr.getResponseHeader("DQM-Disk");
  for (const banner of document.querySelectorAll(".disk-banner")) banner.hidden = banner.dataset.disk !== state;
});
