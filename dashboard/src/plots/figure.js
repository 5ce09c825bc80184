// A figure of the page: a plot that fits its width, a sentence that says how to read it, and folded: what is drawn and its figures as a table.
import { downloadCsv, downloadSvg } from "../download.js";
import { element, fill } from "../element.js";

/** Smallest width at which a plot can still be read, in px. */
const LEAST_WIDTH = 260;

/**
 * A `<figure>` under `title`. `show(plot)` draws one of the plots of this folder: `{draw(width), reading, caption, numbers, csv,
 * name, empty}`. `reading` is a plain sentence that says how to read it, `caption` what exactly is drawn, with unit, n and
 * resolution; `empty` is the sentence that stands in for a plot without anything to draw, or false.
 */
export class Figure {
  #plot = null;
  #place = element("div", { class: "plot" });
  #reading = element("p", { class: "reading" });
  #caption = element("p", { class: "caption" });
  #after = element("div");
  #summary = element("summary", {}, "Details, and the figures as a table");
  #table = element("div", { class: "scroll", tabindex: "0", role: "region" });
  #details = element("details", {}, this.#summary, this.#caption, this.#after, this.#table);
  #svgButton;
  #csvButton;

  constructor(id, title, ...controls) {
    this.#svgButton = element("button", { type: "button", class: "quiet", onclick: () => this.#saveSvg() }, "SVG");
    this.#csvButton = element("button", { type: "button", class: "quiet", onclick: () => downloadCsv(this.#plot.name, this.#plot.csv) }, "CSV");
    this.#svgButton.setAttribute("aria-label", `Download ${title} as SVG`);
    this.#csvButton.setAttribute("aria-label", `Download ${title} as CSV`);
    this.#table.setAttribute("aria-label", `${title}, figures`);
    this.node = element("figure", { id, class: "panel", "aria-labelledby": `${id}-title` },
      element("div", { class: "figure-head" }, element("h3", { id: `${id}-title` }, title), element("div", { class: "tools" }, ...controls, this.#svgButton, this.#csvButton)),
      this.#place,
      element("figcaption", {}, this.#reading, this.#details));
    new ResizeObserver(() => this.#draw()).observe(this.#place);
  }

  /** Shows a plot, and `after` below its caption. What is folded away has no width: it is drawn when it is unfolded. */
  show(plot, ...after) {
    this.#plot = plot;
    this.#drawnWidth = null;
    this.#reading.textContent = plot.empty ? "" : plot.reading;
    this.#caption.textContent = plot.empty ? "" : plot.caption;
    fill(this.#after, ...after);
    fill(this.#table, table(plot.numbers));
    for (const node of [this.#svgButton, this.#csvButton, this.#details]) node.hidden = Boolean(plot.empty);
    this.#draw();
  }

  #drawnWidth = null;

  #draw() {
    const width = Math.max(LEAST_WIDTH, Math.floor(this.#place.clientWidth));
    if (!this.#plot || this.#place.clientWidth === 0 || this.#drawnWidth === width) return;
    this.#drawnWidth = width;
    if (this.#plot.empty) fill(this.#place, element("p", { class: "empty" }, this.#plot.empty));
    else {
      const svg = this.#plot.draw(width);
      fill(this.#place, svg, this.#plot.readOut && readOut(svg, this.#plot));
    }
  }

  #saveSvg() {
    const svg = this.#place.querySelector("svg");
    if (svg) downloadSvg(this.#plot.name, svg, this.#plot.caption);
  }
}

/** A plot of nothing, and why. */
export const nothing = (why) => ({ empty: why, reading: "", caption: "", numbers: { head: [], rows: [] } });

function table({ head, rows }) {
  return element("table", {},
    element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, rows.map(([first, ...rest]) => element("tr", {}, element("th", { scope: "row" }, first), rest.map((text) => element("td", {}, text))))));
}

/** A line below the plot that says what the curves are at the pointer. The table has the same for those without one. */
function readOut(svg, plot) {
  const line = element("p", { class: "read-out", "aria-hidden": "true" }, " ");
  svg.addEventListener("pointermove", (event) => {
    line.textContent = plot.readOut(event.clientX - svg.getBoundingClientRect().left, svg.clientWidth);
  });
  svg.addEventListener("pointerleave", () => (line.textContent = " "));
  return line;
}
