import { describe, expect, it } from 'vitest';
import { createNoticeWords } from '../../gateways/notice-words.ts';
import { catalogueSchema, placeholdersOf, type Catalogue } from '../../contracts/notices.ts';
import {
  noticeNames,
  noticeNeeds,
  noticeVariantNames,
  noticeVariants,
  type NoticeFacts,
  type NoticeName,
  type NoticeParam,
} from '../../domain/notices.ts';
import { policies } from '../support/cases.ts';

const wordsOf = createNoticeWords(policies.words);
const { en, 'zh-CN': zh } = policies.words as Record<'en' | 'zh-CN', Catalogue>;

const sample = {
  rmaNo: 'RMA-2611-0042',
  orderId: 'O-77',
  dueAt: Date.UTC(2026, 10, 24, 6),
  amountMinor: 12_900,
  deductionMinor: 1_050,
  paidMinor: 4_000,
  totalMinor: 16_900,
  currency: 'CNY',
  trackingNo: 'RT1',
  carrier: '顺丰',
  slot: { from: Date.UTC(2026, 10, 24, 1), to: Date.UTC(2026, 10, 24, 4) },
  point: 'Station Road 1',
  ruleIds: ['cn.7d.window', 'merchant.window'],
  cause: 'goods_excluded_by_statute',
  units: 2,
  firstNotice: 'parcel_lost',
  text: 'Hello',
  code: '493012',
  timezone: 'Asia/Shanghai',
} satisfies NoticeFacts;
const factsFor: Record<NoticeParam, readonly (keyof NoticeFacts)[]> = {
  rmaNo: ['rmaNo'],
  orderId: ['orderId'],
  dueAt: ['dueAt'],
  amount: ['amountMinor', 'currency'],
  deduction: ['deductionMinor', 'currency'],
  paid: ['paidMinor', 'currency'],
  total: ['totalMinor', 'currency'],
  trackingNo: ['trackingNo'],
  carrier: ['carrier'],
  slot: ['slot'],
  point: ['point'],
  ruleIds: ['ruleIds'],
  cause: ['cause'],
  units: ['units'],
  firstNotice: ['firstNotice'],
  text: ['text'],
  code: ['code'],
};
const only = (params: readonly NoticeParam[]): NoticeFacts => {
  const kept = new Set(params.flatMap((param) => factsFor[param]));
  const facts = Object.fromEntries(Object.entries(sample).filter(([key]) => kept.has(key as keyof NoticeFacts)));
  return { ...facts, timezone: sample.timezone };
};
const say = (name: NoticeName, params: Partial<NoticeFacts> = {}, language = 'en') =>
  wordsOf({ name, language, params: { ...sample, ...params } }).text;

const variantsOf = (name: NoticeName) => noticeVariantNames.filter((variant) => en.notices[name][`text_${variant}`]);

describe.each(['en', 'zh-CN'])('every notice in %s', (language) => {
  it.each(noticeNames)('%s reads without a gap, of all that is known and of the least it needs', (name) => {
    for (const params of [sample, only(noticeNeeds[name])]) {
      const { subject, text } = wordsOf({ name, language, params });
      for (const words of [subject, text]) {
        expect(words).toMatch(/\S/);
        expect(words).not.toMatch(/[{}]|undefined|null|NaN|\$t|  /);
      }
    }
  });

  it.each(noticeNames)('%s has words of its own for each circumstance, with no more facts than that has', (name) => {
    const said = variantsOf(name).map((variant) => {
      const params = only([...noticeNeeds[name], ...noticeVariants[variant]]);
      const { text } = wordsOf({ name, language, params: { ...params, variant } });
      expect(text).not.toMatch(/[{}]|undefined|null|NaN|\$t|  /);
      return text;
    });
    expect(new Set(said).size).toBe(said.length);
  });

  it.each(noticeNames)('%s is refused rather than told with a gap', (name) => {
    for (const left of noticeNeeds[name]) {
      const needs: readonly NoticeParam[] = noticeNeeds[name];
      const params = only(needs.filter((param) => param !== left));
      expect(() => wordsOf({ name, language, params })).toThrow(`lacks ${left}`);
    }
  });
});

