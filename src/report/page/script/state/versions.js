// Counts of changes to each part of the view, by study and field. A drawing is stale when a part that it shows has a newer count.
let versions = [];
let texts = [];

export function trackChanges(previous, view) {
  if (!previous || previous.studies.length !== view.studies.length) {
    versions = view.studies.map(() => ({}));
    texts = view.studies.map(() => null);
  }
  if (previous) view.studies.forEach((study, index) => compare(previous.studies[index], study, index));
}

export function version(index, field) {
  return (versions[index] && versions[index][field]) || 0;
}

function compare(before, after, index) {
  if (!before) return;
  const old = texts[index] || textsOf(before);
  const now = textsOf(after);
  for (const field of Object.keys(now)) {
    if (old[field] !== now[field]) versions[index][field] = (versions[index][field] || 0) + 1;
  }
  texts[index] = now;
}

function textsOf(study) {
  return Object.fromEntries(Object.entries(study).map(([field, value]) => [field, JSON.stringify(value)]));
}
