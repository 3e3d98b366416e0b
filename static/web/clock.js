// Ages that grow between two answers of the server, and times in the zone of this browser.
"use strict";
(() => {
  const { duration, localZone, timestamp, setText } = dqm.times;
  const received = new WeakMap(); // element with data-age -> {age, at}: its age and when it was received, ms

  function showAges() {
    for (const element of document.querySelectorAll("[data-age]")) {
      if (received.get(element)?.age !== element.dataset.age) received.set(element, { age: element.dataset.age, at: performance.now() });
      const { age, at } = received.get(element);
      setText(element, duration(Math.floor(Number(age) + (performance.now() - at) / 1000)));
    }
    for (const element of document.querySelectorAll("[data-since]")) {
      setText(element, duration(Math.max(0, Math.floor(Date.now() / 1000 - Number(element.dataset.since)))));
    }
  }

  function showLocalTimes() {
    for (const element of document.querySelectorAll("time[data-local]")) setText(element, timestamp(Date.parse(element.dateTime)));
    for (const element of document.querySelectorAll("[data-zone]")) setText(element, localZone());
  }

  // An age in a new answer counts from now, even if it is the same number as before.
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const element of event.target.querySelectorAll("[data-age]")) received.delete(element);
    showAges();
  });
  document.addEventListener("htmx:afterSettle", showLocalTimes);
  setInterval(showAges, 1000);
  showAges();
  showLocalTimes();
})();
