/** Light or dark: the system's wish unless the person chose one here. */

const KEY = "sandbox.theme";
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light"|"dark"} the palette on screen now */
export function currentTheme() {
  const chosen = root.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

/** Shows the other palette; forgets the choice when it equals the system's. */
export function toggleTheme() {
  const wanted = currentTheme() === "dark" ? "light" : "dark";
  const natural = system.matches ? "dark" : "light";
  if (wanted === natural) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, wanted);
  root.dataset.theme = wanted === natural ? "system" : wanted;
}

/** @param {() => void} listener called when the system's wish changes */
export function onSystemTheme(listener) {
  system.addEventListener("change", listener);
}
