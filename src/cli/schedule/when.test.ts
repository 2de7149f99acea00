import { expect, it } from 'vitest';
import { propertyList } from './launchd.ts';
import { parseWhen, toCron, toLaunchd, toSystemd } from './when.ts';

it('gives every scheduler the same time', () => {
  const cron = parseWhen(undefined, '30 6,18 * * 1-5');
  expect(toCron(cron)).toBe('30 6,18 * * 1-5');
  expect(toSystemd(cron)).toEqual(['OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06,18:30:00', 'Persistent=true']);
  expect(toLaunchd(cron)).toMatchObject({ moments: expect.arrayContaining([{ Minute: 30, Hour: 18, Weekday: 5 }]) });
  const hourly = parseWhen('1h', undefined);
  expect([toCron(hourly), toSystemd(hourly), toLaunchd(hourly)]).toEqual([
    '0 */1 * * *',
    ['OnActiveSec=60min', 'OnUnitActiveSec=60min'],
    { seconds: 3600 },
  ]);
  expect(toCron(parseWhen('15min', undefined))).toBe('*/15 * * * *');
  expect(toCron(parseWhen('1d', undefined))).toBe('0 0 * * *');
});

it('runs on either if a cron line has a day of the month and one of the week', () => {
  const either = parseWhen(undefined, '0 0 1 * 7');
  expect(toSystemd(either)).toEqual(['OnCalendar=Sun *-*-* 00:00:00', 'OnCalendar=*-*-01 00:00:00', 'Persistent=true']);
  expect(toLaunchd(either)).toEqual({
    moments: [
      { Minute: 0, Hour: 0, Weekday: 7 },
      { Minute: 0, Hour: 0, Day: 1 },
    ],
  });
});

it.each([
  [undefined, undefined],
  ['1h', '* * * * *'],
  ['0h', undefined],
  ['1 fortnight', undefined],
  ['40d', undefined],
  [undefined, '* * * *'],
  [undefined, '60 * * * *'],
  [undefined, '5-1 * * * *'],
  [undefined, '* * * JAN *'],
  [undefined, '*/0 * * * *'],
  [undefined, '* * * * *; rm -rf /'],
])('refuses --every %s with --cron %s', (every, cron) => {
  expect(() => parseWhen(every, cron)).toThrow(expect.objectContaining({ code: 'bad_schedule' }));
});

it('reports what cron cannot do', () => {
  expect(() => toCron(parseWhen('7min', undefined))).toThrow(expect.objectContaining({ code: 'bad_schedule' }));
  expect(() => toCron(parseWhen('36h', undefined))).toThrow(expect.objectContaining({ code: 'bad_schedule' }));
});

it('writes a property list in which nothing of a path is markup', () => {
  const text = propertyList({
    id: 'shop-12345678',
    source: 'shop',
    project: '/a <b> & "c" -- d',
    when: { every: 60 },
    command: ['/usr/bin/node', '/x/<y>&.js'],
    log: '/a/log',
  });
  expect(text).toContain('<string>/x/&lt;y&gt;&amp;.js</string>');
  expect(text.match(/<!--(.*)-->/)?.[1]).not.toContain('--');
});
