// Closes an open menu when somebody turns elsewhere; opening it needs no script.

const openMenus = () => document.querySelectorAll("details.menu[open]");

/** Begins to watch for clicks and keys outside of menus. */
export function closeMenusFromOutside() {
  document.addEventListener("click", ({ target }) => {
    for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}
