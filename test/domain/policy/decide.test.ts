import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePacks, decide } from '../../../domain/policy/decide.ts';
import { reasons, type Reason } from '../../../domain/policy/verdict.ts';
import { policies } from '../../support/cases.ts';
import { at, factsOf, packOf, type FactChanges } from './facts.ts';

const uk = policies.packs.filter((pack) => pack.id === 'uk');
const cn = policies.packs.filter((pack) => pack.id === 'cn-mainland');
const decided = (changes: FactChanges, packs = policies.packs) => {
  const facts = factsOf(changes);
  return decide(facts, choosePacks(facts, packs));
};

describe('the window of withdrawal', () => {
  const gb = (noticeAt: string | number) =>
    decided({ noticeAt, deliveredAt: '2026-03-20T10:00:00Z', placedAt: '2026-03-18T10:00:00Z' }, uk);
  const ends = at('2026-04-04T00:00:00+01:00');

  it('in GB is open for 14 days after delivery to the last millisecond, over a change of clocks', () => {
    expect(gb(ends - 1)).toMatchObject({
      verdict: 'accepted',
      windowEndsAt: ends,
      ruleIds: expect.arrayContaining(['uk.ccr.window']),
    });
    expect(gb(ends)).toMatchObject({ verdict: 'refused', ruleIds: expect.arrayContaining(['uk.ccr.window']) });
    expect(gb(ends).explain[0]).toBe('[uk.ccr.window] the window ended on 2026-04-03');
  });

  it('in CN is open for 7 days by the calendar of Shanghai', () => {
    const china = (noticeAt: string) => decided({ jurisdiction: 'CN', deliveredAt: '2026-11-01T17:00:00Z', noticeAt }, cn);
    expect(china('2026-11-09T23:59:59+08:00')).toMatchObject({
      verdict: 'accepted',
      windowEndsAt: at('2026-11-10T00:00:00+08:00'),
    });
    expect(china('2026-11-10T00:00:00+08:00').verdict).toBe('refused');
  });

  it('has not begun, and so is open, while the goods have not arrived', () => {
    const decision = decided({ deliveredAt: null, noticeAt: '2027-06-01T10:00:00Z' }, uk);
    expect(decision).toMatchObject({ verdict: 'accepted', windows: [{ open: true }] });
    expect(decision.windowEndsAt).toBeUndefined();
  });

  it('counts when the notice was sent, not when it is looked at', () => {
    const facts = factsOf({ noticeAt: '2026-11-17T23:59:59Z' });
    expect(decide({ ...facts, asOf: at('2026-12-24T00:00:00Z') }, uk).verdict).toBe('accepted');
  });

  it('is the widest of law and promise: the seller’s 30 days hold when the statute’s have passed', () => {
    const late = decided({ noticeAt: '2026-12-01T10:00:00Z' });
    expect(late).toMatchObject({ verdict: 'accepted', windowEndsAt: at('2026-12-04T00:00:00Z') });
    expect(late.windows.map(({ ruleId, open }) => [ruleId, open])).toEqual([
      ['uk.ccr.window', false],
      ['merchant.window', true],
    ]);
    expect(decided({ noticeAt: '2026-12-04T00:00:00Z' }).verdict).toBe('refused');
  });
});

describe('exclusions', () => {
  it('close the statute’s window for goods it names, and say why', () => {
    const food = decided({ lines: [{ category: 'fresh_food', minor: 500 }] }, uk);
    expect(food).toMatchObject({ verdict: 'refused', ruleIds: expect.arrayContaining(['uk.ccr.excl']), windows: [] });
    expect(food.explain).toContain('[uk.ccr.excl] goods_excluded_by_statute');
  });

  it('leave the path of quality open for the same goods', () => {
    expect(decided({ reason: 'quality', lines: [{ category: 'fresh_food', minor: 500 }] }, uk).verdict).toBe('accepted');
  });

  it('of one pack do not reach the promise of another', () => {
    const food = decided({ lines: [{ category: 'fresh_food', minor: 500 }] });
    expect(food.verdict).toBe('accepted');
    expect(food.ruleIds).toEqual(expect.arrayContaining(['uk.ccr.excl', 'merchant.window']));
  });

  it('treat a line without a known category as other goods', () => {
    const facts = factsOf();
    const unknown = { ...facts, order: { ...facts.order, lines: [] } };
    expect(decide(unknown, uk).verdict).toBe('accepted');
  });
});

