// Sends a filter bar as soon as it is changed; without this it has a button for that.

/** @param {HTMLFormElement} form */
export default function start(form) {
  form.addEventListener("change", () => form.requestSubmit());
}
