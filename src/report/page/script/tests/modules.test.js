// The shape of the script: who may import whom, and that the bundle in the repository is the one that the modules make.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

// Each folder imports from itself and from those before it.
const FOLDERS = ['text', 'study', 'state', 'elements', 'plots', 'trial', 'sections', 'page'];

const MODULES = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, name)),
);

function imports(module) {
  const text = readFileSync(join(ROOT, module), 'utf8');
  return [...text.matchAll(/ from '([^']+)';/g)].map(([, path]) => normalize(join(dirname(module), path)));
}

function rank(module) {
  return FOLDERS.indexOf(module.split('/')[0]);
}

test('folders import only from those before them', () => {
  for (const module of MODULES) {
    for (const imported of imports(module)) {
      assert.ok(MODULES.includes(imported), `${module} imports ${imported}, which is no module`);
      assert.ok(rank(imported) <= rank(module), `${module} may not import ${imported}`);
    }
  }
});

test('a section does not import another one', () => {
  const section = (module) => module.split('/')[1].replace('.js', '');
  for (const module of MODULES.filter((name) => name.startsWith('sections/'))) {
    for (const imported of imports(module).filter((name) => name.startsWith('sections/'))) {
      assert.equal(section(imported), section(module), `${module} may not import ${imported}`);
    }
  }
});

test('no module imports itself by way of others', () => {
  const finished = new Set();
  const visit = (module, path) => {
    assert.ok(!path.includes(module), `a circle: ${[...path, module].join(' → ')}`);
    if (finished.has(module)) return;
    for (const imported of imports(module)) visit(imported, [...path, module]);
    finished.add(module);
  };
  for (const module of MODULES) visit(module, []);
});

test('every section is in the list', () => {
  const listed = imports('index.js').filter((name) => name.startsWith('sections/'));
  const found = readdirSync(join(ROOT, 'sections'), { withFileTypes: true }).map((entry) =>
    join('sections', entry.isDirectory() ? `${entry.name}/index.js` : entry.name),
  );
  assert.deepEqual(listed.sort(), found.sort());
});

test('the bundle is what the modules make', () => {
  const made = execFileSync('npm', ['run', '--silent', 'bundle'], { cwd: ROOT, encoding: 'utf8' });
  const kept = readFileSync(join(ROOT, '../script.js'), 'utf8');
  assert.ok(made === kept, 'script.js differs from its modules; run `npm run build` and commit it');
});
