// What the table and the plots show: one runtime, one function, one payload size.
import { element, fill } from "../element.js";
import { FUNCTIONS, payloadTitle } from "../vocabulary.js";

/** Rows of radio buttons, of runtimes only where there are several; `onChange({runtime, fn, payloadBytes})` on each choice. */
export function showChoice(node, { plan, runtimes }, chosen, onChange) {
  const pick = (part) => {
    Object.assign(chosen, part);
    onChange(chosen);
  };
  fill(node,
    runtimes.length > 1 && radios("Runtime", "runtime", runtimes, chosen.runtime, (runtime) => runtime, (runtime) => pick({ runtime })),
    radios("Function", "function", plan.functions, chosen.fn, (fn) => fn, (fn) => pick({ fn }), (fn) => FUNCTIONS[fn]),
    radios("Payload (of the plots of samples)", "payload", plan.payload_bytes, chosen.payloadBytes, payloadTitle, (payloadBytes) => pick({ payloadBytes })));
}

function radios(legend, name, values, chosen, title, onPick, explain = () => undefined) {
  return element("fieldset", { class: "choice" }, element("legend", {}, legend),
    values.map((value) => element("label", { title: explain(value) },
      element("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onPick(value) }), element("span", {}, title(value)))));
}
