mod basics;
mod failures;
mod gates;
mod observer;
mod pairs;
mod properties;
mod reconciling;
mod risks;
