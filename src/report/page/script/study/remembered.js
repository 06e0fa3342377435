// A memory for facts derived from a study. They are kept as long as the study is.

const known = new WeakMap();

// A study never changes, an update brings a new one: what was found of it stays true.
export function remembered(study, name, find) {
  if (!known.has(study)) known.set(study, new Map());
  const found = known.get(study);
  if (!found.has(name)) found.set(name, find());
  return found.get(name);
}
