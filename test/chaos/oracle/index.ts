/** Every invariant that the ledgers, histories and documents of a run are held against. Those of features that are not built yet are in ../catalogue.ts. */
import type { Heard } from '../client.ts';
import { lostCommands, repeatedEffects, unheardWords } from './commands.ts';
import { notices } from './customer.ts';
import type { Evidence } from './evidence.ts';
import { claimedUnits, labels, moneyTakenBack, stock } from './goods.ts';
import { doubledRefunds, overRefunds, takenForPaid } from './money.ts';
import { levels, paths, shownAsStored, stuck, tasks } from './state.ts';

export interface Violation {
  readonly invariant: string;
  readonly caseId?: string;
  readonly what: string;
}

export function judge(evidence: Evidence, heard: Pick<Heard, 'acknowledged' | 'violations'>) {
  const lost = [...lostCommands(evidence, heard.acknowledged), ...unheardWords(evidence)];
  const doubled = [...doubledRefunds(evidence), ...repeatedEffects(evidence), ...stock(evidence), ...labels(evidence)];
  const over = overRefunds(evidence);
  const hung = stuck(evidence);
  const others = [paths, levels, shownAsStored, tasks, claimedUnits, moneyTakenBack, takenForPaid, notices].flatMap((check) =>
    check(evidence),
  );
  return {
    lost,
    doubled,
    over,
    stuck: hung,
    violations: [...lost, ...doubled, ...over, ...hung, ...others, ...heard.violations],
  };
}
