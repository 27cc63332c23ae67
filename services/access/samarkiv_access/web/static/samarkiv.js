// Seasoning only: every page works without this file. Copy buttons, hashing a file in the browser, pages that move.
"use strict";
(() => {
  const all = (selector, act) => document.querySelectorAll(selector).forEach(act);

  all("button[data-copy]", (button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      const before = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = before; }, 2000);
    });
  });

  all("[data-hash]", (part) => {
    if (!window.crypto || !crypto.subtle) return;
    const file = part.querySelector("input[type=file]");
    const target = document.getElementById(part.dataset.hash);
    file.required = false;
    file.removeAttribute("name");
    part.hidden = false;
    file.addEventListener("change", async () => {
      const digest = await crypto.subtle.digest("SHA-256", await file.files[0].arrayBuffer());
      target.value = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      target.focus();
    });
  });

  // A page that is still moving fetches itself and puts the new text in place, unless someone is working in it.
  const refresh = async (box) => {
    const again = () => setTimeout(() => refresh(document.querySelector("[data-live]")), 1000 * Number(box.dataset.live));
    if (document.hidden || box.contains(document.activeElement)) { again(); return; }
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(box.id);
      if (answer.ok && fresh) {
        if (fresh.innerHTML !== box.innerHTML) box.replaceWith(fresh);
        if (!fresh.dataset.live) return;
      }
    } catch { /* the next look may succeed; the page says when it was last true */ }
    const next = document.querySelector("[data-live]");
    if (next) setTimeout(() => refresh(next), 1000 * Number(next.dataset.live));
  };
  const live = document.querySelector("[data-live]");
  if (live) setTimeout(() => refresh(live), 1000 * Number(live.dataset.live));

  const errors = document.getElementById("fel");
  if (errors) errors.focus();
})();
