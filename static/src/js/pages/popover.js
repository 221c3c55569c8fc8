// Opens what a link fetched on top of the page; without this the link leads to a page of its own.

/** @param {HTMLElement} popover what links have a part of as their target */
export default function start(popover) {
  popover.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { finalRequestPath, responsePath } = detail.pathInfo;
    if (!detail.isError && responsePath === finalRequestPath) return;
    // Signed out, or gone meanwhile: a page says so better than a corner of this one.
    detail.shouldSwap = false;
    // More of one number that there isn't is no reason to leave all others.
    if (detail.isError && popover.matches(":popover-open")) return;
    location.assign(finalRequestPath);
  });
  popover.addEventListener("htmx:afterSwap", ({ detail }) => {
    // What a figure is made of may say more of one of its numbers, in its place.
    if (!popover.matches(":popover-open")) popover.showPopover({ source: detail.requestConfig.elt });
  });
}
