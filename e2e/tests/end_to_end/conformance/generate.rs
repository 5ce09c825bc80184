//! Values that a schema of the document allows, and values that it forbids.

use super::document::Document;
use jsonschema::Validator;
use rand::{
    Rng as _, SeedableRng as _,
    seq::{IndexedRandom as _, SliceRandom as _},
};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

/// Makes values from the document's schemas, the same ones each time.
pub(super) struct Generator<'a> {
    document: &'a Document,
    chance: ChaCha8Rng,
}

impl<'a> Generator<'a> {
    /// A generator of that seed.
    pub(super) fn new(document: &'a Document, seed: u64) -> Self {
        Self {
            document,
            chance: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// A value that the schema allows. Knows what the document's requests are made of, and no more.
    pub(super) fn allowed(&mut self, schema: &Value) -> Value {
        let schema = self.document.resolve(schema);
        if let Some(choice) = self.document.choices(schema).choose(&mut self.chance) {
            return choice.clone();
        }
        if let Some(one) = schema["anyOf"]
            .as_array()
            .and_then(|any| any.choose(&mut self.chance))
        {
            return self.allowed(&one.clone());
        }
        match schema["type"].as_str() {
            Some("null") => Value::Null,
            Some("boolean") => json!(self.chance.random::<bool>()),
            Some("integer") => json!(self.integer(schema)),
            Some("number") => {
                let most = schema["maximum"].as_f64().expect("an upper bound");
                // (0, 1]: the lower bound is excluded.
                json!(most * (1.0 - self.chance.random::<f64>()))
            }
            Some("array") => self.array(schema),
            Some("object") => self.object(schema),
            kind => panic!("no values of {kind:?} are made: {schema}"),
        }
    }

    fn integer(&mut self, schema: &Value) -> u64 {
        let bound = |name: &str| {
            schema[name]
                .as_u64()
                .unwrap_or_else(|| panic!("no {name}: {schema}"))
        };
        let (least, most) = (bound("minimum"), bound("maximum"));
        match self.chance.random_range(0..4) {
            0 => least,
            1 => most,
            _ => self.chance.random_range(least..=most),
        }
    }

    fn array(&mut self, schema: &Value) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let choices = self.document.choices(&schema["items"]).len() as u64;
        let most = schema["maxItems"].as_u64().unwrap_or(choices);
        let wanted = self.chance.random_range(least..=most);
        let mut items: Vec<Value> = Vec::new();
        for _ in 0..wanted {
            let item = self.allowed(&schema["items"]);
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Value::Array(items)
    }

    fn object(&mut self, schema: &Value) -> Value {
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if self.chance.random() {
                object.insert(name.clone(), self.allowed(property));
            }
        }
        Value::Object(object)
    }

    /// An allowed object with one field that is not, and the field's name.
    pub(super) fn forbidden(&mut self, schema: &Value, validator: &Validator) -> (Value, String) {
        let mut object = self.allowed(schema);
        let fields = self.document.resolve(schema)["properties"]
            .as_object()
            .expect("an object's schema");
        let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
        names.push("a_field_of_tomorrow");
        let name = *names.choose(&mut self.chance).expect("fields");
        let mut spoilt = self.spoilt(fields.get(name));
        spoilt.shuffle(&mut self.chance);
        for value in spoilt {
            object[name] = value;
            if !validator.is_valid(&object) {
                return (object, name.to_owned());
            }
        }
        panic!("every value of {name} is allowed");
    }

    /// Values most of which are not allowed.
    fn spoilt(&mut self, schema: Option<&Value>) -> Vec<Value> {
        let mut values = vec![
            json!(null),
            json!("x"),
            json!(-1),
            json!(0.5),
            json!({"x": 1}),
            json!([null]),
            json!([]),
            json!(true),
        ];
        let Some(schema) = schema.map(|schema| self.document.resolve(schema)) else {
            return values;
        };
        if let Some(most) = schema["maximum"]
            .as_u64()
            .and_then(|most| most.checked_add(1))
        {
            values.push(json!(most));
        }
        if let Some(least) = schema["minimum"]
            .as_u64()
            .and_then(|least| least.checked_sub(1))
        {
            values.push(json!(least));
        }
        for name in schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
        {
            values.push(json!({name.as_str(): 0}));
        }
        if schema["type"] == "array" {
            let item = self.allowed(&schema["items"]);
            values.push(json!([item, item]));
        }
        values
    }
}
