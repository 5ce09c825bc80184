//! Values from the schemas of the API's description: what they allow, and what they do not.

use rand::{Rng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

/// Items of a list, where the schema does not say how many.
const MOST_ITEMS: u64 = 4;

/// Makes values of the schemas of one document.
#[derive(Debug)]
pub struct Values {
    document: Value,
}

impl Values {
    /// Of that document.
    #[must_use]
    pub const fn new(document: Value) -> Self {
        Self { document }
    }

    /// What a schema says, or what it refers to; null where that is missing.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema["$ref"].as_str() else {
            return schema;
        };
        let pointer = reference.strip_prefix('#');
        pointer
            .and_then(|pointer| self.document.pointer(pointer))
            .unwrap_or(&Value::Null)
    }

    /// The values that a schema names; none where it names none.
    fn choices(&self, schema: &Value) -> Vec<Value> {
        let schema = self.resolve(schema);
        if let Some(choices) = schema["enum"].as_array() {
            return choices.clone();
        }
        let list = |name: &str| schema[name].as_array().into_iter().flatten();
        list("anyOf")
            .flat_map(|schema| self.choices(schema))
            .chain(list("oneOf").filter_map(|choice| choice.get("const").cloned()))
            .chain(list("examples").cloned())
            .collect()
    }

    /// A value that the schema allows.
    #[must_use]
    pub fn allowed(&self, schema: &Value, chance: &mut ChaCha8Rng) -> Value {
        let schema = self.resolve(schema);
        if let Some(choice) = self.choices(schema).choose(chance) {
            return choice.clone();
        }
        match schema["type"].as_str() {
            Some("boolean") => json!(chance.random::<bool>()),
            Some("integer") => {
                let bound = |name: &str, otherwise| schema[name].as_u64().unwrap_or(otherwise);
                let (least, most) = (bound("minimum", 0), bound("maximum", u64::MAX));
                json!(match chance.random_range(0..4) {
                    0 => least,
                    1 => most,
                    _ => chance.random_range(least..=most),
                })
            }
            // (0, most]: the lower bound is excluded
            Some("number") => {
                json!(schema["maximum"].as_f64().unwrap_or(1.0) * (1.0 - chance.random::<f64>()))
            }
            Some("array") => self.list(schema, chance),
            Some("object") => self.object(schema, chance),
            _ => json!("x"),
        }
    }

    fn list(&self, schema: &Value, chance: &mut ChaCha8Rng) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(MOST_ITEMS);
        let wanted = chance.random_range(least..=most.clamp(least, MOST_ITEMS.max(least)));
        let mut items: Vec<Value> = Vec::new();
        for _ in 0..wanted {
            let item = self.allowed(&schema["items"], chance);
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Value::Array(items)
    }

    fn object(&self, schema: &Value, chance: &mut ChaCha8Rng) -> Value {
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if chance.random() {
                object.insert(name.clone(), self.allowed(property, chance));
            }
        }
        Value::Object(object)
    }

    /// An allowed object in which one field is of another type, out of its range, of another length, or unknown.
    #[must_use]
    pub fn forbidden(&self, schema: &Value, chance: &mut ChaCha8Rng) -> Value {
        let mut object = self.allowed(schema, chance);
        let properties = self.resolve(schema)["properties"].as_object();
        let mut fields: Vec<(&str, Vec<Value>)> = properties
            .into_iter()
            .flatten()
            .map(|(name, property)| (name.as_str(), self.wrong(property)))
            .collect();
        fields.push(("a_field_of_tomorrow", vec![json!(true)]));
        if let Some((name, wrong)) = fields.choose(chance) {
            object[*name] = wrong.choose(chance).cloned().unwrap_or(Value::Null);
        }
        object
    }

    /// Values that a schema does not allow.
    fn wrong(&self, schema: &Value) -> Vec<Value> {
        let schema = self.resolve(schema);
        let mut wrong = vec![
            json!({"x": 1}),
            json!(null),
            json!(-1),
            json!("\u{202e}\u{0}"),
        ];
        match schema["type"].as_str() {
            Some("array") => {
                wrong.extend([json!([]), json!([null]), json!([[]]), json!("x")]);
                wrong.push(json!(vec![self.choices(&schema["items"]).first(); 2]));
                wrong.push(json!(vec![1; 10_000]));
            }
            Some("boolean") => wrong.extend([json!("true"), json!(0)]),
            Some("object") => wrong.extend([json!([]), json!(1.5)]),
            _ => wrong.extend([json!([]), json!(true), json!("1"), json!(0.5), json!(1e300)]),
        }
        let beyond = schema["maximum"]
            .as_u64()
            .and_then(|most| most.checked_add(1));
        wrong.extend(beyond.map(Value::from));
        let below = schema["minimum"]
            .as_u64()
            .and_then(|least| least.checked_sub(1));
        wrong.extend(below.map(Value::from));
        wrong
    }
}
