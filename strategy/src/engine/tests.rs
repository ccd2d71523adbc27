mod basics;
mod failures;
mod gates;
mod pairs;
mod properties;
mod reconciling;
mod risks;
