// Studies to test with.

export function trial(number, rest = {}) {
  return {
    trial: number,
    status: 'completed',
    value: number / 10,
    params: {},
    metrics: {},
    repeats: null,
    best_epoch: null,
    epochs: 1,
    ...rest,
  };
}

export function study(rest = {}) {
  return {
    name: 'study',
    folder: 'folder/study',
    metrics: [{ name: 'loss', goal: 'minimize', target: null }],
    parameters: [],
    rungs: [],
    trials: [],
    segments: [],
    incumbent: [],
    best: null,
    has_epochs: true,
    has_front: false,
    ...rest,
  };
}
