/**
 * One test for each edge of the tables, as data (test/support/edge-coverage.ts), by theme in edges/: return-edges.test.ts runs them, and
 * docs/case-flows.md prints their titles. A new edge of a table gets its entry there; the test says which one is missing.
 */
import { decidingEdges } from './edges/deciding.ts';
import { goodsEdges } from './edges/goods.ts';
import { settlingEdges } from './edges/settling.ts';
import { travellingEdges } from './edges/travelling.ts';
import type { ReturnEdgeTest } from './edges/words.ts';

export { claimEdges } from './edges/claim.ts';
export const returnEdges: readonly ReturnEdgeTest[] = [...decidingEdges, ...travellingEdges, ...goodsEdges, ...settlingEdges];
