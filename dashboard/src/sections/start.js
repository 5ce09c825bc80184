// Starts a run: the token, the plan's fields, and the server's complaints beside the fields they are about.
import { hasToken, start, useToken } from "../api.js";
import { element, fill, reveal } from "../element.js";
import { FUNCTIONS, PAYLOAD_SHAPES, TIMERS, TRANSPORTS, payloadTitle } from "../vocabulary.js";

const PAYLOADS = [100, 1_000, 10_000, 100_000];
/** The default plan, as far as the form shows it (protocol/src/plan.rs). */
const DEFAULT = { transports: ["direct", "service-binding", "raw-fetch"], functions: Object.keys(FUNCTIONS), payload_bytes: PAYLOADS };

/** The token's field: typed once, kept in memory until the page is closed, asked for again when the server refuses it. */
export class TokenField {
  #input = element("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false" });
  #ask = element("div", { class: "field" }, element("label", { for: "token" }, "API token"), this.#input, element("p", { class: "hint" }, "Kept in memory until this page is closed. Locally it is in .dev.vars."));
  #held = element("p", { class: "muted" }, "The token is held until this page is closed. ", element("button", { type: "button", class: "quiet", onclick: () => this.#forget() }, "Forget it"));
  node = element("div", {}, this.#ask, this.#held);

  constructor() {
    this.#show();
  }

  /** Takes the token that was typed, if there was none. Throws, with the field focused, where there is none at all. */
  take() {
    if (this.#input.value) {
      useToken(this.#input.value);
      this.#input.value = "";
    }
    this.#show();
    if (hasToken()) return;
    reveal(this.#input);
    this.#input.focus();
    throw new Error("Starting and cancelling need the API token: type it into the field under Runs.");
  }

  /** Shows what the server's answer left: it may have refused the token. */
  refresh() {
    this.#show();
  }

  #forget() {
    useToken(null);
    this.#show();
    this.#input.focus();
  }

  #show() {
    this.#ask.hidden = hasToken();
    this.#held.hidden = !hasToken();
  }
}

/** The form; `onStarted(status)` when a run was accepted. */
export function startForm(token, onStarted) {
  const form = element("form", { id: "start", class: "panel", novalidate: true, "aria-labelledby": "start-title" });
  const message = element("p", { class: "form-message", role: "alert" });
  const submit = element("button", { type: "submit", class: "primary" }, "Start the run");
  fill(form,
    element("h3", { id: "start-title" }, "Start a run"),
    token.node,
    checks("transports", "Transports", Object.entries(TRANSPORTS).map(([name, { title }]) => [name, title]), DEFAULT.transports),
    checks("functions", "Functions", Object.keys(FUNCTIONS).map((name) => [name, name]), DEFAULT.functions),
    checks("payload_bytes", "Payload sizes", PAYLOADS.map((bytes) => [bytes, payloadTitle(bytes)]), DEFAULT.payload_bytes),
    until(),
    element("div", { class: "fields" },
      number("concurrency", "Calls in flight", 1, 1),
      number("batch_size", "Invocations per message", 1, 1),
      choice("timer", "Timer", TIMERS),
      choice("payload_shape", "Payload made of", PAYLOAD_SHAPES)),
    element("p", {}, submit), message);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    clear(form, message);
    try {
      token.take();
      onStarted(await start(planOf(form)));
    } catch (error) {
      complain(form, message, error);
    } finally {
      token.refresh();
      submit.disabled = false;
    }
  });
  return form;
}

/** The plan that the form describes. An emptied number is left out, so that the server's default holds. */
function planOf(form) {
  const values = new FormData(form);
  const plan = {
    transports: values.getAll("transports"),
    functions: values.getAll("functions"),
    payload_bytes: values.getAll("payload_bytes").map(Number),
    timer: values.get("timer"),
    payload_shape: values.get("payload_shape"),
  };
  plan.until = values.get("until");
  // A field that belongs to the other way to end is disabled, and so no part of the form's values.
  for (const name of ["max_seconds", "samples_per_cell", "concurrency", "batch_size"]) {
    if (values.get(name)) plan[name] = Number(values.get(name));
  }
  return plan;
}

/** What ends the run: that it is settled, within a time limit, or its number of samples. */
function until() {
  const limits = { settled: number("max_seconds", "Time limit (s)", 120, 1), samples: number("samples_per_cell", "Samples per cell", 440, 1) };
  const choose = (chosen) => {
    for (const [value, field] of Object.entries(limits)) {
      field.hidden = value !== chosen;
      field.querySelector("input").disabled = value !== chosen;
    }
  };
  const radio = (value, text) => element("label", {}, element("input", { type: "radio", name: "until", value, checked: value === "settled", onchange: () => choose(value) }), ` ${text}`);
  choose("settled");
  return element("div", {},
    element("fieldset", { class: "checks", "aria-describedby": "error-until" }, element("legend", {}, "Ends"),
      radio("settled", "when it is settled, or at its time limit"), radio("samples", "after a number of samples"), error("until")),
    element("div", { class: "fields" }, limits.settled, limits.samples));
}

const error = (name) => element("p", { class: "field-error", id: `error-${name}`, "data-field": name });

function checks(name, title, choices, checked) {
  return element("fieldset", { class: "checks", "aria-describedby": `error-${name}` }, element("legend", {}, title),
    choices.map(([value, text]) => element("label", {}, element("input", { type: "checkbox", name, value, checked: checked.includes(value) }), ` ${text}`)), error(name));
}

function number(name, title, value, min) {
  return element("div", { class: "field" }, element("label", { for: `plan-${name}` }, title),
    element("input", { type: "number", id: `plan-${name}`, name, value, min, step: 1, inputmode: "numeric", "aria-describedby": `error-${name}` }), error(name));
}

function choice(name, title, values) {
  return element("div", { class: "field" }, element("label", { for: `plan-${name}` }, title),
    element("select", { id: `plan-${name}`, name, "aria-describedby": `error-${name}` }, Object.entries(values).map(([value, explained]) => element("option", { value }, `${value}: ${explained}`))), error(name));
}

function clear(form, message) {
  message.textContent = "";
  for (const node of form.querySelectorAll("[data-field]")) node.textContent = "";
}

/** Each complaint goes to its field (`payload_bytes[0]` to `payload_bytes`), the rest below the button. */
function complain(form, message, { message: text, errors = [] }) {
  const homeless = errors.filter(({ field, detail }) => {
    const home = form.querySelector(`[data-field="${CSS.escape(field.split(/[.[]/)[0])}"]`);
    if (home) home.textContent += `${home.textContent ? "; " : ""}${field} ${detail}`;
    return !home;
  });
  message.textContent = [text, ...homeless.map(({ field, detail }) => `${field} ${detail}`)].join(" · ");
}
