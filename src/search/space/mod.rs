//! The search space: parameters, domains, conditions, constraints, and the map to the unit cube.
//!
//! Begin reading at [`Space`].

mod configuration;
mod construct;
mod domain;
mod expression;
mod feasibility;
mod hints;
mod normal;
mod order;
mod points;
mod shape;
#[expect(clippy::module_inception, reason = "the folder is named after the one thing in it")]
mod space;
mod value;

pub use configuration::Configuration;
pub use domain::Domain;
pub use expression::{Expression, ExpressionError};
pub use feasibility::{Blamed, Conflict};
pub use hints::{Confidence, Hints, Prior};
pub use points::{FirstPoint, PointError};
pub use shape::Shape;
pub use space::{Parameter, Space, SpaceError};
pub use value::Value;
