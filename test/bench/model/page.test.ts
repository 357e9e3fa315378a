import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pageWith, type ModelResult } from './page.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('docs/capacity.md', () => {
  it('shows the figures of results/model.json and no others: `npm run -s bench:model -- --save` writes both', () => {
    const page = read('../../../docs/capacity.md');
    expect(page).toBe(pageWith(page, JSON.parse(read('../results/model.json')) as ModelResult));
  });
  it('is refused where it has no place for a table', () =>
    expect(() => pageWith('# Capacity', JSON.parse(read('../results/model.json')) as ModelResult)).toThrow('no place'));
});
