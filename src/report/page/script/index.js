// The script of the report and of the live page. `npm run build` bundles it into `../script.js`. Its sections stand here in
// the order of the page: a new one is a file in `sections/`, an import and a line in the list.
//
// Begin reading at `page/start.js`. Folders, each of which imports only from those before it:
// `text` numbers and tables as text · `study` what follows from a study by itself · `state` what the reader has chosen ·
// `elements` pieces of HTML · `plots` pieces of drawings · `trial` one trial in full · `sections` · `page` all together

import comparison from './sections/comparison.js';
import overview from './sections/overview.js';
import now from './sections/now.js';
import summary from './sections/summary.js';
import incumbent from './sections/incumbent/index.js';
import selection from './sections/selection.js';
import confusion from './sections/confusion.js';
import labelErrors from './sections/label-errors.js';
import audit from './sections/audit.js';
import parallel from './sections/parallel/index.js';
import slices from './sections/slices.js';
import importance from './sections/importance.js';
import contours from './sections/contours.js';
import curves from './sections/curves.js';
import pareto from './sections/pareto.js';
import timeline from './sections/timeline.js';
import rungs from './sections/rungs.js';
import failures from './sections/failures.js';
import events from './sections/events.js';
import trials from './sections/trials/index.js';
import { start } from './page/start.js';

start([
  comparison,
  overview,
  now,
  summary,
  incumbent,
  selection,
  confusion,
  labelErrors,
  audit,
  parallel,
  slices,
  importance,
  contours,
  curves,
  pareto,
  timeline,
  rungs,
  failures,
  events,
  trials,
]);