it.each(noticeNames)('%s tells the same in both languages: every fact it needs, and no other', (name) => {
  const told = ({ notices }: Catalogue) =>
    Object.fromEntries(Object.entries(notices[name]).map(([key, template]) => [key, placeholdersOf(template).sort()]));
  const unique = (catalogue: Catalogue) =>
    Object.fromEntries(Object.entries(told(catalogue)).map(([key, params]) => [key, [...new Set(params)]]));
  expect(unique(zh)).toEqual(unique(en));
  const { subject = [], text = [] } = unique(en);
  expect([...new Set([...subject, ...text])].filter((param) => !(param in en.defaults)).sort()).toEqual(
    [...noticeNeeds[name]].sort(),
  );
});

it.each(noticeNames)('%s says until when wherever it binds somebody by silence', (name) => {
  const binds = /no answer by|届时|逾期/i;
  for (const { notices } of [en, zh])
    for (const [key, words] of Object.entries(notices[name]))
      if (key !== 'subject' && binds.test(words)) expect(placeholdersOf(words)).toContain('dueAt');
});

describe('a deadline', () => {
  it.each([
    ['en', 'Asia/Shanghai', 'by Tue, 24 Nov 2026 14:00 GMT+8.'],
    ['en', 'Europe/London', 'by Tue, 24 Nov 2026 06:00 GMT.'],
    ['en-US', 'America/New_York', 'by Tue, Nov 24, 2026 1:00 AM EST.'],
    ['zh-CN', 'Asia/Shanghai', '最迟 2026年11月24日周二 14:00（中国标准时间）前'],
    ['zh-TW', 'Asia/Shanghai', '最迟 2026年11月24日周二 14:00（中国标准时间）前'],
    ['fr', 'Europe/London', 'by Tue, 24 Nov 2026 06:00 GMT.'],
    ['not a language', 'UTC', 'by Tue, 24 Nov 2026 06:00 UTC.'],
  ])('is told in %s, in %s, with the name of the time', (language, timezone, told) => {
    expect(say('request_received', { timezone }, language)).toContain(told);
  });

  it('follows the change of clocks in the customer’s zone', () => {
    expect(say('request_received', { dueAt: Date.UTC(2026, 6, 1, 12), timezone: 'Europe/London' })).toContain('13:00 BST');
  });

  it('at midnight is told as the last minute of the day that it ends', () => {
    expect(say('request_received', { dueAt: Date.UTC(2026, 10, 24, 16) })).toContain('Tue, 24 Nov 2026 23:59 GMT+8');
    expect(say('request_received', { dueAt: Date.UTC(2026, 10, 24, 16) }, 'zh-CN')).toContain('11月24日周二 23:59');
  });
});

it.each([
  ['en', 'GBP', 12_900, '£129.00'],
  ['en', 'JPY', 12_900, 'JP¥12,900'],
  ['en', 'KWD', 12_900, 'KWD 12.900'],
  ['zh-CN', 'CNY', 12_900, '¥129.00'],
  ['zh-CN', 'JPY', 0, 'JP¥0'],
  ['en', 'ISK', 500, 'ISK 500'],
])('a sum is written in %s with the decimals of %s', (language, currency, amountMinor, told) => {
  expect(say('refunded', { currency, amountMinor }, language)).toContain(told);
});

describe('a pickup', () => {
  it('is told with beginning and end, and both days if it goes over midnight', () => {
    expect(say('pickup_booked')).toContain(
      'of 顺丰 collects the goods of return RMA-2611-0042: Tue, 24 Nov 2026 09:00–12:00 GMT+8.',
    );
    const slot = { from: Date.UTC(2026, 10, 24, 14), to: Date.UTC(2026, 10, 24, 18) };
    expect(say('pickup_booked', { slot })).toContain('Tue, 24 Nov 2026 22:00–Wed, 25 Nov 2026 02:00 GMT+8');
  });
  it('by nobody in particular is one by the carrier', () => {
    expect(say('pickup_booked', { carrier: undefined })).toContain('A driver of the carrier');
  });
});

