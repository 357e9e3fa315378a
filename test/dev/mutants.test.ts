import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { patched } from '../chaos/mutants/build.ts';
import { mutants } from '../chaos/mutants/list.ts';

describe('flaws that the chaos harness must find', () => {
  it('are twenty or more, each under a name of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(20);
    expect(new Set(mutants.map((one) => one.id)).size).toBe(mutants.length);
  });

  it.each(mutants.flatMap(({ id, patches }) => patches.map((patch) => ({ id, ...patch }))))(
    '$id: what it replaces stands once in $file',
    ({ file, find, put }) => {
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(patched(source, { file, find, put })).not.toBe(source);
    },
  );
});
