/** Light or dark, as the page is where the panel stands; the system's wish decides only where the page says nothing. */

const system = matchMedia("(prefers-color-scheme: dark)");

/** Sets data-theme on the host, now and whenever the page may have changed its colours. */
export function followTheme(host, signal) {
  const apply = () => {
    host.dataset.theme = isDark(host.parentElement) ? "dark" : "light";
  };
  const observer = new MutationObserver(apply);
  for (const root of [document.documentElement, document.body]) {
    observer.observe(root, { attributeFilter: ["class", "style", "data-theme"] });
  }
  system.addEventListener("change", apply, { signal });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  apply();
}

function isDark(element) {
  for (let place = element; place; place = place.parentElement) {
    const luminance = luminanceOf(getComputedStyle(place).backgroundColor);
    if (luminance !== null) return luminance < 0.35;
  }
  return system.matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
}

/** Between 0 and 1; null for a colour one can see through, or one written in a way we do not read. */
function luminanceOf(colour) {
  const match = /^(rgba?|color\(srgb)\s*\(?([^)]*)\)/.exec(colour);
  if (!match) return null;
  const scale = match[1].startsWith("rgb") ? 255 : 1;
  const [red, green, blue, alpha = 1] = (match[2].match(/[\d.]+/g) ?? []).map(Number);
  if (!(alpha > 0.5)) return null;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / scale;
}