describe('a notice', () => {
  it('names the sum or the cause where there is one', () => {
    expect(say('proposal_made')).toContain('We offer you CN¥129.00');
    expect(say('proposal_made', { amountMinor: undefined })).toContain('We have an offer');
    expect(say('request_refused')).toContain('the law excludes goods of this kind');
    expect(say('request_refused', { cause: 'worn beyond trying on' })).toContain('worn beyond trying on');
    expect(say('request_refused', { cause: 'constructor' })).toContain(': constructor.');
    expect(say('request_refused', { cause: undefined })).not.toContain('undefined');
    expect(say('request_refused', { cause: 'only_for_us' })).toBe(say('request_refused', { cause: undefined }));
  });
  it('has words for whatever a pack may say of why', () => {
    const codes = policies.packs.flatMap(({ rules }) => rules.flatMap((rule) => ('because' in rule ? [rule.because] : [])));
    expect(codes).toContain('goods_excluded_by_statute');
    for (const { causes } of [en, zh]) expect(Object.keys(causes)).toEqual(expect.arrayContaining(codes));
  });
  it('names the law behind a rule', () => {
    expect(policies.citationOf('uk.ccr.excl')).toBe('Consumer Contracts Regulations 2013 reg 28 (uk.ccr.excl)');
    expect(policies.citationOf('order.units_available')).toBe('order.units_available');
  });
  it('cites every rule', () => {
    expect(say('request_refused')).toContain('cn.7d.window and merchant.window');
    expect(say('request_refused', {}, 'zh-CN')).toContain('cn.7d.window和merchant.window');
    expect(() => say('request_refused', { ruleIds: [] })).toThrow('lacks ruleIds');
  });
  it('passes on what a person wrote as it is, even if it looks like a template', () => {
    const text = 'Use {{code}} or $t(refunded.text) & <b>“this”</b>';
    expect(say('message_from_us', { text })).toBe(text);
  });
  it('that corrects names the first by its subject, in the same language', () => {
    expect(say('correction')).toContain('“The parcel of return RMA-2611-0042 is lost”');
    expect(say('correction', {}, 'zh-CN')).toContain('“退货 RMA-2611-0042 的包裹已确认丢失”');
  });
});

describe('money in advance', () => {
  it.each<[NoticeName, Partial<NoticeFacts>, RegExp, RegExp]>([
    [
      'recovery_due',
      { variant: 'goods_go_back' },
      /once it is settled, we send the goods .* back/,
      /结清后，我们会将未退款的商品寄回给您/,
    ],
    ['recovery_due', { variant: 'money_only' }, /more .* than is due/, /比应退金额多/],
    ['recovered', { variant: 'goods_go_back' }, /we are sending the goods back/, /商品将寄回给您/],
    ['recovery_written_off', { variant: 'goods_stay' }, /closed, and the goods stay with you/, /商品由您保留/],
    ['goods_received', { variant: 'all_paid' }, /CN¥40\.00, so nothing is left to be paid/, /¥40\.00，无需再退款/],
    ['deduction_offered', { variant: 'owes_back' }, /CN¥129\.00 of it would have to be paid back/, /¥129\.00 届时需由您退还/],
    ['refunded', { variant: 'total' }, /CN¥129\.00 .* makes CN¥169\.00/, /¥129\.00 .*共计 ¥169\.00/],
  ])('%s says where it is by %j', (name, facts, inEnglish, inChinese) => {
    expect(say(name, facts)).toMatch(inEnglish);
    expect(say(name, facts, 'zh-CN')).toMatch(inChinese);
  });
  it('is not asked for together with goods that are here', () => {
    for (const name of ['recovery_due', 'recovery_reminder'] as const)
      for (const variant of ['goods_go_back', 'money_only'] as const) {
        expect(say(name, { variant })).not.toMatch(/or send|send the goods if/);
        expect(say(name, { variant }, 'zh-CN')).not.toMatch(/可寄回|或寄回/);
      }
  });
});

describe('a catalogue', () => {
  const { refunded: _, ...fewer } = en.notices;
  const changed = (words: object) => ({ ...en, notices: { ...en.notices, refunded: { ...en.notices.refunded, ...words } } });
  it.each<[string, object, string]>([
    ['without one of the notices', { ...en, notices: fewer }, 'refunded'],
    ['with a notice of its own', { ...en, notices: { ...en.notices, hello: en.notices.refunded } }, 'hello'],
    ['with a circumstance of its own', changed({ text_hello: 'Hello' }), 'text_hello'],
    ['with a fact that the notice may not get', changed({ text: 'By {{dueAt}}' }), 'refunded.text mentions dueAt'],
  ])('%s is refused', (_name, file, why) => {
    expect(catalogueSchema.safeParse(file).error?.message).toContain(why);
  });
});
