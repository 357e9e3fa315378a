/**
 * Errands of a case, each once under its own key: notices in the customer's words, goods booked into stock, tasks for people, proof for the bank.
 * One that is refused for good is reported and written down for a person; a passing fault lets the whole batch be tried again.
 */
import type { ErrandsAnswer, ErrandsInput } from '../contracts/workflow.ts';
import type { Errand } from '../domain/errands.ts';
import { PartnerRefusal } from '../gateways/http.ts';
import { asking } from './failures.ts';
import type { ActivityDeps } from './index.ts';
import { createNoticeWords, NoticeLacks } from '../gateways/notice-words.ts';

type Of<Kind extends Errand['kind']> = Extract<Errand, { kind: Kind }>;

export function createErrandActivities(deps: ActivityDeps) {
  const { database, stock, notifications, payments, companions, policies } = deps;
  const wordsOf = createNoticeWords(policies.words);

  async function notice({ caseId, rmaNo, orderId, currency, contact }: ErrandsInput, { key, name, params }: Of<'notice'>) {
    const noticeKey = `${caseId}/${key}`;
    if (await notifications.findNotice({ key: noticeKey })) return 'sent before';
    const { textRef, slotAt, ruleIds, ...told } = params;
    const facts = { ...told, ruleIds: ruleIds?.map((ruleId) => policies.citationOf(ruleId)) };
    const text = textRef ? (await database.inbox.textsOf(caseId, [textRef])).get(textRef) : undefined;
    const slot = slotAt === undefined ? undefined : { from: slotAt, to: slotAt + slotMs };
    const { language, timezone, ref } = contact;
    const words = wordsOf({ name, language, params: { ...facts, slot, text, rmaNo, orderId, currency, timezone } });
    await notifications.sendNotice({ key: noticeKey, caseId, to: ref, channel: 'app', language, template: name, ...words });
    return 'sent';
  }

  async function bookIn({ caseId, merchantId, lines }: ErrandsInput, { key, lineId, quantity, grade, disposition }: Of<'stock'>) {
    const sku = lines.find((line) => line.lineId === lineId)?.sku ?? lineId;
    const entry = { key: `${caseId}/${key}`, caseId, merchantId, sku, quantity, grade, disposition };
    if (!(await stock.findEntry(entry))) await stock.bookIn(entry);
    return disposition;
  }

  async function run(input: ErrandsInput, errand: Errand): Promise<string> {
    const { caseId } = input;
    switch (errand.kind) {
      case 'notice':
        return notice(input, errand);
      case 'stock':
        return bookIn(input, errand);
      case 'task':
        await writeDown(deps, input, errand, errand.what, errand.cause);
        return 'listed';
      case 'dispute_proof': {
        const { disputeId, refundId, key } = errand;
        return (await payments.submitDisputeProof({ key: `${caseId}/${key}`, disputeId, refundId })).proofId;
      }
      case 'claim_withdrawn':
        await companions.parcelTurnedUp({ claimCaseId: errand.claimCaseId, eventId: `${caseId}/${errand.key}` });
        return 'told';
    }
  }

  return {
    async runErrands(input: ErrandsInput): Promise<ErrandsAnswer> {
      const results: { key: string; failed?: string; result?: string }[] = [];
      const passing: unknown[] = [];
      for (const errand of input.errands)
        try {
          results.push({ key: errand.key, result: await run(input, errand) });
        } catch (err) {
          if (err instanceof PartnerRefusal || err instanceof NoticeLacks) {
            await writeDown(deps, input, errand, `${errand.kind}_failed`, err.message);
            results.push({ key: errand.key, failed: err.message });
          } else passing.push(err);
        }
      // One partner that is away keeps nothing from the others; what was done is found the next time.
      if (passing.length > 0) return asking(() => Promise.reject(passing[0]));
      return { results };
    },
  };
}

const slotMs = 2 * 3_600_000;

/** What only a person can do stands in the list of exceptions. */
const writeDown = (
  { database }: Pick<ActivityDeps, 'database'>,
  { caseId, merchantId }: ErrandsInput,
  { key }: Errand,
  what: string,
  cause?: string,
): Promise<void> =>
  database.exceptions.add({
    partner: 'mendline',
    eventId: `${caseId}/${key}`,
    merchantId,
    caseId,
    why: what,
    body: JSON.stringify({ what, cause }),
  });
