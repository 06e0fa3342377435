// The sections of the page, in the order in which their files are listed. A section says which fields of a study it shows
// (`needs`), whether it has anything to show, and how it is drawn into an empty body.
(function (automl) {
  'use strict';

  const all = [];

  // `brief`: its name in the bar. `isOfPage`: it shows all studies instead of the chosen one. `usesSelection`: it changes with filter and brushes.
  function section(definition) {
    all.push({ needs: [], usesSelection: false, isOfPage: false, ...definition });
  }

  automl.section = section;
  automl.sections = all;
})(window.automl);
