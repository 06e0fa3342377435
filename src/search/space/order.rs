//! Sorts parameters so that parents come before children.

use std::collections::{BTreeMap, BTreeSet};

use super::{Expression, Parameter, SpaceError};

/// Moves the parameters that a condition refers to before the parameter with the condition; otherwise keeps the order.
/// Kahn's algorithm (1962), which always takes the earliest parameter whose parents have all been taken.
pub(super) fn parents_first(parameters: Vec<Parameter>) -> Result<Vec<Parameter>, SpaceError> {
    let indices: BTreeMap<&str, usize> = parameters
        .iter()
        .enumerate()
        .map(|(index, parameter)| (parameter.name.as_str(), index))
        .collect();
    let parents: Vec<Vec<usize>> = parameters
        .iter()
        .map(|parameter| {
            let references = parameter.condition.iter().flat_map(Expression::references);
            references.filter_map(|name| indices.get(name).copied()).collect()
        })
        .collect();
    let mut children = vec![Vec::new(); parameters.len()];
    let mut missing: Vec<usize> = parents.iter().map(Vec::len).collect();
    for (child, parents) in parents.iter().enumerate() {
        for &parent in parents {
            children[parent].push(child);
        }
    }
    let mut ready: BTreeSet<usize> = (0..parameters.len()).filter(|&index| missing[index] == 0).collect();
    let mut order = Vec::with_capacity(parameters.len());
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for &child in &children[next] {
            missing[child] -= 1;
            if missing[child] == 0 {
                ready.insert(child);
            }
        }
    }
    if order.len() < parameters.len() {
        let names = find_circle(&parents, &missing)
            .into_iter()
            .map(|index| parameters[index].name.clone())
            .collect();
        return Err(SpaceError::Cycle { names });
    }
    let mut slots: Vec<Option<Parameter>> = parameters.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| slots[index].take()).collect())
}

/// Finds a cycle: each parameter that Kahn's algorithm left over has a parent that it left over too.
fn find_circle(parents: &[Vec<usize>], missing: &[usize]) -> Vec<usize> {
    let mut path = Vec::new();
    let mut seen_at = BTreeMap::new();
    let mut next = missing.iter().position(|&count| count > 0);
    while let Some(index) = next {
        if let Some(&start) = seen_at.get(&index) {
            return path.split_off(start);
        }
        seen_at.insert(index, path.len());
        path.push(index);
        next = parents[index].iter().copied().find(|&parent| missing[parent] > 0);
    }
    path
}
