/** Every case type by its stored word. A new type adds its line, and lists, views and the read model know it. */
import { type AnyRules } from './case.ts';
import { claimRules, claimStages } from './claim.ts';
import { returnRules } from './return.ts';
import { returnStages } from './return-table.ts';

const all = { return: returnRules, carrier_claim: claimRules } as const;
export type CaseTypeName = keyof typeof all;
export const caseTypes = Object.keys(all) as CaseTypeName[];
export const rulesOf = (type: CaseTypeName): AnyRules => all[type] as unknown as AnyRules;
/** Every stage of every type, each once. */
export const allStages = [...new Set([...returnStages, ...claimStages])] as [string, ...string[]];
