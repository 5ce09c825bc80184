// What the table and the plots show: one function, one payload size.
import { element, fill } from "../element.js";
import { FUNCTIONS, payloadTitle } from "../vocabulary.js";

/** Two rows of radio buttons; `onChange({fn, payloadBytes})` on each choice. */
export function showChoice(node, plan, chosen, onChange) {
  const pick = (part) => {
    Object.assign(chosen, part);
    onChange(chosen);
  };
  fill(node,
    radios("Function", "function", plan.functions, chosen.fn, (fn) => fn, (fn) => pick({ fn }), (fn) => FUNCTIONS[fn]),
    radios("Payload (of the plots of samples)", "payload", plan.payload_bytes, chosen.payloadBytes, payloadTitle, (payloadBytes) => pick({ payloadBytes })));
}

function radios(legend, name, values, chosen, title, onPick, explain = () => undefined) {
  return element("fieldset", { class: "choice" }, element("legend", {}, legend),
    values.map((value) => element("label", { title: explain(value) },
      element("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onPick(value) }), element("span", {}, title(value)))));
}