describe('what a person looks at first', () => {
  it('is a claim of a fault, with the cause on the verdict', () => {
    expect(decided({ reason: 'quality' })).toMatchObject({ verdict: 'referred', because: ['claim_needs_a_person'] });
  });

  it('is a request from 2,000 minor units on, counted over all lines and units', () => {
    const worth = (...minors: number[]) => decided({ lines: minors.map((minor) => ({ category: 'textiles', minor })) });
    expect(worth(1_999).verdict).toBe('accepted');
    expect(worth(2_000)).toMatchObject({ verdict: 'referred', because: ['value_needs_a_person'] });
    expect(worth(1_000, 1_000).verdict).toBe('referred');
    expect(decided({ reason: 'quality', lines: [{ category: 'textiles', minor: 5_000 }] }).because).toEqual([
      'claim_needs_a_person',
      'value_needs_a_person',
    ]);
  });

  it('is not a request that is too late anyway: it is refused, with the rule and the way to appeal', () => {
    const late = decided({
      reason: 'quality',
      noticeAt: '2027-11-05T10:00:00Z',
      lines: [{ category: 'textiles', minor: 5_000 }],
    });
    expect(late).toMatchObject({ verdict: 'refused', because: ['window_closed_or_excluded'] });
    expect(late.ruleIds).toEqual(expect.arrayContaining(['uk.strr', 'merchant.window', 'merchant.appeal']));
    expect(late.ruleIds.filter((id) => id.includes('review'))).toEqual([]);
  });
});

describe('return freight', () => {
  it.each<[string, Reason, string]>([
    ['GB', 'no_reason', 'consumer'],
    ['GB', 'quality', 'merchant'],
    ['CN', 'no_reason', 'consumer'],
    ['CN', 'transit_damage', 'merchant'],
    ['DE', 'not_received', 'merchant'],
    ['DE', 'no_reason', 'consumer'],
  ])('in %s for %s is paid by the %s', (jurisdiction, reason, payer) => {
    expect(decided({ jurisdiction, reason }).freight).toBe(payer);
  });

  it('is the better of two layers for the customer, whichever comes first, and is cited', () => {
    const freight = (id: string, payer: 'consumer' | 'merchant') =>
      packOf(id, [
        { id: `${id}.freight`, kind: 'freight', reasons: ['no_reason'], payer },
        {
          id: `${id}.window`,
          kind: 'window',
          reasons: ['no_reason'],
          within: { n: 30, unit: 'calendar_day', from: 'delivered' },
        },
      ]);
    for (const packs of [
      [freight('aa', 'consumer'), freight('bb', 'merchant')],
      [freight('bb', 'merchant'), freight('aa', 'consumer')],
    ])
      expect(decide(factsOf(), packs)).toMatchObject({ freight: 'merchant', ruleIds: expect.arrayContaining(['bb.freight']) });
  });
});

describe('where no rule speaks of the reason', () => {
  const silent = [
    packOf('law', [
      { id: 'law.window', kind: 'window', reasons: ['no_reason'], within: { n: 7, unit: 'calendar_day', from: 'delivered' } },
      { id: 'law.freight', kind: 'freight', reasons: ['not_received'], payer: 'merchant' },
      { id: 'law.appeal', kind: 'appeal' },
    ]),
  ];

  it('a person decides: neither a freight rule nor the way to appeal refuses anything', () => {
    expect(decide(factsOf({ reason: 'not_received' }), silent)).toMatchObject({ verdict: 'referred', because: ['no_rule'] });
    expect(decide(factsOf({ jurisdiction: 'CN', reason: 'not_received' }), cn)).toMatchObject({ verdict: 'referred' });
  });

  it('and no pack binds at all, a person decides as well', () => {
    expect(decide(factsOf(), [])).toMatchObject({ verdict: 'referred', because: ['no_rule'], ruleIds: [] });
  });
});

