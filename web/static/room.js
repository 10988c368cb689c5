// Copying, where there is a script: the page does without. The buttons are hidden until this runs.
"use strict";
(() => {
  const actions = document.querySelector(".actions");
  if (!actions) return;
  const done = actions.querySelector(".done");
  const page = location.href.split("#")[0] + "#c";
  const texts = {
    link: () => page,
    quote: () => `“${actions.dataset.quote}”\n${actions.dataset.source}\n${page}`,
  };
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without https there is no clipboard but the old one.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "vh";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) throw new Error("not copied");
  };
  for (const button of actions.querySelectorAll("button")) {
    button.addEventListener("click", async () => {
      try {
        await copy(texts[button.dataset.copy]());
        done.textContent = button.dataset.copy === "link" ? "Link copied." : "Quote copied.";
      } catch {
        done.textContent = "Your browser does not let this page copy. Select the text instead.";
      }
      button.focus();
    });
  }
  actions.hidden = false;
})();
