// Switches the theme at once; the form still goes to the server, which remembers the choice.

/** Takes over the forms that choose the theme. */
export function takeOverThemeForms() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("[data-theme-form]")) return;
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (event.submitter);
    document.documentElement.dataset.theme = button.value;
    for (const each of form.querySelectorAll("button")) {
      each.setAttribute("aria-pressed", String(each === button));
    }
    document.dispatchEvent(new CustomEvent("livefolio:theme"));
    const body = new FormData(form);
    body.set("theme", button.value);
    void fetch(form.action, { method: "POST", body, redirect: "manual" });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    document.dispatchEvent(new CustomEvent("livefolio:theme")),
  );
}

/**
 * Resolves a color token, which may be different in each theme, to what it is now.
 * @param {string} token such as "--gain"
 */
export function color(token) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
