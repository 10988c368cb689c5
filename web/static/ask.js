// Shows an answer while it is written; then the page of the answer opens. Without a script the form is sent as ever.
"use strict";
(() => {
  const main = document.getElementById("main");
  const form = main.querySelector("form.ask");
  if (!form || !window.TextDecoderStream) return;
  let plainly = false; // the form is sent without this script

  const made = (tag, name, text, attributes = {}) => {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  // Shows the question in place of the page, and returns where the sentences go.
  const begin = (question) => {
    const view = made("div", "writing", "");
    const head = made("header", "head", "");
    const answer = made("section", "answer", "", { "aria-label": "Answer", "aria-live": "polite" });
    head.append(made("p", "kicker", "Reading the articles …", { role: "status" }));
    head.append(made("h1", "", question, { dir: "auto" }));
    view.append(head, answer);
    for (const child of main.children) child.hidden = true;
    main.append(view);
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
    return answer;
  };

  const end = (words) => {
    main.querySelector(".writing")?.remove();
    for (const child of main.children) child.hidden = false;
    if (words) main.prepend(made("p", "note", words, { role: "alert" }));
  };

  const events = async function* (body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let waiting = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (waiting + value).split("\n\n");
      waiting = parts.pop();
      for (const part of parts) {
        const found = /^event: (\w+)\ndata: (.*)$/.exec(part);
        if (found) yield [found[1], JSON.parse(found[2])];
      }
    }
  };

  const ask = async (submitter) => {
    const fields = new FormData(form, submitter);
    const answered = await fetch(location.href, {
      method: "POST",
      headers: { Accept: "text/event-stream" },
      body: new URLSearchParams(fields),
      redirect: "manual",
    });
    if (!answered.ok || !answered.headers.get("content-type")?.startsWith("text/event-stream")) {
      plainly = true; // the page that says why comes the usual way
      form.requestSubmit(submitter);
      return;
    }
    const section = begin(fields.getAll("q").pop().trim());
    for await (const [kind, data] of events(answered.body)) {
      if (kind === "sentence") {
        const marks = data.numbers.map((number) => `\u00a0[${number}]`).join("");
        section.append(made("p", "", data.text + marks, { dir: "auto" }));
      } else if (kind === "page") {
        location.assign(data);
        return;
      } else {
        break;
      }
    }
    throw new Error("the answer broke off");
  };

  form.addEventListener("submit", (event) => {
    if (plainly) return;
    event.preventDefault();
    if (main.querySelector(".writing")) return;
    main.querySelector(".note[role=alert]")?.remove();
    ask(event.submitter).catch(() => end("The answer broke off. Please ask again."));
  });
  addEventListener("pageshow", (event) => event.persisted && end());
})();