describe('every decision', () => {
  const categories = ['home_appliance', 'fresh_food', 'newspaper', 'hygiene', 'textiles'];
  const instant = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
  const request = fc.record({
    jurisdiction: fc.constantFrom('GB', 'GB-NIR', 'CN', 'DE'),
    platform: fc.constantFrom(undefined, 'wx'),
    placedAt: instant.map((ms) => new Date(ms).toISOString()),
    deliveredAt: fc.option(instant.map((ms) => new Date(ms).toISOString())),
    noticeAt: instant,
    reason: fc.constantFrom(...reasons),
    lines: fc.array(fc.record({ category: fc.constantFrom(...categories), minor: fc.integer({ min: 0, max: 9_999 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
  });
  const packs = fc.subarray([...policies.packs]);

  it('cites its rules: each is in a pack that binds, and a refusal names one that refuses', () => {
    fc.assert(
      fc.property(request, packs, (changes, all) => {
        const facts = factsOf(changes);
        const bound = choosePacks(facts, all);
        const decision = decide(facts, bound);
        const known = bound.flatMap((pack) => pack.rules);
        expect(known.map((rule) => rule.id)).toEqual(expect.arrayContaining([...decision.ruleIds]));
        expect([...decision.ruleIds]).toEqual([...new Set(decision.ruleIds)].sort());
        if (decision.verdict === 'refused') {
          const refusing = known.filter(
            (rule) => decision.ruleIds.includes(rule.id) && ['window', 'exclusion'].includes(rule.kind),
          );
          expect(refusing.length).toBeGreaterThan(0);
          expect(decision.windows.some((window) => window.open)).toBe(false);
        }
        if (decision.verdict === 'accepted') expect(decision.windows.some((window) => window.open)).toBe(true);
        if (decision.verdict === 'referred') expect(decision.because.length).toBeGreaterThan(0);
        for (const line of decision.explain) expect(line).toMatch(/^\[[\w./]+\] ./);
      }),
      { numRuns: 400 },
    );
  });

  it('is the same for the same facts, and an earlier notice is never worse', () => {
    const rank = { refused: 0, referred: 1, outbound_missing: 1, accepted: 2, accepted_without_return: 3 };
    fc.assert(
      fc.property(request, fc.nat(30 * 86_400_000), (changes, earlierMs) => {
        const facts = factsOf(changes);
        const bound = choosePacks(facts, policies.packs);
        const decision = decide(facts, bound);
        expect(decide(facts, bound)).toEqual(decision);
        const earlier = { ...facts, request: { ...facts.request, noticeAt: facts.request.noticeAt - earlierMs } };
        expect(rank[decide(earlier, bound).verdict]).toBeGreaterThanOrEqual(rank[decision.verdict]);
      }),
      { numRuns: 400 },
    );
  });
});

describe('choosePacks', () => {
  const ids = (changes: FactChanges, packs = policies.packs) => choosePacks(factsOf(changes), packs).map((pack) => pack.id);

  it('takes the law of the customer’s place, and the parts of a country by the country', () => {
    expect(ids({ jurisdiction: 'GB' })).toEqual(['uk', 'merchant-default']);
    expect(ids({ jurisdiction: 'GB-NIR' })).toEqual(['uk', 'merchant-default']);
    expect(ids({ jurisdiction: 'CN' })).toEqual(['cn-mainland', 'merchant-default']);
    expect(ids({ jurisdiction: 'GBX' })).toEqual(['merchant-default']);
  });

  it('takes a platform’s rules for orders of that platform alone', () => {
    expect(ids({ jurisdiction: 'CN', platform: 'wx' })).toEqual(['cn-mainland', 'platform-wx', 'merchant-default']);
    expect(ids({ jurisdiction: 'CN', platform: 'other' })).toEqual(['cn-mainland', 'merchant-default']);
  });

  it('goes by the date of the contract in the pack’s own time zone, first and last day included', () => {
    expect(ids({ jurisdiction: 'CN', placedAt: '2024-06-30T16:00:00Z' })).toContain('cn-mainland');
    expect(ids({ jurisdiction: 'CN', placedAt: '2024-06-30T15:59:59Z' })).not.toContain('cn-mainland');
    const old = packOf('old', [], { contractFrom: '2020-01-01', contractTo: '2026-11-01', timezone: 'Asia/Shanghai' });
    expect(ids({ placedAt: '2026-11-01T15:59:59Z' }, [old])).toEqual(['old']);
    expect(ids({ placedAt: '2026-11-01T16:00:00Z' }, [old])).toEqual([]);
  });

  it('puts the statute first, and packs of one layer in the order of their names', () => {
    const of = (id: string, layer: 'statute' | 'platform' | 'merchant' | 'tier') => packOf(id, [], { layer });
    const shuffled = [of('t', 'tier'), of('m2', 'merchant'), of('m1', 'merchant'), of('s', 'statute'), of('p', 'platform')];
    expect(ids({}, shuffled)).toEqual(['s', 'p', 'm1', 'm2', 't']);
  });
});

describe('the shipped packs', () => {
  it('name every rule once, under the name of its pack’s family', () => {
    const ruleIds = policies.packs.flatMap((pack) => pack.rules.map((rule) => rule.id));
    expect(new Set(ruleIds).size).toBe(ruleIds.length);
  });

  it('are found again by the reference a case pinned, byte for byte, or not at all', () => {
    const [pack] = uk;
    const ref = policies.refOf(pack!);
    expect(ref.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(policies.pinned([ref])).toEqual(uk);
    expect(() => policies.pinned([{ ...ref, sha256: '0'.repeat(64) }])).toThrow('has changed');
    expect(() => policies.pinned([{ ...ref, version: '1999.1' }])).toThrow('is not here');
  });
});
