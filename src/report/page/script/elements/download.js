// Files that the page gives away.

import { html } from './dom.js';

export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = html('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export function fileName(study, part, ending) {
  const stem = `${study ? study.name : 'studies'}-${part}`.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+/, '');
  return `${stem.slice(0, 80)}.${ending}`;
}
