// Hands a plot or its figures to the reader as a file.

/** What style.css gives to the marks of a plot; written into the file, which has no style sheet. */
const STYLED = ["color", "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "font-variant-numeric", "text-anchor"];

/** Saves `rows` under `head` as CSV (RFC 4180). */
export function downloadCsv(name, { head, rows }) {
  const line = (cells) => `${cells.map(field).join(",")}\r\n`;
  save(`${name}.csv`, "text/csv", [head, ...rows].map(line).join(""));
}

function field(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}

/** Saves a plot that is in the page as an SVG that looks the same anywhere, with `caption` as its description. */
export function downloadSvg(name, svg, caption) {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((original, index) => {
    const style = getComputedStyle(original);
    for (const property of STYLED) copies[index].setAttribute(property, style.getPropertyValue(property));
    copies[index].removeAttribute("class");
  });
  const ground = document.createElementNS(svg.namespaceURI, "rect");
  for (const [attribute, value] of Object.entries({ width: "100%", height: "100%", fill: groundColour(svg) })) ground.setAttribute(attribute, value);
  const description = document.createElementNS(svg.namespaceURI, "desc");
  description.textContent = caption;
  copy.prepend(description, ground);
  save(`${name}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy));
}

/** The colour behind the plot: that of the nearest ancestor which has one. */
function groundColour(node) {
  for (let at = node.parentElement; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)" && colour !== "transparent") return colour;
  }
  return "#fff";
}

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own reference by the next turn.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
