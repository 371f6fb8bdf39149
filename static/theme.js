// Before the first paint: where the reader chose nothing, the device says light or dark.
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const follow = () => { root.dataset.bsTheme = root.dataset.theme || (dark.matches ? "dark" : "light"); };
follow();
dark.addEventListener("change", follow);
