//! Locations: where a coordinator, and so a measurement, may be placed.

/// Name of the only location of a deployment that configures none: one coordinator, wherever it is first asked for.
pub const DEFAULT_LOCATION: &str = "default";

/// Cloudflare's location hints for Durable Objects (developers.cloudflare.com/durable-objects/reference/data-location).
pub const LOCATION_HINTS: [&str; 11] = [
    "wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me",
];

/// Whether some deployment may have a location of that name.
#[must_use]
pub fn is_possible(name: &str) -> bool {
    name == DEFAULT_LOCATION || LOCATION_HINTS.contains(&name)
}
