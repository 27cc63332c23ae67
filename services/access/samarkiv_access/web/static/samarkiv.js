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

  // Upload piece by piece (tus 1.0): a cut connection goes on where it stopped, and there is no limit of a page.
  const PIECE = 8 * 1024 * 1024;
  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
  const ask = async (method, path, headers, body) => {
    const answer = await fetch(path, { method, headers, body, credentials: "same-origin" });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    const fault = new Error([told.title, told.detail, told.todo].filter(Boolean).join(". ") || `HTTP ${answer.status}`);
    fault.final = answer.status < 500 && answer.status !== 409;
    throw fault;
  };
  const send = async (file, path, own, tell) => {
    const tus = { ...own, "Tus-Resumable": "1.0.0" };
    let offset = 0;
    for (let tries = 0; offset < file.size;) {
      try {
        const body = file.slice(offset, offset + PIECE);
        await ask("PATCH", path, { ...tus, "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" }, body);
        offset += body.size;
        tries = 0;
      } catch (fault) {
        if (fault.final || ++tries > 8) throw fault;
        await pause(tries);
        const answer = await fetch(path, { method: "HEAD", headers: tus }).catch(() => null);
        if (answer && answer.ok) offset = Number(answer.headers.get("Upload-Offset"));
      }
      tell(offset / file.size);
    }
  };
  all("form[data-upload]", (form) => {
    const file = form.querySelector("input[type=file]");
    const status = form.querySelector("[data-progress]");
    if (!file || !status) return;
    const bar = form.querySelector("progress");
    form.addEventListener("submit", async (event) => {
      const one = file.files[0];
      if (!one) return;
      event.preventDefault();
      const fields = new FormData(form);
      const own = { "X-Form-Token": fields.get("csrf"), Accept: "application/json" };
      const json = { ...own, "Content-Type": "application/json" };
      const button = form.querySelector("button");
      button.setAttribute("aria-disabled", "true");
      const tell = (part) => { bar.hidden = false; bar.value = part; status.textContent = `${Math.floor(100 * part)} %`; };
      try {
        const asked = { agreement: fields.get("agreement"), title: one.name.replace(/\.(zip|tar|tar\.gz|tgz)$/i, ""), name: one.name, bytes: one.size, kind: fields.get("test") ? "TEST" : "NEW" };
        const opened = await (await ask("POST", "/v1/deliveries", { ...json, "Idempotency-Key": crypto.randomUUID() }, JSON.stringify(asked))).json();
        await send(one, opened.upload, own, tell);
        await ask("POST", opened.commit, own);
        location.assign(`/leverans/${opened.id}`);
      } catch (fault) {
        status.textContent = fault.message;
        button.removeAttribute("aria-disabled");
      }
    });
  });

  const errors = document.getElementById("fel");
  if (errors) errors.focus();
})();
